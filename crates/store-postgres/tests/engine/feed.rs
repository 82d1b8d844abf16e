//! The catalogue's feed where numbers of transactions mean something else than they did.

use std::process::Command;

use cartwright_store_postgres::{Options, PostgresEngine};
use store::{Feed, FeedCursor, Queries};
use test_postgres::{Database, Server, Settings, execute};

fn options(url: &str) -> Options {
    Options::parse(url).expect("a URL")
}

async fn feed(engine: &PostgresEngine) -> Feed {
    engine.catalogue_feed(FeedCursor::default(), 10).await.expect("an answer")
}

/// It is never started anew, and twice nothing happens between two recoveries.
#[tokio::test]
async fn a_server_that_recovered_from_a_crash_lives_another_life() {
    // Nobody else writes.
    let server = Server::start(&Settings { more: vec!["autovacuum=off".to_owned()], ..Settings::default() });
    execute(&server.url("postgres"), "CREATE DATABASE shop").expect("a database");
    let engine = PostgresEngine::open(options(&server.url("shop"))).await.expect("a database");
    let now = async || (feed(&engine).await.life, engine.change_counter().await.expect("PostgreSQL tells"));
    let mut seen = vec![now().await];
    for _ in 0..3 {
        assert_eq!(seen.last(), Some(&now().await), "nothing has changed");
        server.crash("shop");
        let (life, counter) = now().await;
        assert!(seen.iter().all(|(earlier, kept)| *earlier != life && *kept != counter), "{life}, {counter}: {seen:?}");
        seen.push((life, counter));
    }
}

/// Connections of one process may be in several: each look would find another life.
#[tokio::test]
async fn a_life_is_the_same_in_every_time_zone() {
    let database = Database::fresh();
    PostgresEngine::open(options(&database.url())).await.expect("a database").close();
    let mut lives = Vec::new();
    for zone in ["UTC", "Asia/Tokyo"] {
        let set = format!("format('ALTER DATABASE %I SET timezone = %L', current_database(), '{zone}')");
        database.execute(&format!("DO $$ BEGIN EXECUTE {set}; END $$"));
        let engine = PostgresEngine::open(options(&database.url())).await.expect("a shop");
        lives.push(feed(&engine).await.life);
    }
    assert_eq!(lives[0], lives[1]);
}

/// Each index would read them again with every look.
#[tokio::test]
async fn numbers_that_no_transaction_here_has_reached_are_removed_at_the_start() {
    let database = Database::fresh();
    PostgresEngine::open(options(&database.url())).await.expect("a database").close();
    database.execute("INSERT INTO catalogue_feed (product_id) VALUES (gen_random_uuid())");
    let foreign = 9_000_000_000_000_000_000;
    database.execute(&format!("INSERT INTO catalogue_feed (xid, product_id) VALUES ('{foreign}', gen_random_uuid())"));
    let looking = PostgresEngine::open_existing(options(&database.url())).await.expect("a shop");
    assert_eq!(feed(&looking).await.entries.len(), 2, "whoever looks changes nothing");
    let engine = PostgresEngine::open(options(&database.url())).await.expect("a shop");
    let left = feed(&engine).await;
    assert!(left.entries.len() == 1 && left.entries[0].0.place < foreign, "{left:?}");
}

#[tokio::test]
async fn a_backup_leaves_out_what_means_nothing_on_another_server() {
    let (database, other) = (Database::fresh(), Database::fresh());
    PostgresEngine::open(options(&database.url())).await.expect("a database").close();
    database.execute("INSERT INTO catalogue_feed (product_id) VALUES (gen_random_uuid())");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    cartwright_store_postgres::backup(&options(&database.url()), &copy).await.expect("copied");
    let mut restore = Command::new("pg_restore");
    restore.args(["--no-owner", "--dbname", &other.url()]).arg(&copy);
    assert!(restore.status().expect("pg_restore can be run").success());
    assert_eq!(other.execute("SELECT 1 FROM schema_version"), 1);
    assert_eq!(other.execute("SELECT 1 FROM catalogue_feed"), 0);
    // It is there, and new entries are made.
    other.execute("INSERT INTO catalogue_feed (product_id) VALUES (gen_random_uuid())");
}
