//! What somebody counted on a shelf.

use async_trait::async_trait;
use model::{AccountId, Stamp, StockCause, StockMovement, VariantId, Violations, stock::STOCK_MAX};
use store::{Operation, Tx};

use super::MoveStock;
use crate::{Conflict, Error};

/// After so many movements a count is about what is long gone.
const SINCE_MAX: u32 = 1000;

/// What was counted, and what whoever counted saw before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockCount {
    /// How many pieces are there.
    pub counted: i64,
    /// How many they were told that there are.
    pub seen: i64,
    /// As of which place in the ledger that was ([`store::Shelf::place`]).
    pub as_of: i64,
}

/// Makes the stock of a variant what was counted. What orders took and gave back since the count was begun stays so: the difference to what
/// was seen counts. Two who count the same shelf do not add up: whoever comes second is refused.
#[derive(Clone, Debug)]
pub struct CountStock {
    /// Of what.
    pub variant_id: VariantId,
    /// What was counted.
    pub count: StockCount,
    /// Why, in words.
    pub reason: String,
    /// Who says so.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for CountStock {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let StockCount { counted, seen, as_of } = self.count;
        if !(0..=STOCK_MAX).contains(&counted) {
            let message = format!("must be 0 to {STOCK_MAX} pieces");
            return Err(Violations::one("/counted", "out_of_range", message).into());
        }
        let variant_id = self.variant_id;
        let product = tx.product_of_variant(variant_id).await?.ok_or(Error::NotFound("variant"))?;
        let variant = product.variants.iter().find(|variant| variant.id == variant_id);
        let variant = variant.ok_or(Error::NotFound("variant"))?;
        if !variant.track_stock {
            return Err(Conflict::StockNotTracked.into());
        }
        let since = tx.movements_since(variant_id, as_of, SINCE_MAX).await?;
        let is_too_long_ago = u32::try_from(since.len()).is_ok_and(|count| count >= SINCE_MAX);
        if is_too_long_ago || since.iter().any(is_no_orders) {
            return Err(Conflict::Recounted { on_hand: variant.stock }.into());
        }
        let delta = counted.saturating_sub(seen);
        if delta != 0 {
            let (reason, actor_id, stamp) = (self.reason.clone(), self.actor_id, self.stamp);
            let cause = Some(StockCause::Adjusted);
            MoveStock { variant_id, delta, cause, reason, actor_id, stamp }.run(tx).await?;
        }
        Ok(())
    }
}

/// Whether it is none that an order made: whoever counted cannot have known of it.
const fn is_no_orders(movement: &StockMovement) -> bool {
    !matches!(movement.cause, StockCause::Sold | StockCause::Cancelled)
}
