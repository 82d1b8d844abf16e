//! Products, variants, stock and categories, as the staff write them.

use std::collections::BTreeMap;

use commerce::catalogue::{
    CategoryDraft, CategoryPatch, OptionDraft, ProductDraft, ProductPatch, VariantDraft, VariantEntry, VariantPatch,
};
use model::{
    AccountId, CategoryId, Image, Language, MovementId, OrderId, ProductDetails, ProductId, ProductStatus, StockCause,
    StockMovement, Timestamp, VariantDetails, VariantId, category::CategoryDetails,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    attribute::{self, AttributeChangeDto, AttributeChangesDto, AttributeValueDto, AttributesDto},
    money::MoneyDto,
    object::only_from_objects,
    patch,
    price::{ListPriceDto, SaleDto},
    text::{SeoDto, TranslationChangeDto, TranslationChangesDto, TranslationDto, TranslationsDto},
};

only_from_objects!(NewOptionDto, NewImageDto, NewVariantDto, ChangedVariantDto);

/// Whether shoppers see a product.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProductStatus)]
pub enum ProductStatusDto {
    /// Staff alone see it.
    Draft,
    /// For sale.
    Active,
    /// No longer for sale.
    Archived,
}

/// A new product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProduct, example = json!({
    "title": "Stoneware mug", "status": "active", "description": "<p>Holds a large coffee.</p>",
    "variants": [{"sku": "MUG-1", "price": {"amount": 1450, "currency": "EUR"}, "stock": 120}]
}))]
pub struct NewProductDto {
    /// What it is called, 1 to 200 characters.
    pub title: String,
    /// Its name in URLs; made from the title when left out.
    pub slug: Option<String>,
    /// What it is, as HTML; what could run in it is removed.
    #[serde(default)]
    pub description: String,
    /// `draft` when left out.
    #[schema(value_type = Option<ProductStatusDto>)]
    pub status: Option<ProductStatus>,
    /// Who makes it.
    pub vendor: Option<String>,
    /// Its category.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub category_id: Option<CategoryId>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// In what its variants differ.
    #[serde(default)]
    pub options: Vec<NewOptionDto>,
    /// What can be bought; at least one.
    pub variants: Vec<NewVariantDto>,
    /// Pictures, the first one for lists.
    #[serde(default)]
    pub images: Vec<NewImageDto>,
    /// When a draft goes on sale by itself; within seconds, if that time has passed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub publish_at: Option<Timestamp>,
    /// For search engines.
    pub seo: Option<SeoDto>,
    /// Fields of the shop's own, by their keys.
    #[serde(default, deserialize_with = "attribute::bounded")]
    #[schema(value_type = BTreeMap<String, AttributeValueDto>)]
    pub attributes: AttributesDto,
    /// The ids of what goes with it.
    #[serde(default)]
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub related: Vec<ProductId>,
    /// Its texts in other languages, by language tags such as `de` or `pt-BR`.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, TranslationDto>)]
    pub translations: TranslationsDto,
}

impl From<NewProductDto> for ProductDraft {
    fn from(dto: NewProductDto) -> Self {
        Self {
            title: dto.title,
            slug: dto.slug,
            description: dto.description,
            status: dto.status.unwrap_or(ProductStatus::Draft),
            vendor: dto.vendor,
            category_id: dto.category_id,
            tags: dto.tags,
            options: dto.options.into_iter().map(OptionDraft::from).collect(),
            variants: dto.variants.into_iter().map(VariantDraft::from).collect(),
            images: dto.images.into_iter().map(Image::from).collect(),
            details: Some(ProductDetails {
                publish_at: dto.publish_at,
                seo: dto.seo.map(Into::into).unwrap_or_default(),
                attributes: attribute::values(dto.attributes),
                related: dto.related,
                translations: dto.translations.into_iter().map(|(language, texts)| (language, texts.into())).collect(),
            }),
        }
    }
}

