//! Adding, changing and removing one variant. Its product's version counts the changes.

use async_trait::async_trait;
use model::{AccountId, Product, ProductId, Stamp, Variant, VariantId};
use store::{Operation, Tx};

use super::{
    VariantDraft, VariantPatch,
    draft::{as_drafts, complete_options},
    update_product::save,
};
use crate::{Conflict, Error, check_version};

/// Adds a variant; gives the product, the new variant last.
#[derive(Clone, Debug)]
pub struct CreateVariant {
    /// To which product.
    pub product_id: ProductId,
    /// The variant.
    pub draft: VariantDraft,
    /// The version of the product that the caller saw.
    pub if_version: Option<i64>,
    /// Who adds it.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for CreateVariant {
    type Output = Product;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Product, Error> {
        let before = tx.product(self.product_id).await?.ok_or(Error::NotFound("product"))?;
        check_version(self.if_version, before.version)?;
        let mut ids = self.stamp.ids();
        let mut variants = before.variants.clone();
        variants.push(self.draft.clone().into_new_variant(&mut ids, self.stamp.now));
        let after = with_variants(&before, variants, self.stamp).validate().map_err(one_variant)?;
        save(tx, &before, after, self.actor_id, &mut ids, self.stamp).await.map_err(of_one_variant)
    }
}

/// Changes a variant; gives the product.
#[derive(Clone, Debug)]
pub struct UpdateVariant {
    /// Which.
    pub id: VariantId,
    /// The change.
    pub patch: VariantPatch,
    /// The version of the product that the caller saw.
    pub if_version: Option<i64>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for UpdateVariant {
    type Output = Product;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Product, Error> {
        let before = tx.product_of_variant(self.id).await?.ok_or(Error::NotFound("variant"))?;
        check_version(self.if_version, before.version)?;
        let patch = |old: &Variant| if old.id == self.id { self.patch.onto(old, self.stamp.now) } else { old.clone() };
        let variants = before.variants.iter().map(patch).collect();
        let after = with_variants(&before, variants, self.stamp).validate().map_err(one_variant)?;
        save(tx, &before, after, None, &mut self.stamp.ids(), self.stamp).await.map_err(of_one_variant)
    }
}

/// Removes a variant that was never ordered and is not the last; gives the product.
#[derive(Clone, Copy, Debug)]
pub struct DeleteVariant {
    /// Which.
    pub id: VariantId,
    /// The version of the product that the caller saw.
    pub if_version: Option<i64>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for DeleteVariant {
    type Output = Product;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Product, Error> {
        let before = tx.product_of_variant(self.id).await?.ok_or(Error::NotFound("variant"))?;
        check_version(self.if_version, before.version)?;
        let variants: Vec<_> = before.variants.iter().filter(|variant| variant.id != self.id).cloned().collect();
        if variants.is_empty() {
            return Err(Conflict::LastVariant.into());
        }
        let after = with_variants(&before, variants, self.stamp);
        save(tx, &before, after, None, &mut self.stamp.ids(), self.stamp).await.map_err(of_one_variant)
    }
}

fn with_variants(before: &Product, variants: Vec<Variant>, stamp: Stamp) -> Product {
    Product {
        options: complete_options(as_drafts(&before.options), &variants),
        variants,
        updated_at: stamp.now,
        version: before.version + 1,
        ..before.clone()
    }
}

fn of_one_variant(error: Error) -> Error {
    match error {
        Error::Invalid(wrong) => Error::Invalid(one_variant(wrong)),
        other => other,
    }
}

/// The caller sent one variant, so the pointers begin there: `/variants/3/sku` is their `/sku`.
fn one_variant(mut wrong: model::Violations) -> model::Violations {
    for violation in &mut wrong.0 {
        let inside = violation.pointer.strip_prefix("/variants/").and_then(|rest| rest.split_once('/'));
        if let Some((_, field)) = inside {
            violation.pointer = format!("/{field}");
        }
    }
    wrong
}
