//! The reviews.

use model::Review;
use rusqlite::{Connection, params_from_iter, types::Value};
use store::{Cursor, CursorKey, Page, PageRequest, ReviewFilter, ReviewSort};

use super::{id, limit, overfull, place, text};
use crate::{
    load::review::{COLUMNS, review},
    sql::{Select, Sql, all},
};

/// The ids ascend with time.
pub(crate) fn list(conn: &Connection, filter: &ReviewFilter, page: &PageRequest) -> Sql<Page<Review>> {
    let mut select = Select::new(&format!("SELECT {COLUMNS} FROM reviews"));
    only(&mut select, filter);
    if let Some(after) = &page.after {
        let [stars, id] = place(after);
        match filter.sort {
            ReviewSort::Newest => select.only("id < ?", [id]),
            ReviewSort::Oldest => select.only("id > ?", [id]),
            ReviewSort::Highest => select.only("(stars, id) < (?, ?)", [stars, id]),
            ReviewSort::Lowest => select.only("(stars > ? OR stars = ? AND id < ?)", [stars.clone(), stars, id]),
        }
    }
    let order = match filter.sort {
        ReviewSort::Newest => " ORDER BY id DESC LIMIT ?",
        ReviewSort::Oldest => " ORDER BY id LIMIT ?",
        ReviewSort::Highest => " ORDER BY stars DESC, id DESC LIMIT ?",
        ReviewSort::Lowest => " ORDER BY stars, id DESC LIMIT ?",
    };
    let (sql, values) = select.end(order, [overfull(page)]);
    let found = all(conn, "reviews", &sql, params_from_iter(values), review)?;
    Ok(Page::from_overfull(found, limit(page), |last| Cursor {
        sort: filter.sort.as_str().to_owned(),
        key: CursorKey::Number(match filter.sort {
            ReviewSort::Newest | ReviewSort::Oldest => last.created_at.as_microsecond(),
            ReviewSort::Highest | ReviewSort::Lowest => last.stars,
        }),
        id: last.id.0,
    }))
}

/// How many of them have how many stars.
pub(crate) fn stars(conn: &Connection, filter: &ReviewFilter) -> Sql<Vec<(i64, i64)>> {
    let mut select = Select::new("SELECT stars, count(*) FROM reviews");
    only(&mut select, filter);
    let (sql, values) = select.end(" GROUP BY stars ORDER BY stars", []);
    all(conn, "reviews", &sql, params_from_iter(values), |columns| Ok((columns.int()?, columns.int()?)))
}

fn only(select: &mut Select, filter: &ReviewFilter) {
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
}
