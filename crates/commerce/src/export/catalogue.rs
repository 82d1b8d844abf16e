//! The whole catalogue as [`crate::import::catalogue`] reads it.

use std::collections::HashMap;

use model::{
    AttributeDefinition, Category, Collection, Product, ProductId,
    attribute::{AttributeOwner, is_taken},
    collection::{Members, Rule},
    details::Attributes,
};

use crate::import::catalogue::{AttributeLine, CategoryLine, CollectionLine, Line, ProductLine, RelatedLine};

/// Writes a catalogue in three parts: the head, some products at a time, the tail. What lines name comes before them.
pub struct CatalogueWriter {
    attributes: Vec<AttributeDefinition>,
    categories: Vec<Category>,
    slugs: HashMap<ProductId, String>,
    related: Vec<(String, Vec<ProductId>)>,
}

impl CatalogueWriter {
    /// Begins; the first lines are attributes and categories.
    #[must_use]
    pub fn new(attributes: &[AttributeDefinition], categories: Vec<Category>) -> (Self, Vec<u8>) {
        let categories = Category::parents_first(categories);
        let mut head = Vec::new();
        for definition in attributes {
            write(&mut head, &Line::Attribute(AttributeLine::from(definition)));
        }
        for category in &categories {
            write(&mut head, &Line::Category(CategoryLine::new(category, &categories)));
        }
        (Self { attributes: attributes.to_vec(), categories, slugs: HashMap::new(), related: Vec::new() }, head)
    }

    /// The lines of some products. Values that their definitions no longer take are left out: no shop takes them back.
    pub fn products(&mut self, products: &[Product]) -> Vec<u8> {
        let mut lines = Vec::new();
        for product in products {
            let mut told = product.clone();
            self.retain_taken(AttributeOwner::Product, &mut told.details.attributes);
            for variant in &mut told.variants {
                self.retain_taken(AttributeOwner::Variant, &mut variant.details.attributes);
            }
            write(&mut lines, &Line::Product(Box::new(ProductLine::new(&told, &self.categories))));
            self.slugs.insert(product.id, product.slug.clone());
            if !product.details.related.is_empty() {
                self.related.push((product.slug.clone(), product.details.related.clone()));
            }
        }
        lines
    }

    fn retain_taken(&self, owner: AttributeOwner, values: &mut Attributes) {
        values.retain(|key, value| is_taken(&self.attributes, owner, key, value));
    }

    /// The last lines: what goes with what, and the collections. What they name and is no longer there is left out.
    #[must_use]
    pub fn tail(&self, collections: &[Collection]) -> Vec<u8> {
        let mut lines = Vec::new();
        let slugs = |ids: &[ProductId]| ids.iter().filter_map(|id| self.slugs.get(id).cloned()).collect::<Vec<_>>();
        for (product, related) in &self.related {
            write(&mut lines, &Line::Related(RelatedLine { product: product.clone(), related: slugs(related) }));
        }
        for collection in collections {
            let (products, rule) = match &collection.members {
                Members::Products(products) => (Some(slugs(products)), None),
                Members::Rule(rule) => (None, Some(rule.as_ref().clone())),
            };
            let of_rule = rule.as_ref().map(|rule| rule.categories.as_slice()).unwrap_or_default();
            let category = |id| self.categories.iter().find(|category| category.id == id);
            let line = CollectionLine {
                slug: collection.slug.clone(),
                title: collection.title.clone(),
                description: collection.description.clone(),
                image: collection.image.clone(),
                seo: collection.seo.clone(),
                titles: collection.titles.clone(),
                active: collection.is_active,
                products,
                // One that is gone is named all the same: without it the rule would let more in.
                rule_categories: of_rule
                    .iter()
                    .map(|id| category(*id).map_or_else(|| id.to_string(), |category| category.slug.clone()))
                    .collect(),
                rule: rule.map(|rule| Rule { categories: Vec::new(), ..rule }),
            };
            write(&mut lines, &Line::Collection(Box::new(line)));
        }
        lines
    }
}

/// Values of our own can always be written as JSON.
fn write(to: &mut Vec<u8>, line: &Line) {
    if let Ok(text) = serde_json::to_string(line) {
        to.extend_from_slice(text.as_bytes());
        to.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use model::{Timestamp, details::Seo};
    use uuid::Uuid;

    use super::*;

    /// The import says that there is no such category; without it the rule would let nearly everything in.
    #[test]
    fn a_category_that_is_gone_stays_in_the_rule() {
        let gone = Uuid::from_u128(7).into();
        let rule = Rule { categories: vec![gone], in_stock: Some(true), ..Rule::default() };
        let collection = Collection {
            id: Uuid::from_u128(1),
            slug: "autumn".to_owned(),
            title: "Autumn".to_owned(),
            description: String::new(),
            image: None,
            seo: Seo::default(),
            titles: std::collections::BTreeMap::new(),
            is_active: true,
            members: Members::Rule(Box::new(rule)),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        };
        let (writer, _) = CatalogueWriter::new(&[], Vec::new());
        let lines = String::from_utf8(writer.tail(&[collection])).expect("UTF-8");
        let line: serde_json::Value = serde_json::from_str(&lines).expect("a line");
        assert_eq!(line["rule_categories"], serde_json::json!([gone.to_string()]), "{lines}");
    }
}
