//! Bringing products over from elsewhere: new ones are added, known ones changed, nothing is doubled.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use model::{
    AccountId, Category, CategoryId, Image, Product, ProductOption, Stamp, Timestamp, Variant, Violations,
    category::CategoryDetails, stamp::Ids, text,
};
use store::{Change, Operation, StoreError, Tx};

use super::{
    CategoryDraft, OptionDraft, ProductDraft, VariantDraft,
    attributes::check_values,
    categories::new_category,
    check_skus,
    draft::{as_drafts, complete_options, first_stock, sanitised},
    prices::{check_currency, without_past_publication},
    redirects,
    sold_in::{Added, SoldIn},
    update_product::save,
};
use crate::{Error, import::Untold, rich_text};

/// A product from elsewhere.
#[derive(Clone, Debug)]
pub struct ImportedProduct {
    /// Its name over there; becomes the slug, and finds it again next time.
    pub handle: String,
    /// The name of its category; made at the top of the tree if there is none of that name.
    pub category: Option<String>,
    /// The product. Its slug is not looked at; its category is, where no name of one is given.
    pub draft: ProductDraft,
    /// Which of its pictures each variant of the draft has, in their order; one for which the import says nothing keeps its own.
    pub variant_images: Vec<Option<String>>,
    /// Whether nothing is said of prices: known variants keep theirs, whatever the draft has, and there can be no new ones.
    pub keeps_prices: bool,
    /// Whether one of its pictures could not be fetched: where the shop has pictures of its own of the product, those stay, its variants'
    /// included. A dead address would take their place otherwise.
    pub keeps_images: bool,
    /// Of what nothing is said at all: a known product keeps what it has of it, whatever the draft has, and a new one has what the draft has.
    pub untold: Vec<Untold>,
    /// Where it stands in the file, for the report.
    pub line: u64,
}

impl ImportedProduct {
    /// The name of its category, if it has one.
    fn category_name(&self) -> Option<&str> {
        self.category.as_deref().map(str::trim).filter(|name| !name.is_empty())
    }

    /// The pictures of the known product, if they stay as they are: one of the file's could not be fetched, and the shop has its own.
    fn kept_images<'p>(&self, known: Option<&'p Product>) -> Option<&'p [Image]> {
        let images = known?.images.as_slice();
        (self.keeps_images && images.iter().any(Image::is_own)).then_some(images)
    }
}

/// Imports products, all of them or none.
///
/// A known product takes title, texts, prices, options and pictures from the import, as far as it tells them; its variants are recognised by
/// their SKU, or else by their option values. The stock of a known variant is left alone: what was sold since would
/// come back otherwise. Variants that the import does not name stay.
#[derive(Clone, Debug)]
pub struct ImportProducts {
    /// The products.
    pub products: Vec<ImportedProduct>,
    /// What new ones may be priced in.
    pub sold_in: SoldIn,
    /// Who imports; `None` from the command line.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
    /// Counts the products that are done, for whoever watches.
    pub progress: Arc<AtomicU64>,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Products that are new.
    pub created: u64,
    /// Products that were changed.
    pub updated: u64,
    /// Products that were already as the import has them.
    pub unchanged: u64,
}

impl ImportSummary {
    pub(super) const fn count(&mut self, done: Done) {
        match done {
            Done::Created => self.created += 1,
            Done::Updated => self.updated += 1,
            Done::Unchanged => self.unchanged += 1,
        }
    }
}

/// What came of one thing that a file names.
pub(super) enum Done {
    Created,
    Updated,
    Unchanged,
}

/// Why an import was refused: one product, and where it stands in the file.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}{}", at(*line), error.sentence())]
pub struct ImportError {
    /// The line; 0 when the failure is not one product's.
    pub line: u64,
    /// Why.
    pub error: Error,
}

fn at(line: u64) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}

impl From<store::StoreError> for ImportError {
    fn from(error: store::StoreError) -> Self {
        Self { line: 0, error: error.into() }
    }
}

#[async_trait]
impl Operation for ImportProducts {
    type Output = ImportSummary;
    type Error = ImportError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<ImportSummary, ImportError> {
        self.progress.store(0, Ordering::Relaxed);
        let mut ids = self.stamp.ids();
        let mut summary = ImportSummary::default();
        let mut tree = self.tree(tx).await?;
        let mut added = Added::default();
        for imported in &self.products {
            let done = self.import(tx, imported, &mut tree, &mut ids).await;
            let done = done.map_err(|error| ImportError { line: imported.line, error })?;
            if matches!(done, Done::Created) {
                added.note(imported.draft.variants.iter().map(|variant| variant.price));
            }
            summary.count(done);
            self.progress.fetch_add(1, Ordering::Relaxed);
        }
        added.check(tx, &self.sold_in).await?;
        Ok(summary)
    }
}

