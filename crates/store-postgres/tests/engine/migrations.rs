//! A newer program changes the schema while this one works.

use std::sync::{Arc, OnceLock};

use cartwright_store_postgres::{Options, PostgresEngine};
use commerce::ShareKeys;
use store::{Queries, StoreError, execute};
use store_conformance::{
    Database,
    support::{at_once, count_ok, line, place},
};
use test_postgres::{Server, Settings};

#[test]
fn this_program_goes_on_through_an_additive_migration_and_does_not_start_after_it() {
    let database: Arc<OnceLock<test_postgres::Database>> = Arc::default();
    let made = Arc::clone(&database);
    let open = || async move {
        let database = made.get_or_init(test_postgres::Database::fresh);
        let options = Options::parse(&database.url()).expect("a URL");
        let engine = PostgresEngine::open(options).await.expect("a database");
        Database::new(Arc::new(engine), made)
    };
    store_conformance::run(open, |shop| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 500).await);
        shop.order(&ann, &[line(&mug, 1)]).await;
        let database = database.get().expect("opened");
        let placed = at_once(9, |number| {
            let (shop, ann, mug, database) = (shop.clone(), ann.clone(), mug.clone(), database.url());
            async move {
                for round in 0..20 {
                    if number == 0 && round == 10 {
                        let newer = "BEGIN; ALTER TABLE orders ADD COLUMN gift BOOLEAN NOT NULL DEFAULT FALSE; \
                             ALTER TABLE accounts ADD COLUMN language TEXT; ALTER TABLE variants ADD COLUMN hs_code TEXT; \
                             CREATE TABLE gifts (id UUID PRIMARY KEY); UPDATE schema_version SET version = version + 1; COMMIT";
                        tokio::task::spawn_blocking({
                            let database = database.clone();
                            move || test_postgres::execute(&database, newer).expect("migrated")
                        })
                        .await
                        .expect("no panic");
                    }
                    shop.run(place(&shop, &ann, &[line(&mug, 1)])).await?;
                }
                Ok::<_, commerce::Error>(())
            }
        });
        let placed = placed.await;
        assert_eq!(count_ok(&placed), 9, "{placed:?}");
        assert_eq!(shop.product_now(mug.id).await.variants[0].stock, 500 - 1 - 180);
        let again = PostgresEngine::open(Options::parse(&database.url()).expect("a URL")).await;
        let error = again.expect_err("it is newer").to_string();
        assert!(error.contains("schema version ") && error.contains("this program knows version "), "{error}");
    });
}

#[tokio::test]
async fn looking_at_a_shop_of_an_older_program_changes_nothing() {
    let database = test_postgres::Database::fresh();
    let options = Options::parse(&database.url()).expect("a URL");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    let error = cartwright_store_postgres::backup(&options, &copy).await.expect_err("there is no shop").to_string();
    assert!(error.contains("is empty") && !copy.exists(), "{error}");
    PostgresEngine::open(options.clone()).await.expect("a database").close();
    PostgresEngine::open_existing(options.clone()).await.expect("of this program").close();
    database.execute("UPDATE schema_version SET version = version - 1");
    let error = PostgresEngine::open_existing(options.clone()).await.expect_err("it is older").to_string();
    assert!(error.contains("this program works with version ") && error.contains("cartwright serve"), "{error}");
    cartwright_store_postgres::backup(&options, &copy).await.expect("copied");
    assert!(copy.exists());
    // A newer one cannot be looked at either, but copied.
    database.execute("UPDATE schema_version SET version = version + 2");
    PostgresEngine::open_existing(options.clone()).await.expect_err("it is newer");
    let newer = folder.path().join("newer");
    cartwright_store_postgres::backup(&options, &newer).await.expect("copied");
}

#[tokio::test]
async fn plain_sql_neither_changes_nor_cuts_the_audit_log() {
    let database = test_postgres::Database::fresh();
    PostgresEngine::open(Options::parse(&database.url()).expect("a URL")).await.expect("a database");
    database.execute("INSERT INTO audit_log VALUES (gen_random_uuid(), now(), NULL, 'shop.started', NULL, '{}')");
    for statement in ["UPDATE audit_log SET action = 'shop.changed'", "DELETE FROM audit_log", "TRUNCATE audit_log"] {
        let error = test_postgres::execute(&database.url(), statement).expect_err(statement);
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
}

/// A shop that takes no order must not look open, whenever the right to write was taken away.
#[tokio::test]
async fn a_user_who_may_only_read_has_no_shop() {
    let server = Server::start(&Settings { is_durable: false, ..Settings::default() });
    let run = |name: &str, sql: &str| test_postgres::execute(&server.url(name), sql).expect(sql);
    run("postgres", "CREATE DATABASE shop");
    PostgresEngine::open(Options::parse(&server.url("shop")).expect("a URL")).await.expect("a database").close();
    run("shop", "CREATE ROLE looker LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker");
    let options = Options::parse(&server.url("shop").replace("postgres@", "looker@")).expect("a URL");
    let error = PostgresEngine::open(options.clone()).await.expect_err("it may not write").to_string();
    assert!(error.contains("may read tables and not write them"), "{error}");
    // To look at it is what this user may do.
    let engine = PostgresEngine::open_existing(options).await.expect("to be looked at");
    let written = execute(&engine, ShareKeys { fresh: "new".to_owned() }).await;
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    assert!(matches!(engine.ping().await, Err(StoreError::Unavailable(_))), "it says that it is ready");
}
