-- Reviews and what they add up to; who waits for what.

ALTER TABLE products ADD COLUMN rating_count BIGINT NOT NULL DEFAULT 0 CHECK (rating_count >= 0);
ALTER TABLE products ADD COLUMN rating_stars BIGINT NOT NULL DEFAULT 0 CHECK (rating_stars >= 0);

CREATE TABLE reviews (
    id         UUID PRIMARY KEY,
    product_id UUID NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    account_id UUID NOT NULL REFERENCES accounts (id),
    status     TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'rejected')),
    stars      BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    -- How many reported it, for finding those.
    reports    BIGINT NOT NULL CHECK (reports >= 0),
    created_at TIMESTAMPTZ NOT NULL,
    version    BIGINT NOT NULL CHECK (version >= 1),
    content    JSONB NOT NULL,
    -- A customer says it once for each product.
    UNIQUE (account_id, product_id)
);
CREATE INDEX reviews_by_product ON reviews (product_id, status, id);
CREATE INDEX reviews_by_status ON reviews (status, id);
CREATE INDEX reviews_reported ON reviews (id) WHERE reports > 0;

CREATE TABLE stock_alerts (
    variant_id UUID NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
    account_id UUID NOT NULL REFERENCES accounts (id),
    created_at TIMESTAMPTZ NOT NULL,
    -- Whether the variant came into stock since. Set by the triggers below, so that nobody has to look at all of them.
    is_due     BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (variant_id, account_id)
);
CREATE INDEX stock_alerts_by_account ON stock_alerts (account_id);
CREATE INDEX stock_alerts_due ON stock_alerts (is_due) WHERE is_due;

CREATE FUNCTION stock_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stock_alerts SET is_due = TRUE WHERE variant_id = NEW.variant_id;
    RETURN NULL;
END $$;
CREATE FUNCTION stock_no_longer_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stock_alerts SET is_due = TRUE WHERE variant_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER stock_alerts_are_due AFTER UPDATE OF stock ON stock_levels
    FOR EACH ROW WHEN (OLD.stock <= 0 AND NEW.stock > 0) EXECUTE FUNCTION stock_came();
CREATE TRIGGER stock_alerts_are_due_without_limit AFTER UPDATE OF track_stock ON variants
    FOR EACH ROW WHEN (OLD.track_stock AND NOT NEW.track_stock) EXECUTE FUNCTION stock_no_longer_counts();