/// The categories, if the import names any: whoever asks for them holds up those who change them, and whoever changes them all others, until
/// the whole import has ended.
pub(crate) struct Tree(Vec<Category>);

impl Tree {
    /// The category of this name: the `current` one if it is called so.
    fn find(&self, name: &str, current: Option<CategoryId>) -> Option<CategoryId> {
        let mut known = self.0.iter().filter(|category| category.is_called(name));
        let own = known.clone().find(|category| Some(category.id) == current);
        own.or_else(|| known.next()).map(|category| category.id)
    }
}

impl ImportProducts {
    /// The tree as the import needs it, locked before any product: for change if there is a category to make. Of two imports that both find
    /// so, the one that the database ends has done nothing yet, and begins again.
    pub(crate) async fn tree(&self, tx: &mut dyn Tx) -> Result<Tree, StoreError> {
        let names: HashSet<&str> = self.products.iter().filter_map(ImportedProduct::category_name).collect();
        if names.is_empty() {
            return Ok(Tree(Vec::new()));
        }
        let all = tx.categories().await?;
        let are_known = names.into_iter().all(|name| all.iter().any(|category| category.is_called(name)));
        Ok(Tree(if are_known { all } else { tx.categories_for_change().await? }))
    }

    async fn import(
        &self,
        tx: &mut dyn Tx,
        imported: &ImportedProduct,
        tree: &mut Tree,
        ids: &mut Ids,
    ) -> Result<Done, Error> {
        let slug = text::slugify(&imported.handle);
        let before = known_product(tx, &slug, &imported.draft, &imported.untold).await?;
        // Categories may share a name: what is in one of them stays there.
        let current = before.as_ref().and_then(|before| before.category_id);
        let category_id = self.category(tx, imported.category_name(), current, tree, ids).await?;
        let category_id = category_id.or(imported.draft.category_id);
        let mut draft = ProductDraft { category_id, ..imported.draft.clone() };
        if let Some(before) = &before {
            keep_untold(before, &imported.untold, &mut draft);
        }
        if imported.keeps_prices {
            keep_prices(before.as_ref(), &mut draft)?;
        }
        let mut variant_images = imported.variant_images.as_slice();
        if let Some(kept) = imported.kept_images(before.as_ref()) {
            draft.images = kept.to_vec();
            variant_images = &[];
        }
        let incoming = Incoming { slug, before, draft, variant_images };
        incoming.import(tx, self.actor_id, ids, self.stamp).await
    }

    /// The category of this name: the `current` one if it is called so, and made if there is none.
    async fn category(
        &self,
        tx: &mut dyn Tx,
        name: Option<&str>,
        current: Option<CategoryId>,
        tree: &mut Tree,
        ids: &mut Ids,
    ) -> Result<Option<CategoryId>, Error> {
        let Some(name) = name else { return Ok(None) };
        if let Some(known) = tree.find(name, current) {
            return Ok(Some(known));
        }
        let draft = CategoryDraft {
            name: name.to_owned(),
            slug: None,
            parent_id: None,
            position: Some(0),
            details: CategoryDetails::default(),
        };
        let category = new_category(&tree.0, &draft, ids.draw(), self.stamp)?;
        let id = category.id;
        tx.apply(&[Change::InsertCategory(category.clone())]).await?;
        tree.0.push(category);
        Ok(Some(id))
    }
}

/// A product of a file, beside the one that the shop has already.
pub(super) struct Incoming<'a> {
    /// The slug that it gets if it is new.
    pub(super) slug: String,
    /// What [`known_product`] found.
    pub(super) before: Option<Product>,
    pub(super) draft: ProductDraft,
    /// See [`ImportedProduct`].
    pub(super) variant_images: &'a [Option<String>],
}