/// A change of a product; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductPatch, example = json!({"title": "Stoneware mug, large", "status": "active"}))]
pub struct ProductPatchDto {
    /// What it is called.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub title: Option<String>,
    /// Its name in URLs.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub slug: Option<String>,
    /// What it is, as HTML.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub description: Option<String>,
    /// Whether shoppers see it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = ProductStatusDto)]
    pub status: Option<ProductStatus>,
    /// Who makes it; `null` removes it.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<String>)]
    pub vendor: Option<Option<String>>,
    /// Its category; `null` removes it.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub category_id: Option<Option<CategoryId>>,
    /// Words to find it by.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = Vec<String>)]
    pub tags: Option<Vec<String>>,
    /// In what its variants differ.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = Vec<NewOptionDto>)]
    pub options: Option<Vec<NewOptionDto>>,
    /// All variants that it shall have: those with an `id` stay, with what is said of them changed, those without are new, others are removed.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = Vec<ChangedVariantDto>)]
    pub variants: Option<Vec<ChangedVariantDto>>,
    /// Pictures.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = Vec<NewImageDto>)]
    pub images: Option<Vec<NewImageDto>>,
    /// When a draft goes on sale by itself; within seconds, if that time has passed. It must be still to come where the same request makes
    /// the product a draft (422, `out_of_range`). `null` takes it back.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub publish_at: Option<Option<Timestamp>>,
    /// For search engines.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = SeoDto)]
    pub seo: Option<SeoDto>,
    /// The values to change, by their keys; `null` removes one, and what is not named stays.
    #[serde(default, deserialize_with = "attribute::bounded")]
    #[schema(value_type = BTreeMap<String, AttributeChangeDto>)]
    pub attributes: AttributeChangesDto,
    /// The ids of what goes with it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub related: Option<Vec<ProductId>>,
    /// The languages to change; `null` removes one, and what is not named stays.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, TranslationChangeDto>)]
    pub translations: TranslationChangesDto,
}

impl From<ProductPatchDto> for ProductPatch {
    fn from(dto: ProductPatchDto) -> Self {
        Self {
            title: dto.title,
            slug: dto.slug,
            description: dto.description,
            status: dto.status,
            vendor: dto.vendor,
            category_id: dto.category_id,
            tags: dto.tags,
            options: dto.options.map(|options| options.into_iter().map(OptionDraft::from).collect()),
            variants: dto.variants.map(|variants| variants.into_iter().map(VariantEntry::from).collect()),
            images: dto.images.map(|images| images.into_iter().map(Image::from).collect()),
            publish_at: dto.publish_at,
            seo: dto.seo.map(Into::into),
            attributes: attribute::changes(dto.attributes),
            related: dto.related,
            translations: dto.translations.into_iter().map(|(language, change)| (language, change.into())).collect(),
        }
    }
}

/// Something in which variants differ.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = NewOption, example = json!({"name": "Size", "values": ["S", "M", "L"]}))]
pub struct NewOptionDto {
    /// What differs.
    pub name: String,
    /// The values in the order in which they are shown; those that only variants name are added.
    #[serde(default)]
    pub values: Vec<String>,
}

impl From<NewOptionDto> for OptionDraft {
    fn from(dto: NewOptionDto) -> Self {
        Self { name: dto.name, values: dto.values }
    }
}

/// A picture.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = NewImage, example = json!({"url": "https://example.com/pictures/mug.jpg", "alt": "A grey mug"}))]
pub struct NewImageDto {
    /// An http or https URL, or a path on this server.
    pub url: String,
    /// What a person who cannot see it is told.
    pub alt: Option<String>,
}

impl From<NewImageDto> for Image {
    fn from(dto: NewImageDto) -> Self {
        Self { url: dto.url, alt: dto.alt }
    }
}

