//! Products as staff write them, and how they become products.

use std::collections::BTreeMap;

use model::{
    AccountId, AttributeValue, CategoryId, Image, Language, ListPrice, Money, Product, ProductDetails, ProductId,
    ProductOption, ProductStatus, Rating, Sale, Stamp, StockCause, StockMovement, Timestamp, Variant, VariantDetails,
    VariantId, Violations,
    details::{Seo, Translation},
    stamp::Ids,
    stock::STOCK_MAX,
};

use super::prices;
use crate::rich_text;

/// A new product.
#[derive(Clone, Debug)]
pub struct ProductDraft {
    /// What it is called.
    pub title: String,
    /// Its name in URLs; made from the title when `None`.
    pub slug: Option<String>,
    /// What it is, as HTML; it is sanitised.
    pub description: String,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// Who makes it.
    pub vendor: Option<String>,
    /// Where it hangs in the tree.
    pub category_id: Option<CategoryId>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// In what its variants differ.
    pub options: Vec<OptionDraft>,
    /// What can be bought.
    pub variants: Vec<VariantDraft>,
    /// Pictures.
    pub images: Vec<Image>,
    /// What not every product has; a known product keeps what it has when `None`.
    pub details: Option<ProductDetails>,
}

/// An option; values that variants use and `values` does not have are added to it.
#[derive(Clone, Debug)]
pub struct OptionDraft {
    /// What differs.
    pub name: String,
    /// The values, in the order in which they are shown.
    pub values: Vec<String>,
}

/// A new variant, or an existing one as it shall be.
#[derive(Clone, Debug)]
pub struct VariantDraft {
    /// The existing variant that this one is; `None` for a new one.
    pub id: Option<VariantId>,
    /// The stock keeping unit.
    pub sku: Option<String>,
    /// One value for each option.
    pub option_values: Vec<String>,
    /// What it costs now.
    pub price: Money,
    /// What it cost before.
    pub compare_at_price: Option<Money>,
    /// Pieces that are there at the start; for new variants only.
    pub stock: Option<i64>,
    /// Whether stock limits what can be sold.
    pub track_stock: bool,
    /// Weight in grams.
    pub weight_grams: Option<i64>,
    /// What is printed on it.
    pub barcode: Option<String>,
    /// What not every variant has; a known variant keeps what it has when `None`. History is not a draft's to say: what is
    /// noted of it stays.
    pub details: Option<VariantDetails>,
}

/// One of the variants that a changed product shall have.
#[derive(Clone, Debug)]
pub enum VariantEntry {
    /// As it is described: what a known one has besides is gone, but for its details where none are described.
    Whole(VariantDraft),
    /// A known one with this change, or without an id a new one of which this is all that is said.
    Change {
        /// The known one.
        id: Option<VariantId>,
        /// Pieces that are there at the start; for new variants only.
        stock: Option<i64>,
        /// What is said of it.
        patch: VariantPatch,
    },
}

/// A change of a product; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ProductPatch {
    /// See [`ProductDraft`].
    pub title: Option<String>,
    /// See [`ProductDraft`].
    pub slug: Option<String>,
    /// See [`ProductDraft`].
    pub description: Option<String>,
    /// See [`ProductDraft`].
    pub status: Option<ProductStatus>,
    /// `Some(None)` removes it.
    pub vendor: Option<Option<String>>,
    /// `Some(None)` takes it out of the tree.
    pub category_id: Option<Option<CategoryId>>,
    /// See [`ProductDraft`].
    pub tags: Option<Vec<String>>,
    /// See [`ProductDraft`].
    pub options: Option<Vec<OptionDraft>>,
    /// All variants that the product shall have: those with an id stay, those without are new, others are removed.
    pub variants: Option<Vec<VariantEntry>>,
    /// See [`ProductDraft`].
    pub images: Option<Vec<Image>>,
    /// `Some(None)` takes it back.
    pub publish_at: Option<Option<Timestamp>>,
    /// For search engines.
    pub seo: Option<Seo>,
    /// The values to change, by their keys; `None` removes one, and what is not named stays.
    pub attributes: BTreeMap<String, Option<AttributeValue>>,
    /// What goes with it.
    pub related: Option<Vec<ProductId>>,
    /// The languages to change; `None` removes one, and what is not named stays.
    pub translations: BTreeMap<Language, Option<Translation>>,
}

