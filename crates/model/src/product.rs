//! Products and their variants.

use std::{collections::HashSet, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    CategoryId, Money, ProductId, VariantId,
    details::{ProductDetails, VariantDetails, check_count},
    review::Rating,
    shop::LOW_STOCK_MAX,
    stamp::whole_micros,
    stock::STOCK_MAX,
    text,
    violation::Violations,
};

/// The most variants of one product.
pub const VARIANTS_MAX: usize = 250;
/// The most options (size, colour, ...) of one product.
pub const OPTIONS_MAX: usize = 5;
/// The most tags of one product.
pub const TAGS_MAX: usize = 100;
/// The most pictures of one product.
pub const IMAGES_MAX: usize = 100;

/// Whether shoppers see a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Being written; staff alone see it.
    Draft,
    /// For sale.
    Active,
    /// No longer for sale; kept because orders point at it.
    Archived,
}

impl ProductStatus {
    /// As it is stored and spoken in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }
}

impl FromStr for ProductStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Draft, Self::Active, Self::Archived].into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// Something in which the variants differ, for example size with S, M and L.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductOption {
    /// What differs.
    pub name: String,
    /// The values there are, in the order in which they are shown.
    pub values: Vec<String>,
}

/// A picture, by its URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// An `http`, `https` or site-relative URL.
    pub url: String,
    /// What a person who cannot see the picture is told.
    pub alt: Option<String>,
}

impl Image {
    /// Which of a product's pictures stands for a variant of it: the variant's own, if its URL is among them, or else the first one.
    #[must_use]
    pub fn of_variant<'i>(images: &'i [Self], own: Option<&str>) -> Option<&'i Self> {
        own.and_then(|url| images.iter().find(|image| image.url == url)).or(images.first())
    }

    /// Whether the shop keeps it: such pictures have a path, and what is elsewhere a whole address.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.url.starts_with('/')
    }
}

/// A thing that can be bought: it has the price, the SKU and the stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// The stock keeping unit; unique in the shop where it is given.
    pub sku: Option<String>,
    /// One value for each option of the product, in their order.
    pub option_values: Vec<String>,
    /// What it costs when there is no sale.
    pub price: Money,
    /// What it cost before; more than `price` when it was reduced for good.
    pub compare_at_price: Option<Money>,
    /// Pieces on hand: the sum of its movements.
    pub stock: i64,
    /// Whether stock limits what can be sold (not for a download or a voucher).
    pub track_stock: bool,
    /// Weight in grams.
    pub weight_grams: Option<i64>,
    /// GTIN, EAN, UPC or ISBN as it is printed.
    pub barcode: Option<String>,
    /// What not every variant has: other currencies, a sale, a picture, fields of the shop's own.
    pub details: VariantDetails,
}

/// Whether at least one piece of a variant can be sold that has so many, where its stock limits that.
#[must_use]
pub const fn can_be_sold(track_stock: bool, stock: i64) -> bool {
    !track_stock || stock > 0
}

impl Variant {
    /// Whether at least one piece can be bought.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        can_be_sold(self.track_stock, self.stock)
    }

    /// What tells it from its siblings, for example "M / Blue"; empty for the only variant of a simple product.
    #[must_use]
    pub fn title(&self) -> String {
        self.option_values.join(" / ")
    }
}

/// A product with everything that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name in URLs; unique.
    pub slug: String,
    /// What it is called.
    pub title: String,
    /// What it is, as sanitised HTML.
    pub description: String,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// Who makes it.
    pub vendor: Option<String>,
    /// Where it hangs in the tree.
    pub category_id: Option<CategoryId>,
    /// Words to find it by, unique regardless of case.
    pub tags: Vec<String>,
    /// In what its variants differ.
    pub options: Vec<ProductOption>,
    /// What can be bought; at least one.
    pub variants: Vec<Variant>,
    /// Pictures, the first one for lists.
    pub images: Vec<Image>,
    /// What not every product has: texts for search engines, fields of the shop's own, other languages.
    pub details: ProductDetails,
    /// What its reviews say, as far as they count. [`crate::review`] keeps it; changes of a product leave it alone.
    pub rating: Rating,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed (stock does not count).
    pub updated_at: Timestamp,
    /// Counts the changes, from 1 (stock does not count).
    pub version: i64,
}

