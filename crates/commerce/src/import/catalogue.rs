//! The whole catalogue as lines of JSON (NDJSON): fields of the shop's own, categories, products with everything, what goes with
//! what, collections. What one line names came before it, by slug, key or SKU, so that a file fits every shop.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
};

use model::{
    Currency, Image, Language, ListPrice, Money, Product, ProductOption, ProductStatus, Sale, Timestamp, Variant,
    attribute::{AttributeDefinition, AttributeKind, AttributeOwner},
    category::Category,
    collection::Rule,
    details::{Attributes, Seo, Translation, is_default},
};
use serde::{Deserialize, Serialize};

use super::RowError;

/// The longest line, in bytes.
const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    /// The definition of an attribute.
    Attribute(AttributeLine),
    /// A category.
    Category(CategoryLine),
    /// A product.
    Product(Box<ProductLine>),
    /// What goes with a product.
    Related(RelatedLine),
    /// A collection.
    Collection(Box<CollectionLine>),
}

/// The definition of an attribute, known by its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the definition")]
pub struct AttributeLine {
    pub key: String,
    pub label: String,
    pub owner: AttributeOwner,
    pub kind: AttributeKind,
    #[serde(default, skip_serializing_if = "is_default")]
    pub choices: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub unit: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_facet: bool,
}

impl From<&AttributeDefinition> for AttributeLine {
    fn from(definition: &AttributeDefinition) -> Self {
        let AttributeDefinition { key, label, owner, kind, choices, unit, is_facet, .. } = definition.clone();
        Self { key, label, owner, kind, choices, unit, is_facet }
    }
}

/// A category, known by its slug.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the category")]
pub struct CategoryLine {
    pub slug: String,
    pub name: String,
    /// The slug of the one above it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parent: Option<String>,
    #[serde(default)]
    pub position: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub description: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub seo: Seo,
    #[serde(default, skip_serializing_if = "is_default")]
    pub names: BTreeMap<Language, String>,
}

impl CategoryLine {
    /// The category; `all` has the one above it.
    #[must_use]
    pub fn new(category: &Category, all: &[Category]) -> Self {
        let parent = all.iter().find(|other| Some(other.id) == category.parent_id);
        Self {
            slug: category.slug.clone(),
            name: category.name.clone(),
            parent: parent.map(|parent| parent.slug.clone()),
            position: category.position,
            description: category.details.description.clone(),
            seo: category.details.seo.clone(),
            names: category.details.names.clone(),
        }
    }
}

/// A product, known by its slug.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the product")]
pub struct ProductLine {
    pub slug: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub description: String,
    pub status: ProductStatus,
    #[serde(default, skip_serializing_if = "is_default")]
    pub vendor: Option<String>,
    /// The slug of its category.
    #[serde(default, skip_serializing_if = "is_default")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub tags: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Vec<ProductOption>,
    pub variants: Vec<VariantLine>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub images: Vec<Image>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub publish_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub seo: Seo,
    #[serde(default, skip_serializing_if = "is_default")]
    pub attributes: Attributes,
    #[serde(default, skip_serializing_if = "is_default")]
    pub translations: BTreeMap<Language, Translation>,
}

/// A variant, known by its SKU, or else by its option values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the variant")]
pub struct VariantLine {
    #[serde(default, skip_serializing_if = "is_default")]
    pub sku: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub option_values: Vec<String>,
    pub price: Money,
    #[serde(default, skip_serializing_if = "is_default")]
    pub compare_at_price: Option<Money>,
    /// For new variants; that of known ones is left alone.
    #[serde(default)]
    pub stock: i64,
    #[serde(default = "yes")]
    pub track_stock: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_grams: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub barcode: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub other_prices: Vec<ListPrice>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub sale: Option<Sale>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub image: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub low_stock_at: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub attributes: Attributes,
}

const fn yes() -> bool {
    true
}

