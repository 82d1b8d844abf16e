//! `mail test`, and how mail is set up.

use std::{fs, time::Duration};

use proof::harness::within;

use crate::support::Place;

/// How long mails may take until they are looked after.
const LOOKED_AFTER: Duration = Duration::from_secs(20);

/// A shop in which a customer's mail waits.
fn with_a_waiting_mail() -> Place {
    let place = Place::new();
    place.create_owner("olive@example.com");
    let insert = "INSERT INTO mails (id, recipient, template, content, status, attempts, next_attempt_at, created_at) \
        VALUES (x'0190000000007000800000000000ffff', 'ann@example.com', 'test', '{\"template\":\"test\"}', 'pending', 0, 0, 0)";
    write(&place, insert);
    place
}

fn open(place: &Place) -> rusqlite::Connection {
    rusqlite::Connection::open(place.path("cartwright-data/shop.db")).expect("opened")
}

fn write(place: &Place, insert: &str) {
    assert_eq!(open(place).execute(insert, []).expect("put in"), 1);
}

/// How the mails stand, oldest first.
fn mails(place: &Place) -> Vec<(String, String)> {
    let conn = open(place);
    let mut select = conn.prepare("SELECT recipient, status FROM mails ORDER BY seq").expect("good SQL");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

fn waits() -> (String, String) {
    ("ann@example.com".to_owned(), "pending".to_owned())
}

#[test]
fn without_a_server_there_is_nothing_to_test() {
    let place = with_a_waiting_mail();
    place.run(&["mail", "test", "--to", "bob@example.com"]).fails(2, &["smtp-url", "nothing to test"]);
    assert_eq!(mails(&place), [waits()]);
    place.run(&["mail", "test"]).fails(2, &["--to"]);

    let nowhere = Place::new();
    let arguments = ["mail", "test", "--to", "bob@example.com", "--mail-dir", "mails"];
    nowhere.run(&arguments).fails(1, &["no database"]);
    assert!(!nowhere.path("cartwright-data").exists());
}

#[test]
fn the_test_mail_goes_to_the_sender_and_into_the_folder_and_no_other_mail_does() {
    let place = with_a_waiting_mail();
    let done = place.run(&["mail", "test", "--mail-dir", "mails", "--mail-from", "Shop <shop@example.com>"]).expect(0);
    assert!(done.stdout.contains("shop@example.com"), "{done:?}");
    let written: Vec<_> =
        fs::read_dir(place.path("mails")).expect("made").map(|entry| entry.expect("read").path()).collect();
    assert_eq!(written.len(), 1);
    let text = fs::read_to_string(&written[0]).expect("a mail");
    assert!(text.contains("To: shop@example.com") || text.contains("To: <shop@example.com>"), "{text}");
    assert_eq!(mails(&place), [waits(), ("shop@example.com".to_owned(), "sent".to_owned())]);
}

/// Mails go out by SMTP there; whoever starts it once without its settings must not have them called sent.
#[test]
fn a_shop_that_sends_by_smtp_leaves_mails_waiting_when_it_is_started_without() {
    let place = with_a_waiting_mail();
    write(&place, "INSERT INTO meta (key, value) VALUES ('mails_by_smtp', 'yes')");
    let server = place.start(&["serve"]);
    within(LOOKED_AFTER, "a word about the mails", || server.has_said("MAILS WAIT").then_some(()));
    server.stop();
    assert_eq!(mails(&place), [waits()]);

    let chosen = place.start(&["serve", "--smtp-url", "mailbox:"]);
    within(LOOKED_AFTER, "the mailbox to have the mail", || (mails(&place)[0].1 == "sent").then_some(()));
    chosen.stop();
}

#[test]
fn a_server_that_cannot_be_reached_is_told_without_its_password() {
    let place = Place::new();
    // A port that was free a moment ago, where nobody listens.
    let port = test_postgres::free_address().port();
    let url = format!("smtp://user:s3cret@127.0.0.1:{port}");
    let arguments = ["mail", "test", "--smtp-url", &url, "--mail-from", "Shop <shop@example.com>"];
    let done = place.run(&arguments).fails(1, &["127.0.0.1"]);
    assert!(!done.stderr.contains("s3cret") && !done.stdout.contains("s3cret"), "{done:?}");
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let place = Place::new();
    let to = ["mail", "test", "--to", "ann@example.com"];
    let with = |more: &[&str]| place.run(&[&to[..], more].concat());
    with(&["--smtp-url", "smtp://127.0.0.1", "--mail-dir", "mails"]).fails(2, &["smtp-url", "mail-dir"]);
    with(&["--smtp-url", "smtp://127.0.0.1"]).fails(2, &["mail-from"]);
    let sender = ["--mail-from", "shop@example.com"];
    let wrong = with(&[&["--smtp-url", "imap://u:s3cret@127.0.0.1"][..], &sender].concat()).fails(2, &["smtp-url"]);
    assert!(!wrong.stderr.contains("s3cret"), "{wrong:?}");
}