impl Product {
    /// The price of its cheapest variant as of its last turn, for sorting and filtering.
    #[must_use]
    pub fn price_min(&self) -> i64 {
        self.variants.iter().map(|variant| variant.settled_price().amount).min().unwrap_or(0)
    }

    /// The price of its dearest variant, likewise.
    #[must_use]
    pub fn price_max(&self) -> i64 {
        self.variants.iter().map(|variant| variant.settled_price().amount).max().unwrap_or(0)
    }

    /// Whether one of its variants cost less than before, likewise.
    #[must_use]
    pub fn is_on_sale(&self) -> bool {
        self.variants.iter().any(Variant::is_settled_on_sale)
    }

    /// When something of it changes by itself next: it is published, or a sale begins or ends.
    #[must_use]
    pub fn next_turn(&self) -> Option<Timestamp> {
        let publish_at = self.details.publish_at.filter(|_| self.status == ProductStatus::Draft);
        self.variants.iter().filter_map(Variant::next_turn).chain(publish_at).min()
    }

    /// The words a search finds it by, folded ([`text::fold`]): title, vendor, tags, SKUs.
    #[must_use]
    pub fn search_text(&self) -> String {
        let words = std::iter::once(self.title.as_str())
            .chain(self.vendor.as_deref())
            .chain(self.tags.iter().map(String::as_str))
            .chain(self.variants.iter().filter_map(|variant| variant.sku.as_deref()));
        words.map(text::fold).collect::<Vec<_>>().join(" ")
    }

    /// Trims the texts and checks everything that needs no other product. Ids, slug, times and version are not its
    /// business, and the description must have been sanitised.
    ///
    /// # Errors
    /// What is wrong, with pointers into the product as the API writes it.
    pub fn validate(mut self) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        if let Some(title) = wrong.take(text::line("/title", &self.title, text::SHORT_TEXT_MAX)) {
            self.title = title;
        }
        if let Some(description) = wrong.take(text::paragraph("/description", &self.description, text::LONG_TEXT_MAX)) {
            self.description = description;
        }
        self.vendor = self
            .vendor
            .and_then(|vendor| wrong.take(text::optional_line("/vendor", &vendor, text::SHORT_TEXT_MAX)))
            .filter(|vendor| !vendor.is_empty());
        self.tags = validate_tags(&self.tags, &mut wrong);
        self.options = validate_options(self.options, &mut wrong);
        self.images = validate_images(self.images, &mut wrong);
        self.details.publish_at = self.details.publish_at.map(whole_micros);
        self.details.validate(self.id, &mut wrong);
        if !(1..=VARIANTS_MAX).contains(&self.variants.len()) {
            wrong.add("/variants", "out_of_range", format!("must be 1 to {VARIANTS_MAX} variants"));
        }
        for (index, variant) in self.variants.iter_mut().enumerate() {
            let at = format!("/variants/{index}");
            if let Some(sale) = &mut variant.details.sale {
                sale.starts_at = sale.starts_at.map(whole_micros);
                sale.ends_at = sale.ends_at.map(whole_micros);
            }
            validate_variant(variant, &self.options, &at, &mut wrong);
            let is_picture = |url: &String| self.images.iter().any(|image| image.url == *url);
            if variant.details.image.as_ref().is_some_and(|url| !is_picture(url)) {
                wrong.add(format!("{at}/image"), "not_found", "must be the URL of one of the product's images");
            }
        }
        self.check_variants_differ(&mut wrong);
        wrong.into_result().map(|()| self)
    }

    fn check_variants_differ(&self, wrong: &mut Violations) {
        let currency = self.variants.first().map(|variant| variant.price.currency);
        let (mut combinations, mut skus) = (HashSet::new(), HashSet::new());
        for (index, variant) in self.variants.iter().enumerate() {
            if !combinations.insert(&variant.option_values) {
                wrong.add(
                    format!("/variants/{index}/option_values"),
                    "duplicate",
                    "another variant has the same option values",
                );
            }
            if variant.sku.as_ref().is_some_and(|sku| !skus.insert(sku)) {
                wrong.add(format!("/variants/{index}/sku"), "duplicate", "another variant has the same SKU");
            }
            if Some(variant.price.currency) != currency {
                wrong.add(
                    format!("/variants/{index}/price/currency"),
                    "mixed_currencies",
                    "all variants of a product have one currency",
                );
            }
        }
    }
}

