//! The seam between the rules (`commerce`) and the engines (`store-sqlite` and its siblings).
//!
//! * [`Tx`]: what an operation may do inside its transaction: load rows (and lock them), then [`Tx::apply`] one list of
//!   [`Change`]s.
//! * [`Queries`]: what is read outside of transactions: lists, search, single resources for display.
//! * [`Operation`]: one thing that the shop does, as a value. [`execute`] runs it on an [`Engine`].
//! * [`StoreError`]: what may go wrong below the rules.
//!
//! # How to add a primitive
//! 1. Can a list of existing [`Change`]s or loads do it? Then do that; this trait must stay small enough to be read.
//! 2. A load: add a method to [`Tx`], set-based, and say in its docstring which rows it locks. A write: add a variant
//!    to [`Change`]. A display: add a method to [`Queries`].
//! 3. Implement it in each engine without deciding anything: a primitive that needs an `if` about the shop is a rule
//!    and belongs in `model`.
//! 4. Add its case to `store-conformance`, which runs on every engine.
//! 5. A new table is a new kind of [`Record`], read by both engines: what is not copied is lost when a shop moves.
//!
//! # What engines promise
//! A lookup that finds nothing is `None`, not an error. A change that names a row that is not there is
//! [`StoreError::Broken`]: the operation loaded (and locked) the row, so that it is gone is a bug, and the transaction
//! is rolled back. Rows read by a load are locked until the transaction ends, so that what an operation decided on is
//! still true when it is applied.

mod change;
pub mod copy;
mod document;
mod engine;
mod error;
mod idempotency;
mod maintenance;
mod page;
mod queries;
mod reports;
mod rows;
mod tx;

pub use change::Change;
pub use copy::{Copies, Parcel, Record, Tally};
pub use document::{Document, DocumentKind};
pub use engine::{Engine, Job, JobOutcome, execute};
pub use error::StoreError;
pub use idempotency::{Claim, Claimed, StoredReply};
pub use maintenance::{Database, Finding, Maintenance};
pub use page::{Cursor, CursorKey, LIMIT_MAX, Page, PageRequest};
pub use queries::{
    AccountFilter, AuditFilter, Backlog, Feed, FeedCursor, MailFilter, OrderFilter, ProductFilter, ProductSort,
    Queries, Query, ReviewFilter, ReviewSort, SessionAccess,
};
pub use reports::{BestSeller, LineDigest, LowStock, OpenWork, OrderDigest, SalesDay, ShortPlace};
pub use rows::{AccountRow, Checkout, DueAlert, ProductFace, Shelf, SkuOwner};
pub use tx::Tx;

/// One thing that the shop does: place an order, refresh a session, ship.
///
/// `run` loads what it needs, decides, applies one list of changes. It awaits nothing but `tx`, and may be called
/// again with the same value: everything it depends on (clock, ids, hashes) is in the value.
#[async_trait::async_trait]
pub trait Operation: Send + Sync + 'static {
    /// What it gives when it was done.
    type Output: Send + 'static;
    /// Why it was refused. A refusal rolls the transaction back; an outcome that must be remembered although it is
    /// unwelcome (a wrong code that costs a try) is an `Output`.
    type Error: Send + From<StoreError> + 'static;

    /// Whether it loads by [`Tx::claim`] and [`Tx::checkout`] alone. An engine may then run several such operations in one
    /// transaction, each of them as if it came after those before it. Wrong is only slow: what asks for something else runs
    /// alone.
    fn may_share_transaction(&self) -> bool {
        false
    }

    /// Runs it inside the transaction `tx`.
    async fn run(&self, tx: &mut dyn Tx) -> Result<Self::Output, Self::Error>;
}
