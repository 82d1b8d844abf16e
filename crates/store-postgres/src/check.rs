//! Proving that the data agree with themselves.

use store::{Finding, StoreError};

use crate::{
    engine::PostgresEngine,
    flight::{Begin, Statement},
    load::product::texts,
    param::params,
};

/// The most findings a check gives.
const FINDINGS_MAX: i64 = 100;

/// A name, and a select whose rows say what is wrong.
type Check = (&'static str, &'static str);

const CHECKS: &[Check] = &[
    (
        "ledger",
        "SELECT format('variant %s: the level is %s, its movements sum up to %s', s.variant_id, s.stock, \
         coalesce(m.total, 0)) FROM stock_levels s LEFT JOIN (SELECT variant_id, sum(delta) AS total \
         FROM stock_movements GROUP BY variant_id) m ON m.variant_id = s.variant_id \
         WHERE s.stock <> coalesce(m.total, 0)",
    ),
    (
        "ledger",
        "SELECT format('movement %s: there is no variant %s', m.seq, m.variant_id) FROM stock_movements m \
         WHERE NOT EXISTS (SELECT 1 FROM variants v WHERE v.id = m.variant_id)",
    ),
    (
        "ledger",
        "SELECT format('movement %s: there is no order %s', m.seq, m.order_id) FROM stock_movements m \
         WHERE m.order_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = m.order_id)",
    ),
    (
        "ledger",
        "SELECT format('variant %s: it has no level', v.id) FROM variants v \
         WHERE NOT EXISTS (SELECT 1 FROM stock_levels s WHERE s.variant_id = v.id)",
    ),
    (
        "order total",
        "SELECT format('order CW-%s: the total is %s, its lines sum up to %s', o.number, o.total, \
         coalesce(l.total, 0)) FROM orders o LEFT JOIN (SELECT order_number, sum(quantity * unit_price) AS total \
         FROM order_lines GROUP BY order_number) l ON l.order_number = o.number \
         WHERE l.total IS NULL OR o.total <> l.total",
    ),
    (
        "order lines",
        "SELECT format('order CW-%s line %s: variant %s %s', l.order_number, l.position, l.variant_id, \
         CASE WHEN s.variant_id IS NULL THEN 'is not there' ELSE 'does not count as ordered' END) \
         FROM order_lines l LEFT JOIN stock_levels s ON s.variant_id = l.variant_id WHERE s.was_ordered IS NOT TRUE",
    ),
    (
        "order stock",
        "SELECT format('order CW-%s line %s: %s pieces were taken, the ledger has %s', o.number, l.position, \
         l.quantity, coalesce(-m.delta, 0)) FROM order_lines l JOIN orders o ON o.number = l.order_number \
         LEFT JOIN stock_movements m ON m.order_id = o.id AND m.variant_id = l.variant_id AND m.cause = 'sold' \
         WHERE l.stock_taken AND m.delta IS DISTINCT FROM -l.quantity",
    ),
    (
        "order stock",
        "SELECT format('order CW-%s line %s: the order was cancelled, %s pieces go back, the ledger has %s', o.number, \
         l.position, l.quantity, coalesce(m.delta, 0)) \
         FROM order_lines l JOIN orders o ON o.number = l.order_number \
         LEFT JOIN stock_movements m ON m.order_id = o.id AND m.variant_id = l.variant_id AND m.cause = 'cancelled' \
         WHERE o.status = 'cancelled' AND l.stock_taken AND m.delta IS DISTINCT FROM l.quantity",
    ),
    (
        "order stock",
        "SELECT format('movement %s (%s): no line of %s asked for it', m.seq, m.cause, \
         coalesce('order CW-' || o.number, 'any order')) \
         FROM stock_movements m LEFT JOIN orders o ON o.id = m.order_id \
         WHERE m.cause IN ('sold', 'cancelled') AND NOT EXISTS (SELECT 1 FROM order_lines l \
         WHERE l.order_number = o.number AND l.variant_id = m.variant_id AND l.stock_taken \
         AND (m.cause = 'sold' OR o.status = 'cancelled'))",
    ),
    (
        "order timeline",
        "SELECT format('order CW-%s is %s, its timeline ends with %s', o.number, o.status, \
         coalesce(e.status, 'nothing')) FROM orders o LEFT JOIN (SELECT DISTINCT ON (order_number) order_number, status \
         FROM order_events ORDER BY order_number, position DESC) e ON e.order_number = o.number \
         WHERE e.status IS DISTINCT FROM o.status",
    ),
    (
        "mails",
        "SELECT format('order CW-%s: no mail tells that it was placed', o.number) \
         FROM orders o JOIN accounts a ON a.id = o.account_id WHERE a.deleted_at IS NULL AND o.ship_to ->> 'name' <> '' \
         AND NOT EXISTS (SELECT 1 FROM mails m WHERE m.order_id = o.id AND m.template = 'order_placed') AND NOT EXISTS \
         (SELECT 1 FROM order_events e WHERE e.order_number = o.number AND e.position = 0 \
         AND e.note = 'brought over from another shop')",
    ),
    (
        "prices",
        "SELECT format('product %s: it is listed at %s to %s, its variants cost %s', p.id, p.price_min, p.price_max, \
         coalesce(v.low || ' to ' || v.high, 'nothing: there are none')) \
         FROM products p LEFT JOIN (SELECT product_id, min(settled_price) AS low, max(settled_price) AS high FROM variants \
         GROUP BY product_id) v ON v.product_id = p.id \
         WHERE v.low IS DISTINCT FROM p.price_min OR v.high IS DISTINCT FROM p.price_max",
    ),
    (
        "ratings",
        "SELECT format('product %s: it counts %s reviews with %s stars, there are %s with %s', p.id, p.rating_count, \
         p.rating_stars, coalesce(r.count, 0), coalesce(r.stars, 0)) \
         FROM products p LEFT JOIN (SELECT product_id, count(*) AS count, sum(stars) AS stars FROM reviews \
         WHERE status = 'approved' GROUP BY product_id) r ON r.product_id = p.id \
         WHERE p.rating_count <> coalesce(r.count, 0) OR p.rating_stars <> coalesce(r.stars, 0)",
    ),
    // What `NOT VALID` or a superuser may have switched off.
    (
        "constraints",
        "SELECT format('%s on %s is not enforced', conname, conrelid::regclass) FROM pg_constraint \
         WHERE connamespace = current_schema()::regnamespace AND NOT convalidated",
    ),
    (
        "indexes",
        "SELECT format('%s on %s is not valid; REINDEX it', indexrelid::regclass, indrelid::regclass) FROM pg_index i \
         JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisvalid",
    ),
    (
        "triggers",
        "SELECT format('%s on %s is switched off', tgname, tgrelid::regclass) FROM pg_trigger t \
         JOIN pg_class c ON c.oid = t.tgrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled = 'D'",
    ),
];

impl PostgresEngine {
    /// Runs all checks in one snapshot.
    pub(crate) async fn findings(&self) -> Result<Vec<Finding>, StoreError> {
        let statements = CHECKS.iter().map(|(_, sql)| {
            Statement::new(format!("SELECT what FROM ({sql}) AS found (what) LIMIT {FINDINGS_MAX}"), params![])
        });
        let rows = self.read(Begin::Check, statements.collect()).await?;
        let mut findings = Vec::new();
        for ((check, _), rows) in CHECKS.iter().zip(&rows) {
            findings.extend(texts(rows)?.into_iter().map(|what| Finding { check, what }));
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests;
