//! The suite that every engine passes, on this engine.

use std::sync::Arc;

use cartwright_store_postgres::{Options, PostgresEngine};
use store_conformance::Database;

/// A new database on the server of the tests, with an empty shop.
async fn fresh() -> Database {
    let database = test_postgres::Database::prepared(async |url| open(&url).await.close()).await;
    let engine = open(&database.url()).await;
    Database::new(Arc::new(engine), database)
}

async fn open(url: &str) -> PostgresEngine {
    let options = Options::parse(url).expect("a URL");
    PostgresEngine::open(options).await.expect("a database")
}

store_conformance::suite!(crate::fresh);
