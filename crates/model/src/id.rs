//! Identifiers: a newtype a noun around a UUIDv7 (RFC 9562), so that an order's id cannot be passed for a product's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )+};
}

id! {
    /// Of an account: a customer, a member of staff or the owner.
    AccountId,
    /// Of an address that a customer saved.
    AddressId,
    /// Of an entry of the audit log.
    AuditId,
    /// Of a category.
    CategoryId,
    /// Of a mail in the outbox.
    MailId,
    /// Of a stock movement.
    MovementId,
    /// Of an order.
    OrderId,
    /// Of a product.
    ProductId,
    /// Of a review.
    ReviewId,
    /// Of a session: one signed-in device, however often its tokens are rotated.
    SessionId,
    /// Of a variant, the thing that has a price, a SKU and a stock.
    VariantId,
}
