//! The reviews.

use model::Review;
use rusqlite::{Connection, params_from_iter, types::Value};
use store::{Cursor, CursorKey, Page, PageRequest, ReviewFilter};

use super::{NEWEST, id, limit, overfull, place, text};
use crate::{
    load::review::{COLUMNS, review},
    sql::{Select, Sql, all},
};

/// Newest first: the ids ascend with time.
pub(crate) fn list(conn: &Connection, filter: &ReviewFilter, page: &PageRequest) -> Sql<Page<Review>> {
    let mut select = Select::new(&format!("SELECT {COLUMNS} FROM reviews"));
    if let Some(product_id) = filter.product_id {
        select.only("product_id = ?", [id(product_id)]);
    }
    if let Some(account_id) = filter.account_id {
        select.only("account_id = ?", [id(account_id)]);
    }
    if let Some(status) = filter.status {
        select.only("status = ?", [text(status.as_str())]);
    }
    if let Some(stars) = filter.stars {
        select.only("stars = ?", [Value::Integer(stars)]);
    }
    if filter.is_reported {
        select.only("reports > 0", []);
    }
    if let Some(after) = &page.after {
        let [_, id] = place(after);
        select.only("id < ?", [id]);
    }
    let (sql, values) = select.end(" ORDER BY id DESC LIMIT ?", [overfull(page)]);
    let found = all(conn, "reviews", &sql, params_from_iter(values), review)?;
    Ok(Page::from_overfull(found, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.created_at.as_microsecond()),
        id: last.id.0,
    }))
}
