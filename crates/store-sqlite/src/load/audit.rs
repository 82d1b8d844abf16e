//! The audit log.

use model::AuditEntry;
use store::StoreError;

use crate::row::Columns;

/// The columns of [`entry`], in its order.
pub(crate) const COLUMNS: &str = "id, at, actor_id, action, subject_id, content";

/// Reads [`COLUMNS`].
pub(crate) fn entry(columns: &mut Columns<'_>) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        id: columns.id()?,
        at: columns.time()?,
        actor_id: columns.opt_id()?,
        action: columns.string()?,
        subject_id: columns.opt_id()?,
        content: columns.json()?,
    })
}
