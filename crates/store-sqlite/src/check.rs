//! Proving that the data agree with themselves.

use rusqlite::{Connection, functions::FunctionFlags};
use store::Finding;
use uuid::Uuid;

use crate::{
    backup::integrity_check,
    sql::{Sql, all},
};

/// The most findings a check gives.
const FINDINGS_MAX: i64 = 100;

/// A name, and a select whose rows say what is wrong.
type Check = (&'static str, &'static str);

const CHECKS: &[Check] = &[
    (
        "ledger",
        "SELECT 'variant ' || uuid(v.variant_id) || ': the level is ' || v.stock || ', its movements sum up to ' || \
         coalesce(m.total, 0) \
         FROM stock_levels v LEFT JOIN (SELECT variant_id, sum(delta) AS total FROM stock_movements \
         GROUP BY variant_id) m ON m.variant_id = v.variant_id WHERE v.stock <> coalesce(m.total, 0)",
    ),
    (
        "ledger chain",
        "SELECT 'movement ' || seq || ' of variant ' || uuid(variant_id) || ': its predecessor is ' || \
         coalesce(before, 'none') || ', it names ' || coalesce(previous, 'none') \
         FROM (SELECT seq, variant_id, previous, lag(seq) OVER (PARTITION BY variant_id ORDER BY seq) AS before \
         FROM stock_movements) WHERE before IS NOT previous",
    ),
    (
        "ledger chain",
        "SELECT 'variant ' || uuid(v.variant_id) || ': its latest movement is ' || coalesce(m.last, 'none') || ', it names ' || \
         coalesce(v.last_movement, 'none') \
         FROM stock_levels v LEFT JOIN (SELECT variant_id, max(seq) AS last FROM stock_movements \
         GROUP BY variant_id) m ON m.variant_id = v.variant_id WHERE v.last_movement IS NOT m.last",
    ),
    (
        "ledger",
        "SELECT 'movement ' || m.seq || ': there is no variant ' || uuid(m.variant_id) FROM stock_movements m \
         WHERE NOT EXISTS (SELECT 1 FROM variants v WHERE v.id = m.variant_id)",
    ),
    (
        "ledger",
        "SELECT 'variant ' || uuid(v.id) || ': it has no level' FROM variants v \
         WHERE NOT EXISTS (SELECT 1 FROM stock_levels s WHERE s.variant_id = v.id)",
    ),
    (
        "order total",
        "SELECT 'order CW-' || o.number || ': the total is ' || o.total || ', its lines sum up to ' || \
         coalesce(l.total, 0) \
         FROM orders o LEFT JOIN (SELECT order_number, sum(quantity * unit_price) AS total FROM order_lines \
         GROUP BY order_number) l ON l.order_number = o.number WHERE l.total IS NULL OR o.total <> l.total",
    ),
    (
        "order chain",
        "SELECT 'order CW-' || number || ': the order of its buyer before it is ' || coalesce(before, 'none') || \
         ', it names ' || coalesce(previous, 'none') \
         FROM (SELECT number, previous, lag(number) OVER (PARTITION BY account_id ORDER BY number) AS before \
         FROM orders) WHERE before IS NOT previous",
    ),
    (
        "order chain",
        "SELECT 'account ' || uuid(o.account_id) || ': its latest order is CW-' || o.last || ', it names ' || \
         coalesce(c.last_order, 'none') \
         FROM (SELECT account_id, max(number) AS last FROM orders GROUP BY account_id) o \
         LEFT JOIN order_chains c ON c.account_id = o.account_id WHERE c.last_order IS NOT o.last",
    ),
    (
        "order lines",
        "SELECT 'order CW-' || l.order_number || ' line ' || l.position || ': variant ' || uuid(l.variant_id) || \
         iif(v.variant_id IS NULL, ' is not there', ' does not count as ordered') \
         FROM order_lines l LEFT JOIN stock_levels v ON v.variant_id = l.variant_id WHERE v.was_ordered IS NOT 1",
    ),
    (
        "order stock",
        "SELECT 'order CW-' || o.number || ' line ' || l.position || ': ' || l.quantity || ' pieces were taken, the \
         ledger has ' || coalesce(-m.delta, 0) \
         FROM order_lines l JOIN orders o ON o.number = l.order_number \
         LEFT JOIN stock_movements m ON m.order_id = o.id AND m.variant_id = l.variant_id AND m.cause = 'sold' \
         WHERE l.stock_taken = 1 AND m.delta IS NOT -l.quantity",
    ),
    (
        "order stock",
        "SELECT 'order CW-' || o.number || ' line ' || l.position || ': the order was cancelled, ' || l.quantity || \
         ' pieces go back, the ledger has ' || coalesce(m.delta, 0) \
         FROM order_lines l JOIN orders o ON o.number = l.order_number \
         LEFT JOIN stock_movements m ON m.order_id = o.id AND m.variant_id = l.variant_id AND m.cause = 'cancelled' \
         WHERE o.status = 'cancelled' AND l.stock_taken = 1 AND m.delta IS NOT l.quantity",
    ),
    (
        "order stock",
        "SELECT 'movement ' || m.seq || ' (' || m.cause || '): no line of ' || coalesce('order CW-' || o.number, \
         'any order') || ' asked for it' \
         FROM stock_movements m LEFT JOIN orders o ON o.id = m.order_id \
         WHERE m.cause IN ('sold', 'cancelled') AND NOT EXISTS (SELECT 1 FROM order_lines l \
         WHERE l.order_number = o.number AND l.variant_id = m.variant_id AND l.stock_taken = 1 \
         AND (m.cause = 'sold' OR o.status = 'cancelled'))",
    ),
    (
        "order timeline",
        "SELECT 'order CW-' || o.number || ' is ' || o.status || ', its timeline ends with ' || \
         coalesce(e.status, 'nothing') \
         FROM orders o LEFT JOIN order_events e ON e.order_number = o.number AND e.position = \
         (SELECT max(position) FROM order_events WHERE order_number = o.number) WHERE e.status IS NOT o.status",
    ),
    (
        "mails",
        "SELECT 'order CW-' || o.number || ': no mail tells that it was placed' \
         FROM orders o JOIN accounts a ON a.id = o.account_id WHERE a.deleted_at IS NULL AND o.ship_to ->> '$.name' <> '' \
         AND NOT EXISTS (SELECT 1 FROM mails m WHERE m.order_id = o.id AND m.template = 'order_placed') AND NOT EXISTS \
         (SELECT 1 FROM order_events e WHERE e.order_number = o.number AND e.position = 0 \
         AND e.note = 'brought over from another shop')",
    ),
    (
        "mails",
        "SELECT 'mail ' || uuid(id) || ' is ' || status || CASE \
         WHEN status = 'failed' THEN ' without an error' WHEN status = 'sent' THEN ' without a time' \
         WHEN status = 'pending' THEN ' and has a time of sending' ELSE ', which is no status' END \
         FROM mails WHERE status NOT IN ('pending', 'sent', 'failed') OR (status = 'failed' AND last_error IS NULL) \
         OR (status = 'sent') <> (sent_at IS NOT NULL)",
    ),
    (
        "prices",
        "SELECT 'product ' || uuid(p.id) || ': it is listed at ' || p.price_min || ' to ' || p.price_max || \
         ', its variants cost ' || coalesce(v.low || ' to ' || v.high, 'nothing: there are none') \
         FROM products p LEFT JOIN (SELECT product_id, min(settled_price) AS low, max(settled_price) AS high FROM variants \
         GROUP BY product_id) v ON v.product_id = p.id WHERE v.low IS NOT p.price_min OR v.high IS NOT p.price_max",
    ),
    (
        "ratings",
        "SELECT 'product ' || uuid(p.id) || ': it counts ' || p.rating_count || ' reviews with ' || p.rating_stars || \
         ' stars, there are ' || coalesce(r.count, 0) || ' with ' || coalesce(r.stars, 0) \
         FROM products p LEFT JOIN (SELECT product_id, count(*) AS count, sum(stars) AS stars FROM reviews \
         WHERE status = 'approved' GROUP BY product_id) r ON r.product_id = p.id \
         WHERE p.rating_count <> coalesce(r.count, 0) OR p.rating_stars <> coalesce(r.stars, 0)",
    ),
];

