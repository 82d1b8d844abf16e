//! One suite for every engine: each primitive, query and operation, alone and at once.
//!
//! An engine runs it with one file, in which each case becomes a test of its own:
//!
//! ```text
//! async fn fresh() -> store_conformance::Database {
//!     let folder = tempfile::tempdir().expect("a folder");
//!     let engine = MyEngine::open(folder.path()).await.expect("a database");
//!     store_conformance::Database::new(Arc::new(engine), folder)
//! }
//! store_conformance::suite!(crate::fresh);
//! ```
//!
//! Every case gets a database of its own, and after every case [`store::Maintenance::check`] must find nothing.
//!
//! # How to add a case
//! 1. Find the noun under `cases/` and the file of the operation; a case is a `pub async fn` that takes a
//!    [`support::Shop`], and its name is the sentence that it proves.
//! 2. Build what it needs with `support/`; time stands still unless the case moves it.
//! 3. Name it in `suite.rs`. A test of this crate fails as long as it is not named there.
//! 4. Break the rule that it guards once, and see it go red.

pub mod cases;
mod run;
mod suite;
pub mod support;

pub use run::{Case, Database, Running, run};
#[doc(hidden)]
pub use suite::boxed;
