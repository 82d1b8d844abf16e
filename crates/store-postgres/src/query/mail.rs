//! The outbox, as staff see it.

use model::OutboxMail;
use store::{Cursor, CursorKey, MailFilter, Page, PageRequest, StoreError};
use tokio_postgres::Row;

use super::{NEWEST, limit, overfull};
use crate::{
    flight::{Select, Statement},
    load::mail::{COLUMNS, list},
    param::{params, sought},
};

/// Newest first: the ids ascend with time.
pub(crate) fn select(filter: &MailFilter, page: &PageRequest) -> Statement {
    let mut select = Select::new(format!("SELECT {COLUMNS} FROM mails"));
    match filter.status {
        // Spelt out, so that the indexes of these two are used.
        Some(model::MailStatus::Pending) => select.only("status = 'pending'", params![]),
        Some(model::MailStatus::Failed) => select.only("status = 'failed'", params![]),
        Some(status) => select.only("status = ?", params![status.as_str()]),
        None => {}
    }
    if let Some(to) = &filter.to {
        select.only("recipient = ?", params![sought(to.as_str())]);
    }
    if let Some(order_id) = filter.order_id {
        select.only("order_id = ?", params![order_id.0]);
    }
    if let Some(account_id) = filter.account_id {
        select.only("account_id = ?", params![account_id.0]);
    }
    if let Some(after) = &page.after {
        select.only("id < ?", params![after.id]);
    }
    select.add(" ORDER BY id DESC LIMIT ?", overfull(page));
    select.finish()
}

/// Reads what [`select`] asks.
pub(crate) fn read(rows: &[Row], page: &PageRequest) -> Result<Page<OutboxMail>, StoreError> {
    Ok(Page::from_overfull(list(rows)?, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.created_at.as_microsecond()),
        id: last.id.0,
    }))
}
