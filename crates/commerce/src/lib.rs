//! The business of a shop: one file an operation.
//!
//! An operation is a value that implements [`store::Operation`]; its `run` reads as three steps on one screen: **load**
//! what it needs, **decide** (in `model`, pure), **apply** one list of changes. Side effects (mails, stock) are rows in
//! the same transaction, never calls inside it.
//!
//! # How to add an operation
//! 1. Find its folder, or begin one; one file an operation, or for a tight pair.
//! 2. Clock, ids, hashes come in as fields: [`model::Stamp`], [`accounts::MailedSecret`].
//! 3. Refusals are [`Error`]; an unwelcome outcome that must be remembered (a wrong code costs a try) is an output.
//! 4. Its case goes into `store-conformance`, which runs it on every engine.

pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod bring_over;
pub mod catalogue;
mod demo_shop;
mod error;
pub mod export;
mod idempotent;
pub mod import;
pub mod jobs;
pub mod low_stock;
pub mod mail;
pub mod orders;
pub mod reviews;
pub mod rich_text;
pub mod saved_views;
pub mod second_factor;
pub mod settings;
mod shared_keys;
pub mod stock_alerts;
pub mod upkeep;
pub mod wishlist;

pub use audit::{Actor, Audited, Foreseen, Rehearsal, Rehearsed};
pub use demo_shop::TakeForDemo;
pub use error::{Conflict, Error, check_version};
pub use idempotent::{Idempotent, Replied};
pub use shared_keys::{NoteKeys, SHARED_KEYS, ShareKeys};
