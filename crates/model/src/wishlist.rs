//! What a customer would like to have.

use serde::{Deserialize, Serialize};

use crate::{AccountId, ProductId, Timestamp};

/// The most products of one list.
pub const ITEMS_MAX: usize = 500;

/// What a customer would like to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishlist {
    /// Whose.
    pub account_id: AccountId,
    /// What, in the order in which it was added.
    pub items: Vec<WishlistItem>,
    /// What the link that shares it ends with, while it is shared.
    pub share_token: Option<String>,
    /// Counts the changes, from 1.
    pub version: i64,
}

/// A product on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishlistItem {
    /// Which.
    pub product_id: ProductId,
    /// Since when.
    pub added_at: Timestamp,
}

impl Wishlist {
    /// The list of somebody who has none yet.
    #[must_use]
    pub const fn empty(account_id: AccountId) -> Self {
        Self { account_id, items: Vec::new(), share_token: None, version: 0 }
    }

    /// Puts a product on it. One that is there already stays where it is.
    ///
    /// Says whether it is on it now: a full one takes no more.
    #[must_use]
    pub fn add(&mut self, product_id: ProductId, now: Timestamp) -> bool {
        let is_on_it = self.items.iter().any(|item| item.product_id == product_id);
        if is_on_it || self.items.len() >= ITEMS_MAX {
            return is_on_it;
        }
        self.items.push(WishlistItem { product_id, added_at: now });
        true
    }

    /// Takes a product from it; says whether it was on it.
    #[must_use]
    pub fn remove(&mut self, product_id: ProductId) -> bool {
        let before = self.items.len();
        self.items.retain(|item| item.product_id != product_id);
        self.items.len() < before
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_full_list_takes_no_more_and_keeps_what_it_has() {
        let mut list = Wishlist::empty(Uuid::from_u128(1).into());
        let product = |n: usize| ProductId::from(Uuid::from_u128(n as u128));
        let now = Timestamp::UNIX_EPOCH;
        assert!((0..ITEMS_MAX).all(|n| list.add(product(n), now)));
        assert!(!list.add(product(ITEMS_MAX), now), "it is full");
        assert!(list.add(product(3), now), "it is on it already");
        assert_eq!(list.items.len(), ITEMS_MAX);
    }
}
