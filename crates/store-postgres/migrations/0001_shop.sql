-- The shop, version 1.
--
-- Amounts of money are minor units of the currency beside them. Columns that hold lists or addresses are JSON. Texts that
-- lists are sorted by, or that must be unique, compare byte by byte, whatever the database's own collation: both engines
-- give lists in one order.
--
-- What the code must never break is said here again: CHECK, UNIQUE, FOREIGN KEY and triggers.

-- Stops a statement that changed another number of rows than it must have, and with it the transaction. In the database, so
-- that nobody has to wait for the count before committing.
CREATE FUNCTION expect_rows(changed BIGINT, wanted BIGINT, what TEXT) RETURNS VOID LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF changed <> wanted THEN
        RAISE EXCEPTION '%: % rows are there to be changed instead of %', what, changed, wanted USING ERRCODE = 'CW001';
    END IF;
END
$$;

CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- ── Accounts ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE accounts (
    id                UUID PRIMARY KEY,
    email             TEXT COLLATE "C" UNIQUE,
    name              TEXT NOT NULL,
    phone             TEXT,
    role              TEXT NOT NULL CHECK (role IN ('customer', 'staff', 'owner')),
    permissions       BIGINT NOT NULL CHECK (permissions BETWEEN 0 AND 15),
    email_verified_at TIMESTAMPTZ,
    disabled_at       TIMESTAMPTZ,
    deleted_at        TIMESTAMPTZ,
    created_at        TIMESTAMPTZ NOT NULL,
    updated_at        TIMESTAMPTZ NOT NULL,
    version           BIGINT NOT NULL CHECK (version >= 1),
    password_hash     TEXT,
    -- The name in lower case, as the program lowers it.
    name_lower        TEXT NOT NULL,
    -- An account without an address is a deleted one, and the other way round.
    CHECK ((email IS NULL) = (deleted_at IS NOT NULL))
);
CREATE INDEX accounts_by_role ON accounts (role) WHERE role <> 'customer';

CREATE TABLE sessions (
    id           UUID PRIMARY KEY,
    account_id   UUID NOT NULL REFERENCES accounts (id),
    device       TEXT NOT NULL,
    address      TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    ended_at     TIMESTAMPTZ
);
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE refresh_tokens (
    hash        BYTEA PRIMARY KEY CHECK (length(hash) = 32),
    session_id  UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at   TIMESTAMPTZ NOT NULL,
    used_at     TIMESTAMPTZ,
    -- The token that this one replaced. A token is exchanged for one successor, however often it is presented.
    predecessor BYTEA UNIQUE CHECK (length(predecessor) = 32)
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE challenges (
    account_id        UUID NOT NULL REFERENCES accounts (id),
    purpose           TEXT NOT NULL CHECK (purpose IN ('verify_email', 'change_email', 'reset_password', 'signup_notice')),
    secret_hash       BYTEA CHECK (length(secret_hash) = 32),
    new_email         TEXT,
    expires_at        TIMESTAMPTZ NOT NULL,
    tries_left        BIGINT NOT NULL CHECK (tries_left >= 0),
    sends             BIGINT NOT NULL CHECK (sends >= 0),
    window_started_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_id, purpose)
);
CREATE INDEX challenges_by_secret ON challenges (secret_hash) WHERE secret_hash IS NOT NULL;
CREATE INDEX challenges_by_expiry ON challenges (expires_at);

CREATE TABLE addresses (
    id         UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    label      TEXT,
    address    JSONB NOT NULL
);
CREATE INDEX addresses_by_account ON addresses (account_id);

-- ── Catalogue ───────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE categories (
    id         UUID PRIMARY KEY,
    parent_id  UUID REFERENCES categories (id) CHECK (parent_id <> id),
    name       TEXT COLLATE "C" NOT NULL,
    slug       TEXT COLLATE "C" NOT NULL UNIQUE,
    position   BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version    BIGINT NOT NULL CHECK (version >= 1)
);
CREATE INDEX categories_by_parent ON categories (parent_id);

