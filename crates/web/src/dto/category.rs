//! Categories.

use model::{Category, CategoryId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// A category.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Category)]
pub struct CategoryDto {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: CategoryId,
    /// The category above it; null at the top.
    #[schema(value_type = Option<Uuid>)]
    pub parent_id: Option<CategoryId>,
    /// What it is called.
    #[schema(example = "Shirts")]
    pub name: String,
    /// Its name in URLs.
    #[schema(example = "shirts")]
    pub slug: String,
    /// Its place among its siblings, ascending.
    pub position: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes.
    pub version: i64,
}

impl From<&Category> for CategoryDto {
    fn from(category: &Category) -> Self {
        Self {
            id: category.id,
            parent_id: category.parent_id,
            name: category.name.clone(),
            slug: category.slug.clone(),
            position: category.position,
            created_at: category.created_at,
            updated_at: category.updated_at,
            version: category.version,
        }
    }
}

/// The category of a product, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CategoryRef)]
pub struct CategoryRefDto {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: CategoryId,
    /// What it is called.
    #[schema(example = "Shirts")]
    pub name: String,
    /// Its name in URLs.
    #[schema(example = "shirts")]
    pub slug: String,
}

impl From<&Category> for CategoryRefDto {
    fn from(category: &Category) -> Self {
        Self { id: category.id, name: category.name.clone(), slug: category.slug.clone() }
    }
}
