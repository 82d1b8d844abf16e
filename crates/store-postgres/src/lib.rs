//! The engine that scales out: any number of identical processes on one PostgreSQL.
//!
//! * **Writing.** A transaction runs on a connection of a pool, at READ COMMITTED, and every load locks the rows it
//!   returns (`FOR NO KEY UPDATE`) in one order; what is not there yet is locked by name (advisory locks) or guarded by a
//!   unique index. Who meets another transaction there, a deadlock, or a broken connection runs again. See `engine.rs`.
//! * **Round trips.** What can travel together does: `BEGIN` with the first load, changes with the commit. See `tx.rs` and
//!   `flight.rs`.
//! * **Decisions.** None. Selects live in `load/`, changes in `apply/`, lists in `query/`, a file a noun, named as in the
//!   embedded engine.
//!
//! # How to change the schema
//! Add `migrations/000N_name.sql` and its line in `migrate.rs`. Never edit a migration that was released, and only add: the
//! processes of the version before go on working while the new ones start.

mod access_cache;
mod apply;
mod caught;
mod check;
mod copy;
mod engine;
mod error;
mod flight;
mod group;
mod load;
mod maintenance;
mod migrate;
mod param;
mod queries;
mod query;
mod row;
mod server;
mod tx;

pub use engine::PostgresEngine;
pub use error::OpenError;
pub use maintenance::backup;
pub use server::Options;
