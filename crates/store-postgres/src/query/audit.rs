//! The audit log.

use model::AuditEntry;
use store::{AuditFilter, Cursor, CursorKey, Page, PageRequest, StoreError};
use tokio_postgres::Row;

use super::{NEWEST, limit, overfull};
use crate::{
    flight::{Select, Statement},
    load::{
        audit::{COLUMNS, entry},
        read_all,
    },
    param::{params, sought},
};

/// Newest first: the ids ascend with time.
pub(crate) fn select(filter: &AuditFilter, page: &PageRequest) -> Statement {
    let mut select = Select::new(format!("SELECT {COLUMNS} FROM audit_log"));
    if let Some(actor_id) = filter.actor_id {
        select.only("actor_id = ?", params![actor_id.0]);
    }
    if let Some(subject_id) = filter.subject_id {
        select.only("subject_id = ?", params![subject_id]);
    }
    if let Some(noun) = &filter.noun {
        select.only("split_part(action, '.', 1) = ?", params![sought(noun)]);
    }
    if let Some(from) = filter.from {
        select.only("at >= ?", params![from]);
    }
    if let Some(before) = filter.before {
        select.only("at < ?", params![before]);
    }
    if let Some(after) = &page.after {
        select.only("id < ?", params![after.id]);
    }
    select.add(" ORDER BY id DESC LIMIT ?", overfull(page));
    select.finish()
}

/// Reads what [`select`] asks.
pub(crate) fn read(rows: &[Row], page: &PageRequest) -> Result<Page<AuditEntry>, StoreError> {
    Ok(Page::from_overfull(read_all(rows, "audit_log", entry)?, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.at.as_microsecond()),
        id: last.id.0,
    }))
}
