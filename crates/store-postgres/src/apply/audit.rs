//! The audit log.

use model::AuditEntry;
use store::StoreError;

use crate::{
    flight::Statement,
    param::{json, params},
};

pub(super) fn insert(entry: &AuditEntry) -> Result<Statement, StoreError> {
    const SQL: &str =
        "INSERT INTO audit_log (id, at, actor_id, action, subject_id, content) VALUES ($1, $2, $3, $4, $5, $6)";
    let AuditEntry { id, at, actor_id, action, subject_id, content } = entry;
    let values = params![id.0, *at, actor_id.map(|id| id.0), action.clone(), *subject_id, json(content)?];
    Ok(Statement::new(SQL, values))
}
