//! Categories.

use std::collections::BTreeMap;

use model::{Category, CategoryId, Language, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::text::SeoDto;

/// A category.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Category)]
pub struct CategoryDto {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: CategoryId,
    /// The category above it; null at the top.
    #[schema(required, value_type = Option<Uuid>)]
    pub parent_id: Option<CategoryId>,
    /// What it is called.
    #[schema(example = "Shirts")]
    pub name: String,
    /// Its name in URLs.
    #[schema(example = "shirts")]
    pub slug: String,
    /// Its place among its siblings, ascending.
    pub position: i64,
    /// What is in it, as sanitised HTML.
    pub description: String,
    /// For search engines.
    pub seo: SeoDto,
    /// Its name in other languages, by language tags.
    #[schema(value_type = BTreeMap<String, String>)]
    pub names: BTreeMap<Language, String>,
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
    /// The category as the staff see it.
    fn from(category: &Category) -> Self {
        Self::new(category, None)
    }
}

impl CategoryDto {
    /// The category in this language, as shoppers see it.
    #[must_use]
    pub fn new(category: &Category, language: Option<&Language>) -> Self {
        Self {
            id: category.id,
            parent_id: category.parent_id,
            name: name_in(category, language),
            slug: category.slug.clone(),
            position: category.position,
            description: category.details.description.clone(),
            seo: (&category.details.seo).into(),
            names: category.details.names.clone(),
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

impl CategoryRefDto {
    /// The category in this language.
    #[must_use]
    pub fn new(category: &Category, language: Option<&Language>) -> Self {
        Self { id: category.id, name: name_in(category, language), slug: category.slug.clone() }
    }
}

fn name_in(category: &Category, language: Option<&Language>) -> String {
    language.map_or(category.name.as_str(), |language| category.name_in(language)).to_owned()
}

/// A category with where it hangs and what hangs below it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CategoryPage)]
pub struct CategoryPageDto {
    /// The category.
    #[serde(flatten)]
    pub category: CategoryDto,
    /// Those above it, the topmost first: the path that leads to it.
    pub ancestors: Vec<CategoryRefDto>,
    /// All that hang below it, at any depth, each behind the one that it hangs under.
    pub descendants: Vec<CategoryDto>,
}