/// A change of a variant; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct VariantPatch {
    /// `Some(None)` removes it.
    pub sku: Option<Option<String>>,
    /// See [`VariantDraft`].
    pub option_values: Option<Vec<String>>,
    /// See [`VariantDraft`].
    pub price: Option<Money>,
    /// `Some(None)` removes it.
    pub compare_at_price: Option<Option<Money>>,
    /// See [`VariantDraft`].
    pub track_stock: Option<bool>,
    /// `Some(None)` removes it.
    pub weight_grams: Option<Option<i64>>,
    /// `Some(None)` removes it.
    pub barcode: Option<Option<String>>,
    /// The prices in all other currencies.
    pub prices: Option<Vec<ListPrice>>,
    /// `Some(None)` ends it.
    pub sale: Option<Option<Sale>>,
    /// `Some(None)` removes it.
    pub image: Option<Option<String>>,
    /// `Some(None)` removes it.
    pub low_stock_at: Option<Option<i64>>,
    /// The values to change, by their keys; `None` removes one, and what is not named stays.
    pub attributes: BTreeMap<String, Option<AttributeValue>>,
}

impl ProductDraft {
    /// The product that this draft describes, checked, with the stock that its variants start with.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn into_product(self, ids: &mut Ids, slug: String, stamp: Stamp) -> Result<Product, Violations> {
        let id = ids.draw();
        let mut wrong = Violations::default();
        let variants: Vec<Variant> = self
            .variants
            .into_iter()
            .enumerate()
            .map(|(index, draft)| {
                if draft.id.is_some() {
                    wrong.add(format!("/variants/{index}/id"), "not_allowed", "a new product has new variants only");
                }
                draft.into_new_variant(ids, stamp.now)
            })
            .collect();
        wrong.into_result()?;
        let options = complete_options(self.options, &variants);
        let product = Product {
            id,
            slug,
            title: self.title,
            description: rich_text::sanitise(&self.description),
            status: self.status,
            vendor: self.vendor,
            category_id: self.category_id,
            tags: self.tags,
            options,
            variants,
            images: self.images,
            details: self.details.map(sanitised).unwrap_or_default(),
            rating: Rating::default(),
            created_at: stamp.now,
            updated_at: stamp.now,
            version: 1,
        };
        Ok(priced_from(prices::published_by_drafts_alone(product.validate()?), stamp))
    }
}

/// The details of a variant whose were `before`, their sale looked at as of `now`: one that is over already may have been dearer
/// than what the variant costs by now, in another shop for example.
fn looked_at(mut details: VariantDetails, before: Option<&VariantDetails>, now: Timestamp) -> VariantDetails {
    if before.is_none_or(|before| before.sale != details.sale) {
        details.settled_at = details.sale.is_some().then_some(now);
    }
    details
}

impl VariantDraft {
    /// The variant, with `stock` as it shall be at the start.
    pub(super) fn into_new_variant(self, ids: &mut Ids, now: Timestamp) -> Variant {
        Variant {
            id: ids.draw(),
            sku: self.sku,
            option_values: self.option_values,
            price: self.price,
            compare_at_price: self.compare_at_price,
            stock: self.stock.unwrap_or(0),
            track_stock: self.track_stock,
            weight_grams: self.weight_grams,
            barcode: self.barcode,
            details: looked_at(
                self.details.map(|details| without_history(details, None)).unwrap_or_default(),
                None,
                now,
            ),
        }
    }

    /// The existing variant `before` as this draft wants it. Its stock stays.
    pub(super) fn onto(self, before: &Variant, now: Timestamp) -> Variant {
        Variant {
            id: before.id,
            sku: self.sku,
            option_values: self.option_values,
            price: self.price,
            compare_at_price: self.compare_at_price,
            stock: before.stock,
            track_stock: self.track_stock,
            weight_grams: self.weight_grams,
            barcode: self.barcode,
            details: match self.details {
                Some(details) => looked_at(without_history(details, Some(&before.details)), Some(&before.details), now),
                None => before.details.clone(),
            },
        }
    }
}

impl VariantPatch {
    /// The variant with this change.
    pub(super) fn onto(&self, before: &Variant, now: Timestamp) -> Variant {
        let patch = self.clone();
        Variant {
            id: before.id,
            sku: patch.sku.unwrap_or_else(|| before.sku.clone()),
            option_values: patch.option_values.unwrap_or_else(|| before.option_values.clone()),
            price: patch.price.unwrap_or(before.price),
            compare_at_price: patch.compare_at_price.unwrap_or(before.compare_at_price),
            stock: before.stock,
            track_stock: patch.track_stock.unwrap_or(before.track_stock),
            weight_grams: patch.weight_grams.unwrap_or(before.weight_grams),
            barcode: patch.barcode.unwrap_or_else(|| before.barcode.clone()),
            details: looked_at(
                VariantDetails {
                    prices: patch.prices.unwrap_or_else(|| before.details.prices.clone()),
                    sale: patch.sale.unwrap_or_else(|| before.details.sale.clone()),
                    image: patch.image.unwrap_or_else(|| before.details.image.clone()),
                    low_stock_at: patch.low_stock_at.unwrap_or(before.details.low_stock_at),
                    attributes: changed(&before.details.attributes, patch.attributes),
                    ..before.details.clone()
                },
                Some(&before.details),
                now,
            ),
        }
    }
}

