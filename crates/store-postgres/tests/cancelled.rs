//! Somebody hangs up in the middle of a transaction: nothing of it stays, and nobody goes on with it.

use std::{future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use cartwright_store_postgres::{Options, PostgresEngine};
use store::{Change, Operation, StoreError, Tx};
use store_conformance::Database;

const MARK: &str = "half_done";

/// Writes, sends what it wrote, and then is cut off, or not.
struct Writes {
    key: &'static str,
    is_cut_off: bool,
}

#[async_trait]
impl Operation for Writes {
    type Output = ();
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.apply(&[Change::PutMeta { key: self.key.into(), value: Some("x".to_owned()) }]).await?;
        tx.meta("something").await?;
        if self.is_cut_off {
            pending::<()>().await;
        }
        Ok(())
    }
}

struct Reads;

#[async_trait]
impl Operation for Reads {
    type Output = Option<String>;
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Option<String>, StoreError> {
        tx.meta(MARK).await
    }
}

#[test]
fn what_was_cut_off_is_not_committed_by_the_next_one() {
    let open = || async move {
        let database = test_postgres::Database::fresh();
        let mut options = Options::parse(&database.url()).expect("a URL");
        // The next one gets the same connection.
        options.connections = 1;
        Database::new(Arc::new(PostgresEngine::open(options).await.expect("a database")), database)
    };
    store_conformance::run(open, |shop| async move {
        let cut_off = shop.run(Writes { key: MARK, is_cut_off: true });
        tokio::time::timeout(Duration::from_millis(300), cut_off).await.expect_err("it never ends");
        shop.run(Writes { key: "whole", is_cut_off: false }).await.expect("another connection");
        assert_eq!(shop.run(Reads).await.expect("an answer"), None);
    });
}
