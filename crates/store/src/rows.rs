//! What loads give that is not a noun of the model by itself.

use model::{Account, OrderNumber, ProductId, VariantId, checkout::Offer};

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