/// A new variant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = NewVariant, example = json!({"sku": "SHIRT-M", "option_values": ["M"], "price": {"amount": 3900, "currency": "EUR"}, "stock": 24}))]
pub struct NewVariantDto {
    /// The stock keeping unit; unique in the shop.
    pub sku: Option<String>,
    /// One value for each option of the product, in their order.
    #[serde(default)]
    pub option_values: Vec<String>,
    /// What it costs when there is no sale.
    pub price: MoneyDto,
    /// What it cost before, to show that it was reduced for good.
    pub compare_at_price: Option<MoneyDto>,
    /// What it costs in other currencies.
    pub other_prices: Option<Vec<ListPriceDto>>,
    /// Lower prices for a time.
    pub sale: Option<SaleDto>,
    /// Its picture: the URL of one of the product's.
    pub image: Option<String>,
    /// From how many pieces on it is short; the shop's threshold when left out.
    #[schema(minimum = 0, maximum = 10000)]
    pub low_stock_at: Option<i64>,
    /// Fields of the shop's own, by their keys.
    #[serde(default, deserialize_with = "attribute::bounded_if_given")]
    #[schema(value_type = Option<BTreeMap<String, AttributeValueDto>>)]
    pub attributes: Option<AttributesDto>,
    /// Pieces that are there at the start; later, stock changes by movements.
    pub stock: Option<i64>,
    /// Whether stock limits what can be sold; `true` when left out.
    pub track_stock: Option<bool>,
    /// Weight in grams.
    pub weight_grams: Option<i64>,
    /// GTIN, EAN, UPC or ISBN.
    pub barcode: Option<String>,
}

impl From<NewVariantDto> for VariantDraft {
    fn from(dto: NewVariantDto) -> Self {
        let details = Some(VariantDetails {
            prices: dto.other_prices.into_iter().flatten().map(Into::into).collect(),
            sale: dto.sale.map(Into::into),
            image: dto.image,
            low_stock_at: dto.low_stock_at,
            attributes: dto.attributes.map(attribute::values).unwrap_or_default(),
            ..VariantDetails::default()
        });
        Self {
            details,
            id: None,
            sku: dto.sku,
            option_values: dto.option_values,
            price: dto.price.into(),
            compare_at_price: dto.compare_at_price.map(Into::into),
            stock: dto.stock,
            track_stock: dto.track_stock.unwrap_or(true),
            weight_grams: dto.weight_grams,
            barcode: dto.barcode,
        }
    }
}

