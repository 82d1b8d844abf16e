-- Whoever waits for stock and was not told of it, as nobody could buy it or they were locked out, is looked at again when that ends.
CREATE TRIGGER stock_alerts_are_due_for_sale AFTER UPDATE OF status ON products
WHEN OLD.status <> 'active' AND NEW.status = 'active'
BEGIN
    UPDATE stock_alerts SET is_due = 1 WHERE variant_id IN (SELECT id FROM variants WHERE product_id = NEW.id);
END;
CREATE TRIGGER stock_alerts_are_due_unlocked AFTER UPDATE OF disabled_at ON accounts
WHEN OLD.disabled_at IS NOT NULL AND NEW.disabled_at IS NULL
BEGIN
    UPDATE stock_alerts SET is_due = 1 WHERE account_id = NEW.id;
END;
-- Who was passed over before is looked at now.
UPDATE stock_alerts SET is_due = 1;
