//! What variants cost over time: whatever changes a product settles its prices here, and what changes by itself is turned.

use async_trait::async_trait;
use model::{PriceChange, Product, ProductId, ProductStatus, Timestamp, Variant, Violations};
use store::{Change, Operation, Queries, StoreError, Tx};

use crate::Error;

/// How many products are turned in one transaction.
const AT_ONCE: u32 = 100;

/// A variant that is for sale from `now` on.
pub(crate) fn begin(variant: &mut Variant, now: Timestamp) {
    let new = variant.clone();
    variant.settle(&new, &[], now, now);
}

/// Leaves a draft a draft: the time at which the product once went on sale by itself must not put it there again. For products that are
/// taken off sale, and for files, which say again and again what they said when it went on sale.
pub(super) fn without_past_publication(product: Product, now: Timestamp) -> Product {
    let mut product = published_by_drafts_alone(product);
    product.details.publish_at = product.details.publish_at.filter(|at| *at > now);
    product
}

/// Forgets when a product goes on sale by itself as soon as it is no draft: should it become one again, it is one until somebody says
/// otherwise.
pub(super) fn published_by_drafts_alone(mut product: Product) -> Product {
    if product.status != ProductStatus::Draft {
        product.details.publish_at = None;
    }
    product
}

/// Refuses a time to go on sale by itself that somebody sets for a product of this status, if nothing would come of it.
pub(super) fn check_publication(status: ProductStatus, publish_at: Option<Timestamp>) -> Result<(), Violations> {
    if publish_at.is_none() || status == ProductStatus::Draft {
        return Ok(());
    }
    let message = "only a draft goes on sale by itself: leave this out, or make the product a draft";
    Err(Violations::one("/publish_at", "not_allowed", message))
}

/// Refuses amounts that a file without currencies has for a variant with prices in another one than the shop's own: they would become
/// something else, a yen a euro.
pub(super) fn check_currency(before: &Product, after: &Product) -> Result<(), Violations> {
    let mut wrong = Violations::default();
    for (index, variant) in after.variants.iter().enumerate() {
        let Some(old) = before.variants.iter().find(|old| old.id == variant.id) else { continue };
        let (own, other) = (old.price.currency, variant.price.currency);
        if own != other {
            let message =
                format!("this variant is priced in {own}, the file in {other}: change it on the product's page");
            wrong.add(format!("/variants/{index}/price/currency"), "mixed_currencies", message);
        }
    }
    wrong.into_result()
}

/// Brings the prices of `after`, which was `before`, to `now`; gives what has to be noted.
pub(super) async fn settle(
    tx: &mut dyn Tx,
    before: &Product,
    after: &mut Product,
    now: Timestamp,
) -> Result<Vec<PriceChange>, Error> {
    let old = |variant: &Variant| before.variants.iter().find(|old| old.id == variant.id);
    let [was_offered, is_offered] = [before.status, after.status].map(|status| status == ProductStatus::Active);
    let is_touched = |variant: &&Variant| {
        old(variant).is_some_and(|old| was_offered != is_offered || variant.is_priced_unlike(old, now))
    };
    let touched: Vec<_> = after.variants.iter().filter(is_touched).map(|variant| variant.id).collect();
    let has_history = (was_offered || is_offered) && !touched.is_empty();
    let history = if has_history { tx.price_history(&touched).await? } else { Vec::new() };
    let known_since = before.created_at;
    // Products that were taken off sale before that was noted.
    let away_since = if before.status == ProductStatus::Archived { before.updated_at } else { known_since };
    let mut noted = Vec::new();
    for variant in &mut after.variants {
        match old(variant) {
            None => begin(variant, now),
            Some(old) if touched.contains(&variant.id) => noted.extend(match (was_offered, is_offered) {
                (true, true) => variant.settle(old, &history, known_since, now),
                (false, true) => variant.offer(&history, away_since, now),
                (true, false) => variant.withdraw(old, &history, known_since, now),
                (false, false) => {
                    variant.rest(now);
                    Vec::new()
                }
            }),
            Some(_) => {}
        }
    }
    Ok(noted)
}

/// Settles the prices of `after`, which was `before`, and writes it.
async fn write_settled(tx: &mut dyn Tx, before: &Product, mut after: Product, now: Timestamp) -> Result<(), Error> {
    let noted = settle(tx, before, &mut after, now).await?;
    let update = Change::UpdateProduct { product: after, removed: Vec::new() };
    Ok(tx.apply(&[update, Change::NotePrices(noted)]).await?)
}

/// Turns some of the products of which something changes by itself: sales begin and end, drafts are published. To be
/// repeated while it gives more than none.
#[derive(Clone, Copy, Debug)]
pub struct TurnProducts {
    /// The time.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for TurnProducts {
    /// How many there were.
    type Output = u32;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<u32, Error> {
        let mut turned = 0;
        for id in tx.turning_products(self.now, AT_ONCE).await? {
            let Some(before) = tx.product(id).await? else { continue };
            // Another process may have been quicker.
            if before.next_turn().is_none_or(|turn| turn > self.now) {
                continue;
            }
            let after = self.published(before.clone());
            write_settled(tx, &before, after, self.now).await?;
            turned += 1;
        }
        Ok(turned)
    }
}

impl TurnProducts {
    /// The product, published if it is time. Turns of prices do not count as changes of the product, this does.
    fn published(&self, mut product: Product) -> Product {
        let is_due = product.details.publish_at.is_some_and(|at| at <= self.now);
        if is_due && product.status == ProductStatus::Draft {
            product.status = ProductStatus::Active;
            product.details.publish_at = None;
            product.updated_at = self.now;
            product.version += 1;
        }
        product
    }
}

/// What a clock that was ahead settled, as the operations that settle it anew; `now` is by another clock, or by the same when it was put
/// right. Looks at all variants: to be asked now and then.
///
/// # Errors
/// The engine failed.
pub async fn settled_ahead(queries: &dyn Queries, now: Timestamp) -> Result<Vec<SettleAnew>, StoreError> {
    let mut products = queries.products_settled_after(now).await?;
    // Whoever settles them at the same moment locks them in the same order.
    products.sort_unstable();
    let some = |products: &[ProductId]| SettleAnew { products: products.to_vec(), now };
    Ok(products.chunks(AT_ONCE as usize).map(some).collect())
}

/// Settles products anew whose prices were settled at a time that is still to come: until then their sales would neither begin nor end
/// in lists.
#[derive(Clone, Debug)]
pub struct SettleAnew {
    /// Which.
    pub products: Vec<ProductId>,
    /// The time.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for SettleAnew {
    /// How many there were.
    type Output = u32;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<u32, Error> {
        let mut settled = 0;
        for id in &self.products {
            let Some(before) = tx.product(*id).await? else { continue };
            // Another process may have been quicker.
            if before.variants.iter().any(|variant| variant.is_settled_ahead(self.now)) {
                write_settled(tx, &before, before.clone(), self.now).await?;
                settled += 1;
            }
        }
        Ok(settled)
    }
}
