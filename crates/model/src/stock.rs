//! Stock: an append-only ledger of movements beside the current level.

use std::str::FromStr;

use jiff::Timestamp;

use crate::{AccountId, MovementId, OrderId, VariantId};

/// The most pieces that one movement moves, and that a level may reach.
pub const STOCK_MAX: i64 = 1_000_000_000;

/// Why stock moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockCause {
    /// Goods came in.
    Received,
    /// An order took it.
    Sold,
    /// A cancelled order gave it back.
    Cancelled,
    /// A customer sent it back.
    Returned,
    /// Somebody counted, or something broke.
    Adjusted,
}

impl StockCause {
    /// As it is stored and spoken in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sold => "sold",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
            Self::Adjusted => "adjusted",
        }
    }
}

impl FromStr for StockCause {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Received, Self::Sold, Self::Cancelled, Self::Returned, Self::Adjusted]
            .into_iter()
            .find(|cause| cause.as_str() == text)
            .ok_or(())
    }
}

/// One entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockMovement {
    /// Its id.
    pub id: MovementId,
    /// What moved.
    pub variant_id: VariantId,
    /// How many pieces came (positive) or went (negative); never 0.
    pub delta: i64,
    /// Why.
    pub cause: StockCause,
    /// The order that caused it.
    pub order_id: Option<OrderId>,
    /// Who caused it, where a person did.
    pub actor_id: Option<AccountId>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}
