-- Who of the staff changed what.

CREATE TABLE audit_log (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at         INTEGER NOT NULL,
    -- Who; NULL is the shop itself. Accounts are never removed, but the log points at nothing that could hold it back.
    actor_id   BLOB CHECK (length(actor_id) = 16),
    action     TEXT NOT NULL,
    subject_id BLOB CHECK (length(subject_id) = 16),
    content    TEXT NOT NULL CHECK (json_valid(content))
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_log_by_actor ON audit_log (actor_id, id);
CREATE INDEX audit_log_by_subject ON audit_log (subject_id, id) WHERE subject_id IS NOT NULL;

CREATE TRIGGER audit_log_never_changes BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_log_forgets_nothing BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- What the overview sums up, out of an index alone; in the order of the list of all orders, which the narrower one served before.
DROP INDEX orders_by_time;
CREATE INDEX orders_by_time_with_totals ON orders (placed_at, number, status, currency, total);

-- What is short, the shortest first. A level far from the end is not in it, and costs nothing when it changes.
CREATE INDEX stock_levels_short ON stock_levels (stock) WHERE stock <= 100;

-- Those that are short from a number on that is their own.
CREATE INDEX variants_short_at ON variants (id) WHERE details ->> '$.low_stock_at' IS NOT NULL;
