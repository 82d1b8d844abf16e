//! Moving an order on: confirm, ship, deliver, cancel.

use async_trait::async_trait;
use model::{
    Account, AccountId, MovementId, Order, OrderEvent, OrderId, OrderStatus, Stamp, StockCause, StockMovement,
    Tracking,
    order::{self, OrderActor},
};
use store::{Change, Operation, Tx};

use super::mails;
use crate::{Conflict, Error, check_version};

/// Who moves an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mover {
    /// The buyer, who may cancel what is theirs.
    Customer(AccountId),
    /// Staff.
    Staff(AccountId),
}

/// Moves an order to another status. A cancellation gives the stock back. The buyer gets a mail. When a buyer cancels what they have
/// cancelled already, the order stays as it is, whichever version they saw.
#[derive(Clone, Debug)]
pub struct MoveOrder {
    /// Which.
    pub id: OrderId,
    /// Where to.
    pub to: OrderStatus,
    /// Who does it.
    pub mover: Mover,
    /// What to tell the buyer.
    pub note: Option<String>,
    /// How to follow the parcel; with a shipment only.
    pub tracking: Option<Tracking>,
    /// Whether the pieces of a cancelled order cannot be sold again, because they are lost or broken; the staff's to say.
    pub is_lost: bool,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for MoveOrder {
    type Output = Order;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Order, Error> {
        // Load.
        let order = tx.order(self.id).await?.filter(|order| self.may_see(order)).ok_or(Error::NotFound("order"))?;
        // A buyer who asks once more, because a reply was lost or a button pressed twice, has what they want.
        if self.is_buyers_again(&order) {
            return Ok(order);
        }
        let buyer = tx.account(order.account_id).await?.ok_or(Error::NotFound("account"))?;

        // Decide.
        check_version(self.if_version, order.version)?;
        let was_open = order.status.is_open();
        let (order, event) = self.decide(order, &buyer.account)?;

        // Apply.
        tx.apply(&self.changes(&order, was_open, event, &buyer.account)).await?;
        Ok(order)
    }
}

impl MoveOrder {
    fn may_see(&self, order: &Order) -> bool {
        match self.mover {
            Mover::Customer(id) => order.account_id == id,
            Mover::Staff(_) => true,
        }
    }

    /// Whether it is a cancellation by the buyer, who has cancelled the order already.
    fn is_buyers_again(&self, order: &Order) -> bool {
        let is_theirs = order.timeline.last().is_some_and(|last| last.actor == OrderActor::Customer);
        matches!(self.mover, Mover::Customer(_))
            && is_theirs
            && self.to == order.status
            && self.to == OrderStatus::Cancelled
    }

    /// The order as it becomes, and the entry in its timeline.
    fn decide(&self, mut order: Order, buyer: &Account) -> Result<(Order, OrderEvent), Error> {
        let is_for_staff = self.to != OrderStatus::Cancelled;
        if is_for_staff && matches!(self.mover, Mover::Customer(_)) {
            return Err(Error::Forbidden);
        }
        if !order.status.may_become(self.to) {
            let allowed = order.status.allowed();
            return Err(Conflict::NotAllowed { from: order.status, to: self.to, allowed }.into());
        }
        if self.tracking.is_some() && self.to != OrderStatus::Shipped {
            let message = "a tracking number belongs to a move to `shipped`";
            return Err(model::Violations::one("/tracking", "not_allowed", message).into());
        }
        if self.is_lost && self.to != OrderStatus::Cancelled {
            let message = "keeping pieces out of the stock belongs to a move to `cancelled`";
            return Err(model::Violations::one("/restock", "not_allowed", message).into());
        }
        let note = order::note(self.note.as_deref().unwrap_or("")).map_err(|wrong| model::Violations(vec![wrong]))?;
        if let Some(tracking) = self.tracking.clone() {
            order.tracking = Some(tracking.validate()?);
        }
        let (actor, actor_id) = match self.mover {
            Mover::Customer(id) => (OrderActor::Customer, id),
            Mover::Staff(id) => (OrderActor::Staff, id),
        };
        order.status = self.to;
        let is_forgotten = order.is_forgotten(buyer);
        let note = note.filter(|_| !is_forgotten);
        let event = OrderEvent { at: self.stamp.now, status: self.to, actor, actor_id: Some(actor_id), note };
        order.timeline.push(event.clone());
        order.updated_at = self.stamp.now;
        order.version += 1;
        Ok((if is_forgotten { order.anonymised() } else { order }, event))
    }

    fn changes(&self, order: &Order, was_open: bool, event: OrderEvent, buyer: &Account) -> Vec<Change> {
        let mut ids = self.stamp.ids();
        // Whoever cancels knows why.
        let note = event.note.clone().filter(|_| event.actor == OrderActor::Staff);
        let mail = mails::about(order, buyer, note, ids.draw(), self.stamp.now);
        let mut changes = vec![Change::UpdateOrder { order: order.clone(), event: Some(event) }];
        if was_open && order.is_forgotten(buyer) {
            let account_id = buyer.id;
            changes.extend([Change::AnonymiseOrders { account_id }, Change::ForgetTraces { account_id }]);
        }
        if order.status == OrderStatus::Cancelled {
            let mut movements = self.given_back(order, || ids.draw());
            if self.is_lost && matches!(self.mover, Mover::Staff(_)) {
                movements.extend(written_off(&movements, || ids.draw()));
            }
            changes.push(Change::MoveStock(movements));
        }
        changes.extend(mail.map(Change::InsertMail));
        changes
    }

    /// The movements that undo what the order took.
    fn given_back(&self, order: &Order, mut next_id: impl FnMut() -> MovementId) -> Vec<StockMovement> {
        let (Mover::Customer(actor) | Mover::Staff(actor)) = self.mover;
        let taken = order.lines.iter().filter(|line| line.stock_taken);
        taken
            .map(|line| StockMovement {
                id: next_id(),
                variant_id: line.variant_id,
                delta: line.quantity,
                cause: StockCause::Cancelled,
                order_id: Some(order.id),
                actor_id: Some(actor),
                reason: None,
                at: self.stamp.now,
            })
            .collect()
    }
}

/// The movements that take away again what a cancellation gave back, because it is not there.
fn written_off(given_back: &[StockMovement], mut next_id: impl FnMut() -> MovementId) -> Vec<StockMovement> {
    let undo = |movement: &StockMovement| StockMovement {
        id: next_id(),
        delta: -movement.delta,
        cause: StockCause::Adjusted,
        order_id: None,
        reason: Some("not put back when its order was cancelled".to_owned()),
        ..movement.clone()
    };
    given_back.iter().map(undo).collect()
}
