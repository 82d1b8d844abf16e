//! Which server is meant, how it is reached, and what is said when it is not.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use cartwright_store_postgres::{Options, PostgresEngine, backup};
use test_postgres::{Server, Settings, execute};

fn options(url: &str) -> Options {
    Options::parse(url).expect("a URL")
}

async fn refusal(url: &str) -> String {
    PostgresEngine::open(options(url)).await.expect_err(url).to_string()
}

/// A standby that is behind is often the first host of the URL: after the primary went over to it and back.
#[tokio::test]
async fn a_backup_is_of_the_server_that_takes_writes() {
    let settings = Settings { is_durable: false, ..Settings::default() };
    let primary = Server::start(&settings);
    let standby = primary.start_standby(&settings);
    PostgresEngine::open(options(&primary.url("postgres"))).await.expect("a shop").close();
    let began = Instant::now();
    while execute(&standby.url("postgres"), "SELECT version FROM schema_version").is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "the standby does not follow");
        thread::sleep(Duration::from_millis(20));
    }
    execute(&standby.url("postgres"), "SELECT pg_wal_replay_pause()").expect("asked to pause");
    let paused = "SELECT 1 / (pg_get_wal_replay_pause_state() = 'paused')::INT";
    while execute(&standby.url("postgres"), paused).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "the standby does not pause");
        thread::sleep(Duration::from_millis(20));
    }
    execute(&primary.url("postgres"), "CREATE TABLE written_since (id BIGINT)").expect("written");

    let both = format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres", standby.port(), primary.port());
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    backup(&options(&both), &copy).await.expect("copied");
    let list = Command::new("pg_restore").arg("--list").arg(&copy).output().expect("the program starts");
    assert!(String::from_utf8_lossy(&list.stdout).contains("written_since"), "the copy is of the standby");

    let refused = refusal(&standby.url("postgres")).await;
    assert!(refused.contains("nothing can be written") && refused.contains("the primary is named"), "{refused}");
}

#[tokio::test]
async fn a_server_is_reached_by_its_unix_socket() {
    let server = Server::start(&Settings { is_durable: false, ..Settings::default() });
    let place = server.folder().display().to_string().replace('/', "%2F");
    for mode in ["", "?sslmode=require"] {
        let url = options(&format!("postgres://postgres@{place}:{}/postgres{mode}", server.port()));
        PostgresEngine::open(url.clone()).await.expect("a shop").close();
        let folder = tempfile::tempdir().expect("a folder");
        backup(&url, &folder.path().join("copy")).await.expect("copied");
    }
    // That it runs and can be reached is not what they must look for.
    let encrypted = refusal(&format!("{}?sslmode=require", server.url("postgres"))).await;
    assert!(encrypted.contains("no TLS with") && encrypted.contains("sslmode"), "{encrypted}");
    execute(&server.url("postgres"), "CREATE ROLE few LOGIN CONNECTION LIMIT 0").expect("a role");
    let crowded = refusal(&server.url("postgres").replace("postgres@", "few@")).await;
    assert!(crowded.contains("takes no more connections") && crowded.contains("--database-connections"), "{crowded}");
}
