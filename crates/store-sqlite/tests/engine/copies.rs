//! Backups, restoring them, and what is refused at the door.

use std::path::Path;

use crate::common::Shop;
use cartwright_store_sqlite::{OpenError, Options, SqliteEngine, restore};
use store::{Maintenance, Queries};

fn open(path: &Path) -> Result<SqliteEngine, OpenError> {
    SqliteEngine::open(path, Options { busy_timeout: std::time::Duration::from_millis(200), ..Options::default() })
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("readable");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_busy_shop_is_sound_and_whole() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let variant = shop.stocked("Mug", &[1_000_000]).await.variants[0].id;
    let first = shop.place(&[(variant, 1)]).await.expect("placed");
    let busy = {
        let shop = std::sync::Arc::clone(&shop);
        tokio::spawn(async move {
            for _ in 0..300 {
                shop.place(&[(variant, 1)]).await.expect("placed");
            }
        })
    };
    let to = shop.folder.path().join("copy.db");
    shop.engine.backup(&to).await.expect("copied");
    busy.await.expect("no panic");
    assert!(!names(shop.folder.path()).iter().any(|name| name.contains("unfinished") || name.starts_with("copy.db-")));

    let copy = open(&to).expect("opens");
    assert_eq!(copy.check().await.expect("checked"), []);
    assert!(copy.order(first.id).await.expect("read").is_some());
}

#[tokio::test]
async fn a_backup_overwrites_nothing() {
    let shop = Shop::open().await;
    let to = shop.folder.path().join("precious");
    std::fs::write(&to, "precious").expect("written");
    let error = shop.engine.backup(&to).await.expect_err("refused");
    assert!(error.to_string().contains("exists already"), "{error}");
    assert_eq!(std::fs::read(&to).expect("read"), b"precious");
    shop.engine.backup(&shop.folder.path().join("no/such/folder/x")).await.expect_err("no folder");
}

#[tokio::test]
async fn restoring_brings_back_what_was_and_keeps_what_is() {
    let shop = Shop::open().await;
    let to = shop.folder.path().join("copy.db");
    shop.stocked("Mug", &[1]).await;
    shop.engine.backup(&to).await.expect("copied");
    shop.stocked("Bowl", &[1]).await;

    let error = restore(&to, &shop.path()).expect_err("in use");
    assert!(matches!(error, OpenError::Locked(_)), "{error}");
    let path = shop.path();
    let Shop { folder, engine, .. } = shop;
    engine.close().await.expect("closed");
    drop(engine);

    restore(&to, &path).expect("restored");
    let kept: Vec<_> = names(folder.path()).into_iter().filter(|name| name.contains("before-restore")).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let restored = open(&path).expect("opens");
    assert!(restored.product_by_slug("mug").await.expect("read").is_some());
    assert!(restored.product_by_slug("bowl").await.expect("read").is_none());
    let before = open(&folder.path().join(&kept[0])).expect("opens");
    assert!(before.product_by_slug("bowl").await.expect("read").is_some());
}

/// A link to where there is more room stays one.
#[tokio::test]
async fn a_database_behind_a_link_is_replaced_where_it_is() {
    let shop = Shop::open().await;
    let copy = shop.folder.path().join("copy.db");
    shop.engine.backup(&copy).await.expect("copied");
    let (small, large) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (link, db) = (small.path().join("shop.db"), large.path().join("shop.db"));
    std::os::unix::fs::symlink("other.db", &link).expect("a link");
    std::os::unix::fs::symlink(&db, small.path().join("other.db")).expect("a link");
    // To nothing yet, and then to a shop.
    for kept in [0, 1] {
        restore(&copy, &link).expect("restored");
        assert_eq!(names(small.path()), ["other.db", "shop.db"]);
        assert!(small.path().join("other.db").symlink_metadata().expect("there").is_symlink());
        let before = names(large.path()).into_iter().filter(|name| name.contains("before-restore"));
        assert_eq!((before.count(), db.is_file()), (kept, true));
    }
}

