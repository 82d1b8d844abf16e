//! The embedded engine: SQLite with a writer thread, group commit and short-lived readers.
//!
//! * **Writing.** One thread owns the connection that writes. It takes what is queued, runs all of it in one transaction,
//!   commits once, and only then answers. That is what makes thousands of durable commits a second out of a few hundred
//!   syncs. A job that must be undone alone has the group run again with a savepoint a job. See `writer.rs`, `group.rs`.
//! * **Reading.** A few read-only connections answer queries where they are asked, in microseconds; long ones move to
//!   the blocking threads. See `readers.rs`.
//! * **Decisions.** None. Selects live in `load/`, changes in `apply/`, lists in `query/`, a file a noun.
//!
//! Several processes may have the database open at once: WAL mode, `BEGIN IMMEDIATE`, a busy time-out.
//!
//! # How to change the schema
//! Add `migrations/000N_name.sql` and its line in `migrate.rs`. Never edit a migration that was released.

mod apply;
mod backup;
mod change_counter;
mod check;
mod checkpointer;
mod connection;
mod copy;
mod database;
mod engine;
mod error;
mod group;
mod live_copy;
mod load;
mod maintenance;
mod member;
mod migrate;
mod neighbour;
mod open;
mod queries;
mod query;
pub mod queue;
mod readers;
mod restore;
mod row;
mod sql;
mod tx;
mod wal;
pub mod writer;

pub use backup::{Maker, backup};
pub use engine::SqliteEngine;
pub use error::OpenError;
pub use neighbour::is_served;
pub use open::Options;
pub use restore::{is_in_use, restore};
