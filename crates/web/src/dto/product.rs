//! Products.

use model::{
    Category, CategoryId, Image, Product, ProductId, ProductOption, ProductStatus, Timestamp, Variant, VariantId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CategoryRefDto, MoneyDto};

/// A product with its variants.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductDto {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: ProductId,
    /// Its name in URLs.
    #[schema(example = "linen-shirt")]
    pub slug: String,
    /// What it is called.
    #[schema(example = "Linen shirt")]
    pub title: String,
    /// What it is, as sanitised HTML.
    #[schema(example = "<p>Washed linen from Belgium.</p>")]
    pub description: String,
    /// `draft`, `active` or `archived`; shoppers see active ones only.
    #[schema(value_type = String, example = "active")]
    pub status: ProductStatus,
    /// Who makes it.
    pub vendor: Option<String>,
    /// Where it hangs in the tree, in short.
    pub category: Option<CategoryRefDto>,
    /// The id of that category.
    #[schema(value_type = Option<Uuid>)]
    pub category_id: Option<CategoryId>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// In what its variants differ.
    pub options: Vec<OptionDto>,
    /// What can be bought; a simple product has one.
    pub variants: Vec<VariantDto>,
    /// Pictures, the first one for lists.
    pub images: Vec<ImageDto>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed (stock does not count).
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes (stock does not count).
    pub version: i64,
}

impl ProductDto {
    /// The product; `categories` are those among which its own is found.
    #[must_use]
    pub fn new(product: &Product, categories: &[Category]) -> Self {
        let category = categories.iter().find(|category| Some(category.id) == product.category_id);
        Self {
            id: product.id,
            slug: product.slug.clone(),
            title: product.title.clone(),
            description: product.description.clone(),
            status: product.status,
            vendor: product.vendor.clone(),
            category: category.map(CategoryRefDto::from),
            category_id: product.category_id,
            tags: product.tags.clone(),
            options: product.options.iter().map(OptionDto::from).collect(),
            variants: product.variants.iter().map(VariantDto::from).collect(),
            images: product.images.iter().map(ImageDto::from).collect(),
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version,
        }
    }
}

/// Something in which variants differ.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductOption, example = json!({"name": "Size", "values": ["S", "M", "L"]}))]
pub struct OptionDto {
    /// What differs.
    pub name: String,
    /// The values there are, in the order in which they are shown.
    pub values: Vec<String>,
}

impl From<&ProductOption> for OptionDto {
    fn from(option: &ProductOption) -> Self {
        Self { name: option.name.clone(), values: option.values.clone() }
    }
}

impl From<OptionDto> for ProductOption {
    fn from(OptionDto { name, values }: OptionDto) -> Self {
        Self { name, values }
    }
}

/// A picture.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Image, example = json!({"url": "https://shop.example.com/shirt.jpg", "alt": "A white shirt"}))]
pub struct ImageDto {
    /// An http, https or site-relative URL.
    pub url: String,
    /// What a person who cannot see the picture is told.
    pub alt: Option<String>,
}

impl From<&Image> for ImageDto {
    fn from(image: &Image) -> Self {
        Self { url: image.url.clone(), alt: image.alt.clone() }
    }
}

impl From<ImageDto> for Image {
    fn from(ImageDto { url, alt }: ImageDto) -> Self {
        Self { url, alt }
    }
}

/// A thing that can be bought.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Variant)]
pub struct VariantDto {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: VariantId,
    /// The stock keeping unit.
    #[schema(example = "SHIRT-M-BLUE")]
    pub sku: Option<String>,
    /// What tells it from its siblings; empty for the only variant of a simple product.
    #[schema(example = "M / Blue")]
    pub title: String,
    /// One value for each option of the product, in their order.
    pub option_values: Vec<String>,
    /// What it costs.
    pub price: MoneyDto,
    /// What it cost before.
    pub compare_at_price: Option<MoneyDto>,
    /// Whether it costs less than before.
    pub on_sale: bool,
    /// Pieces on hand; null when stock is not tracked.
    #[schema(example = 12)]
    pub stock: Option<i64>,
    /// Whether stock limits what can be sold.
    pub track_stock: bool,
    /// Whether at least one piece can be bought.
    pub available: bool,
    /// Weight in grams.
    pub weight_grams: Option<i64>,
    /// GTIN, EAN, UPC or ISBN.
    pub barcode: Option<String>,
}

impl From<&Variant> for VariantDto {
    fn from(variant: &Variant) -> Self {
        Self {
            id: variant.id,
            sku: variant.sku.clone(),
            title: variant.title(),
            option_values: variant.option_values.clone(),
            price: variant.price.into(),
            compare_at_price: variant.compare_at_price.map(MoneyDto::from),
            on_sale: variant.is_on_sale(),
            stock: variant.track_stock.then_some(variant.stock),
            track_stock: variant.track_stock,
            available: variant.is_available(),
            weight_grams: variant.weight_grams,
            barcode: variant.barcode.clone(),
        }
    }
}
