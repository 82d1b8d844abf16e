//! Collections.

use std::collections::BTreeMap;

use commerce::catalogue::{CollectionDraft, CollectionPatch};
use model::{
    CategoryId, Collection, Language, ProductId, Timestamp,
    collection::{Members, Rule},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{object::only_from_objects, patch, text::SeoDto};
use crate::problem::Problem;

only_from_objects!(; both CollectionRuleDto);

/// A collection, as shoppers see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Collection)]
pub struct CollectionDto {
    /// Its id.
    pub id: Uuid,
    /// Its name in URLs, and what `GET /v1/search?collection=` takes.
    #[schema(example = "summer")]
    pub slug: String,
    /// What it is called.
    #[schema(example = "For the summer")]
    pub title: String,
    /// What it is, as sanitised HTML.
    pub description: String,
    /// Its picture, by its URL.
    #[schema(required)]
    pub image: Option<String>,
    /// For search engines.
    pub seo: SeoDto,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl CollectionDto {
    /// The collection in this language.
    #[must_use]
    pub fn new(collection: &Collection, language: Option<&Language>) -> Self {
        let title = language.map_or(collection.title.as_str(), |language| collection.title_in(language));
        Self {
            id: collection.id,
            slug: collection.slug.clone(),
            title: title.to_owned(),
            description: collection.description.clone(),
            image: collection.image.clone(),
            seo: (&collection.seo).into(),
            updated_at: collection.updated_at,
            version: collection.version,
        }
    }
}

/// A collection, as the staff see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AdminCollection)]
pub struct AdminCollectionDto {
    /// What shoppers see, in the shop's own language.
    #[serde(flatten)]
    pub collection: CollectionDto,
    /// Its title in other languages, by language tags.
    #[schema(value_type = BTreeMap<String, String>)]
    pub titles: BTreeMap<Language, String>,
    /// Whether shoppers see it.
    pub active: bool,
    /// The products that were chosen by hand, in their order; null for a rule.
    #[schema(required, value_type = Option<Vec<Uuid>>)]
    pub products: Option<Vec<ProductId>>,
    /// The rule; null for products that were chosen by hand.
    #[schema(required)]
    pub rule: Option<CollectionRuleDto>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<&Collection> for AdminCollectionDto {
    fn from(collection: &Collection) -> Self {
        let (products, rule) = match &collection.members {
            Members::Products(products) => (Some(products.clone()), None),
            Members::Rule(rule) => (None, Some(rule.as_ref().clone().into())),
        };
        Self {
            collection: CollectionDto::new(collection, None),
            titles: collection.titles.clone(),
            active: collection.is_active,
            products,
            rule,
            created_at: collection.created_at,
        }
    }
}

/// Which products a collection has. Everything that is set must hold; of several values of one thing any will do. As long as shoppers do
/// not see the collection, the rule may be empty.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
#[schema(as = CollectionRule, example = json!({"tags": ["summer"], "price_max": 5000, "in_stock": true}))]
pub struct CollectionRuleDto {
    /// In one of these categories or below them.
    #[schema(value_type = Vec<Uuid>)]
    pub categories: Vec<CategoryId>,
    /// Made by one of these.
    pub vendors: Vec<String>,
    /// With one of these tags.
    pub tags: Vec<String>,
    /// For each of these options, with one of these values.
    pub options: BTreeMap<String, Vec<String>>,
    /// For each of these attributes, with one of these values.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Costing at least this, in minor units of the shop's currency.
    pub price_min: Option<i64>,
    /// Costing at most this; not less than `price_min`.
    pub price_max: Option<i64>,
    /// That can be bought (`true`), or that cannot in any variant (`false`).
    pub in_stock: Option<bool>,
    /// Costing less than before (`true`), or in no variant (`false`).
    pub on_sale: Option<bool>,
    /// Rated at least so well, in stars.
    #[schema(minimum = 1, maximum = 5)]
    pub rating_min: Option<u8>,
}

impl From<CollectionRuleDto> for Rule {
    fn from(dto: CollectionRuleDto) -> Self {
        Self {
            categories: dto.categories,
            vendors: dto.vendors,
            tags: dto.tags,
            options: dto.options,
            attributes: dto.attributes,
            price_min: dto.price_min,
            price_max: dto.price_max,
            in_stock: dto.in_stock,
            on_sale: dto.on_sale,
            rating_min: dto.rating_min,
        }
    }
}

impl From<Rule> for CollectionRuleDto {
    fn from(rule: Rule) -> Self {
        Self {
            categories: rule.categories,
            vendors: rule.vendors,
            tags: rule.tags,
            options: rule.options,
            attributes: rule.attributes,
            price_min: rule.price_min,
            price_max: rule.price_max,
            in_stock: rule.in_stock,
            on_sale: rule.on_sale,
            rating_min: rule.rating_min,
        }
    }
}

/// A new collection: with `products` that are chosen by hand, or with a `rule`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCollection, example = json!({"title": "For the summer", "rule": {"tags": ["summer"], "in_stock": true}}))]
pub struct NewCollectionDto {
    /// What it is called, 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// Its name in URLs; made from the title when left out.
    pub slug: Option<String>,
    /// What it is, as HTML; what could run in it is removed.
    #[serde(default)]
    pub description: String,
    /// Its picture, by its URL.
    pub image: Option<String>,
    /// For search engines.
    pub seo: Option<SeoDto>,
    /// Its title in other languages, by language tags.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub titles: BTreeMap<Language, String>,
    /// Whether shoppers see it; they do when this is left out.
    pub active: Option<bool>,
    /// The products, in their order.
    #[schema(value_type = Option<Vec<Uuid>>)]
    pub products: Option<Vec<ProductId>>,
    /// The rule.
    pub rule: Option<CollectionRuleDto>,
}

impl NewCollectionDto {
    /// What it says.
    ///
    /// # Errors
    /// 422 when it has both products and a rule.
    pub fn into_draft(self) -> Result<CollectionDraft, Problem> {
        let members = members(self.products, self.rule)?;
        Ok(CollectionDraft {
            title: self.title,
            slug: self.slug,
            description: self.description,
            image: self.image,
            seo: self.seo.map(Into::into).unwrap_or_default(),
            titles: self.titles,
            is_active: self.active.unwrap_or(true),
            members: members.unwrap_or(Members::Products(Vec::new())),
        })
    }
}

/// A change of a collection; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CollectionPatch, example = json!({"title": "For warm days"}))]
pub struct CollectionPatchDto {
    /// What it is called.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// Its name in URLs; the old one leads on to it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub slug: Option<String>,
    /// What it is, as HTML.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub description: Option<String>,
    /// Its picture, by its URL; `null` removes it.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<String>)]
    pub image: Option<Option<String>>,
    /// For search engines.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = SeoDto)]
    pub seo: Option<SeoDto>,
    /// The languages to change; `null` removes one, and what is not named stays.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    pub titles: BTreeMap<Language, Option<String>>,
    /// Whether shoppers see it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = bool)]
    pub active: Option<bool>,
    /// The products, in their order, in the place of what was in it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = Vec<Uuid>)]
    pub products: Option<Vec<ProductId>>,
    /// The rule, in the place of what was in it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = CollectionRuleDto)]
    pub rule: Option<CollectionRuleDto>,
}

impl CollectionPatchDto {
    /// What it says.
    ///
    /// # Errors
    /// 422 when it has both products and a rule.
    pub fn into_patch(self) -> Result<CollectionPatch, Problem> {
        let members = members(self.products, self.rule)?;
        Ok(CollectionPatch {
            title: self.title,
            slug: self.slug,
            description: self.description,
            image: self.image,
            seo: self.seo.map(Into::into),
            titles: self.titles,
            is_active: self.active,
            members,
        })
    }
}

fn members(products: Option<Vec<ProductId>>, rule: Option<CollectionRuleDto>) -> Result<Option<Members>, Problem> {
    match (products, rule) {
        (Some(_), Some(_)) => {
            let message = "a collection has products that are chosen by hand, or a rule, not both";
            Err(model::Violations::one("/rule", "not_allowed", message).into())
        }
        (products, rule) => {
            Ok(products.map(Members::Products).or(rule.map(|rule| Members::Rule(Box::new(rule.into())))))
        }
    }
}
