//! Adding a product.

use async_trait::async_trait;
use model::{AccountId, Product, Stamp};
use store::{Change, Operation, Tx};

use super::{
    ProductDraft, attributes::check_values, check_category, check_skus, draft::first_stock, free_slug, prices,
};
use crate::Error;

/// Adds a product with its variants and their first stock.
#[derive(Clone, Debug)]
pub struct CreateProduct {
    /// The product.
    pub draft: ProductDraft,
    /// Who adds it; `None` from the command line.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for CreateProduct {
    type Output = Product;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Product, Error> {
        let publish_at = self.draft.details.as_ref().and_then(|details| details.publish_at);
        prices::check_publication(self.draft.status, publish_at)?;
        let mut ids = self.stamp.ids();
        let product = self.draft.clone().into_product(&mut ids, String::new(), self.stamp)?;
        check_category(tx, &product).await?;
        let slug = free_slug(tx, self.draft.slug.as_deref(), &product.title).await?;
        let product = Product { slug, ..product };
        check_skus(tx, &product).await?;
        check_values(tx, None, &product).await?;
        let stock = first_stock(&product.variants, self.actor_id, &mut ids, self.stamp);
        tx.apply(&[Change::InsertProduct(product.clone()), Change::MoveStock(stock)]).await?;
        Ok(product)
    }
}