fn validate_tags(tags: &[String], wrong: &mut Violations) -> Vec<String> {
    if tags.len() > TAGS_MAX {
        wrong.add("/tags", "out_of_range", format!("must be at most {TAGS_MAX} tags"));
    }
    let mut seen = HashSet::new();
    let lines = tags.iter().enumerate();
    let lines = lines.filter_map(|(index, tag)| wrong.take(text::line(&format!("/tags/{index}"), tag, 60)));
    lines.filter(|tag| seen.insert(tag.to_lowercase())).collect()
}

fn validate_options(options: Vec<ProductOption>, wrong: &mut Violations) -> Vec<ProductOption> {
    if options.len() > OPTIONS_MAX {
        wrong.add("/options", "out_of_range", format!("must be at most {OPTIONS_MAX} options"));
    }
    let mut names = HashSet::new();
    let mut valid = Vec::with_capacity(options.len());
    for (index, option) in options.into_iter().enumerate() {
        let at = format!("/options/{index}");
        let name = wrong.take(text::line(&format!("{at}/name"), &option.name, 60)).unwrap_or_default();
        if !names.insert(name.to_lowercase()) {
            wrong.add(format!("{at}/name"), "duplicate", "another option has the same name");
        }
        let mut values: Vec<String> = Vec::with_capacity(option.values.len());
        for (value_index, value) in option.values.iter().enumerate() {
            let pointer = format!("{at}/values/{value_index}");
            let Some(value) = wrong.take(text::line(&pointer, value, 60)) else { continue };
            if values.contains(&value) {
                wrong.add(pointer, "duplicate", "the option has this value already");
            }
            values.push(value);
        }
        if values.is_empty() || values.len() > VARIANTS_MAX {
            wrong.add(format!("{at}/values"), "out_of_range", format!("must be 1 to {VARIANTS_MAX} values"));
        }
        valid.push(ProductOption { name, values });
    }
    valid
}

/// Whether this can be the URL of a picture. Other schemes (javascript:, data:) would run in the storefront that shows it.
#[must_use]
pub fn is_picture(url: &str) -> bool {
    let is_safe =
        url.starts_with("https://") || url.starts_with("http://") || (url.starts_with('/') && !url.starts_with("//"));
    is_safe && !url.contains([' ', '"', '<', '>', '\\'])
}

fn validate_images(images: Vec<Image>, wrong: &mut Violations) -> Vec<Image> {
    if images.len() > IMAGES_MAX {
        wrong.add("/images", "out_of_range", format!("must be at most {IMAGES_MAX} images"));
    }
    let mut valid = Vec::with_capacity(images.len());
    for (index, image) in images.into_iter().enumerate() {
        let at = format!("/images/{index}");
        let url = wrong.take(text::line(&format!("{at}/url"), &image.url, 2048)).unwrap_or_default();
        if !url.is_empty() && !is_picture(&url) {
            wrong.add(format!("{at}/url"), "invalid_url", "must be an http or https URL, or a path that starts with /");
        }
        let alt = image.alt.and_then(|alt| wrong.take(text::optional_line(&format!("{at}/alt"), &alt, 500)));
        valid.push(Image { url, alt: alt.filter(|alt| !alt.is_empty()) });
    }
    valid
}

