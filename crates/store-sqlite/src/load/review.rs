//! Reviews, and who waits for what.

use model::{AccountId, Email, ProductId, Review, ReviewId, StockAlert};
use rusqlite::Connection;
use store::{DueAlert, StoreError};

use super::order::chain;
use crate::{
    row::Columns,
    sql::{Key, Sql, all, one},
};

/// The columns of [`review`], in its order.
pub(crate) const COLUMNS: &str = "id, product_id, account_id, status, stars, content, created_at, version";

/// Reads [`COLUMNS`].
pub(crate) fn review(columns: &mut Columns<'_>) -> Result<Review, StoreError> {
    Ok(Review {
        id: columns.id()?,
        product_id: columns.id()?,
        account_id: columns.id()?,
        status: columns.word()?,
        stars: columns.int()?,
        content: columns.json()?,
        created_at: columns.time()?,
        version: columns.int()?,
    })
}

/// The review with this id.
pub(crate) fn by_id(conn: &Connection, id: ReviewId) -> Sql<Option<Review>> {
    one(conn, "reviews", &format!("SELECT {COLUMNS} FROM reviews WHERE id = ?"), [id.key()], review)
}

/// The reviews of a customer: of one product, or all.
pub(crate) fn of(conn: &Connection, account_id: AccountId, product_id: Option<ProductId>) -> Sql<Vec<Review>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM reviews WHERE account_id = ?1 AND (?2 IS NULL OR product_id = ?2) ORDER BY product_id"
    );
    all(conn, "reviews", &sql, (account_id.key(), product_id.map(Key::key)), review)
}

/// Whether a customer has an order of this product that was not cancelled.
pub(crate) fn has_ordered(conn: &Connection, account_id: AccountId, product_id: ProductId) -> Sql<bool> {
    const SQL: &str = concat!(
        chain!(),
        "SELECT 1 FROM chain CROSS JOIN orders o USING (number) CROSS JOIN order_lines l ON l.order_number = o.number \
         WHERE o.status <> 'cancelled' AND l.product_id = ?2 LIMIT 1"
    );
    Ok(one(conn, "orders", SQL, (account_id.key(), product_id.key()), |_| Ok(()))?.is_some())
}

/// What a customer waits for, longest first.
pub(crate) fn alerts_of(conn: &Connection, account_id: AccountId) -> Sql<Vec<StockAlert>> {
    const SQL: &str = "SELECT variant_id, account_id, created_at FROM stock_alerts WHERE account_id = ? \
         ORDER BY created_at, variant_id";
    all(conn, "stock_alerts", SQL, [account_id.key()], alert)
}

/// Reads `variant_id, account_id, created_at`.
pub(crate) fn alert(columns: &mut Columns<'_>) -> Result<StockAlert, StoreError> {
    Ok(StockAlert { variant_id: columns.id()?, account_id: columns.id()?, created_at: columns.time()? })
}

/// Who is to be looked at of those who wait for stock.
pub(crate) fn due_alerts(conn: &Connection, limit: u32) -> Sql<Vec<DueAlert>> {
    const SQL: &str = "SELECT a.account_id, c.email, c.email_verified_at, c.name, a.variant_id, p.title, p.slug, v.option_values, \
         p.status, v.track_stock, s.stock, c.disabled_at \
         FROM stock_alerts a JOIN variants v ON v.id = a.variant_id JOIN products p ON p.id = v.product_id \
         JOIN stock_levels s ON s.variant_id = v.id JOIN accounts c ON c.id = a.account_id \
         WHERE a.is_due = 1 LIMIT ?";
    all(conn, "stock_alerts", SQL, [limit], |columns| {
        Ok(DueAlert {
            account_id: columns.id()?,
            email: columns.opt_string()?.map(Email::from_stored),
            email_verified_at: columns.opt_time()?,
            name: columns.string()?,
            variant_id: columns.id()?,
            product_title: columns.string()?,
            slug: columns.string()?,
            option_values: columns.list()?,
            status: columns.word()?,
            track_stock: columns.bool()?,
            stock: columns.int()?,
            disabled_at: columns.opt_time()?,
        })
    })
}
