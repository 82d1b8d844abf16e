//! The suite that every engine passes, on this engine.

use std::sync::Arc;

use cartwright_store_postgres::{Options, PostgresEngine};
use store_conformance::Database;

/// A new database on the server of the tests.
async fn fresh() -> Database {
    let database = test_postgres::Database::fresh();
    let options = Options::parse(&database.url()).expect("a URL");
    let engine = PostgresEngine::open(options).await.expect("a database");
    Database::new(Arc::new(engine), database)
}

store_conformance::suite!(crate::fresh);
