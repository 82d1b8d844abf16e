//! Documents.

use rusqlite::{Connection, params};
use store::{Document, DocumentKind};
use uuid::Uuid;

use crate::sql::{Sql, json, run};

pub(super) fn put(conn: &Connection, document: &Document) -> Sql<()> {
    const SQL: &str = "INSERT INTO documents (kind, id, name, version, body) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, version = excluded.version, body = excluded.body";
    let Document { kind, id, name, version, body } = document;
    run(conn, SQL, params![kind.as_str(), id.into_bytes(), name, version, json(body)?]).map(drop)
}

pub(super) fn delete(conn: &Connection, kind: DocumentKind, id: Uuid) -> Sql<()> {
    run(conn, "DELETE FROM documents WHERE kind = ? AND id = ?", params![kind.as_str(), id.into_bytes()]).map(drop)
}
