//! What the overview of the dashboard is made of.

use jiff::Timestamp;
use model::OrderNumber;
use store::{BestSeller, LineDigest, LowStock, OpenWork, OrderDigest, SalesDay, ShortPlace, StoreError};
use tokio_postgres::Row;

use crate::{
    flight::Statement,
    load::{read_all, read_one},
    param::params,
};

/// What [`digests`] reads.
const DIGEST: &str = "SELECT o.number, o.placed_at, o.currency, o.total, o.ship_to ->> 'name', \
     o.ship_to ->> 'city', o.ship_to ->> 'postal_code', l.variant_id, l.sku, l.title, l.quantity";

/// What is kept of the orders behind a number; their lines by themselves for each (`OFFSET 0` keeps them so), whatever a plan expects.
pub(crate) fn digests_after(after: OrderNumber, limit: u32) -> Statement {
    let sql = format!(
        "{DIGEST} FROM (SELECT * FROM orders WHERE number > $1 ORDER BY number LIMIT $2) o \
         CROSS JOIN LATERAL (SELECT * FROM order_lines WHERE order_number = o.number OFFSET 0) l ORDER BY o.number, l.position"
    );
    Statement::new(sql, params![after.0, i64::from(limit)])
}

/// What is kept of these orders.
pub(crate) fn digests_of(numbers: &[OrderNumber]) -> Statement {
    let sql = format!(
        "{DIGEST} FROM orders o JOIN order_lines l ON l.order_number = o.number \
         WHERE o.number = ANY($1) ORDER BY o.number, l.position"
    );
    Statement::new(sql, params![numbers.iter().map(|number| number.0).collect::<Vec<i64>>()])
}

/// Reads what [`digests_after`] and [`digests_of`] ask: a row is an order with one of its lines.
pub(crate) fn digests(rows: &[Row]) -> Result<Vec<OrderDigest>, StoreError> {
    let rows = read_all(rows, "orders", |columns| {
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
    })?;
    Ok(OrderDigest::gathered(rows))
}

/// The numbers of cancelled orders.
pub(crate) fn cancelled(from: Timestamp, before: Timestamp) -> Statement {
    const SQL: &str = "SELECT number FROM orders WHERE status = 'cancelled' AND placed_at >= $1 AND placed_at < $2";
    Statement::new(SQL, params![from, before])
}

/// Reads what [`cancelled`] asks.
pub(crate) fn numbers(rows: &[Row]) -> Result<Vec<OrderNumber>, StoreError> {
    read_all(rows, "orders", |columns| columns.int().map(OrderNumber))
}

/// What was sold, by day and currency.
pub(crate) fn sales(from: Timestamp, before: Timestamp) -> Statement {
    const SQL: &str = "SELECT floor(extract(epoch FROM placed_at) / 86400)::BIGINT, currency, count(*), \
         sum(total)::BIGINT FROM orders \
         WHERE placed_at >= $1 AND placed_at < $2 AND status <> 'cancelled' GROUP BY 1, 2 ORDER BY 1, 2";
    Statement::new(SQL, params![from, before])
}

/// Reads what [`sales`] asks.
pub(crate) fn sales_days(rows: &[Row]) -> Result<Vec<SalesDay>, StoreError> {
    read_all(rows, "orders", |columns| {
        Ok(SalesDay {
            day: columns.int()?,
            currency: columns.currency()?,
            orders: columns.int()?,
            revenue: columns.int()?,
        })
    })
}

/// What sold best, called what it was called in the latest order.
pub(crate) fn best_sellers(from: Timestamp, before: Timestamp, limit: u32) -> Statement {
    const SQL: &str = "WITH sold AS (SELECT l.variant_id, sum(l.quantity)::BIGINT AS pieces, max(o.number) AS latest \
             FROM orders o JOIN order_lines l ON l.order_number = o.number \
             WHERE o.placed_at >= $1 AND o.placed_at < $2 AND o.status <> 'cancelled' \
             GROUP BY l.variant_id ORDER BY 2 DESC, l.variant_id LIMIT $3) \
         SELECT l.product_id, l.variant_id, l.title, l.variant_title, s.pieces \
         FROM sold s CROSS JOIN LATERAL (SELECT * FROM order_lines l \
             WHERE l.order_number = s.latest AND l.variant_id = s.variant_id LIMIT 1) l \
         ORDER BY s.pieces DESC, l.variant_id";
    Statement::new(SQL, params![from, before, i64::from(limit)])
}

/// Reads what [`best_sellers`] asks.
pub(crate) fn sold(rows: &[Row]) -> Result<Vec<BestSeller>, StoreError> {
    read_all(rows, "order_lines", |columns| {
        Ok(BestSeller {
            product_id: columns.id()?,
            variant_id: columns.id()?,
            title: columns.string()?,
            variant_title: columns.string()?,
            pieces: columns.int()?,
        })
    })
}

/// What is short. Those with a threshold of their own are few, and come from an index of theirs.
pub(crate) fn low_stock(at_most: i64, after: ShortPlace, limit: u32) -> Statement {
    const SQL: &str = "(SELECT v.product_id, v.id, p.title, v.option_values, v.sku, s.stock \
         FROM stock_levels s JOIN variants v ON v.id = s.variant_id JOIN products p ON p.id = v.product_id \
         WHERE s.stock <= $1 AND (s.stock, v.id) > ($3, $4) AND NOT v.details ? 'low_stock_at' AND v.track_stock \
         AND p.status = 'active' ORDER BY s.stock, v.id LIMIT $2) \
         UNION ALL (SELECT v.product_id, v.id, p.title, v.option_values, v.sku, s.stock \
         FROM variants v JOIN stock_levels s ON s.variant_id = v.id JOIN products p ON p.id = v.product_id \
         WHERE v.details ? 'low_stock_at' AND s.stock <= (v.details ->> 'low_stock_at')::bigint \
         AND (s.stock, v.id) > ($3, $4) AND v.track_stock AND p.status = 'active') ORDER BY 6, 2 LIMIT $2";
    Statement::new(SQL, params![at_most, i64::from(limit), after.stock, after.variant_id.0])
}

/// Reads what [`low_stock`] asks.
pub(crate) fn short(rows: &[Row]) -> Result<Vec<LowStock>, StoreError> {
    read_all(rows, "stock_levels", |columns| {
        Ok(LowStock {
            product_id: columns.id()?,
            variant_id: columns.id()?,
            title: columns.string()?,
            option_values: columns.json()?,
            sku: columns.opt_string()?,
            stock: columns.int()?,
        })
    })
}

/// What waits for the staff. When a mail was given up is when its last lease would have ended.
pub(crate) fn open_work(mails_from: Timestamp) -> Statement {
    const SQL: &str = "SELECT (SELECT count(*) FROM orders WHERE status = 'pending'), \
         (SELECT count(*) FROM orders WHERE status = 'confirmed'), \
         (SELECT count(*) FROM reviews WHERE status = 'pending'), \
         (SELECT count(*) FROM reviews WHERE reports > 0 AND status = 'approved'), \
         (SELECT count(*) FROM mails WHERE status = 'failed' AND next_attempt_at >= $1)";
    Statement::new(SQL, params![mails_from])
}

/// Reads what [`open_work`] asks.
pub(crate) fn counted(rows: &[Row]) -> Result<OpenWork, StoreError> {
    let counted = read_one(rows, "orders", |columns| {
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
