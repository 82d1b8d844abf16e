//! What the overview of the dashboard is made of.

use model::{OrderNumber, Timestamp};
use rusqlite::{Connection, params};
use store::{BestSeller, LineDigest, LowStock, OpenWork, OrderDigest, SalesDay, ShortPlace, StoreError};

use super::order::listed;
use crate::{
    row::Columns,
    sql::{Key, Sql, all, one},
};

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

/// What [`digest`] reads.
const DIGEST: &str = "SELECT o.number, o.placed_at, o.currency, o.total, o.ship_to ->> '$.name', \
     o.ship_to ->> '$.city', o.ship_to ->> '$.postal_code', l.variant_id, l.sku, l.title, l.quantity";

/// What is kept of the orders behind a number.
pub(crate) fn digests_after(conn: &Connection, after: OrderNumber, limit: u32) -> Sql<Vec<OrderDigest>> {
    let sql = format!(
        "{DIGEST} FROM (SELECT * FROM orders WHERE number > ? ORDER BY number LIMIT ?) o \
         CROSS JOIN order_lines l ON l.order_number = o.number ORDER BY o.number, l.position"
    );
    all(conn, "orders", &sql, params![after.0, limit], digest).map(OrderDigest::gathered)
}

/// What is kept of these orders.
pub(crate) fn digests_of(conn: &Connection, numbers: &[OrderNumber]) -> Sql<Vec<OrderDigest>> {
    let sql = format!(
        "{DIGEST} FROM orders o CROSS JOIN order_lines l ON l.order_number = o.number \
         WHERE o.number IN (SELECT value FROM json_each(?)) ORDER BY o.number, l.position"
    );
    all(conn, "orders", &sql, [listed(numbers)], digest).map(OrderDigest::gathered)
}

/// An order with one of its lines.
fn digest(columns: &mut Columns<'_>) -> Result<OrderDigest, StoreError> {
    Ok(OrderDigest {
        number: OrderNumber(columns.int()?),
        placed_at: columns.time()?,
        currency: columns.currency()?,
        total: columns.int()?,
        name: columns.opt_string()?.unwrap_or_default(),
        city: columns.opt_string()?.unwrap_or_default(),
        postal_code: columns.opt_string()?.unwrap_or_default(),
        lines: vec![LineDigest {
            variant_id: columns.id()?,
            sku: columns.opt_string()?,
            title: columns.string()?,
            quantity: columns.int()?,
        }],
    })
}

/// The numbers of cancelled orders.
pub(crate) fn cancelled(conn: &Connection, from: Timestamp, before: Timestamp) -> Sql<Vec<OrderNumber>> {
    const SQL: &str = "SELECT number FROM orders WHERE status = 'cancelled' AND placed_at >= ? AND placed_at < ?";
    let times = params![from.as_microsecond(), before.as_microsecond()];
    all(conn, "orders", SQL, times, |columns| columns.int().map(OrderNumber))
}

/// What was sold, by day and currency.
pub(crate) fn sales(conn: &Connection, from: Timestamp, before: Timestamp) -> Sql<Vec<SalesDay>> {
    const SQL: &str = "SELECT placed_at / ?3, currency, count(*), sum(total) FROM orders \
         WHERE placed_at >= ?1 AND placed_at < ?2 AND status <> 'cancelled' GROUP BY 1, 2 ORDER BY 1, 2";
    all(conn, "orders", SQL, params![from.as_microsecond(), before.as_microsecond(), DAY], |columns| {
        Ok(SalesDay {
            day: columns.int()?,
            currency: columns.currency()?,
            orders: columns.int()?,
            revenue: columns.int()?,
        })
    })
}

