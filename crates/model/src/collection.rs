//! Collections: products that are shown together, chosen by hand or by a rule.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    CategoryId, Language, ProductId,
    details::{Seo, is_default},
    product::is_picture,
    text,
    violation::Violations,
};

/// The most collections of a shop.
pub const COLLECTIONS_MAX: usize = 1000;
/// The most products of a collection that is chosen by hand.
pub const PRODUCTS_MAX: usize = 5000;
/// The most values of a rule.
const VALUES_MAX: usize = 200;

/// Products that are shown together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Its id.
    pub id: Uuid,
    /// Its name in URLs; unique.
    pub slug: String,
    /// What it is called.
    pub title: String,
    /// What it is, as sanitised HTML.
    #[serde(default, skip_serializing_if = "is_default")]
    pub description: String,
    /// Its picture, by its URL.
    #[serde(default, skip_serializing_if = "is_default")]
    pub image: Option<String>,
    /// For search engines.
    #[serde(default, skip_serializing_if = "is_default")]
    pub seo: Seo,
    /// Its title in other languages.
    #[serde(default, skip_serializing_if = "is_default")]
    pub titles: BTreeMap<Language, String>,
    /// Whether shoppers see it.
    pub is_active: bool,
    /// What is in it.
    pub members: Members,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: i64,
}

/// What is in a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Members {
    /// These products, in this order.
    Products(Vec<ProductId>),
    /// Every product that passes.
    Rule(Box<Rule>),
}

/// Which products a collection has. Everything that is set must hold; of several values of one thing any will do. What is about
/// variants must hold for one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// In one of these categories or below them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub categories: Vec<CategoryId>,
    /// Made by one of these.
    #[serde(default, skip_serializing_if = "is_default")]
    pub vendors: Vec<String>,
    /// With one of these tags.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tags: Vec<String>,
    /// For each of these options, with one of these values.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: BTreeMap<String, Vec<String>>,
    /// For each of these attributes, with one of these values.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Costing at least this, in minor units of the shop's currency.
    #[serde(default, skip_serializing_if = "is_default")]
    pub price_min: Option<i64>,
    /// Costing at most this.
    #[serde(default, skip_serializing_if = "is_default")]
    pub price_max: Option<i64>,
    /// That can be bought (`true`), or that cannot in any variant (`false`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub in_stock: Option<bool>,
    /// Costing less than before (`true`), or in no variant (`false`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_sale: Option<bool>,
    /// Rated at least so well, in stars.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rating_min: Option<u8>,
}

impl Collection {
    /// Trims the texts and checks them; the description must have been sanitised.
    ///
    /// # Errors
    /// What is wrong.
    pub fn validate(mut self) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        self.title = wrong.take(text::line("/title", &self.title, text::SHORT_TEXT_MAX)).unwrap_or_default();
        let description = text::paragraph("/description", &self.description, text::LONG_TEXT_MAX);
        self.description = wrong.take(description).unwrap_or_default();
        if self.image.as_ref().is_some_and(|url| url.len() > 2048 || !is_picture(url)) {
            wrong.add("/image", "invalid_url", "must be an http or https URL, or a path on this server");
        }
        self.seo.validate("/seo", &mut wrong);
        for (language, title) in &mut self.titles {
            if let Some(line) = wrong.take(text::line(&format!("/titles/{language}"), title, text::SHORT_TEXT_MAX)) {
                *title = line;
            }
        }
        match &mut self.members {
            Members::Products(products) => {
                let mut seen = std::collections::HashSet::new();
                products.retain(|id| seen.insert(*id));
                if products.len() > PRODUCTS_MAX {
                    wrong.add("/products", "out_of_range", format!("must be at most {PRODUCTS_MAX} products"));
                }
            }
            Members::Rule(rule) => rule.validate(self.is_active, &mut wrong),
        }
        wrong.into_result().map(|()| self)
    }

    /// Its title in this language, as far as it has one.
    #[must_use]
    pub fn title_in(&self, language: &Language) -> &str {
        let near =
            || self.titles.iter().find(|(other, _)| other.primary() == language.primary()).map(|(_, title)| title);
        self.titles.get(language).or_else(near).map_or(&self.title, String::as_str)
    }
}

impl Rule {
    /// `is_active` is whether shoppers see the collection: a rule may be empty for as long as it is being written.
    fn validate(&self, is_active: bool, wrong: &mut Violations) {
        if is_active && *self == Self::default() {
            let message = "must say something before shoppers see it; without any condition it is the whole catalogue";
            wrong.add("/rule", "required", message);
        }
        if let (Some(min), Some(max)) = (self.price_min, self.price_max)
            && min > max
        {
            wrong.add("/rule/price_min", "out_of_range", "must not be above the highest price");
        }
        let named = self.options.values().chain(self.attributes.values()).map(Vec::len).sum::<usize>();
        if self.categories.len() + self.vendors.len() + self.tags.len() + named > VALUES_MAX {
            wrong.add("/rule", "out_of_range", format!("must have at most {VALUES_MAX} values"));
        }
        let texts =
            [&self.vendors, &self.tags].into_iter().chain(self.options.values()).chain(self.attributes.values());
        let mut texts = texts.flatten().chain(self.options.keys()).chain(self.attributes.keys());
        if texts.any(|text| text::line("", text, text::SHORT_TEXT_MAX).is_err()) {
            wrong.add("/rule", "invalid_value", "names and values must be lines of text");
        }
        if self.rating_min.is_some_and(|stars| !(1..=5).contains(&stars)) {
            wrong.add("/rule/rating_min", "out_of_range", "must be 1 to 5");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong_with(rule: Rule, is_active: bool) -> Vec<(String, &'static str)> {
        let collection = Collection {
            id: Uuid::nil(),
            slug: "summer".into(),
            title: "Summer".into(),
            description: String::new(),
            image: None,
            seo: Seo::default(),
            titles: BTreeMap::new(),
            is_active,
            members: Members::Rule(Box::new(rule)),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        };
        let wrong = collection.validate().err().unwrap_or_default();
        wrong.0.into_iter().map(|violation| (violation.pointer, violation.code)).collect()
    }

    #[test]
    fn a_rule_may_be_empty_until_shoppers_see_it() {
        assert!(wrong_with(Rule::default(), false).is_empty());
        assert_eq!(wrong_with(Rule::default(), true), [("/rule".to_owned(), "required")]);
        assert!(wrong_with(Rule { on_sale: Some(true), ..Rule::default() }, true).is_empty());
    }

    #[test]
    fn the_prices_of_a_rule_are_in_their_order() {
        let priced = |price_min, price_max| wrong_with(Rule { price_min, price_max, ..Rule::default() }, true);
        for (min, max) in [(Some(100), None), (None, Some(100)), (Some(100), Some(100)), (Some(0), Some(1))] {
            assert!(priced(min, max).is_empty(), "{min:?} to {max:?}");
        }
        assert_eq!(priced(Some(101), Some(100)), [("/rule/price_min".to_owned(), "out_of_range")]);
    }
}
