//! Goods that come in, go missing, or are counted again.

use async_trait::async_trait;
use model::{AccountId, Stamp, StockCause, StockMovement, Variant, VariantId, Violations, stock::STOCK_MAX, text};
use store::{Change, Operation, Tx};

use crate::{Conflict, Error};

/// Moves the stock of a variant; gives the variant with its new level.
#[derive(Clone, Debug)]
pub struct MoveStock {
    /// Of what.
    pub variant_id: VariantId,
    /// How many pieces come (positive) or go (negative).
    pub delta: i64,
    /// Why: received when more, adjusted when less, unless given.
    pub cause: Option<StockCause>,
    /// Why, in words.
    pub reason: String,
    /// Who says so.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for MoveStock {
    type Output = Variant;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Variant, Error> {
        let movement = self.movement()?;
        let product = tx.product_of_variant(self.variant_id).await?.ok_or(Error::NotFound("variant"))?;
        let variant = product.variants.into_iter().find(|variant| variant.id == self.variant_id);
        let mut variant = variant.ok_or(Error::NotFound("variant"))?;
        if !variant.track_stock {
            return Err(Conflict::StockNotTracked.into());
        }
        variant.stock = level_after(variant.stock, self.delta)?;
        tx.apply(&[Change::MoveStock(vec![movement])]).await?;
        Ok(variant)
    }
}

/// How many pieces there are when `delta` come or go. What orders gave back may be more than one may put there: less of it is always right.
pub(super) fn level_after(on_hand: i64, delta: i64) -> Result<i64, Conflict> {
    let is_right = |level: &i64| *level >= 0 && (*level <= STOCK_MAX || delta < 0);
    on_hand.checked_add(delta).filter(is_right).ok_or(Conflict::StockOutOfRange { on_hand })
}

impl MoveStock {
    fn movement(&self) -> Result<StockMovement, Violations> {
        let mut wrong = Violations::default();
        if self.delta == 0 || !(-STOCK_MAX..=STOCK_MAX).contains(&self.delta) {
            wrong.add("/delta", "out_of_range", format!("must be 1 to {STOCK_MAX} pieces, or as many less"));
        }
        let reason = wrong.take(text::line("/reason", &self.reason, text::SHORT_TEXT_MAX));
        // What an order took or gave back is written by the order alone; anything else would break the ledger's story.
        if matches!(self.cause, Some(StockCause::Sold | StockCause::Cancelled)) {
            wrong.add("/cause", "not_allowed", "must be received, returned or adjusted");
        }
        if self.delta < 0 && matches!(self.cause, Some(StockCause::Received | StockCause::Returned)) {
            wrong.add("/cause", "not_allowed", "must be adjusted: what was received or returned is more, not less");
        }
        wrong.into_result()?;
        let by_sign = if self.delta > 0 { StockCause::Received } else { StockCause::Adjusted };
        Ok(StockMovement {
            id: self.stamp.ids().draw(),
            variant_id: self.variant_id,
            delta: self.delta,
            cause: self.cause.unwrap_or(by_sign),
            order_id: None,
            actor_id: self.actor_id,
            reason,
            at: self.stamp.now,
        })
    }
}
