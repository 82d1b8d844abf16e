//! Documents.

use rusqlite::{Connection, params};
use store::{Document, DocumentKind, StoreError};
use uuid::Uuid;

use crate::{
    row::Columns,
    sql::{Sql, all, one},
};

/// The documents of a kind, by their names.
pub(crate) fn of_kind(conn: &Connection, kind: DocumentKind) -> Sql<Vec<Document>> {
    const SQL: &str = "SELECT id, kind, name, version, body FROM documents WHERE kind = ? ORDER BY name";
    all(conn, "documents", SQL, [kind.as_str()], document)
}

/// The document of this kind and id.
pub(crate) fn by_id(conn: &Connection, kind: DocumentKind, id: Uuid) -> Sql<Option<Document>> {
    const SQL: &str = "SELECT id, kind, name, version, body FROM documents WHERE kind = ? AND id = ?";
    one(conn, "documents", SQL, params![kind.as_str(), id.into_bytes()], document)
}

/// The document of this kind and name.
pub(crate) fn named(conn: &Connection, kind: DocumentKind, name: &str) -> Sql<Option<Document>> {
    const SQL: &str = "SELECT id, kind, name, version, body FROM documents WHERE kind = ? AND name = ?";
    one(conn, "documents", SQL, [kind.as_str(), name], document)
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
