//! The audit log.

use model::AuditEntry;
use rusqlite::{Connection, params};

use crate::sql::{Key, Sql, json, opt_key, run};

pub(super) fn insert(conn: &Connection, entry: &AuditEntry) -> Sql<()> {
    const SQL: &str = "INSERT INTO audit_log (id, at, actor_id, action, subject_id, content) VALUES (?, ?, ?, ?, ?, ?)";
    let AuditEntry { id, at, actor_id, action, subject_id, content } = entry;
    let subject_id = subject_id.map(uuid::Uuid::into_bytes);
    let values = params![id.key(), at.as_microsecond(), opt_key(*actor_id), action, subject_id, json(content)?];
    run(conn, SQL, values).map(drop)
}