impl Incoming<'_> {
    /// Adds it, or changes the known one.
    pub(super) async fn import(
        self,
        tx: &mut dyn Tx,
        actor_id: Option<AccountId>,
        ids: &mut Ids,
        stamp: Stamp,
    ) -> Result<Done, Error> {
        let Self { slug, before, draft, variant_images } = self;
        let Some(before) = before else {
            let mut product = draft.into_product(ids, slug, stamp)?;
            for (variant, image) in product.variants.iter_mut().zip(variant_images) {
                show(variant, image.as_deref());
            }
            let product = product.validate()?;
            check_skus(tx, &product).await?;
            check_values(tx, None, &product).await?;
            let stock = first_stock(&product.variants, actor_id, ids, stamp);
            tx.apply(&[Change::InsertProduct(product), Change::MoveStock(stock)]).await?;
            return Ok(Done::Created);
        };
        let after = merge(&before, draft, variant_images, ids, stamp.now).validate()?;
        check_currency(&before, &after)?;
        let after = without_past_publication(after, stamp.now);
        if after == before {
            return Ok(Done::Unchanged);
        }
        let after = Product { updated_at: stamp.now, version: before.version + 1, ..after };
        save(tx, &before, after, actor_id, ids, stamp).await?;
        Ok(Done::Updated)
    }
}

/// Whether the shop's own pictures of this product stay as they are, as one of the file's could not be fetched.
pub(crate) async fn images_stay(tx: &mut dyn Tx, imported: &ImportedProduct) -> Result<bool, Error> {
    if !imported.keeps_images {
        return Ok(false);
    }
    let known = known_product(tx, &text::slugify(&imported.handle), &imported.draft, &imported.untold).await?;
    Ok(imported.kept_images(known.as_ref()).is_some())
}

/// Gives the variant this picture, if there is one.
fn show(variant: &mut Variant, image: Option<&str>) {
    if let Some(url) = image {
        variant.details.image = Some(url.to_owned());
    }
}

/// Gives the draft what the known product has of that of which nothing is said.
fn keep_untold(before: &Product, untold: &[Untold], draft: &mut ProductDraft) {
    let skus = skus(draft);
    for variant in &mut draft.variants {
        match which(&before.variants, variant, &skus).and_then(|at| before.variants.get(at)) {
            Some(known) => keep_untold_of_variant(known, untold, variant),
            // One more of those that are counted is counted.
            None if untold.contains(&Untold::TrackStock) => {
                variant.track_stock = before.variants.iter().any(|known| known.track_stock);
            }
            None => {}
        }
    }
    for untold in untold {
        match untold {
            Untold::Description => draft.description.clone_from(&before.description),
            Untold::Status => draft.status = before.status,
            Untold::Vendor => draft.vendor.clone_from(&before.vendor),
            Untold::Tags => draft.tags.clone_from(&before.tags),
            Untold::Options => draft.options = as_drafts(&before.options),
            Untold::Images => {
                let given = std::mem::replace(&mut draft.images, before.images.clone());
                let is_new = |image: &Image| before.images.iter().all(|known| known.url != image.url);
                draft.images.extend(given.into_iter().filter(is_new));
            }
            Untold::ImageAlts => {
                for image in &mut draft.images {
                    if let Some(known) = before.images.iter().find(|known| known.url == image.url) {
                        image.alt.clone_from(&known.alt);
                    }
                }
            }
            Untold::Sku | Untold::CompareAtPrice | Untold::TrackStock | Untold::Weight | Untold::Barcode => {}
        }
    }
}

fn keep_untold_of_variant(known: &Variant, untold: &[Untold], variant: &mut VariantDraft) {
    for untold in untold {
        match untold {
            Untold::Options => variant.option_values.clone_from(&known.option_values),
            Untold::Sku => variant.sku.clone_from(&known.sku),
            // A price in another currency is refused: that, and not the price before, is what is wrong then.
            Untold::CompareAtPrice if known.price.currency != variant.price.currency => {}
            Untold::CompareAtPrice => variant.compare_at_price = known.compare_at_price,
            Untold::TrackStock => variant.track_stock = known.track_stock,
            Untold::Weight => variant.weight_grams = known.weight_grams,
            Untold::Barcode => variant.barcode.clone_from(&known.barcode),
            Untold::Description
            | Untold::Status
            | Untold::Vendor
            | Untold::Tags
            | Untold::Images
            | Untold::ImageAlts => {}
        }
    }
}

/// Gives the variants of the draft the prices that the shop knows.
fn keep_prices(before: Option<&Product>, draft: &mut ProductDraft) -> Result<(), Violations> {
    let known = before.map(|before| before.variants.as_slice()).unwrap_or_default();
    let skus = skus(draft);
    let mut wrong = Violations::default();
    for (index, variant) in draft.variants.iter_mut().enumerate() {
        match which(known, variant, &skus).and_then(|at| known.get(at)) {
            Some(known) => (variant.price, variant.compare_at_price) = (known.price, known.compare_at_price),
            None => {
                let message = "a variant that is new needs a price such as 50 or 19.99";
                wrong.add(format!("/variants/{index}/price"), "required", message);
            }
        }
    }
    wrong.into_result()
}