/// What sold best. The bare columns are those of the row with the latest order.
pub(crate) fn best_sellers(conn: &Connection, from: Timestamp, before: Timestamp, limit: u32) -> Sql<Vec<BestSeller>> {
    const SQL: &str = "SELECT l.product_id, l.variant_id, l.title, l.variant_title, sum(l.quantity), max(o.number) \
         FROM orders o CROSS JOIN order_lines l ON l.order_number = o.number \
         WHERE o.placed_at >= ? AND o.placed_at < ? AND o.status <> 'cancelled' \
         GROUP BY l.variant_id ORDER BY 5 DESC, l.variant_id LIMIT ?";
    all(conn, "order_lines", SQL, params![from.as_microsecond(), before.as_microsecond(), limit], |columns| {
        Ok(BestSeller {
            product_id: columns.id()?,
            variant_id: columns.id()?,
            title: columns.string()?,
            variant_title: columns.string()?,
            pieces: columns.int()?,
        })
    })
}

/// Up to where the index of what is short goes.
const SHORT: i64 = 100;

/// What is short: along its index, where that goes far enough. Those with a threshold of their own are few, and come from an
/// index of theirs.
pub(crate) fn low_stock(conn: &Connection, at_most: i64, after: ShortPlace, limit: u32) -> Sql<Vec<LowStock>> {
    // The joins go from the levels to their variants, so that the order of the index is the order of the list.
    let within = if at_most <= SHORT { format!("s.stock <= {SHORT} AND") } else { String::new() };
    let sql = format!(
        "SELECT * FROM (SELECT v.product_id, v.id, p.title, v.option_values, v.sku, s.stock \
         FROM stock_levels s CROSS JOIN variants v ON v.id = s.variant_id CROSS JOIN products p ON p.id = v.product_id \
         WHERE {within} s.stock <= ?1 AND (s.stock, s.variant_id) > (?3, ?4) \
         AND v.details ->> '$.low_stock_at' IS NULL AND v.track_stock = 1 AND p.status = 'active' \
         ORDER BY s.stock, s.variant_id LIMIT ?2) \
         UNION ALL SELECT v.product_id, v.id, p.title, v.option_values, v.sku, s.stock \
         FROM variants v CROSS JOIN stock_levels s ON s.variant_id = v.id CROSS JOIN products p ON p.id = v.product_id \
         WHERE v.details ->> '$.low_stock_at' IS NOT NULL AND s.stock <= v.details ->> '$.low_stock_at' \
         AND (s.stock, s.variant_id) > (?3, ?4) AND v.track_stock = 1 AND p.status = 'active' ORDER BY 6, 2 LIMIT ?2"
    );
    all(conn, "stock_levels", &sql, params![at_most, limit, after.stock, after.variant_id.key()], |columns| {
        Ok(LowStock {
            product_id: columns.id()?,
            variant_id: columns.id()?,
            title: columns.string()?,
            option_values: columns.list()?,
            sku: columns.opt_string()?,
            stock: columns.int()?,
        })
    })
}

/// What waits for the staff. When a mail was given up is when its last lease would have ended.
pub(crate) fn open_work(conn: &Connection, mails_from: Timestamp) -> Sql<OpenWork> {
    const SQL: &str = "SELECT (SELECT count(*) FROM orders WHERE status = 'pending'), \
         (SELECT count(*) FROM orders WHERE status = 'confirmed'), \
         (SELECT count(*) FROM reviews WHERE status = 'pending'), \
         (SELECT count(*) FROM reviews WHERE reports > 0 AND status = 'approved'), \
         (SELECT count(*) FROM mails WHERE status = 'failed' AND next_attempt_at >= ?1)";
    let counted = one(conn, "orders", SQL, [mails_from.as_microsecond()], |columns| {
        let mut count = || Ok(u64::try_from(columns.int()?).unwrap_or(0));
        Ok(OpenWork {
            to_confirm: count()?,
            to_ship: count()?,
            reviews: count()?,
            reported_reviews: count()?,
            failed_mails: count()?,
        })
    })?;
    Ok(counted.unwrap_or_default())
}
