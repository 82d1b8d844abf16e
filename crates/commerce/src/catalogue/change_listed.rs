//! Prices and stock of several variants, as a list shows them to be changed.

use async_trait::async_trait;
use model::{AccountId, Money, Stamp, VariantId};
use store::{Operation, StoreError, Tx};

use super::{CountStock, StockCount, UpdateVariant, VariantPatch};
use crate::Error;

/// What is changed of one variant.
#[derive(Clone, Copy, Debug)]
pub struct ListedChange {
    /// Which.
    pub variant_id: VariantId,
    /// What it shall cost; `None` leaves that as it is.
    pub price: Option<Money>,
    /// The version of its product that the caller saw; looked at where the price changes.
    pub if_version: Option<i64>,
    /// How many pieces were counted; `None` leaves the stock as it is.
    pub count: Option<StockCount>,
}

/// Changes prices and stock of several variants, all of it or nothing.
#[derive(Clone, Debug)]
pub struct ChangeListed {
    /// The changes. Two of one product are refused where both name the version of it.
    pub changes: Vec<ListedChange>,
    /// Why stock moves, in words.
    pub reason: String,
    /// Who says so.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

/// Why nothing was changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ListedError {
    /// These changes were refused, each with its reason.
    #[error("{} of the changes are refused", .0.len())]
    Refused(Vec<(VariantId, Error)>),
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[async_trait]
impl Operation for ChangeListed {
    type Output = ();
    type Error = ListedError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), ListedError> {
        let mut refused = Vec::new();
        for (change, n) in self.changes.iter().zip((0..).step_by(2)) {
            // Each change is up to two operations inside of this one. Those behind one that is refused are looked at too, so that
            // all mistakes are told at once.
            let stamps = [self.stamp.nth(n), self.stamp.nth(n + 1)];
            match self.change(tx, change, stamps).await {
                Ok(()) => {}
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => refused.push((change.variant_id, error)),
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(ListedError::Refused(refused)) }
    }
}

impl ChangeListed {
    async fn change(&self, tx: &mut dyn Tx, change: &ListedChange, stamps: [Stamp; 2]) -> Result<(), Error> {
        let ListedChange { variant_id, price, if_version, count } = *change;
        let [pricing, counting] = stamps;
        if price.is_some() {
            let patch = VariantPatch { price, ..VariantPatch::default() };
            UpdateVariant { id: variant_id, patch, if_version, stamp: pricing }.run(tx).await?;
        }
        if let Some(count) = count {
            let (reason, actor_id) = (self.reason.clone(), self.actor_id);
            CountStock { variant_id, count, reason, actor_id, stamp: counting }.run(tx).await?;
        }
        Ok(())
    }
}
