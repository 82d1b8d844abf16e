//! Reviews, and who waits for what.

use model::{AccountId, ProductId, Rating, Review, ReviewId, StockAlert, VariantId};
use rusqlite::{Connection, params};

use crate::sql::{Key, Sql, json, run, run_one};

pub(super) fn put(conn: &Connection, review: &Review) -> Sql<()> {
    const SQL: &str = "INSERT INTO reviews (id, product_id, account_id, status, stars, reports, created_at, version, \
         content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, stars = excluded.stars, reports = excluded.reports, \
         version = excluded.version, content = excluded.content";
    let values = params![
        review.id.key(),
        review.product_id.key(),
        review.account_id.key(),
        review.status.as_str(),
        review.stars,
        i64::try_from(review.content.reported_by.len()).unwrap_or(i64::MAX),
        review.created_at.as_microsecond(),
        review.version,
        json(&review.content)?,
    ];
    run(conn, SQL, values).map(drop)
}

pub(super) fn delete(conn: &Connection, id: ReviewId) -> Sql<()> {
    run_one(conn, "reviews", id, "DELETE FROM reviews WHERE id = ?", [id.key()])
}

pub(super) fn add_rating(conn: &Connection, id: ProductId, change: Rating) -> Sql<()> {
    const SQL: &str =
        "UPDATE products SET rating_count = rating_count + ?, rating_stars = rating_stars + ? WHERE id = ?";
    run_one(conn, "products", id, SQL, params![change.count, change.stars, id.key()])
}

pub(super) fn put_alert(conn: &Connection, alert: &StockAlert) -> Sql<()> {
    const SQL: &str = "INSERT INTO stock_alerts (variant_id, account_id, created_at) VALUES (?, ?, ?) \
         ON CONFLICT (variant_id, account_id) DO NOTHING";
    run(conn, SQL, params![alert.variant_id.key(), alert.account_id.key(), alert.created_at.as_microsecond()]).map(drop)
}

pub(super) fn delete_alert(conn: &Connection, account_id: AccountId, variant_id: VariantId) -> Sql<()> {
    const SQL: &str = "DELETE FROM stock_alerts WHERE variant_id = ? AND account_id = ?";
    run(conn, SQL, params![variant_id.key(), account_id.key()]).map(drop)
}

pub(super) fn postpone_alert(conn: &Connection, account_id: AccountId, variant_id: VariantId) -> Sql<()> {
    const SQL: &str = "UPDATE stock_alerts SET is_due = 0 WHERE variant_id = ? AND account_id = ?";
    run(conn, SQL, params![variant_id.key(), account_id.key()]).map(drop)
}
