//! Categories.

use model::{Category, CategoryId};
use rusqlite::{Connection, params};

use crate::sql::{Key, Sql, json, opt_key, run, run_one};

pub(super) fn insert(conn: &Connection, category: &Category) -> Sql<()> {
    const SQL: &str = "INSERT INTO categories (id, parent_id, name, slug, position, created_at, updated_at, version, \
         details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        category.id.key(),
        opt_key(category.parent_id),
        category.name,
        category.slug,
        category.position,
        category.created_at.as_microsecond(),
        category.updated_at.as_microsecond(),
        category.version,
        json(&category.details)?,
    ];
    run(conn, SQL, values).map(drop)
}

pub(super) fn update(conn: &Connection, category: &Category) -> Sql<()> {
    const SQL: &str = "UPDATE categories SET parent_id = ?, name = ?, slug = ?, position = ?, created_at = ?, \
         updated_at = ?, version = ?, details = ? WHERE id = ?";
    let values = params![
        opt_key(category.parent_id),
        category.name,
        category.slug,
        category.position,
        category.created_at.as_microsecond(),
        category.updated_at.as_microsecond(),
        category.version,
        json(&category.details)?,
        category.id.key(),
    ];
    run_one(conn, "categories", category.id, SQL, values)
}

/// The foreign keys refuse it while something hangs below, and take it off its products.
pub(super) fn delete(conn: &Connection, id: CategoryId) -> Sql<()> {
    run_one(conn, "categories", id, "DELETE FROM categories WHERE id = ?", [id.key()])
}
