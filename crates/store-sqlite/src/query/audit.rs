//! The audit log.

use model::AuditEntry;
use rusqlite::{Connection, params_from_iter, types::Value};
use store::{AuditFilter, Cursor, CursorKey, Page, PageRequest};

use super::{NEWEST, id, limit, overfull, place, text};
use crate::{
    load::audit::{COLUMNS, entry},
    sql::{Select, Sql, all},
};

/// Newest first: the ids ascend with time.
pub(crate) fn list(conn: &Connection, filter: &AuditFilter, page: &PageRequest) -> Sql<Page<AuditEntry>> {
    let mut select = Select::new(&format!("SELECT {COLUMNS} FROM audit_log"));
    if let Some(actor_id) = filter.actor_id {
        select.only("actor_id = ?", [id(actor_id)]);
    }
    if let Some(subject_id) = filter.subject_id {
        select.only("subject_id = ?", [Value::Blob(subject_id.as_bytes().to_vec())]);
    }
    if let Some(noun) = &filter.noun {
        select.only("substr(action, 1, instr(action, '.') - 1) = ?", [text(noun)]);
    }
    if let Some(from) = filter.from {
        select.only("at >= ?", [Value::Integer(from.as_microsecond())]);
    }
    if let Some(before) = filter.before {
        select.only("at < ?", [Value::Integer(before.as_microsecond())]);
    }
    if let Some(after) = &page.after {
        let [_, id] = place(after);
        select.only("id < ?", [id]);
    }
    let (sql, values) = select.end(" ORDER BY id DESC LIMIT ?", [overfull(page)]);
    let found = all(conn, "audit_log", &sql, params_from_iter(values), entry)?;
    Ok(Page::from_overfull(found, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.at.as_microsecond()),
        id: last.id.0,
    }))
}
