//! Reviews, and who waits for what.

use model::{AccountId, Email, ProductId, Review, ReviewId, StockAlert, VariantId};
use store::{DueAlert, StoreError};
use tokio_postgres::Row;

use super::{locking, read_all};
use crate::{
    flight::Statement,
    param::{each, params},
    row::Columns,
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

/// Reads rows of [`COLUMNS`].
pub(crate) fn list(rows: &[Row]) -> Result<Vec<Review>, StoreError> {
    read_all(rows, "reviews", review)
}

/// The review with this id.
pub(crate) fn by_id(id: ReviewId, is_locked: bool) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM reviews WHERE id = $1{}", locking(is_locked)), params![id.0])
}

/// The reviews of a customer: of one product, or all.
pub(crate) fn of(account_id: AccountId, product_id: Option<ProductId>) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM reviews WHERE account_id = $1 AND ($2 IS NULL OR product_id = $2) \
         ORDER BY product_id FOR NO KEY UPDATE"
    );
    Statement::new(sql, params![account_id.0, product_id.map(|id| id.0)])
}

/// Whether a customer has an order of this product that was not cancelled: a row, or none.
pub(crate) fn has_ordered(account_id: AccountId, product_id: ProductId) -> Statement {
    const SQL: &str = "SELECT 1 FROM orders o JOIN order_lines l ON l.order_number = o.number \
         WHERE o.account_id = $1 AND o.status <> 'cancelled' AND l.product_id = $2 LIMIT 1";
    Statement::new(SQL, params![account_id.0, product_id.0])
}

/// What a customer waits for, longest first.
pub(crate) fn alerts_of(account_id: AccountId) -> Statement {
    const SQL: &str = "SELECT variant_id, account_id, created_at FROM stock_alerts WHERE account_id = $1 \
         ORDER BY created_at, variant_id";
    Statement::new(SQL, params![account_id.0])
}

/// Reads what [`alerts_of`] asks.
pub(crate) fn alerts(rows: &[Row]) -> Result<Vec<StockAlert>, StoreError> {
    read_all(rows, "stock_alerts", alert)
}

/// Reads `variant_id, account_id, created_at`.
pub(crate) fn alert(columns: &mut Columns<'_>) -> Result<StockAlert, StoreError> {
    Ok(StockAlert { variant_id: columns.id()?, account_id: columns.id()?, created_at: columns.time()? })
}

/// Who waits for what came into stock. Only their own rows are locked: whoever moves stock holds the level and wants those.
pub(crate) fn due_alerts(limit: u32, is_locked: bool) -> Statement {
    let lock = if is_locked { " FOR UPDATE OF a SKIP LOCKED" } else { "" };
    let sql = format!("SELECT a.account_id, a.variant_id FROM stock_alerts a WHERE a.is_due LIMIT $1{lock}");
    Statement::new(sql, params![i64::from(limit)])
}

/// Reads what [`due_alerts`] asks.
pub(crate) fn due(rows: &[Row]) -> Result<Vec<(AccountId, VariantId)>, StoreError> {
    read_all(rows, "stock_alerts", |columns| Ok((columns.id()?, columns.id()?)))
}

/// What there is to tell those who wait. To be asked when their rows are locked, as a statement of its own: it sees the levels of now, and
/// whoever lets stock come in later waits for the lock, and then finds that they wait still.
pub(crate) fn about_alerts(due: &[(AccountId, VariantId)]) -> Statement {
    const SQL: &str = "SELECT c.id, c.email, c.email_verified_at, c.name, v.id, p.title, p.slug, v.option_values, \
         p.status, v.track_stock, s.stock, c.disabled_at \
         FROM unnest($1::UUID[], $2::UUID[]) AS due (account_id, variant_id) JOIN variants v ON v.id = due.variant_id \
         JOIN products p ON p.id = v.product_id JOIN stock_levels s ON s.variant_id = v.id \
         JOIN accounts c ON c.id = due.account_id";
    Statement::new(SQL, params![each(due, |(account_id, _)| account_id.0), each(due, |(_, variant_id)| variant_id.0)])
}

/// Reads what [`about_alerts`] asks.
pub(crate) fn due_list(rows: &[Row]) -> Result<Vec<DueAlert>, StoreError> {
    read_all(rows, "stock_alerts", |columns| {
        Ok(DueAlert {
            account_id: columns.id()?,
            email: columns.opt_string()?.map(Email::from_stored),
            email_verified_at: columns.opt_time()?,
            name: columns.string()?,
            variant_id: columns.id()?,
            product_title: columns.string()?,
            slug: columns.string()?,
            option_values: columns.json()?,
            status: columns.word()?,
            track_stock: columns.bool()?,
            stock: columns.int()?,
            disabled_at: columns.opt_time()?,
        })
    })
}