CREATE TABLE products (
    id          UUID PRIMARY KEY,
    slug        TEXT COLLATE "C" NOT NULL UNIQUE,
    status      TEXT NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
    category_id UUID REFERENCES categories (id) ON DELETE SET NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    version     BIGINT NOT NULL CHECK (version >= 1),
    -- Repeated from the variants, for filtering and sorting.
    price_min   BIGINT NOT NULL CHECK (price_min >= 0),
    price_max   BIGINT NOT NULL CHECK (price_max >= price_min),
    on_sale     BOOLEAN NOT NULL,
    title_fold  TEXT COLLATE "C" NOT NULL,
    tags_lower  TEXT[] NOT NULL,
    search_text TEXT NOT NULL,
    title       TEXT NOT NULL,
    vendor      TEXT,
    tags        JSONB NOT NULL,
    options     JSONB NOT NULL,
    images      JSONB NOT NULL,
    description TEXT NOT NULL
);
CREATE INDEX products_by_age ON products (created_at, id);
CREATE INDEX products_by_status_and_age ON products (status, created_at, id);
CREATE INDEX products_by_status_and_price ON products (status, price_min, id);
CREATE INDEX products_by_status_and_title ON products (status, title_fold, id);
CREATE INDEX products_by_category ON products (category_id);

CREATE TABLE variants (
    id               UUID PRIMARY KEY,
    product_id       UUID NOT NULL REFERENCES products (id),
    position         BIGINT NOT NULL CHECK (position >= 0),
    sku              TEXT COLLATE "C" UNIQUE,
    option_values    JSONB NOT NULL,
    currency         TEXT NOT NULL CHECK (length(currency) = 3),
    price            BIGINT NOT NULL CHECK (price >= 0),
    compare_at_price BIGINT CHECK (compare_at_price >= 0),
    track_stock      BOOLEAN NOT NULL,
    weight_grams     BIGINT CHECK (weight_grams >= 0),
    barcode          TEXT
);
CREATE INDEX variants_by_product ON variants (product_id);

-- What an order changes of a variant; a row for each, small, and with room beside it for its next version.
CREATE TABLE stock_levels (
    variant_id  UUID PRIMARY KEY REFERENCES variants (id),
    -- The sum of its movements. This CHECK is what nothing can oversell past.
    stock       BIGINT NOT NULL DEFAULT 0 CHECK (stock >= 0),
    -- Whether an order line names it; such a variant can never be removed.
    was_ordered BOOLEAN NOT NULL DEFAULT FALSE
) WITH (fillfactor = 60);

-- The ledger: appended to, never changed. `variant_id` is no FOREIGN KEY, here and in `order_lines`: three more checks with
-- each order would say what the triggers below hold already.
CREATE TABLE stock_movements (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         UUID NOT NULL,
    variant_id UUID NOT NULL,
    delta      BIGINT NOT NULL CHECK (delta <> 0),
    cause      TEXT NOT NULL CHECK (cause IN ('received', 'sold', 'cancelled', 'returned', 'adjusted')),
    order_id   UUID,
    actor_id   UUID,
    reason     TEXT,
    at         TIMESTAMPTZ NOT NULL,
    CHECK (cause <> 'sold' OR (delta < 0 AND order_id IS NOT NULL)),
    CHECK (cause <> 'cancelled' OR (delta > 0 AND order_id IS NOT NULL))
);
CREATE INDEX stock_movements_by_variant ON stock_movements (variant_id, seq);
-- An order takes a variant's stock once and gives it back once.
CREATE UNIQUE INDEX stock_movements_by_order ON stock_movements (order_id, variant_id, cause)
    WHERE order_id IS NOT NULL AND cause IN ('sold', 'cancelled');

CREATE TRIGGER stock_movements_never_change BEFORE UPDATE ON stock_movements FOR EACH ROW
    EXECUTE FUNCTION refuse('the stock ledger is append-only');
