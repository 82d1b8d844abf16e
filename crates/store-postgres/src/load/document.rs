//! Documents.

use store::{Document, DocumentKind, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use super::read_all;
use crate::{
    flight::Statement,
    param::{params, sought},
    row::Columns,
};

/// The documents of a kind, by their names.
pub(crate) fn of_kind(kind: DocumentKind) -> Statement {
    const SQL: &str = "SELECT id, kind, name, version, body FROM documents WHERE kind = $1 ORDER BY name";
    Statement::new(SQL, params![kind.as_str()])
}

/// The document of this kind and id.
pub(crate) fn by_id(kind: DocumentKind, id: Uuid) -> Statement {
    const SQL: &str = "SELECT id, kind, name, version, body FROM documents WHERE kind = $1 AND id = $2";
    Statement::new(SQL, params![kind.as_str(), id])
}

/// The document of this kind and name.
pub(crate) fn named(kind: DocumentKind, name: &str) -> Statement {
    const SQL: &str = "SELECT id, kind, name, version, body FROM documents WHERE kind = $1 AND name = $2";
    Statement::new(SQL, params![kind.as_str(), sought(name)])
}

/// Reads what they ask.
pub(crate) fn list(rows: &[Row]) -> Result<Vec<Document>, StoreError> {
    read_all(rows, "documents", document)
}

/// Reads `id, kind, name, version, body`.
pub(crate) fn document(columns: &mut Columns<'_>) -> Result<Document, StoreError> {
    Ok(Document {
        id: columns.id()?,
        kind: columns.word()?,
        name: columns.string()?,
        version: columns.int()?,
        body: columns.json()?,
    })
}
