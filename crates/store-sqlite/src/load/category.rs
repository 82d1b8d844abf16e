//! Categories.

use model::Category;
use rusqlite::Connection;
use store::StoreError;

use crate::{
    row::Columns,
    sql::{Sql, all},
};

fn category(columns: &mut Columns<'_>) -> Result<Category, StoreError> {
    Ok(Category {
        id: columns.id()?,
        parent_id: columns.opt_id()?,
        name: columns.string()?,
        slug: columns.string()?,
        position: columns.int()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
        version: columns.int()?,
        details: columns.rare()?,
    })
}

/// The whole tree, by position and name.
pub(crate) fn tree(conn: &Connection) -> Sql<Vec<Category>> {
    const SQL: &str = "SELECT id, parent_id, name, slug, position, created_at, updated_at, version, details FROM categories \
         ORDER BY position, name, id";
    all(conn, "categories", SQL, [], category)
}
