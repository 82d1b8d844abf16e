//! Products.

use model::{
    Category, CategoryId, Currency, Image, Language, Money, Product, ProductId, ProductOption, ProductStatus,
    Timestamp, Variant, VariantId, details::Seo,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    CategoryRefDto, MoneyDto,
    attribute::{self, AttributeValueDto, AttributesDto},
    picture::ThumbnailsDto,
    price::{ListPriceDto, SaleDto},
    review::RatingDto,
    text::{SeoDto, TranslationsDto},
};

/// Who looks at a product.
#[derive(Clone, Debug)]
pub enum Audience {
    /// Shoppers: they see what it costs now, in their currency as far as there is a price in it, in their language as far as
    /// there is a text in it.
    Shoppers {
        /// The time whose prices are shown.
        now: Timestamp,
        /// The currency; each variant's own when `None`.
        currency: Option<Currency>,
        /// The language; the shop's own when `None`.
        language: Option<Language>,
    },
    /// Staff: they see what can be edited.
    Staff,
}

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
    #[schema(value_type = super::catalogue::ProductStatusDto)]
    pub status: ProductStatus,
    /// Who makes it.
    #[schema(required)]
    pub vendor: Option<String>,
    /// Where it hangs in the tree, in short.
    #[schema(required)]
    pub category: Option<CategoryRefDto>,
    /// What its reviews say together; null without any.
    #[schema(required)]
    pub rating: Option<RatingDto>,
    /// The id of that category.
    #[schema(required, value_type = Option<Uuid>)]
    pub category_id: Option<CategoryId>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// In what its variants differ.
    pub options: Vec<OptionDto>,
    /// What can be bought; a simple product has one.
    pub variants: Vec<VariantDto>,
    /// Pictures, the first one for lists.
    pub images: Vec<ImageDto>,
    /// For search engines.
    pub seo: SeoDto,
    /// Fields of the shop's own, by the keys that `GET /v1/attributes` explains.
    #[schema(value_type = BTreeMap<String, AttributeValueDto>)]
    pub attributes: AttributesDto,
    /// The ids of what goes with it, as the staff chose them, for sale or not; for staff alone.
    /// `GET /v1/products/{product}/related` gives everybody those that are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Uuid>>)]
    pub related: Option<Vec<ProductId>>,
    /// When a draft goes on sale by itself; for staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub publish_at: Option<Timestamp>,
    /// Its texts in other languages; for staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, super::text::TranslationDto>>)]
    pub translations: Option<TranslationsDto>,
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
    pub fn new(product: &Product, categories: &[Category], audience: &Audience) -> Self {
        let category = categories.iter().find(|category| Some(category.id) == product.category_id);
        let details = &product.details;
        let (is_staff, language) = match audience {
            Audience::Staff => (true, None),
            Audience::Shoppers { language, .. } => (false, language.as_ref()),
        };
        let texts = language.and_then(|language| details.translation(language));
        let seo = texts.map(|texts| &texts.seo).filter(|seo| **seo != Seo::default()).unwrap_or(&details.seo);
        let title = texts.and_then(|texts| texts.title.clone());
        let description = texts.and_then(|texts| texts.description.clone());
        Self {
            id: product.id,
            slug: product.slug.clone(),
            title: title.unwrap_or_else(|| product.title.clone()),
            description: description.unwrap_or_else(|| product.description.clone()),
            status: product.status,
            vendor: product.vendor.clone(),
            category: category.map(|category| CategoryRefDto::new(category, language)),
            rating: RatingDto::of(product.rating),
            category_id: product.category_id,
            tags: product.tags.clone(),
            options: product.options.iter().map(OptionDto::from).collect(),
            variants: product.variants.iter().map(|variant| VariantDto::new(variant, audience)).collect(),
            images: product.images.iter().map(ImageDto::from).collect(),
            seo: seo.into(),
            attributes: attribute::shown(&details.attributes),
            related: is_staff.then(|| details.related.clone()),
            publish_at: details.publish_at.filter(|_| is_staff),
            translations: is_staff.then(|| {
                details.translations.iter().map(|(language, texts)| (language.clone(), texts.into())).collect()
            }),
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
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Image, example = json!({"url": "https://shop.example.com/shirt.jpg", "alt": "A white shirt", "thumbnails": null}))]
pub struct ImageDto {
    /// An http, https or site-relative URL.
    pub url: String,
    /// What a person who cannot see the picture is told.
    #[schema(required)]
    pub alt: Option<String>,
    /// Smaller sizes, where the picture was uploaded or imported.
    #[schema(required)]
    pub thumbnails: Option<ThumbnailsDto>,
}