impl ProductLine {
    /// The product; `categories` has its own.
    #[must_use]
    pub fn new(product: &Product, categories: &[Category]) -> Self {
        let category = categories.iter().find(|category| Some(category.id) == product.category_id);
        let details = &product.details;
        Self {
            slug: product.slug.clone(),
            title: product.title.clone(),
            description: product.description.clone(),
            status: product.status,
            vendor: product.vendor.clone(),
            category: category.map(|category| category.slug.clone()),
            tags: product.tags.clone(),
            options: product.options.clone(),
            variants: product.variants.iter().map(VariantLine::from).collect(),
            images: product.images.clone(),
            publish_at: details.publish_at,
            seo: details.seo.clone(),
            attributes: details.attributes.clone(),
            translations: details.translations.clone(),
        }
    }
}

impl From<&Variant> for VariantLine {
    fn from(variant: &Variant) -> Self {
        let details = &variant.details;
        Self {
            sku: variant.sku.clone(),
            option_values: variant.option_values.clone(),
            price: variant.price,
            compare_at_price: variant.compare_at_price,
            stock: variant.stock,
            track_stock: variant.track_stock,
            weight_grams: variant.weight_grams,
            barcode: variant.barcode.clone(),
            other_prices: details.prices.clone(),
            sale: details.sale.clone(),
            image: details.image.clone(),
            low_stock_at: details.low_stock_at,
            attributes: details.attributes.clone(),
        }
    }
}

/// What goes with a product, by slugs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelatedLine {
    /// The product.
    pub product: String,
    /// What goes with it, in its order.
    pub related: Vec<String>,
}

/// A collection, known by its slug.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the collection")]
pub struct CollectionLine {
    pub slug: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub description: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub image: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub seo: Seo,
    #[serde(default, skip_serializing_if = "is_default")]
    pub titles: BTreeMap<Language, String>,
    #[serde(default = "yes")]
    pub active: bool,
    /// The slugs of the products that were chosen by hand.
    #[serde(default, skip_serializing_if = "is_default")]
    pub products: Option<Vec<String>>,
    /// The rule, without its categories.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rule: Option<Rule>,
    /// The slugs of the categories of the rule.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rule_categories: Vec<String>,
}

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The lines without a mistake, each with its number.
    pub lines: Vec<(u64, Line)>,
    /// The mistakes, in the order of their lines.
    pub errors: Vec<RowError>,
}

/// Reads a file whose prices are in `currency` (those in other currencies aside). Never fails as a whole.
pub fn read(reader: impl Read, currency: Currency) -> Catalogue {
    let mut reader = BufReader::new(reader);
    let mut catalogue = Catalogue::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let read = std::io::Read::take(&mut reader, limit).read_until(b'\n', &mut line);
        let fail = |reason: String| RowError { line: number, column: None, handle: None, reason };
        match read {
            Ok(0) => break,
            Ok(count) if count >= LINE_BYTES_MAX => {
                catalogue.errors.push(fail(format!("the line is longer than {LINE_BYTES_MAX} bytes")));
                break;
            }
            Err(error) => {
                catalogue.errors.push(fail(format!("the file cannot be read: {error}")));
                break;
            }
            Ok(_) => {}
        }
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        if text.is_empty() {
            continue;
        }
        match serde_json::from_slice::<Line>(text) {
            Ok(Line::Product(product)) if product.variants.iter().any(|own| own.price.currency != currency) => {
                catalogue.errors.push(fail(format!("the prices of variants must be in {currency}")));
            }
            Ok(read) => catalogue.lines.push((number, read)),
            Err(error) => {
                let text = error.to_string();
                let what = text.split(" at line ").next().unwrap_or(&text);
                catalogue.errors.push(fail(format!("column {}: {what}", error.column())));
            }
        }
    }
    if catalogue.lines.is_empty() && catalogue.errors.is_empty() {
        let reason = "the file is empty".to_owned();
        catalogue.errors.push(RowError { line: 1, column: None, handle: None, reason });
    }
    catalogue
}
