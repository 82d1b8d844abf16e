-- The shop, version 1.
--
-- Ids are UUIDs as 16 bytes. Times are microseconds since 1970, UTC. Amounts of money are minor units of the currency
-- beside them. Columns that hold lists or addresses are JSON.
--
-- What the code must never break is said here again: CHECK, UNIQUE, FOREIGN KEY and, in two places, triggers. Sets of
-- words are spelt out with OR: for an IN, SQLite would build a table of them with each row that is written.

-- ── Accounts ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE accounts (
    id                BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email             TEXT UNIQUE,
    name              TEXT NOT NULL,
    phone             TEXT,
    role              TEXT NOT NULL CHECK (role = 'customer' OR role = 'staff' OR role = 'owner'),
    permissions       INTEGER NOT NULL CHECK (permissions BETWEEN 0 AND 15),
    email_verified_at INTEGER,
    disabled_at       INTEGER,
    deleted_at        INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    version           INTEGER NOT NULL CHECK (version >= 1),
    password_hash     TEXT,
    -- The name in lower case of any script; SQLite's own lower() knows ASCII only.
    name_lower        TEXT NOT NULL,
    -- An account without an address is a deleted one, and the other way round.
    CHECK ((email IS NULL) = (deleted_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_by_role ON accounts (role);

CREATE TABLE sessions (
    id           BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id   BLOB NOT NULL REFERENCES accounts (id),
    device       TEXT NOT NULL,
    address      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE refresh_tokens (
    hash        BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id  BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at   INTEGER NOT NULL,
    used_at     INTEGER,
    -- The token that this one replaced. A token is exchanged for one successor, however often it is presented.
    predecessor BLOB UNIQUE CHECK (length(predecessor) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE challenges (
    account_id        BLOB NOT NULL REFERENCES accounts (id),
    purpose           TEXT NOT NULL CHECK (purpose = 'verify_email' OR purpose = 'change_email' OR purpose = 'reset_password' OR purpose = 'signup_notice'),
    secret_hash       BLOB CHECK (length(secret_hash) = 32),
    new_email         TEXT,
    expires_at        INTEGER NOT NULL,
    tries_left        INTEGER NOT NULL CHECK (tries_left >= 0),
    sends             INTEGER NOT NULL CHECK (sends >= 0),
    window_started_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, purpose)
) STRICT, WITHOUT ROWID;
CREATE INDEX challenges_by_secret ON challenges (secret_hash) WHERE secret_hash IS NOT NULL;
CREATE INDEX challenges_by_expiry ON challenges (expires_at);

CREATE TABLE addresses (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    label      TEXT,
    address    TEXT NOT NULL CHECK (json_valid(address))
) STRICT, WITHOUT ROWID;
CREATE INDEX addresses_by_account ON addresses (account_id);

-- ── Catalogue ───────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE categories (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    parent_id  BLOB REFERENCES categories (id) CHECK (parent_id <> id),
    name       TEXT NOT NULL,
    slug       TEXT NOT NULL UNIQUE,
    position   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX categories_by_parent ON categories (parent_id);

-- The long description comes last, so that reading what stands before it does not walk through it.
CREATE TABLE products (
    seq         INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    slug        TEXT NOT NULL UNIQUE,
    status      TEXT NOT NULL CHECK (status = 'draft' OR status = 'active' OR status = 'archived'),
    category_id BLOB REFERENCES categories (id) ON DELETE SET NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL CHECK (version >= 1),
    -- Repeated from the variants, for filtering and sorting.
    price_min   INTEGER NOT NULL CHECK (price_min >= 0),
    price_max   INTEGER NOT NULL CHECK (price_max >= price_min),
    on_sale     INTEGER NOT NULL CHECK (on_sale IN (0, 1)),
    title_fold  TEXT NOT NULL,
    tags_lower  TEXT NOT NULL CHECK (json_valid(tags_lower)),
    search_text TEXT NOT NULL,
    title       TEXT NOT NULL,
    vendor      TEXT,
    tags        TEXT NOT NULL CHECK (json_valid(tags)),
    options     TEXT NOT NULL CHECK (json_valid(options)),
    images      TEXT NOT NULL CHECK (json_valid(images)),
    description TEXT NOT NULL
) STRICT;
CREATE INDEX products_by_age ON products (created_at, id);
CREATE INDEX products_by_status_and_age ON products (status, created_at, id);
CREATE INDEX products_by_status_and_price ON products (status, price_min, id);
CREATE INDEX products_by_status_and_title ON products (status, title_fold, id);
CREATE INDEX products_by_category ON products (category_id);

CREATE TABLE variants (
    id               BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    product_id       BLOB NOT NULL REFERENCES products (id),
    position         INTEGER NOT NULL CHECK (position >= 0),
    sku              TEXT UNIQUE,
    option_values    TEXT NOT NULL CHECK (json_valid(option_values)),
    currency         TEXT NOT NULL CHECK (length(currency) = 3),
    price            INTEGER NOT NULL CHECK (price >= 0),
    compare_at_price INTEGER CHECK (compare_at_price >= 0),
    track_stock      INTEGER NOT NULL CHECK (track_stock IN (0, 1)),
    weight_grams     INTEGER CHECK (weight_grams >= 0),
    barcode          TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX variants_by_product ON variants (product_id);

-- What an order changes of a variant; a row for each. Apart from the rest, because the levels of a hundred variants share
-- a page, and the orders of one commit then write few of them.
CREATE TABLE stock_levels (
    variant_id    BLOB NOT NULL PRIMARY KEY REFERENCES variants (id),
    -- The sum of its movements. This CHECK is what nothing can oversell past.
    stock         INTEGER NOT NULL DEFAULT 0 CHECK (stock >= 0),
    -- Whether an order line names it; such a variant can never be removed.
    was_ordered   INTEGER NOT NULL DEFAULT 0 CHECK (was_ordered BETWEEN 0 AND 1),
    -- Its latest movement: the head of its part of the ledger.
    last_movement INTEGER
) STRICT, WITHOUT ROWID;

-- The ledger: appended to, never changed. The movements of one variant are a chain from `stock_levels.last_movement`
-- through `previous`. An index by variant would say the same, but each order would then write to as many places far
-- apart as it has lines; this way it writes to the end alone. For the same reason `variant_id` here and in
-- `order_lines` is no FOREIGN KEY (removing a variant would read the whole table): the triggers below hold them.
CREATE TABLE stock_movements (
    seq        INTEGER PRIMARY KEY,
    id         BLOB NOT NULL CHECK (length(id) = 16),
    variant_id BLOB NOT NULL CHECK (length(variant_id) = 16),
    delta      INTEGER NOT NULL CHECK (delta <> 0),
    cause      TEXT NOT NULL CHECK (cause = 'received' OR cause = 'sold' OR cause = 'cancelled' OR cause = 'returned' OR cause = 'adjusted'),
    order_id   BLOB REFERENCES orders (id),
    actor_id   BLOB,
    reason     TEXT,
    at         INTEGER NOT NULL,
    previous   INTEGER CHECK (previous < seq),
    CHECK (cause <> 'sold' OR (delta < 0 AND order_id IS NOT NULL)),
    CHECK (cause <> 'cancelled' OR (delta > 0 AND order_id IS NOT NULL))
) STRICT;
-- An order takes a variant's stock once and gives it back once.
CREATE UNIQUE INDEX stock_movements_by_order ON stock_movements (order_id, variant_id, cause)
    WHERE order_id IS NOT NULL AND (cause = 'sold' OR cause = 'cancelled');

CREATE TRIGGER stock_movements_never_change BEFORE UPDATE ON stock_movements
BEGIN
    SELECT RAISE(ABORT, 'the stock ledger is append-only');
END;
CREATE TRIGGER ordered_variants_stay BEFORE DELETE ON stock_levels WHEN OLD.was_ordered = 1
BEGIN
    SELECT RAISE(ABORT, 'a variant that was ordered cannot be removed');
END;
CREATE TRIGGER variants_keep_their_movements BEFORE DELETE ON stock_levels WHEN OLD.last_movement IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a variant with movements cannot be removed');
END;

-- ── Orders ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE orders (
    number     INTEGER PRIMARY KEY CHECK (number >= 1),
    id         BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    email      TEXT,
    status     TEXT NOT NULL CHECK (status = 'pending' OR status = 'confirmed' OR status = 'shipped' OR status = 'delivered' OR status = 'cancelled'),
    currency   TEXT NOT NULL CHECK (length(currency) = 3),
    total      INTEGER NOT NULL CHECK (total >= 0),
    ship_to    TEXT NOT NULL,
    tracking   TEXT,
    placed_at  INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    -- The buyer's order before this one.
    previous   INTEGER CHECK (previous < number)
) STRICT;
CREATE INDEX orders_by_status ON orders (status, placed_at);
CREATE INDEX orders_by_time ON orders (placed_at);

-- The orders of one buyer are a chain from `last_order` through `previous`, for the same reason as the ledger's: an index
-- by account would have each order write a page of its own.
CREATE TABLE order_chains (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (id),
    last_order INTEGER NOT NULL REFERENCES orders (number)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_lines (
    order_number  INTEGER NOT NULL REFERENCES orders (number),
    position      INTEGER NOT NULL CHECK (position BETWEEN 0 AND 99),
    product_id    BLOB NOT NULL CHECK (length(product_id) = 16),
    variant_id    BLOB NOT NULL CHECK (length(variant_id) = 16),
    title         TEXT NOT NULL,
    variant_title TEXT NOT NULL,
    sku           TEXT,
    quantity      INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    -- In the order's currency.
    unit_price    INTEGER NOT NULL CHECK (unit_price >= 0),
    stock_taken   INTEGER NOT NULL CHECK (stock_taken IN (0, 1)),
    PRIMARY KEY (order_number, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_events (
    order_number INTEGER NOT NULL REFERENCES orders (number),
    position     INTEGER NOT NULL CHECK (position >= 0),
    at           INTEGER NOT NULL,
    status       TEXT NOT NULL CHECK (status = 'pending' OR status = 'confirmed' OR status = 'shipped' OR status = 'delivered' OR status = 'cancelled'),
    actor        TEXT NOT NULL CHECK (actor IN ('customer', 'staff')),
    actor_id     BLOB,
    note         TEXT,
    PRIMARY KEY (order_number, position)
) STRICT, WITHOUT ROWID;

-- ── Mail ────────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE mails (
    seq             INTEGER PRIMARY KEY,
    id              BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    recipient       TEXT NOT NULL,
    account_id      BLOB REFERENCES accounts (id),
    order_id        BLOB REFERENCES orders (id),
    template        TEXT NOT NULL,
    -- The template with its data, as JSON.
    content         TEXT NOT NULL,
    secret          TEXT,
    status          TEXT NOT NULL CHECK (status = 'pending' OR status = 'sent' OR status = 'failed'),
    attempts        INTEGER NOT NULL CHECK (attempts >= 0),
    next_attempt_at INTEGER NOT NULL,
    last_error      TEXT,
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER,
    CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CHECK (status <> 'failed' OR last_error IS NOT NULL)
) STRICT;
CREATE INDEX mails_due ON mails (next_attempt_at, id) WHERE status = 'pending';
CREATE INDEX mails_failed ON mails (id) WHERE status = 'failed';
CREATE INDEX mails_by_order ON mails (order_id) WHERE order_id IS NOT NULL;
-- An order's mails are found through the order.
CREATE INDEX mails_by_account ON mails (account_id) WHERE order_id IS NULL;

-- ── The shop itself ─────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE idempotency_keys (
    seq         INTEGER PRIMARY KEY,
    -- The first half of a SHA-256 of account, route and key: small, because its index is written all over the place.
    digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    account_id  BLOB NOT NULL REFERENCES accounts (id),
    route       TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    at          INTEGER NOT NULL,
    -- The reply.
    status      INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    location    TEXT,
    etag        TEXT,
    body        BLOB NOT NULL
) STRICT;

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