/// Runs all checks; the caller holds a snapshot.
pub(crate) fn run(conn: &Connection) -> Sql<Vec<Finding>> {
    conn.create_scalar_function(
        "uuid",
        1,
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC,
        |context| {
            let bytes = context.get_raw(0).as_blob_or_null().ok().flatten().unwrap_or_default();
            Ok(Uuid::from_slice(bytes).map_or_else(|_| "?".to_owned(), |id| id.to_string()))
        },
    )?;
    let mut findings: Vec<_> =
        integrity_check(conn)?.into_iter().map(|what| Finding { check: "integrity", what }).collect();
    findings.extend(foreign_keys(conn)?);
    for (check, sql) in CHECKS {
        let sql = format!("{sql} LIMIT {FINDINGS_MAX}");
        let found = all(conn, check, &sql, [], |columns| columns.string())?;
        findings.extend(found.into_iter().map(|what| Finding { check, what }));
    }
    Ok(findings)
}

fn foreign_keys(conn: &Connection) -> Sql<Vec<Finding>> {
    const SQL: &str = "SELECT '\"' || \"table\" || '\" row ' || coalesce(rowid, '?') || ' points at a row of \"' || \
         parent || '\" that is not there' FROM pragma_foreign_key_check LIMIT 100";
    let found = all(conn, "pragma_foreign_key_check", SQL, [], |columns| columns.string())?;
    Ok(found.into_iter().map(|what| Finding { check: "foreign keys", what }).collect())
}
