//! `mail test`, and how mail is set up.

use std::{fs, net::TcpListener};

use crate::support::Place;

#[test]
fn without_a_server_the_test_mail_lands_in_the_mailbox() {
    let place = Place::new();
    let done = place.run(&["mail", "test", "--to", "ann@example.com"]).expect(0);
    assert!(done.stdout.contains("built-in mailbox"), "{done:?}");
    place.run(&["mail", "test"]).fails(2, &["--to"]);
}

#[test]
fn the_test_mail_goes_to_the_sender_and_into_the_folder() {
    let place = Place::new();
    let done = place.run(&["mail", "test", "--mail-dir", "mails", "--mail-from", "Shop <shop@example.com>"]).expect(0);
    assert!(done.stdout.contains("shop@example.com"), "{done:?}");
    let mails: Vec<_> =
        fs::read_dir(place.path("mails")).expect("made").map(|entry| entry.expect("read").path()).collect();
    assert_eq!(mails.len(), 1);
    let text = fs::read_to_string(&mails[0]).expect("a mail");
    assert!(text.contains("To: shop@example.com") || text.contains("To: <shop@example.com>"), "{text}");
}

#[test]
fn a_server_that_cannot_be_reached_is_told_without_its_password() {
    let place = Place::new();
    // A port that was free a moment ago, where nobody listens.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
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
