//! Correcting what was mistyped about an order: where it goes, how its parcel can be followed.

use std::sync::Arc;

use async_trait::async_trait;
use model::{
    Account, AccountId, Order, OrderEvent, OrderId, ShopSettings, Stamp,
    order::{Correction, OrderActor},
};
use store::{Change, Operation, Tx};

use super::{corrections, mails};
use crate::{Error, check_version};

/// An order that was corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// The order as it is now.
    pub order: Order,
    /// Whether the buyer gets a mail about it.
    pub is_told: bool,
}

/// Whether the buyer gets a mail about a tracking number that the order gets now: about the first one, if they can be reached.
#[must_use]
pub fn is_told_of_tracking(order: &Order, buyer: &Account) -> bool {
    order.takes_first_tracking() && buyer.reached_at().is_some()
}

/// Corrects an order, as the staff. Nothing else about it changes. The buyer is mailed when a parcel that is on its way gets the first
/// number to follow it by, and not otherwise.
#[derive(Clone, Debug)]
pub struct CorrectOrder {
    /// Which.
    pub id: OrderId,
    /// What is right.
    pub correction: Correction,
    /// Who does it.
    pub staff_id: AccountId,
    /// The settings: another country must be one that the shop sends to.
    pub settings: Arc<ShopSettings>,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for CorrectOrder {
    type Output = Corrected;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Corrected, Error> {
        // Load.
        let before = tx.order(self.id).await?.ok_or(Error::NotFound("order"))?;
        let buyer = tx.account(before.account_id).await?.ok_or(Error::NotFound("account"))?.account;

        // Decide.
        check_version(self.if_version, before.version)?;
        let (order, said) = before.clone().corrected(self.correction.clone())?;
        let is_forgotten = order.is_forgotten(&buyer);
        let mut order = if is_forgotten { order.anonymised() } else { order };
        // What is not kept of it, such as the page of a parcel whose buyer is gone, is no correction.
        let Some(said) = said.filter(|_| order != before) else {
            return Ok(Corrected { order: before, is_told: false });
        };
        // An order to where the shop no longer sends may still have a wrong street.
        if order.ship_to.country != before.ship_to.country {
            self.settings.check_destination(&order.ship_to)?;
        }
        let event = OrderEvent {
            at: self.stamp.now,
            status: order.status,
            actor: OrderActor::Staff,
            actor_id: Some(self.staff_id),
            note: (!is_forgotten).then(|| said.to_owned()),
        };
        order.timeline.push(event.clone());
        order.updated_at = self.stamp.now;
        order.version += 1;

        // Apply.
        let mut ids = self.stamp.ids();
        let mut changes = vec![Change::UpdateOrder { order: order.clone(), event: Some(event) }];
        if order.ship_to != before.ship_to {
            changes.push(corrections::note(tx, order.number, ids.draw()).await?);
        }
        let is_told = is_told_of_tracking(&before, &buyer);
        if is_told {
            let mail = mails::about(&order, &buyer, None, ids.draw(), self.stamp.now);
            changes.extend(mail.map(Change::InsertMail));
        }
        tx.apply(&changes).await?;
        Ok(Corrected { order, is_told })
    }
}
