//! The reviews.

use model::Review;
use store::{Cursor, CursorKey, Page, PageRequest, ReviewFilter, StoreError};
use tokio_postgres::Row;

use super::{NEWEST, limit, overfull};
use crate::{
    flight::{Select, Statement},
    load::review::{COLUMNS, list},
    param::params,
};

/// Newest first: the ids ascend with time.
pub(crate) fn select(filter: &ReviewFilter, page: &PageRequest) -> Statement {
    let mut select = Select::new(format!("SELECT {COLUMNS} FROM reviews"));
    if let Some(product_id) = filter.product_id {
        select.only("product_id = ?", params![product_id.0]);
    }
    if let Some(account_id) = filter.account_id {
        select.only("account_id = ?", params![account_id.0]);
    }
    if let Some(status) = filter.status {
        select.only("status = ?", params![status.as_str()]);
    }
    if let Some(stars) = filter.stars {
        select.only("stars = ?", params![stars]);
    }
    if filter.is_reported {
        select.only("reports > 0", params![]);
    }
    if let Some(after) = &page.after {
        select.only("id < ?", params![after.id]);
    }
    select.add(" ORDER BY id DESC LIMIT ?", overfull(page));
    select.finish()
}

/// Reads what [`select`] asks.
pub(crate) fn read(rows: &[Row], page: &PageRequest) -> Result<Page<Review>, StoreError> {
    Ok(Page::from_overfull(list(rows)?, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.created_at.as_microsecond()),
        id: last.id.0,
    }))
}
