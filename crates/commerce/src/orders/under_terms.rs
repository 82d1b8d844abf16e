//! Placing an order in a shop that says when it takes orders, where it sends to, and what it sells in.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Currency, ShopSettings};
use store::{Operation, Tx};

use super::{PlaceOrder, Placed, place_order::check_currency};
use crate::Error;

/// Places an order if the shop's settings let it. Behind an idempotency key this is asked for new orders alone: who placed one
/// before the shop closed goes on getting the same reply.
#[derive(Clone, Debug)]
pub struct PlaceUnderTerms {
    /// The settings.
    pub settings: Arc<ShopSettings>,
    /// What the shop sells in. A variant may still have a price in a currency that it once did.
    pub currencies: Vec<Currency>,
    /// The order.
    pub place: PlaceOrder,
}

#[async_trait]
impl Operation for PlaceUnderTerms {
    type Output = Placed;
    type Error = Error;

    fn may_share_transaction(&self) -> bool {
        self.place.may_share_transaction()
    }

    async fn run(&self, tx: &mut dyn Tx) -> Result<Placed, Error> {
        self.settings.check_order(&self.place.ship_to)?;
        let currencies = Some(self.currencies.as_slice());
        if let Some(asked) = self.place.currency {
            check_currency(asked, currencies)?;
        }
        self.place.run_in(tx, currencies).await
    }
}