impl From<&Image> for ImageDto {
    fn from(image: &Image) -> Self {
        let thumbnails = ThumbnailsDto::of(&image.url);
        Self { url: image.url.clone(), alt: image.alt.clone(), thumbnails }
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
    #[schema(required, example = "SHIRT-M-BLUE")]
    pub sku: Option<String>,
    /// What tells it from its siblings; empty for the only variant of a simple product.
    #[schema(example = "M / Blue")]
    pub title: String,
    /// One value for each option of the product, in their order.
    pub option_values: Vec<String>,
    /// What it costs now. Staff see the regular price here, as they edit it.
    pub price: MoneyDto,
    /// What it cost before: during a sale, the regular price. Staff see it as they edit it.
    #[schema(required)]
    pub compare_at_price: Option<MoneyDto>,
    /// Whether it costs less than before.
    pub on_sale: bool,
    /// Beside a reduced price, the lowest one of the 30 days before it was reduced (Directive 98/6/EC, article 6a); null where
    /// nothing is known of that time, and beside a price that is not reduced.
    #[schema(required)]
    pub lowest_price_30_days: Option<MoneyDto>,
    /// Until when the sale lasts that is on now.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub sale_ends_at: Option<Timestamp>,
    /// The sale, on, over or to come; for staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<SaleDto>,
    /// The prices in other currencies; for staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_prices: Option<Vec<ListPriceDto>>,
    /// Pieces on hand; null when stock is not tracked.
    #[schema(required, example = 12)]
    pub stock: Option<i64>,
    /// Whether stock limits what can be sold.
    pub track_stock: bool,
    /// From how many pieces on it is short, if not from the shop's threshold on; for staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_stock_at: Option<i64>,
    /// Whether at least one piece can be bought.
    pub available: bool,
    /// Weight in grams.
    #[schema(required)]
    pub weight_grams: Option<i64>,
    /// GTIN, EAN, UPC or ISBN.
    #[schema(required)]
    pub barcode: Option<String>,
    /// Its picture, as the URL of one of the product's.
    #[schema(required)]
    pub image: Option<String>,
    /// Fields of the shop's own, by the keys that `GET /v1/attributes` explains.
    #[schema(value_type = BTreeMap<String, AttributeValueDto>)]
    pub attributes: AttributesDto,
}

impl VariantDto {
    /// The variant.
    #[must_use]
    pub fn new(variant: &Variant, audience: &Audience) -> Self {
        let details = &variant.details;
        let shown = Prices::of(variant, audience);
        let is_staff = matches!(audience, Audience::Staff);
        Self {
            id: variant.id,
            sku: variant.sku.clone(),
            title: variant.title(),
            option_values: variant.option_values.clone(),
            price: shown.price.into(),
            compare_at_price: shown.compare_at.map(MoneyDto::from),
            on_sale: shown.is_on_sale,
            lowest_price_30_days: shown.lowest.map(MoneyDto::from),
            sale_ends_at: shown.ends_at,
            sale: details.sale.as_ref().filter(|_| is_staff).map(SaleDto::from),
            other_prices: is_staff.then(|| details.prices.iter().map(ListPriceDto::from).collect()),
            stock: variant.track_stock.then_some(variant.stock),
            track_stock: variant.track_stock,
            low_stock_at: details.low_stock_at.filter(|_| is_staff),
            available: variant.is_available(),
            weight_grams: variant.weight_grams,
            barcode: variant.barcode.clone(),
            image: details.image.clone(),
            attributes: attribute::shown(&details.attributes),
        }
    }
}

/// The prices of a variant, as they are shown to somebody.
struct Prices {
    price: Money,
    compare_at: Option<Money>,
    is_on_sale: bool,
    lowest: Option<Money>,
    ends_at: Option<Timestamp>,
}

impl Prices {
    fn of(variant: &Variant, audience: &Audience) -> Self {
        let own = variant.price.currency;
        match audience {
            // A reply that is kept for an idempotency key must not depend on the clock: the last turn is what counts.
            Audience::Staff => Self {
                price: variant.price,
                compare_at: variant.compare_at_price,
                is_on_sale: variant.is_settled_on_sale(),
                lowest: variant.details.lowest.iter().find(|lowest| lowest.currency == own).copied(),
                ends_at: None,
            },
            Audience::Shoppers { now, currency, .. } => {
                let currency = currency.filter(|currency| variant.regular(*currency).is_some()).unwrap_or(own);
                let from = variant.reduced_from(currency, *now);
                let (_, before) = variant.regular(currency).unwrap_or((variant.price, None));
                let sale = variant.details.sale.as_ref().filter(|sale| sale.is_on(*now) && sale.is_in(currency));
                Self {
                    price: variant.price_at(currency, *now).unwrap_or(variant.price),
                    compare_at: from.or(before),
                    is_on_sale: from.is_some(),
                    lowest: variant.lowest_before(currency, *now),
                    ends_at: sale.and_then(|sale| sale.ends_at),
                }
            }
        }
    }
}