/// The product that the file means: the one with this slug, or else the one that had it once, if the file shows that it is that one, by an SKU
/// or, where neither has any or the file tells none, by the title. Another one may well be called as it was.
pub(super) async fn known_product(
    tx: &mut dyn Tx,
    slug: &str,
    draft: &ProductDraft,
    untold: &[Untold],
) -> Result<Option<Product>, Error> {
    if let Some(found) = tx.product_by_slug(slug).await? {
        return Ok(Some(found));
    }
    let skus = skus(draft);
    let renamed = redirects::renamed_product(tx, slug).await?;
    Ok(renamed.filter(|known| {
        let mut own = known.variants.iter().filter_map(|variant| variant.sku.as_ref()).peekable();
        let goes_by_title = own.peek().is_none() || untold.contains(&Untold::Sku);
        match (skus.is_empty(), goes_by_title) {
            (true, true) => known.title == draft.title.trim(),
            _ => own.any(|sku| skus.contains(sku)),
        }
    }))
}

pub(super) fn skus(draft: &ProductDraft) -> HashSet<String> {
    draft.variants.iter().filter_map(|variant| variant.sku.clone()).collect()
}

/// The known product `before` with what the import says.
fn merge(before: &Product, draft: ProductDraft, images: &[Option<String>], ids: &mut Ids, now: Timestamp) -> Product {
    let mut variants = before.variants.clone();
    let skus = skus(&draft);
    for (place, incoming) in draft.variants.into_iter().enumerate() {
        let image = images.get(place).and_then(Option::as_deref);
        match which(&variants, &incoming, &skus) {
            Some(at) => {
                let known = variants[at].clone();
                variants[at] = incoming.onto(&known, now);
                // A file cannot tell a weight of nothing from none.
                if variants[at].weight_grams.is_none() && known.weight_grams == Some(0) {
                    variants[at].weight_grams = Some(0);
                }
                show(&mut variants[at], image);
            }
            None => {
                let mut new = incoming.into_new_variant(ids, now);
                show(&mut new, image);
                variants.push(new);
            }
        }
    }
    let options = complete_options(known_values(&before.options, draft.options), &variants);
    // A picture that is gone cannot stay a variant's.
    let is_gone = |url: &String| draft.images.iter().all(|image| image.url != *url);
    for variant in &mut variants {
        variant.details.image = variant.details.image.take().filter(|url| !is_gone(url));
    }
    Product {
        title: draft.title,
        description: rich_text::sanitise(&draft.description),
        status: draft.status,
        vendor: draft.vendor,
        category_id: draft.category_id.or(before.category_id),
        tags: known_tags(&before.tags, draft.tags),
        options,
        variants,
        images: draft.images,
        details: draft.details.map_or_else(|| before.details.clone(), sanitised),
        ..before.clone()
    }
}

/// The options of the import with the values that the product knows already in front, in their order: those that no variant has
/// would be lost otherwise, as variants that the import does not name stay.
fn known_values(before: &[ProductOption], drafts: Vec<OptionDraft>) -> Vec<OptionDraft> {
    let complete = |draft: OptionDraft| match before.iter().find(|option| option.name == draft.name) {
        None => draft,
        Some(option) => {
            let mut values = option.values.clone();
            values.extend(draft.values.into_iter().filter(|value| !option.values.contains(value)));
            OptionDraft { name: draft.name, values }
        }
    };
    drafts.into_iter().map(complete).collect()
}

/// The tags as they are, if the import says the same in a list with commas, in which a tag with one falls apart.
fn known_tags(before: &[String], incoming: Vec<String>) -> Vec<String> {
    let parts = before.iter().flat_map(|tag| tag.split(',')).map(str::trim).filter(|part| !part.is_empty());
    // A part that is a tag of its own as well stands in the list once.
    let mut once: Vec<&str> = Vec::new();
    for part in parts {
        if !once.contains(&part) {
            once.push(part);
        }
    }
    if once == incoming { before.to_vec() } else { incoming }
}

/// Which of the variants an incoming one is: the one with its SKU, or else the one with its option values, unless that has an SKU which
/// the import names as well.
pub(super) fn which(variants: &[Variant], incoming: &VariantDraft, skus: &HashSet<String>) -> Option<usize> {
    let by_sku = variants.iter().position(|variant| variant.sku.is_some() && variant.sku == incoming.sku);
    let is_free = |variant: &Variant| variant.sku.as_ref().is_none_or(|sku| !skus.contains(sku));
    by_sku.or_else(|| {
        variants.iter().position(|variant| variant.option_values == incoming.option_values && is_free(variant))
    })
}
