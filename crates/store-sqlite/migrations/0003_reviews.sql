-- Reviews and what they add up to; who waits for what.

ALTER TABLE products ADD COLUMN rating_count INTEGER NOT NULL DEFAULT 0 CHECK (rating_count >= 0);
ALTER TABLE products ADD COLUMN rating_stars INTEGER NOT NULL DEFAULT 0 CHECK (rating_stars >= 0);

CREATE TABLE reviews (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    product_id BLOB NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    status     TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'rejected')),
    stars      INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    -- How many reported it, for finding those.
    reports    INTEGER NOT NULL CHECK (reports >= 0),
    created_at INTEGER NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    content    TEXT NOT NULL CHECK (json_valid(content)),
    -- A customer says it once for each product.
    UNIQUE (account_id, product_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reviews_by_product ON reviews (product_id, status, id);
CREATE INDEX reviews_by_status ON reviews (status, id);
CREATE INDEX reviews_reported ON reviews (id) WHERE reports > 0;

CREATE TABLE stock_alerts (
    variant_id BLOB NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    created_at INTEGER NOT NULL,
    -- Whether the variant came into stock since. Set by the triggers below, so that nobody has to look at all of them.
    is_due     INTEGER NOT NULL DEFAULT 0 CHECK (is_due IN (0, 1)),
    PRIMARY KEY (variant_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX stock_alerts_by_account ON stock_alerts (account_id);
CREATE INDEX stock_alerts_due ON stock_alerts (is_due) WHERE is_due = 1;
CREATE TRIGGER stock_alerts_are_due AFTER UPDATE OF stock ON stock_levels WHEN OLD.stock <= 0 AND NEW.stock > 0
BEGIN
    UPDATE stock_alerts SET is_due = 1 WHERE variant_id = NEW.variant_id;
END;
CREATE TRIGGER stock_alerts_are_due_without_limit AFTER UPDATE OF track_stock ON variants
WHEN OLD.track_stock = 1 AND NEW.track_stock = 0
BEGIN
    UPDATE stock_alerts SET is_due = 1 WHERE variant_id = NEW.id;
END;
