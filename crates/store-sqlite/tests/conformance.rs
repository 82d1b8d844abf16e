//! The suite that every engine passes, on this engine.

use std::sync::Arc;

use cartwright_store_sqlite::{Options, SqliteEngine};
use store_conformance::Database;

/// A new database in a folder of its own.
async fn fresh() -> Database {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = SqliteEngine::open(&folder.path().join("shop.db"), Options::default()).expect("a database");
    Database::new(Arc::new(engine), folder)
}

store_conformance::suite!(crate::fresh);
