-- Sales, other currencies, price history; fields of the shop's own; what the search index follows.

ALTER TABLE categories ADD COLUMN details JSONB NOT NULL DEFAULT '{}';

ALTER TABLE products ADD COLUMN details JSONB NOT NULL DEFAULT '{}';
-- When something of it changes by itself next: it is published, or a sale begins or ends.
ALTER TABLE products ADD COLUMN turns_at TIMESTAMPTZ;
CREATE INDEX products_turning ON products (turns_at) WHERE turns_at IS NOT NULL;

ALTER TABLE variants ADD COLUMN details JSONB NOT NULL DEFAULT '{}';
-- What it costs as of its last turn, in its own currency.
ALTER TABLE variants ADD COLUMN settled_price BIGINT NOT NULL DEFAULT 0 CHECK (settled_price >= 0);
UPDATE variants SET settled_price = price;

-- From when on a variant cost how much; a variant whose price never changed has none.
CREATE TABLE price_changes (
    variant_id UUID NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
    currency   TEXT NOT NULL CHECK (length(currency) = 3),
    at         TIMESTAMPTZ NOT NULL,
    price      BIGINT NOT NULL CHECK (price >= 0),
    PRIMARY KEY (variant_id, currency, at)
);

-- Small things that the staff keep: definitions of attributes, collections, redirects of old slugs, jobs.
CREATE TABLE documents (
    kind    TEXT COLLATE "C" NOT NULL,
    id      UUID NOT NULL,
    -- What finds it, unique in its kind: a key, a slug.
    name    TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    body    JSONB NOT NULL,
    PRIMARY KEY (kind, id),
    UNIQUE (kind, name)
);

-- Which products changed. Transactions do not end in the order of their numbers, so an index follows by the oldest
-- transaction that was still running when it last looked.
CREATE TABLE catalogue_feed (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        XID8 NOT NULL DEFAULT pg_current_xact_id(),
    product_id UUID NOT NULL,
    at         TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX catalogue_feed_by_xid ON catalogue_feed (xid, seq);

CREATE FUNCTION feed_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalogue_feed (product_id) VALUES (CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END);
    RETURN NULL;
END $$;
CREATE TRIGGER feed_products AFTER INSERT OR UPDATE OR DELETE ON products
    FOR EACH ROW EXECUTE FUNCTION feed_product();

-- How many pieces there are is nothing to search for; whether there are any is.
CREATE FUNCTION feed_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalogue_feed (product_id) SELECT product_id FROM variants WHERE id = NEW.variant_id;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_stock AFTER UPDATE OF stock ON stock_levels
    FOR EACH ROW WHEN ((OLD.stock > 0) <> (NEW.stock > 0)) EXECUTE FUNCTION feed_stock();