/// A body that says what changes of a variant, beside what is its own.
macro_rules! change_of_a_variant {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $own:ident: $type:ty,)* }) => {
        $(#[$about])*
        pub struct $name {
            $($(#[$of])* pub $own: $type,)*
            /// The SKU; `null` removes it.
            #[serde(default, deserialize_with = "patch::given")]
            #[schema(value_type = Option<String>)]
            pub sku: Option<Option<String>>,
            /// One value for each option.
            #[serde(default, deserialize_with = "patch::given_and_not_null")]
            #[schema(value_type = Vec<String>)]
            pub option_values: Option<Vec<String>>,
            /// What it costs when there is no sale.
            #[serde(default, deserialize_with = "patch::given_and_not_null")]
            #[schema(value_type = MoneyDto)]
            pub price: Option<MoneyDto>,
            /// What it cost before; `null` removes it.
            #[serde(default, deserialize_with = "patch::given")]
            #[schema(value_type = Option<MoneyDto>)]
            pub compare_at_price: Option<Option<MoneyDto>>,
            /// Whether stock limits what can be sold.
            #[serde(default, deserialize_with = "patch::given_and_not_null")]
            #[schema(value_type = bool)]
            pub track_stock: Option<bool>,
            /// Weight in grams; `null` removes it.
            #[serde(default, deserialize_with = "patch::given")]
            #[schema(value_type = Option<i64>)]
            pub weight_grams: Option<Option<i64>>,
            /// What is printed on it; `null` removes it.
            #[serde(default, deserialize_with = "patch::given")]
            #[schema(value_type = Option<String>)]
            pub barcode: Option<Option<String>>,
            /// The prices in all other currencies.
            #[serde(default, deserialize_with = "patch::given_and_not_null")]
            #[schema(value_type = Vec<ListPriceDto>)]
            pub other_prices: Option<Vec<ListPriceDto>>,
            /// Lower prices for a time; `null` ends it.
            #[serde(default, deserialize_with = "patch::given")]
            #[schema(value_type = Option<SaleDto>)]
            pub sale: Option<Option<SaleDto>>,
            /// Its picture: the URL of one of the product's; `null` removes it.
            #[serde(default, deserialize_with = "patch::given")]
            #[schema(value_type = Option<String>)]
            pub image: Option<Option<String>>,
            /// From how many pieces on it is short; `null` is the shop's threshold.
            #[serde(default, deserialize_with = "patch::given")]
            #[schema(value_type = Option<i64>)]
            pub low_stock_at: Option<Option<i64>>,
            /// The values to change, by their keys; `null` removes one, and what is not named stays.
            #[serde(default, deserialize_with = "attribute::bounded")]
            #[schema(value_type = BTreeMap<String, AttributeChangeDto>)]
            pub attributes: AttributeChangesDto,
        }

        impl From<$name> for VariantPatch {
            fn from(dto: $name) -> Self {
                Self {
                    sku: dto.sku,
                    option_values: dto.option_values,
                    price: dto.price.map(Into::into),
                    compare_at_price: dto.compare_at_price.map(|price| price.map(Into::into)),
                    track_stock: dto.track_stock,
                    weight_grams: dto.weight_grams,
                    barcode: dto.barcode,
                    prices: dto.other_prices.map(|prices| prices.into_iter().map(Into::into).collect()),
                    sale: dto.sale.map(|sale| sale.map(Into::into)),
                    image: dto.image,
                    low_stock_at: dto.low_stock_at,
                    attributes: attribute::changes(dto.attributes),
                }
            }
        }
    };
}

change_of_a_variant! {
    /// A change of a variant; what is left out stays.
    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(as = VariantPatch, example = json!({"price": {"amount": 2900, "currency": "EUR"}, "compare_at_price": {"amount": 3900, "currency": "EUR"}}))]
    VariantPatchDto {}
}

change_of_a_variant! {
    /// One of the variants that a changed product shall have: a known one, of which what is left out stays, or a new one.
    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields, remote = "Self")]
    #[schema(as = ChangedVariant, example = json!({"id": "0190a3c4-5b6d-7e8f-9a0b-1c2d3e4f5a6b", "price": {"amount": 2900, "currency": "EUR"}}))]
    ChangedVariantDto {
        /// The known variant; without it this is a new one, which needs a `price`.
        #[schema(value_type = Option<uuid::Uuid>)]
        id: Option<VariantId>,
        /// Pieces of a new variant that are there at the start; later, stock changes by movements.
        stock: Option<i64>,
    }
}

impl From<ChangedVariantDto> for VariantEntry {
    fn from(dto: ChangedVariantDto) -> Self {
        Self::Change { id: dto.id, stock: dto.stock, patch: dto.into() }
    }
}

/// Variants to be made from the values of options.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GenerateVariants, example = json!({
    "options": [{"name": "Size", "values": ["S", "M"]}, {"name": "Colour", "values": ["Blue", "White"]}],
    "price": {"amount": 3900, "currency": "EUR"}, "sku_prefix": "SHIRT"
}))]
pub struct GenerateVariantsDto {
    /// The options that the product shall have; those that it has when left out.
    pub options: Option<Vec<NewOptionDto>>,
    /// What each new variant costs; as much as the one that is most like it when left out.
    pub price: Option<MoneyDto>,
    /// What their SKUs begin with, before the values; without it they have none.
    pub sku_prefix: Option<String>,
}

/// A movement of stock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoveStock, example = json!({"delta": 24, "reason": "delivery note 4711"}))]
pub struct MoveStockDto {
    /// How many pieces come (positive) or go (negative).
    pub delta: i64,
    /// Why, in words, 1 to 200 characters.
    pub reason: String,
    /// `received` or `returned` (for more pieces only) or `adjusted`; when left out, `received` for more and `adjusted` for less.
    #[schema(value_type = Option<StockCauseDto>)]
    pub cause: Option<StockCauseDto>,
}

/// Why stock moved.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StockCause)]
pub enum StockCauseDto {
    /// Goods came in.
    Received,
    /// An order took it.
    Sold,
    /// A cancelled order gave it back.
    Cancelled,
    /// A customer sent it back.
    Returned,
    /// Somebody counted, or something broke.
    Adjusted,
}

