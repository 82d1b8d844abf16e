//! Changing a product.

use async_trait::async_trait;
use model::{
    AccountId, Product, ProductDetails, ProductId, ProductStatus, Stamp, Timestamp, Variant, Violations, stamp::Ids,
};
use store::{Change, Operation, Tx};

use super::{
    ProductPatch, Redirected, VariantEntry,
    attributes::check_values,
    check_category, check_skus,
    draft::{as_drafts, changed, complete_options, first_stock, sanitised},
    free_slug, prices, redirects, removed_variants,
};
use crate::{Error, check_version, rich_text};

/// Changes a product.
#[derive(Clone, Debug)]
pub struct UpdateProduct {
    /// Which.
    pub id: ProductId,
    /// The change.
    pub patch: ProductPatch,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// Who changes it; `None` from the command line.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for UpdateProduct {
    type Output = Product;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Product, Error> {
        // The tree before the product, as whoever removes a category locks them.
        if self.patch.category_id.flatten().is_some() {
            tx.categories().await?;
        }
        let before = tx.product(self.id).await?.ok_or(Error::NotFound("product"))?;
        check_version(self.if_version, before.version)?;
        let mut ids = self.stamp.ids();
        let after = self.decide(before.clone(), &mut ids)?.validate()?;
        self.check_publication(&before, &after)?;
        let after = match &self.patch.slug {
            Some(slug) if *slug != before.slug => {
                Product { slug: free_slug(tx, Some(slug), &after.title).await?, ..after }
            }
            _ => after,
        };
        save(tx, &before, after, self.actor_id, &mut ids, self.stamp).await
    }
}

/// Checks a changed product against the rest of the shop and writes it; gives it as it is written, with its prices settled.
pub(super) async fn save(
    tx: &mut dyn Tx,
    before: &Product,
    mut after: Product,
    actor_id: Option<AccountId>,
    ids: &mut Ids,
    stamp: Stamp,
) -> Result<Product, Error> {
    check_skus(tx, &after).await?;
    // The one that it is in stays while the product is locked.
    if after.category_id != before.category_id {
        check_category(tx, &after).await?;
    }
    check_values(tx, Some(before), &after).await?;
    let removed = removed_variants(tx, before, &after).await?;
    after = match before.status {
        ProductStatus::Draft => prices::published_by_drafts_alone(after),
        _ => prices::without_past_publication(after, stamp.now),
    };
    let noted = prices::settle(tx, before, &mut after, stamp.now).await?;
    let is_new = |variant: &&Variant| before.variants.iter().all(|old| old.id != variant.id);
    let stock = first_stock(after.variants.iter().filter(is_new), actor_id, ids, stamp);
    let as_before = Product { version: before.version, updated_at: before.updated_at, ..after.clone() };
    if as_before == *before && noted.is_empty() {
        // Nothing that anybody's version would stand for, and nothing to note.
        return Ok(as_before);
    }
    let mut changes = vec![Change::UpdateProduct { product: after.clone(), removed }];
    if before.slug != after.slug {
        changes.push(redirects::leave(tx, Redirected::Product, &before.slug, before.id.0, ids).await?);
    }
    changes.extend((!stock.is_empty()).then_some(Change::MoveStock(stock)));
    changes.extend((!noted.is_empty()).then_some(Change::NotePrices(noted)));
    tx.apply(&changes).await?;
    Ok(after)
}

impl UpdateProduct {
    /// Refuses a time to go on sale of which nothing would come. One that the product has already is not set again.
    fn check_publication(&self, before: &Product, after: &Product) -> Result<(), Violations> {
        let set = self.patch.publish_at.flatten().filter(|at| before.details.publish_at != Some(*at));
        prices::check_publication(after.status, set)?;
        if before.status != ProductStatus::Draft && set.is_some_and(|at| at <= self.stamp.now) {
            let message = "must be a time that is still to come";
            return Err(Violations::one("/publish_at", "out_of_range", message));
        }
        Ok(())
    }

    fn decide(&self, before: Product, ids: &mut Ids) -> Result<Product, Violations> {
        let patch = self.patch.clone();
        let variants = match patch.variants {
            None => before.variants,
            Some(entries) => merge(&before.variants, entries, ids, self.stamp.now)?,
        };
        let options = complete_options(patch.options.unwrap_or_else(|| as_drafts(&before.options)), &variants);
        Ok(Product {
            title: patch.title.unwrap_or(before.title),
            description: patch.description.map_or(before.description, |html| rich_text::sanitise(&html)),
            status: patch.status.unwrap_or(before.status),
            vendor: patch.vendor.unwrap_or(before.vendor),
            category_id: patch.category_id.unwrap_or(before.category_id),
            tags: patch.tags.unwrap_or(before.tags),
            images: patch.images.unwrap_or(before.images),
            details: sanitised(ProductDetails {
                publish_at: patch.publish_at.unwrap_or(before.details.publish_at),
                seo: patch.seo.unwrap_or(before.details.seo),
                attributes: changed(&before.details.attributes, patch.attributes),
                related: patch.related.unwrap_or(before.details.related),
                translations: changed(&before.details.translations, patch.translations),
            }),
            options,
            variants,
            updated_at: self.stamp.now,
            version: before.version + 1,
            ..before
        })
    }
}

/// The variants that a product shall have.
fn merge(
    before: &[Variant],
    entries: Vec<VariantEntry>,
    ids: &mut Ids,
    now: Timestamp,
) -> Result<Vec<Variant>, Violations> {
    let mut wrong = Violations::default();
    let mut variants: Vec<Variant> = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let at = format!("/variants/{index}");
        let Some(id) = entry.id() else {
            match entry.into_draft() {
                Some(draft) => variants.push(draft.into_new_variant(ids, now)),
                None => {
                    wrong.add(format!("{at}/price"), "required", "must be given for a new variant, which has no `id`")
                }
            }
            continue;
        };
        let Some(old) = before.iter().find(|variant| variant.id == id) else {
            wrong.add(format!("{at}/id"), "not_found", "the product has no such variant");
            continue;
        };
        if variants.iter().any(|variant| variant.id == id) {
            wrong.add(format!("{at}/id"), "duplicate", "the variant is listed twice");
        }
        if entry.stock().is_some_and(|stock| stock != old.stock) {
            let message = "the stock of an existing variant changes by movements: POST /v1/admin/variants/{id}/stock";
            wrong.add(format!("{at}/stock"), "not_allowed", message);
        }
        variants.push(entry.onto(old, now));
    }
    wrong.into_result().map(|()| variants)
}