fn validate_variant(variant: &mut Variant, options: &[ProductOption], at: &str, wrong: &mut Violations) {
    variant.sku = variant
        .sku
        .take()
        .and_then(|sku| wrong.take(text::optional_line(&format!("{at}/sku"), &sku, 100)))
        .filter(|sku| !sku.is_empty());
    variant.barcode = variant
        .barcode
        .take()
        .and_then(|barcode| wrong.take(text::optional_line(&format!("{at}/barcode"), &barcode, 100)))
        .filter(|barcode| !barcode.is_empty());
    wrong.take(variant.price.check_price(&format!("{at}/price")));
    if let Some(before) = variant.compare_at_price {
        wrong.take(before.check_price(&format!("{at}/compare_at_price")));
        if before.currency != variant.price.currency {
            wrong.add(
                format!("{at}/compare_at_price/currency"),
                "mixed_currencies",
                "must be the currency of the price",
            );
        }
    }
    variant.check_prices(at, wrong);
    check_count(&format!("{at}/attributes"), variant.details.attributes.len(), wrong);
    if !(0..=STOCK_MAX).contains(&variant.stock) {
        wrong.add(format!("{at}/stock"), "out_of_range", format!("must be 0 to {STOCK_MAX}"));
    }
    let low_stock_at = variant.details.low_stock_at;
    if low_stock_at.is_some_and(|pieces| !(0..=LOW_STOCK_MAX).contains(&pieces)) {
        wrong.add(format!("{at}/low_stock_at"), "out_of_range", format!("must be 0 to {LOW_STOCK_MAX}"));
    }
    if variant.weight_grams.is_some_and(|grams| !(0..=1_000_000_000).contains(&grams)) {
        wrong.add(format!("{at}/weight_grams"), "out_of_range", "must be 0 to 1000000000 grams");
    }
    let fits = variant.option_values.len() == options.len()
        && variant.option_values.iter().zip(options).all(|(value, option)| option.values.contains(value));
    if !fits {
        let names: Vec<_> = options.iter().map(|option| option.name.as_str()).collect();
        let message = if names.is_empty() {
            "must be empty, because the product has no options".to_owned()
        } else {
            format!("must have one value of each option, in this order: {}", names.join(", "))
        };
        wrong.add(format!("{at}/option_values"), "option_mismatch", message);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Currency;

    fn variant(values: &[&str]) -> Variant {
        Variant {
            id: VariantId(Uuid::nil()),
            sku: None,
            option_values: values.iter().map(|&value| value.to_owned()).collect(),
            price: Money::new(100, Currency::EUR),
            compare_at_price: None,
            stock: 0,
            track_stock: true,
            weight_grams: None,
            barcode: None,
            details: VariantDetails::default(),
        }
    }

    fn product(variants: Vec<Variant>) -> Product {
        Product {
            id: ProductId(Uuid::nil()),
            slug: "shirt".into(),
            title: " Shirt ".into(),
            description: String::new(),
            status: ProductStatus::Active,
            vendor: None,
            category_id: None,
            tags: vec!["Linen".into(), "linen".into()],
            options: vec![ProductOption { name: "Size".into(), values: vec!["S".into(), "M".into()] }],
            variants,
            images: vec![],
            details: ProductDetails::default(),
            rating: Rating::default(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    fn pointers(product: Product) -> Vec<String> {
        product.validate().expect_err("invalid").0.into_iter().map(|violation| violation.pointer).collect()
    }

    #[test]
    fn a_variant_has_its_own_picture_or_the_first_one() {
        let images = ["/a.png", "/b.png"].map(|url| Image { url: url.into(), alt: None });
        for (own, expected) in [(Some("/b.png"), "/b.png"), (Some("/gone.png"), "/a.png"), (None, "/a.png")] {
            let shown = Image::of_variant(&images, own).map(|image| image.url.as_str());
            assert_eq!(shown, Some(expected), "{own:?}");
        }
        assert_eq!(Image::of_variant(&[], Some("/b.png")), None);
    }

    #[test]
    fn a_valid_product_is_trimmed() {
        let product = product(vec![variant(&["S"]), variant(&["M"])]).validate().expect("valid");
        assert_eq!((product.title.as_str(), product.tags.len()), ("Shirt", 1));
    }

    #[test]
    fn variants_must_fit_the_options_and_differ() {
        assert_eq!(pointers(product(vec![])), ["/variants"]);
        assert_eq!(pointers(product(vec![variant(&["S"]), variant(&["S"])])), ["/variants/1/option_values"]);
        assert_eq!(pointers(product(vec![variant(&["XL"])])), ["/variants/0/option_values"]);
        assert_eq!(pointers(product(vec![variant(&[])])), ["/variants/0/option_values"]);
    }

    #[test]
    fn pictures_cannot_carry_script() {
        for url in ["javascript:alert(1)", "data:text/html,x", "//evil.example/x.png", "/a\"onerror=1", "ftp://x/y"] {
            let mut product = product(vec![variant(&["S"])]);
            product.images = vec![Image { url: url.into(), alt: None }];
            assert_eq!(pointers(product), ["/images/0/url"], "{url}");
        }
    }
}