impl From<StockCauseDto> for StockCause {
    fn from(dto: StockCauseDto) -> Self {
        match dto {
            StockCauseDto::Received => Self::Received,
            StockCauseDto::Sold => Self::Sold,
            StockCauseDto::Cancelled => Self::Cancelled,
            StockCauseDto::Returned => Self::Returned,
            StockCauseDto::Adjusted => Self::Adjusted,
        }
    }
}

impl From<StockCause> for StockCauseDto {
    fn from(cause: StockCause) -> Self {
        match cause {
            StockCause::Received => Self::Received,
            StockCause::Sold => Self::Sold,
            StockCause::Cancelled => Self::Cancelled,
            StockCause::Returned => Self::Returned,
            StockCause::Adjusted => Self::Adjusted,
        }
    }
}

/// An entry of the stock ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockMovement)]
pub struct StockMovementDto {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: MovementId,
    /// What moved.
    #[schema(value_type = uuid::Uuid)]
    pub variant_id: VariantId,
    /// How many pieces came (positive) or went (negative).
    pub delta: i64,
    /// Why.
    pub cause: StockCauseDto,
    /// The order that caused it.
    #[schema(required, value_type = Option<uuid::Uuid>)]
    pub order_id: Option<OrderId>,
    /// Who caused it.
    #[schema(required, value_type = Option<uuid::Uuid>)]
    pub actor_id: Option<AccountId>,
    /// Why, in words.
    #[schema(required)]
    pub reason: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<StockMovement> for StockMovementDto {
    fn from(movement: StockMovement) -> Self {
        let StockMovement { id, variant_id, delta, cause, order_id, actor_id, reason, at } = movement;
        Self { id, variant_id, delta, cause: cause.into(), order_id, actor_id, reason, at }
    }
}

/// A new category.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCategory, example = json!({"name": "Kitchen"}))]
pub struct NewCategoryDto {
    /// What it is called.
    pub name: String,
    /// Its name in URLs; made from the name when left out.
    pub slug: Option<String>,
    /// The category above it.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub parent_id: Option<CategoryId>,
    /// Its place among its siblings; 0 when left out.
    #[serde(default)]
    pub position: i64,
    /// What is in it, as HTML; what could run in it is removed.
    #[serde(default)]
    pub description: String,
    /// For search engines.
    pub seo: Option<SeoDto>,
    /// Its name in other languages, by language tags.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub names: BTreeMap<Language, String>,
}

impl From<NewCategoryDto> for CategoryDraft {
    fn from(dto: NewCategoryDto) -> Self {
        let seo = dto.seo.map(Into::into).unwrap_or_default();
        let details = CategoryDetails { description: dto.description, seo, names: dto.names };
        Self { name: dto.name, slug: dto.slug, parent_id: dto.parent_id, position: Some(dto.position), details }
    }
}

/// A change of a category; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CategoryPatch, example = json!({"name": "Kitchen and table"}))]
pub struct CategoryPatchDto {
    /// What it is called.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub name: Option<String>,
    /// Its name in URLs.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub slug: Option<String>,
    /// The category above it; `null` moves it to the top.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub parent_id: Option<Option<CategoryId>>,
    /// Its place among its siblings.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = i64)]
    pub position: Option<i64>,
    /// What is in it, as HTML.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub description: Option<String>,
    /// For search engines.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = SeoDto)]
    pub seo: Option<SeoDto>,
    /// The languages to change; `null` removes one, and what is not named stays.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    pub names: BTreeMap<Language, Option<String>>,
}

/// Where a category shall stand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoveCategory, example = json!({"parent_id": null, "after_id": null}))]
pub struct MoveCategoryDto {
    /// Under which category; at the top when null or left out.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub parent_id: Option<CategoryId>,
    /// Behind which of those that hang there; in front of them when null or left out.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub after_id: Option<CategoryId>,
}

impl From<CategoryPatchDto> for CategoryPatch {
    fn from(dto: CategoryPatchDto) -> Self {
        Self {
            name: dto.name,
            slug: dto.slug,
            parent_id: dto.parent_id,
            position: dto.position,
            description: dto.description,
            seo: dto.seo.map(Into::into),
            names: dto.names,
        }
    }
}
