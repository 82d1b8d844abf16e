//! What a customer would like to have.

use serde::{Deserialize, Serialize};

use crate::{AccountId, ProductId, Timestamp, violation::Violations};

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
    /// # Errors
    /// When it is full.
    pub fn add(&mut self, product_id: ProductId, now: Timestamp) -> Result<(), Violations> {
        if self.items.iter().any(|item| item.product_id == product_id) {
            return Ok(());
        }
        if self.items.len() >= ITEMS_MAX {
            return Err(Violations::one("", "out_of_range", format!("a wishlist has at most {ITEMS_MAX} products")));
        }
        self.items.push(WishlistItem { product_id, added_at: now });
        Ok(())
    }

    /// Takes a product from it.
    pub fn remove(&mut self, product_id: ProductId) {
        self.items.retain(|item| item.product_id != product_id);
    }
}
