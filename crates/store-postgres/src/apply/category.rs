//! Categories.

use model::{Category, CategoryId};
use store::StoreError;

use crate::{
    flight::Statement,
    param::{Param, json, params},
};

fn values(category: &Category) -> Result<Vec<Param>, StoreError> {
    Ok(params![
        category.id.0,
        category.parent_id.map(|id| id.0),
        category.name.clone(),
        category.slug.clone(),
        category.position,
        category.created_at,
        category.updated_at,
        category.version,
        json(&category.details)?,
    ])
}

pub(super) fn insert(category: &Category) -> Result<Statement, StoreError> {
    const SQL: &str = "INSERT INTO categories (id, parent_id, name, slug, position, created_at, updated_at, version, \
         details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    Ok(Statement::new(SQL, values(category)?))
}

pub(super) fn update(category: &Category) -> Result<Statement, StoreError> {
    const SQL: &str = "UPDATE categories SET parent_id = $2, name = $3, slug = $4, position = $5, created_at = $6, \
         updated_at = $7, version = $8, details = $9 WHERE id = $1";
    Ok(Statement::changing(1, "categories", SQL, values(category)?))
}

/// The foreign keys refuse it while something hangs below, and take it off its products.
pub(super) fn delete(id: CategoryId) -> Statement {
    Statement::changing(1, "categories", "DELETE FROM categories WHERE id = $1", params![id.0])
}
