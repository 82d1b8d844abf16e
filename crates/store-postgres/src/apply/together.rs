//! The changes of several orders, in as few statements as those of one.

use model::{Order, OutboxMail, StockMovement, VariantId};
use store::{Change, Claim, StoreError, StoredReply};

use super::{mail, order, shop, stock};
use crate::flight::Statement;

/// What orders write, gathered from several of them.
#[derive(Debug, Default)]
pub(crate) struct OrderWrites {
    orders: Vec<Order>,
    movements: Vec<StockMovement>,
    mails: Vec<OutboxMail>,
    replies: Vec<(Claim, StoredReply)>,
}

impl OrderWrites {
    /// Takes a change in.
    ///
    /// # Errors
    /// It is none that an order makes; nothing was taken in.
    pub(crate) fn add(&mut self, change: &Change) -> Result<(), OtherChange> {
        match change {
            Change::InsertOrder(order) => self.orders.push(order.clone()),
            Change::MoveStock(movements) => self.movements.extend_from_slice(movements),
            Change::InsertMail(mail) => self.mails.push(mail.clone()),
            Change::StoreReply { claim, reply } => self.replies.push((claim.clone(), reply.clone())),
            _ => return Err(OtherChange),
        }
        Ok(())
    }

    /// Takes in what another one gathered.
    pub(crate) fn append(&mut self, other: Self) {
        self.orders.extend(other.orders);
        self.movements.extend(other.movements);
        self.mails.extend(other.mails);
        self.replies.extend(other.replies);
    }

    /// What is taken from (or given back to) which variant.
    pub(crate) fn deltas(&self) -> impl Iterator<Item = (VariantId, i64)> {
        self.movements.iter().map(|movement| (movement.variant_id, movement.delta))
    }

    /// Whether there is nothing to write.
    pub(crate) const fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.movements.is_empty() && self.mails.is_empty() && self.replies.is_empty()
    }

    /// The statements that write all of it; the levels of the variants `locked` are locked already.
    pub(crate) fn statements(&self, locked: &[VariantId]) -> Result<Vec<Statement>, StoreError> {
        let mut statements = Vec::new();
        if !self.orders.is_empty() {
            statements.extend(order::insert(&self.orders.iter().collect::<Vec<_>>())?);
        }
        statements.extend(stock::move_stock(&self.movements.iter().collect::<Vec<_>>(), locked));
        if !self.mails.is_empty() {
            statements.push(mail::insert(&self.mails.iter().collect::<Vec<_>>())?);
        }
        if !self.replies.is_empty() {
            let replies: Vec<_> = self.replies.iter().map(|(claim, reply)| (claim, reply)).collect();
            statements.push(shop::store_replies(&replies));
        }
        Ok(statements)
    }
}

/// A change that no order makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OtherChange;
