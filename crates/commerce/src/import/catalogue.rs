//! The whole catalogue as lines of JSON (NDJSON): fields of the shop's own, categories, products with everything, what goes with
//! what, collections. What one line names came before it, by slug, key or SKU, so that a file fits every shop.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
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

impl Line {
    /// What it is known by, and of which kind that is. What goes with a product is known by no name of its own.
    fn name(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Attribute(line) => Some(("attribute", &line.key)),
            Self::Category(line) => Some(("category", &line.slug)),
            Self::Product(line) => Some(("product", &line.slug)),
            Self::Related(_) => None,
            Self::Collection(line) => Some(("collection", &line.slug)),
        }
    }
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

impl Catalogue {
    fn is_at_its_beginning(&self) -> bool {
        self.lines.is_empty() && self.errors.is_empty()
    }
}

/// What a file is whose first line is this, where it has no lines of JSON at all: that need not be said of each of them.
fn another_kind(first: &[u8]) -> Option<&'static str> {
    match first {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("the file is UTF-16; save it in UTF-8"),
        [b'{', ..] => None,
        [b'[', ..] => {
            Some("the file is one list; it must have an object of JSON a line, as `export catalogue` writes them")
        }
        first if first.iter().any(|byte| matches!(byte, b',' | b';' | b'\t')) => Some(
            "this looks like a CSV file, and must have an object of JSON a line; `import products` reads CSV files",
        ),
        _ => None,
    }
}

/// Reads a file whose prices are in `currency` (those in other currencies aside). Never fails as a whole.
pub fn read(reader: impl Read, currency: Currency) -> Catalogue {
    read_in(reader, &[currency])
}

/// Reads a file for a shop that sells in these currencies: what a variant costs first of all may be in any of them, as it is in the shop that
/// wrote the file. Never fails as a whole.
pub fn read_in(mut reader: impl Read, currencies: &[Currency]) -> Catalogue {
    // Compiled once, and not with all that serde makes of a line wherever a file is read.
    read_from(&mut reader, currencies)
}

fn read_from(reader: &mut dyn Read, currencies: &[Currency]) -> Catalogue {
    let mut reader = BufReader::new(reader);
    let mut catalogue = Catalogue::default();
    let mut named: HashMap<(&'static str, String), u64> = HashMap::new();
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
        if catalogue.is_at_its_beginning()
            && let Some(reason) = another_kind(text)
        {
            catalogue.errors.push(fail(reason.to_owned()));
            break;
        }
        match serde_json::from_slice::<Line>(text) {
            Ok(Line::Product(product))
                if product.variants.iter().any(|own| !currencies.contains(&own.price.currency)) =>
            {
                let sold_in: Vec<_> = currencies.iter().map(|currency| currency.code()).collect();
                catalogue.errors.push(fail(format!("the prices of variants must be in {}", sold_in.join(" or "))));
            }
            Ok(read) => match read.name().and_then(|(kind, name)| named_before(&mut named, kind, name, number)) {
                None => catalogue.lines.push((number, read)),
                Some(first) => {
                    let (kind, name) = read.name().unwrap_or_default();
                    catalogue.errors.push(fail(format!("the {kind} {name:?} is on line {first} already")));
                }
            },
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

/// The line that has this name already; otherwise this line has it from now on.
fn named_before(
    named: &mut HashMap<(&'static str, String), u64>,
    kind: &'static str,
    name: &str,
    number: u64,
) -> Option<u64> {
    match named.entry((kind, name.to_owned())) {
        // The first line keeps the name: the others are refused, and are no lines to point to.
        Entry::Occupied(first) => Some(*first.get()),
        Entry::Vacant(free) => {
            free.insert(number);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(file: &[u8]) -> Vec<String> {
        read(file, Currency::EUR).errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_of_another_kind_is_told_of_once() {
        for (file, what) in [
            (&b"Handle,Title\nmug,Mug\ncup,Cup\n"[..], "line 1: this looks like a CSV file"),
            (b"\n\xEF\xBB\xBFHandle;Title\nmug;Mug\n", "line 2: this looks like a CSV file"),
            (b"\xFF\xFE{\0\"\0\n\0}\0\n\0", "line 1: the file is UTF-16"),
            (b"[{\"type\":\"category\"},\n{}]", "line 1: the file is one list"),
        ] {
            let errors = errors(file);
            assert!(errors.len() == 1 && errors[0].starts_with(what), "{errors:?}");
        }
        assert_eq!(errors(b"nonsense\nmore nonsense\n").len(), 2);
    }

    #[test]
    fn a_price_is_in_a_currency_that_the_shop_sells_in() {
        let product = r#"{"type":"product","slug":"mug","title":"Mug","status":"draft","variants":[{"price":{"amount":5,"currency":"USD"}}]}"#;
        let [dollar, pound] = ["USD", "GBP"].map(|code| Currency::from_code(code).expect("a currency"));
        assert_eq!(read_in(product.as_bytes(), &[Currency::EUR, dollar]).lines.len(), 1);
        let read = read_in(product.as_bytes(), &[Currency::EUR, pound]);
        assert_eq!(
            (read.lines.len(), read.errors[0].reason.as_str()),
            (0, "the prices of variants must be in EUR or GBP")
        );
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        let category = r#"{"type":"category","slug":"mugs","name":"Mugs"}"#;
        let product = r#"{"type":"product","slug":"mugs","title":"Mugs","status":"draft","variants":[{"price":{"amount":5,"currency":"EUR"}}]}"#;
        let file = format!("{category}\n{product}\n{category}\n{product}\n{category}\n");
        let read = read(file.as_bytes(), Currency::EUR);
        let errors: Vec<_> = read.errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "line 3: the category \"mugs\" is on line 1 already",
                "line 4: the product \"mugs\" is on line 2 already",
                "line 5: the category \"mugs\" is on line 1 already"
            ]
        );
        assert_eq!(read.lines.len(), 2);
    }
}
