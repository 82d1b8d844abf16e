//! Removing a product.

use async_trait::async_trait;
use model::{Product, ProductId, ProductStatus, Stamp};
use store::{Change, Operation, Tx};

use super::prices;
use crate::{Error, check_version};

/// Removes a product, or archives it when it was ever ordered.
#[derive(Clone, Copy, Debug)]
pub struct DeleteProduct {
    /// Which.
    pub id: ProductId,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// Nothing of it is left.
    Erased,
    /// Orders point at it, so it stays, out of sight of shoppers.
    Archived(Product),
}

#[async_trait]
impl Operation for DeleteProduct {
    type Output = Deleted;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Deleted, Error> {
        let product = tx.product(self.id).await?.ok_or(Error::NotFound("product"))?;
        check_version(self.if_version, product.version)?;
        let variants: Vec<_> = product.variants.iter().map(|variant| variant.id).collect();
        if tx.ordered_among(&variants).await?.is_empty() {
            tx.apply(&[Change::DeleteProduct { id: self.id }]).await?;
            return Ok(Deleted::Erased);
        }
        let archived = Product {
            status: ProductStatus::Archived,
            updated_at: self.stamp.now,
            version: product.version + 1,
            ..product.clone()
        };
        let mut archived = prices::published_by_drafts_alone(archived);
        let noted = prices::settle(tx, &product, &mut archived, self.stamp.now).await?;
        let update = Change::UpdateProduct { product: archived.clone(), removed: Vec::new() };
        tx.apply(&[update, Change::NotePrices(noted)]).await?;
        Ok(Deleted::Archived(archived))
    }
}