CREATE TRIGGER ordered_variants_stay BEFORE DELETE ON stock_levels FOR EACH ROW WHEN (OLD.was_ordered)
    EXECUTE FUNCTION refuse('a variant that was ordered cannot be removed');
CREATE TRIGGER variants_keep_their_stock BEFORE DELETE ON stock_levels FOR EACH ROW WHEN (OLD.stock <> 0)
    EXECUTE FUNCTION refuse('a variant with stock cannot be removed');

-- ── Orders ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE SEQUENCE order_numbers AS BIGINT START WITH 10001;

CREATE TABLE orders (
    number     BIGINT PRIMARY KEY CHECK (number >= 1),
    id         UUID NOT NULL UNIQUE,
    account_id UUID NOT NULL REFERENCES accounts (id),
    email      TEXT,
    status     TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled')),
    currency   TEXT NOT NULL CHECK (length(currency) = 3),
    total      BIGINT NOT NULL CHECK (total >= 0),
    ship_to    JSONB NOT NULL,
    tracking   JSONB,
    placed_at  TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version    BIGINT NOT NULL CHECK (version >= 1)
);
CREATE INDEX orders_by_account ON orders (account_id, number);
CREATE INDEX orders_by_status ON orders (status, placed_at, number);
CREATE INDEX orders_by_time ON orders (placed_at, number);

CREATE TABLE order_lines (
    order_number  BIGINT NOT NULL REFERENCES orders (number),
    position      BIGINT NOT NULL CHECK (position BETWEEN 0 AND 99),
    product_id    UUID NOT NULL,
    variant_id    UUID NOT NULL,
    title         TEXT NOT NULL,
    variant_title TEXT NOT NULL,
    sku           TEXT,
    quantity      BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    -- In the order's currency.
    unit_price    BIGINT NOT NULL CHECK (unit_price >= 0),
    stock_taken   BOOLEAN NOT NULL,
    PRIMARY KEY (order_number, position)
);

CREATE TABLE order_events (
    order_number BIGINT NOT NULL REFERENCES orders (number),
    position     BIGINT NOT NULL CHECK (position >= 0),
    at           TIMESTAMPTZ NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled')),
    actor        TEXT NOT NULL CHECK (actor IN ('customer', 'staff')),
    actor_id     UUID,
    note         TEXT,
    PRIMARY KEY (order_number, position)
);

-- ── Mail ────────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE mails (
    id              UUID PRIMARY KEY,
    recipient       TEXT NOT NULL,
    account_id      UUID REFERENCES accounts (id),
    order_id        UUID REFERENCES orders (id),
    template        TEXT NOT NULL,
    -- The template with its data.
    content         JSONB NOT NULL,
    secret          TEXT,
    status          TEXT NOT NULL CHECK (status IN ('pending', 'sent', 'failed')),
    attempts        BIGINT NOT NULL CHECK (attempts >= 0),
    next_attempt_at TIMESTAMPTZ NOT NULL,
    last_error      TEXT,
    created_at      TIMESTAMPTZ NOT NULL,
    sent_at         TIMESTAMPTZ,
    CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CHECK (status <> 'failed' OR last_error IS NOT NULL)
);
CREATE INDEX mails_due ON mails (next_attempt_at, id) WHERE status = 'pending';
CREATE INDEX mails_failed ON mails (id) WHERE status = 'failed';
CREATE INDEX mails_by_order ON mails (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX mails_by_account ON mails (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX mails_by_recipient ON mails (recipient);

-- ── The shop itself ─────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE idempotency_keys (
    account_id  UUID NOT NULL REFERENCES accounts (id),
    route       TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BYTEA NOT NULL CHECK (length(fingerprint) = 32),
    at          TIMESTAMPTZ NOT NULL,
    -- The reply.
    status      BIGINT NOT NULL CHECK (status BETWEEN 100 AND 599),
    location    TEXT,
    etag        TEXT,
    body        BYTEA NOT NULL,
    PRIMARY KEY (account_id, route, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (at);

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
