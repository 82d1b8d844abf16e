//! What is asked, and what is answered.

use model::{CategoryId, Language, ProductId};

use crate::{FacetCounts, Highlighter};

/// In which order products are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The best match first; without words, the newest.
    #[default]
    Relevance,
    /// The newest first.
    Newest,
    /// The cheapest first.
    Price,
    /// The dearest first.
    PriceDescending,
    /// By title.
    Title,
    /// The best rated first.
    Rating,
}

/// Which products are asked for. Of several values of one filter any will do; all filters must hold. Prices, options, stock and
/// sale are about variants: one variant must pass all of them.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// Only products that are for sale.
    pub is_active: bool,
    /// In one of these categories.
    pub categories: Vec<CategoryId>,
    /// Made by one of these.
    pub vendors: Vec<String>,
    /// With one of these tags.
    pub tags: Vec<String>,
    /// For each of these options, with one of these values.
    pub options: Vec<(String, Vec<String>)>,
    /// For each of these attributes, with one of these values.
    pub attributes: Vec<(String, Vec<String>)>,
    /// Costing at least this, in minor units of the shop's currency.
    pub price_min: Option<i64>,
    /// Costing at most this.
    pub price_max: Option<i64>,
    /// That can be bought (`true`), or that cannot in any variant (`false`).
    pub in_stock: Option<bool>,
    /// Costing less than before (`true`), or in no variant (`false`).
    pub on_sale: Option<bool>,
    /// Rated at least so well, in tenths: 40 is four stars.
    pub rating_min: Option<u8>,
}

/// What is looked among.
#[derive(Clone, Debug)]
pub enum Within {
    /// These products; without words, they are found in this order.
    Products(Vec<ProductId>),
    /// What passes these.
    Rule(Filters),
}

/// A question.
#[derive(Clone, Debug)]
pub struct Query {
    /// The words; empty for all products.
    pub text: String,
    /// The language of the words.
    pub language: Language,
    /// What is looked among, whatever else is chosen; everything when `None`.
    pub within: Option<Within>,
    /// Which products.
    pub filters: Filters,
    /// The attributes whose values are counted, by their keys.
    pub facets: Vec<String>,
    /// Their order.
    pub order: Order,
    /// How many to pass over.
    pub offset: usize,
    /// How many to give.
    pub limit: usize,
}

/// An answer.
pub struct Results {
    /// The products of the page, in their order.
    pub ids: Vec<ProductId>,
    /// How many there are in all.
    pub total: usize,
    /// How many there would be with another choice of each filter.
    pub facets: FacetCounts,
    /// The words as they were understood, where that is not how they were written.
    pub corrected: Option<String>,
    /// Marks what was found.
    pub highlighter: Highlighter,
}
