//! Placing an order.

use async_trait::async_trait;
use model::{
    AccountId, Currency, Money, Order, OrderEvent, OrderLine, OrderNumber, OrderStatus, PostalAddress, Stamp,
    StockCause, StockMovement, Violations,
    checkout::{self, Offer, Refusal, RequestedLine, Terms},
    order::OrderActor,
};
use store::{AccountRow, Change, Checkout, Operation, Tx};

use super::mails;
use crate::{Conflict, Error, accounts::usable_row};

/// Places an order: the stock is taken, the order written and its mail enqueued, or none of it.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// Who buys.
    pub buyer: AccountId,
    /// What, as the buyer wrote it; lines of one variant are summed.
    pub lines: Vec<RequestedLine>,
    /// In which currency; each variant's own when `None`.
    pub currency: Option<Currency>,
    /// What the buyer was told that it comes to: it is refused if it comes to anything else. `None` takes whatever it comes to.
    pub expected_total: Option<Money>,
    /// Where it goes.
    pub ship_to: PostalAddress,
    /// The clock and the ids.
    pub stamp: Stamp,
}

/// An order that was placed just now.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// What its lines were bought of, as they were in the same transaction.
    pub offers: Vec<Offer>,
}

#[async_trait]
impl Operation for PlaceOrder {
    type Output = Order;
    type Error = Error;

    fn may_share_transaction(&self) -> bool {
        true
    }

    async fn run(&self, tx: &mut dyn Tx) -> Result<Order, Error> {
        Ok(self.run_in(tx, None).await?.order)
    }
}

impl PlaceOrder {
    /// Places it, if it comes to one of these currencies; in any when `None`.
    pub(super) async fn run_in(&self, tx: &mut dyn Tx, currencies: Option<&[Currency]>) -> Result<Placed, Error> {
        // Load.
        let wanted = checkout::sum_lines(&self.lines)?;
        let variants: Vec<_> = wanted.iter().map(|line| line.variant_id).collect();
        let Checkout { buyer, mut offers, number } = tx.checkout(self.buyer, &variants).await?;
        if faults::is_lifted("guard.stock") {
            offers.iter_mut().for_each(|offer| offer.variant.stock = i64::MAX);
        }

        // Decide.
        let buyer = usable_row(buyer)?;
        let terms = Terms { currency: self.currency, expected_total: self.expected_total, now: self.stamp.now };
        let ship_to = self.ship_to.clone().validate("/ship_to")?;
        let (lines, total) = checkout::decide(&wanted, &self.lines, &offers, terms).map_err(refused)?;
        check_currency(total.currency, currencies)?;
        let order = self.order(&buyer, number, lines, total, ship_to);

        // Apply.
        tx.apply(&self.changes(&buyer, &order)).await?;
        Ok(Placed { order, offers })
    }

    fn order(
        &self,
        buyer: &AccountRow,
        number: OrderNumber,
        lines: Vec<OrderLine>,
        total: Money,
        ship_to: PostalAddress,
    ) -> Order {
        let now = self.stamp.now;
        let placed = OrderEvent {
            at: now,
            status: OrderStatus::Pending,
            actor: OrderActor::Customer,
            actor_id: Some(self.buyer),
            note: None,
        };
        Order {
            id: self.stamp.ids().draw(),
            number,
            account_id: self.buyer,
            email: buyer.account.email.clone(),
            status: OrderStatus::Pending,
            lines,
            total,
            ship_to,
            tracking: None,
            timeline: vec![placed],
            placed_at: now,
            updated_at: now,
            version: 1,
        }
    }

    fn changes(&self, buyer: &AccountRow, order: &Order) -> Vec<Change> {
        let mut ids = self.stamp.ids();
        let _of_order: model::OrderId = ids.draw();
        let sold = order.lines.iter().filter(|line| line.stock_taken).map(|line| StockMovement {
            id: ids.draw(),
            variant_id: line.variant_id,
            delta: -line.quantity,
            cause: StockCause::Sold,
            order_id: Some(order.id),
            actor_id: Some(self.buyer),
            reason: None,
            at: self.stamp.now,
        });
        let sold = sold.collect();
        let mut changes = vec![Change::InsertOrder(order.clone()), Change::MoveStock(sold)];
        changes.extend(mails::about(order, &buyer.account, None, ids.draw(), self.stamp.now).map(Change::InsertMail));
        changes
    }
}

/// Refuses a currency that is none of these. A variant may still have a price in one that the shop once sold in.
pub(super) fn check_currency(currency: Currency, currencies: Option<&[Currency]>) -> Result<(), Violations> {
    if currencies.is_none_or(|currencies| currencies.contains(&currency)) {
        return Ok(());
    }
    let message = format!("must be one that the shop sells in, which {currency} is not");
    Err(Violations::one("/currency", "no_such_currency", message))
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Invalid(violations) => violations.into(),
        Refusal::OutOfStock(shortages) => Conflict::OutOfStock(shortages).into(),
        Refusal::PriceChanged(total) => Conflict::PriceChanged(total).into(),
    }
}