impl VariantEntry {
    /// The known variant that it is about.
    pub(super) const fn id(&self) -> Option<VariantId> {
        match self {
            Self::Whole(draft) => draft.id,
            Self::Change { id, .. } => *id,
        }
    }

    /// What it says of stock.
    pub(super) const fn stock(&self) -> Option<i64> {
        match self {
            Self::Whole(draft) => draft.stock,
            Self::Change { stock, .. } => *stock,
        }
    }

    /// The known variant `before` as this entry wants it. Its stock stays.
    pub(super) fn onto(self, before: &Variant, now: Timestamp) -> Variant {
        match self {
            Self::Whole(draft) => draft.onto(before, now),
            Self::Change { patch, .. } => patch.onto(before, now),
        }
    }

    /// The new variant that it describes, if it says what that costs.
    pub(super) fn into_draft(self) -> Option<VariantDraft> {
        let (stock, patch) = match self {
            Self::Whole(draft) => return Some(draft),
            Self::Change { stock, patch, .. } => (stock, patch),
        };
        Some(VariantDraft {
            id: None,
            sku: patch.sku.flatten(),
            option_values: patch.option_values.unwrap_or_default(),
            price: patch.price?,
            compare_at_price: patch.compare_at_price.flatten(),
            stock,
            track_stock: patch.track_stock.unwrap_or(true),
            weight_grams: patch.weight_grams.flatten(),
            barcode: patch.barcode.flatten(),
            details: Some(VariantDetails {
                prices: patch.prices.unwrap_or_default(),
                sale: patch.sale.flatten(),
                image: patch.image.flatten(),
                low_stock_at: patch.low_stock_at.flatten(),
                attributes: changed(&BTreeMap::new(), patch.attributes),
                ..VariantDetails::default()
            }),
        })
    }
}

/// The details as a draft has them, with the history that `before` has.
fn without_history(details: VariantDetails, before: Option<&VariantDetails>) -> VariantDetails {
    VariantDetails {
        lowest: before.map(|before| before.lowest.clone()).unwrap_or_default(),
        settled_at: before.and_then(|before| before.settled_at),
        away: before.map(|before| before.away.clone()).unwrap_or_default(),
        ..details
    }
}

/// The details with descriptions that carry no script.
pub(super) fn sanitised(mut details: ProductDetails) -> ProductDetails {
    for translation in details.translations.values_mut() {
        translation.description = translation.description.take().map(|html| rich_text::sanitise(&html));
    }
    details
}

/// `before` with these entries changed; `None` removes one.
pub(super) fn changed<K: Ord + Clone, V: Clone>(
    before: &BTreeMap<K, V>,
    changes: BTreeMap<K, Option<V>>,
) -> BTreeMap<K, V> {
    let mut after = before.clone();
    for (key, value) in changes {
        match value {
            Some(value) => after.insert(key, value),
            None => after.remove(&key),
        };
    }
    after
}

/// A product that is for sale from now on: its variants have no other prices behind them.
fn priced_from(mut product: Product, stamp: Stamp) -> Product {
    for variant in &mut product.variants {
        prices::begin(variant, stamp.now);
    }
    product
}

/// The options with every value that a variant uses.
pub(super) fn complete_options(drafts: Vec<OptionDraft>, variants: &[Variant]) -> Vec<ProductOption> {
    let complete = |(place, draft): (usize, OptionDraft)| {
        let mut values: Vec<String> = draft.values;
        for value in variants.iter().filter_map(|variant| variant.option_values.get(place)) {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        ProductOption { name: draft.name, values }
    };
    drafts.into_iter().enumerate().map(complete).collect()
}

/// The options of a product, to be completed anew.
pub(super) fn as_drafts(options: &[ProductOption]) -> Vec<OptionDraft> {
    options.iter().map(|option| OptionDraft { name: option.name.clone(), values: option.values.clone() }).collect()
}

/// The movements that put the first stock of new variants on the shelf.
pub(crate) fn first_stock<'a>(
    variants: impl IntoIterator<Item = &'a Variant>,
    actor_id: Option<AccountId>,
    ids: &mut Ids,
    stamp: Stamp,
) -> Vec<StockMovement> {
    let stocked = variants.into_iter().filter(|variant| (1..=STOCK_MAX).contains(&variant.stock));
    stocked
        .map(|variant| StockMovement {
            id: ids.draw(),
            variant_id: variant.id,
            delta: variant.stock,
            cause: StockCause::Received,
            order_id: None,
            actor_id,
            reason: Some("first stock".to_owned()),
            at: stamp.now,
        })
        .collect()
}
