//! PostgreSQL that cannot be used: a line that says what to do, and no password in it.

use test_postgres::Database;

use crate::days::program::{Ended, create_owner_in, run_on};

fn check(database: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    run_on(folder.path(), &["check", "--database", database])
}

/// The URL with other parts.
fn with(url: &str, from: &str, to: &str) -> String {
    assert!(url.contains(from), "{url}");
    url.replacen(from, to, 1)
}

#[test]
fn wrong_urls_say_what_to_do_and_keep_the_password() {
    let database = Database::fresh();
    let url = database.url();
    let with_password = |rest: &str| format!("postgres://somebody:s3cret@{rest}");
    let (_, place) = url.split_once('@').expect("a user");
    for (wrong, says) in [
        (with_password("127.0.0.1:1/shop"), "check that the server runs"),
        (with_password(place), "check user and password"),
        (with_password("127.0.0.1/shop?sslmode=perhaps"), "verify-full"),
        (with_password("127.0.0.1:port/shop"), "cannot be used"),
        (format!("{}{}", with(&url, "cartwright_test", "no_such"), ""), "createdb"),
        (format!("{url}?sslmode=require"), "TLS"),
        (url.clone(), "there is no shop in it"),
    ] {
        let complaint = check(&wrong).expect_complaint();
        assert!(complaint.contains(says) && !complaint.contains("s3cret"), "{wrong}: {complaint}");
    }
}

#[test]
fn a_database_that_is_not_ours_or_newer_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::fresh();
    create_owner_in(folder.path(), Some(&database.url()));
    assert_eq!(check(&database.url()).code, Some(0));
    database.execute("UPDATE schema_version SET version = 999");
    let complaint = check(&database.url()).expect_complaint();
    assert!(complaint.contains("999") && complaint.contains("newer program"), "{complaint}");

    let others = Database::fresh();
    others.execute("CREATE TABLE guests (name TEXT)");
    let complaint = check(&others.url()).expect_complaint();
    assert!(complaint.contains("another program"), "{complaint}");
}

#[test]
fn a_broken_ledger_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::fresh();
    create_owner_in(folder.path(), Some(&database.url()));
    database.execute(
        "INSERT INTO products SELECT gen_random_uuid(), 'mug', 'active', NULL, now(), now(), 1, 1, 1, FALSE, 'mug', '{}', 'mug', \
         'Mug', NULL, '[]', '[]', '[]', ''; \
         INSERT INTO variants SELECT gen_random_uuid(), id, 0, NULL, '[]', 'EUR', 1, NULL, TRUE, NULL, NULL FROM products; \
         INSERT INTO stock_levels SELECT id, 3, FALSE FROM variants",
    );
    let ended = check(&database.url());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("the level is 3, its movements sum up to 0"), "{ended:?}");
}
