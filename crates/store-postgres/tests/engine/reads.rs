//! What the server says about how much its connections read.

use std::time::Duration;

use cartwright_store_postgres::{Options, PostgresEngine};
use test_postgres::Database;

/// A row for each connection but the one that asks.
pub(crate) const OTHERS: &str = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() \
    AND backend_type = 'client backend' AND pid <> pg_backend_pid()";

/// An engine with one connection.
pub(crate) async fn open(database: &Database) -> PostgresEngine {
    let mut options = Options::parse(&database.url()).expect("a URL");
    options.connections = 1;
    PostgresEngine::open(options).await.expect("a database")
}

/// Waits until a statement gives `rows` rows. What a connection read is counted for others by when it is gone.
pub(crate) async fn wait_for(database: &Database, sql: &str, rows: usize, what: &str) {
    for _ in 0..200 {
        if database.execute(sql) == rows {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}");
}
