//! Somebody hangs up in the middle of a transaction, or it ends by a bug: nothing of it stays, and nobody goes on with it.

use std::{future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use cartwright_store_postgres::{Options, PostgresEngine};
use store::{Change, Operation, StoreError, Tx};
use store_conformance::Database;

const MARK: &str = "half_done";

/// Writes, sends what it wrote, and then comes to its end.
struct Writes {
    key: &'static str,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    Good,
    CutOff,
    Bug,
}

#[async_trait]
impl Operation for Writes {
    type Output = ();
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.apply(&[Change::PutMeta { key: self.key.into(), value: Some("x".to_owned()) }]).await?;
        tx.meta("something").await?;
        match self.end {
            End::Good => Ok(()),
            End::CutOff => pending().await,
            End::Bug => panic!("a bug"),
        }
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

/// A database of one connection: the next one gets the same.
async fn open() -> Database {
    let database = test_postgres::Database::fresh();
    let mut options = Options::parse(&database.url()).expect("a URL");
    options.connections = 1;
    Database::new(Arc::new(PostgresEngine::open(options).await.expect("a database")), database)
}

#[test]
fn what_was_cut_off_is_not_committed_by_the_next_one() {
    store_conformance::run(open, |shop| async move {
        let cut_off = shop.run(Writes { key: MARK, end: End::CutOff });
        tokio::time::timeout(Duration::from_millis(300), cut_off).await.expect_err("it never ends");
        shop.run(Writes { key: "whole", end: End::Good }).await.expect("another connection");
        assert_eq!(shop.run(Reads).await.expect("an answer"), None);
    });
}

/// As the embedded engine does it: whoever asked is told, and lives on.
#[test]
fn a_bug_ends_the_operation_alone() {
    store_conformance::run(open, |shop| async move {
        for _ in 0..3 {
            let ended = shop.run(Writes { key: MARK, end: End::Bug }).await;
            assert!(matches!(ended, Err(StoreError::Internal(_))), "{ended:?}");
        }
        shop.run(Writes { key: "whole", end: End::Good }).await.expect("another connection");
        assert_eq!(shop.run(Reads).await.expect("an answer"), None);
    });
}