#[tokio::test]
async fn a_crashed_database_can_be_replaced_and_its_log_is_not_taken_for_the_new_ones() {
    let shop = Shop::open().await;
    let copy = shop.folder.path().join("copy.db");
    shop.engine.backup(&copy).await.expect("copied");
    shop.stocked("Mug", &[1]).await;
    let elsewhere = tempfile::tempdir().expect("a folder");
    let db = elsewhere.path().join("shop.db");
    for suffix in ["", "-wal"] {
        let name = format!("shop.db{suffix}");
        std::fs::copy(shop.folder.path().join(&name), elsewhere.path().join(&name)).expect("copied");
    }
    restore(&copy, &db).expect("restored");
    assert!(open(&db).expect("opens").product_by_slug("mug").await.expect("read").is_none());
}

#[tokio::test]
async fn only_sound_backups_of_a_shop_are_restored() {
    let shop = Shop::open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let db = folder.path().join("shop.db");
    let from = folder.path().join("from");
    assert!(matches!(restore(&from, &db), Err(OpenError::Unreadable { .. })));
    std::fs::write(&from, "not a database at all, but long enough to be looked at by anybody who cares")
        .expect("written");
    assert!(matches!(restore(&from, &db), Err(OpenError::NotOurs(_))));
    std::fs::remove_file(&from).expect("removed");

    shop.engine.backup(&from).await.expect("copied");
    let mut bytes = std::fs::read(&from).expect("read");
    bytes[8 * 4096..12 * 4096].fill(0x5A);
    std::fs::write(&from, bytes).expect("written");
    let error = restore(&from, &db).expect_err("damaged");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(!db.exists());
}

#[tokio::test]
async fn what_is_no_shop_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.db");
    let other = rusqlite::Connection::open(&path).expect("opens");
    other.execute_batch("CREATE TABLE notes (x)").expect("made");
    drop(other);
    let before = std::fs::read(&path).expect("read");
    let error = open(&path).expect_err("somebody else's");
    assert!(matches!(error, OpenError::NotOurs(_)), "{error}");
    assert_eq!(std::fs::read(&path).expect("read"), before);
    let error = open(&folder.path().join("no/folder/shop.db")).expect_err("no folder");
    assert!(matches!(error, OpenError::Unreadable { .. }), "{error}");
    let error = open(folder.path()).expect_err("a folder");
    assert!(!error.to_string().contains('\n'), "{error}");
}

#[tokio::test]
async fn a_newer_shop_is_refused_with_both_versions() {
    let shop = Shop::open().await;
    shop.engine.close().await.expect("closed");
    shop.sql().pragma_update(None, "user_version", 99).expect("set");
    let error = open(&shop.path()).expect_err("newer");
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("99") && text.contains("this program knows version ") && !text.contains('\n'), "{text}");
    let copy = shop.folder.path().join("copy.db");
    shop.sql().execute("VACUUM INTO ?", [copy.to_str().expect("a plain name")]).expect("copied");
    assert!(matches!(restore(&copy, &shop.folder.path().join("new.db")), Err(OpenError::Newer { .. })));
}

#[tokio::test]
async fn a_locked_shop_is_refused() {
    let shop = Shop::open().await;
    shop.engine.close().await.expect("closed");
    let path = shop.path();
    let folder = shop.folder;
    drop(shop.engine);
    let other = rusqlite::Connection::open(&path).expect("opens");
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; UPDATE accounts SET name = 'x'")
        .expect("locked");
    let error = open(&path).expect_err("locked");
    assert!(matches!(error, OpenError::Locked(_)), "{error}");
    drop(folder);
}

#[tokio::test]
async fn the_change_counter_sees_every_commit_and_only_commits() {
    let shop = Shop::open().await;
    let counter = async || shop.engine.change_counter().await.expect("SQLite tells");
    let first = counter().await;
    assert_eq!(counter().await, first);
    shop.engine.product_by_slug("mug").await.expect("read");
    assert_eq!(counter().await, first);
    shop.stocked("Mug", &[1]).await;
    let second = counter().await;
    assert!(second > first);
    // Another process, as far as SQLite can tell.
    shop.sql().execute("UPDATE products SET vendor = 'Other'", []).expect("written");
    let third = counter().await;
    assert!(third > second);
    assert_eq!(counter().await, third);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let shop = Shop::open().await;
    shop.engine.backup(&shop.folder.path().join("copy.db")).await.expect("copied");
    for name in names(shop.folder.path()) {
        let mode = std::fs::metadata(shop.folder.path().join(&name)).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}
