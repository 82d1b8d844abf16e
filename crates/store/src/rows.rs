//! What loads give that is not a noun of the model by itself.

use model::{
    Account, AccountId, Email, Image, OrderNumber, ProductId, ProductStatus, Timestamp, VariantId, checkout::Offer,
};

/// An account with what only transactions may see.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountRow {
    /// The account.
    pub account: Account,
    /// The password's hash, as `identity` wrote it; `None` when no password was ever set.
    pub password_hash: Option<String>,
}

/// What an order begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkout {
    /// The buyer, deleted ones included.
    pub buyer: Option<AccountRow>,
    /// What can be bought of what is asked for, in the order of the variants' ids, each once.
    pub offers: Vec<Offer>,
    /// A number that no order has.
    pub number: OrderNumber,
}

/// Who has a SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkuOwner {
    /// The SKU.
    pub sku: String,
    /// The variant that has it.
    pub variant_id: VariantId,
    /// That variant's product.
    pub product_id: ProductId,
}

/// What is there of a variant, as of a place in its ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// The variant.
    pub variant_id: VariantId,
    /// Pieces that are there.
    pub stock: i64,
    /// The place of its last movement; 0 before the first. Later movements have larger ones.
    pub place: i64,
}

/// What is shown of a product beside something else, such as the line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductFace {
    /// The product.
    pub id: ProductId,
    /// Its name in URLs.
    pub slug: String,
    /// What it is called.
    pub title: String,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// Its pictures, the first one first.
    pub images: Vec<Image>,
    /// The URLs of the pictures of those variants that have one of their own, in no order.
    pub variant_images: Vec<(VariantId, String)>,
}

/// Somebody who waits for a variant that may be to be had again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueAlert {
    /// Who.
    pub account_id: AccountId,
    /// The address, if there still is one that may be written to.
    pub email: Option<Email>,
    /// When that was proven to be theirs, if it was.
    pub email_verified_at: Option<Timestamp>,
    /// The name.
    pub name: String,
    /// For which variant.
    pub variant_id: VariantId,
    /// What its product is called.
    pub product_title: String,
    /// The product's name in URLs.
    pub slug: String,
    /// What tells it from its siblings.
    pub option_values: Vec<String>,
    /// Whether shoppers see the product.
    pub status: ProductStatus,
    /// Whether its stock limits what can be sold.
    pub track_stock: bool,
    /// How many pieces there are.
    pub stock: i64,
    /// Since when whoever waits is locked out, if so.
    pub disabled_at: Option<Timestamp>,
}
