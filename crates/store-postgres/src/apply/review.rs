//! Reviews, and who waits for what.

use model::{AccountId, ProductId, Rating, Review, ReviewId, StockAlert, VariantId};
use store::StoreError;

use crate::{
    flight::Statement,
    param::{json, params},
};

pub(super) fn put(review: &Review) -> Result<Statement, StoreError> {
    const SQL: &str = "INSERT INTO reviews (id, product_id, account_id, status, stars, reports, created_at, version, \
         content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, stars = excluded.stars, reports = excluded.reports, \
         version = excluded.version, content = excluded.content";
    let values = params![
        review.id.0,
        review.product_id.0,
        review.account_id.0,
        review.status.as_str(),
        review.stars,
        i64::try_from(review.content.reported_by.len()).unwrap_or(i64::MAX),
        review.created_at,
        review.version,
        json(&review.content)?,
    ];
    Ok(Statement::new(SQL, values))
}

pub(super) fn delete(id: ReviewId) -> Statement {
    Statement::changing(1, "reviews", "DELETE FROM reviews WHERE id = $1", params![id.0])
}

pub(super) fn add_rating(id: ProductId, change: Rating) -> Statement {
    const SQL: &str =
        "UPDATE products SET rating_count = rating_count + $2, rating_stars = rating_stars + $3 WHERE id = $1";
    Statement::changing(1, "products", SQL, params![id.0, change.count, change.stars])
}

pub(super) fn put_alert(alert: &StockAlert) -> Statement {
    const SQL: &str = "INSERT INTO stock_alerts (variant_id, account_id, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (variant_id, account_id) DO NOTHING";
    Statement::new(SQL, params![alert.variant_id.0, alert.account_id.0, alert.created_at])
}

pub(super) fn delete_alert(account_id: AccountId, variant_id: VariantId) -> Statement {
    const SQL: &str = "DELETE FROM stock_alerts WHERE variant_id = $1 AND account_id = $2";
    Statement::new(SQL, params![variant_id.0, account_id.0])
}

pub(super) fn postpone_alert(account_id: AccountId, variant_id: VariantId) -> Statement {
    const SQL: &str = "UPDATE stock_alerts SET is_due = FALSE WHERE variant_id = $1 AND account_id = $2";
    Statement::new(SQL, params![variant_id.0, account_id.0])
}
