-- Sales, other currencies, price history; fields of the shop's own; what the search index follows.

ALTER TABLE categories ADD COLUMN details TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(details));

ALTER TABLE products ADD COLUMN details TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(details));
-- When something of it changes by itself next: it is published, or a sale begins or ends.
ALTER TABLE products ADD COLUMN turns_at INTEGER;
CREATE INDEX products_turning ON products (turns_at) WHERE turns_at IS NOT NULL;

ALTER TABLE variants ADD COLUMN details TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(details));
-- What it costs as of its last turn, in its own currency.
ALTER TABLE variants ADD COLUMN settled_price INTEGER NOT NULL DEFAULT 0 CHECK (settled_price >= 0);
UPDATE variants SET settled_price = price;

-- From when on a variant cost how much; a variant whose price never changed has none.
CREATE TABLE price_changes (
    variant_id BLOB NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
    currency   TEXT NOT NULL CHECK (length(currency) = 3),
    at         INTEGER NOT NULL,
    price      INTEGER NOT NULL CHECK (price >= 0),
    PRIMARY KEY (variant_id, currency, at)
) STRICT, WITHOUT ROWID;

-- Small things that the staff keep: definitions of attributes, collections, redirects of old slugs, jobs.
CREATE TABLE documents (
    kind    TEXT NOT NULL,
    id      BLOB NOT NULL CHECK (length(id) = 16),
    -- What finds it, unique in its kind: a key, a slug.
    name    TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    body    TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (kind, id),
    UNIQUE (kind, name)
) STRICT, WITHOUT ROWID;

-- Which products changed, in that order: an index that has followed up to one row reads on from there.
CREATE TABLE catalogue_feed (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id BLOB NOT NULL CHECK (length(product_id) = 16),
    at         INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER))
) STRICT;
CREATE TRIGGER feed_new_products AFTER INSERT ON products
BEGIN
    INSERT INTO catalogue_feed (product_id) VALUES (NEW.id);
END;
CREATE TRIGGER feed_changed_products AFTER UPDATE ON products
BEGIN
    INSERT INTO catalogue_feed (product_id) VALUES (NEW.id);
END;
CREATE TRIGGER feed_removed_products AFTER DELETE ON products
BEGIN
    INSERT INTO catalogue_feed (product_id) VALUES (OLD.id);
END;
-- How many pieces there are is nothing to search for; whether there are any is.
CREATE TRIGGER feed_sold_out_products AFTER UPDATE OF stock ON stock_levels WHEN (OLD.stock > 0) <> (NEW.stock > 0)
BEGIN
    INSERT INTO catalogue_feed (product_id) SELECT product_id FROM variants WHERE id = NEW.variant_id;
END;
