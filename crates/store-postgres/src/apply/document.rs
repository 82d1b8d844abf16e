//! Documents.

use store::{Document, DocumentKind};
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::{flight::Statement, param::params};

pub(super) fn put(document: &Document) -> Statement {
    const SQL: &str = "INSERT INTO documents (kind, id, name, version, body) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, version = excluded.version, body = excluded.body";
    let Document { kind, id, name, version, body } = document;
    Statement::new(SQL, params![kind.as_str(), *id, name.clone(), *version, Json(body.clone())])
}

pub(super) fn delete(kind: DocumentKind, id: Uuid) -> Statement {
    Statement::new("DELETE FROM documents WHERE kind = $1 AND id = $2", params![kind.as_str(), id])
}
