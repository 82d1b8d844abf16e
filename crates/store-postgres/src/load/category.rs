//! Categories.

use model::Category;
use store::StoreError;
use tokio_postgres::Row;

use super::{read_all, rows_of};
use crate::{flight::Statement, param::params};

/// The whole tree, by position and name.
pub(crate) fn tree() -> Statement {
    const SQL: &str = "SELECT id, parent_id, name, slug, position, created_at, updated_at, version, details FROM categories \
         ORDER BY position, name, id";
    Statement::new(SQL, params![])
}

/// Reads what [`tree`] asks.
pub(crate) fn list(rows: Option<&Vec<Row>>) -> Result<Vec<Category>, StoreError> {
    read_all(rows_of(rows), "categories", |columns| {
        Ok(Category {
            id: columns.id()?,
            parent_id: columns.opt_id()?,
            name: columns.string()?,
            slug: columns.string()?,
            position: columns.int()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
            version: columns.int()?,
            details: columns.json()?,
        })
    })
}
