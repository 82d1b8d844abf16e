-- Whoever waits for stock and was not told of it, as nobody could buy it or they were locked out, is looked at again when that ends.
CREATE FUNCTION product_came_on_sale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stock_alerts SET is_due = TRUE WHERE variant_id IN (SELECT id FROM variants WHERE product_id = NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION account_was_unlocked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stock_alerts SET is_due = TRUE WHERE account_id = NEW.id;
    RETURN NULL;
END $$;
-- Accounts first, as whoever writes to both does.
CREATE TRIGGER stock_alerts_are_due_unlocked AFTER UPDATE OF disabled_at ON accounts
    FOR EACH ROW WHEN (OLD.disabled_at IS NOT NULL AND NEW.disabled_at IS NULL) EXECUTE FUNCTION account_was_unlocked();
CREATE TRIGGER stock_alerts_are_due_for_sale AFTER UPDATE OF status ON products
    FOR EACH ROW WHEN (OLD.status <> 'active' AND NEW.status = 'active') EXECUTE FUNCTION product_came_on_sale();
-- Who was passed over before is looked at now.
UPDATE stock_alerts SET is_due = TRUE;
