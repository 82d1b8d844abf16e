//! Each transport by itself, SMTP against a server that is not ours.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use cartwright_mail::{Attempt, Renderer, Transport, samples};
use model::{MailTemplate, OutboxMail, mail::DeliveryOutcome};

use crate::support::{aiosmtpd::Aiosmtpd, mail, renderer, shop};

const SENT: Attempt = Attempt { outcome: DeliveryOutcome::Sent { keep_secret: false }, is_unreachable: false };

fn transport(url: &str) -> Transport {
    Transport::from_url("smtp-url", url).expect("a good URL")
}

/// A certificate for `localhost` and its key, as files in this folder.
fn certificate(folder: &Path) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&cert, made.cert.pem()).expect("written");
    fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    (cert.display().to_string(), key.display().to_string())
}

#[tokio::test]
async fn every_sample_arrives_at_a_real_server() {
    let mut server = Aiosmtpd::start(&[]).await;
    let smtp = transport(&format!("smtp://127.0.0.1:{}", server.port));
    for sample in samples() {
        assert_eq!(smtp.deliver(&renderer(), &sample).await, SENT);
        let arrived = server.next().await;
        assert_eq!(arrived["mail_from"], "orders@shop.example");
        assert_eq!(arrived["rcpt_tos"], serde_json::json!(["ann@example.com"]));
        let sent = String::from_utf8(renderer().message(&sample).expect("built").formatted()).expect("ASCII");
        assert_eq!(arrived["content"].as_str().expect("text"), sent);
    }
}

#[tokio::test]
async fn lines_of_dots_arrive_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = "{% block subject %}.{% endblock %}Begin\n.\n..\n.dots\n\n.\nEnd";
    fs::write(folder.path().join("test.txt"), source).expect("written");
    let renderer = Renderer::new(shop(), Some(folder.path())).expect("good templates");
    let mut server = Aiosmtpd::start(&[]).await;
    let smtp = transport(&format!("smtp://127.0.0.1:{}", server.port));
    assert_eq!(smtp.deliver(&renderer, &mail(1, MailTemplate::Test)).await, SENT);
    let arrived = server.next().await;
    let content = arrived["content"].as_str().expect("text");
    assert!(content.contains("Begin\r\n.\r\n..\r\n.dots\r\n\r\n.\r\nEnd\r\n"), "{content}");
}

#[tokio::test]
async fn starttls_with_login_and_a_certificate_of_ones_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = certificate(folder.path());
    let login = ["--cert", &cert, "--key", &key, "--user", "shop@example.com", "--password", "p@ss/word"];
    let mut server = Aiosmtpd::start(&login).await;
    let host = format!("localhost:{}", server.port);

    let url = format!("smtp://shop%40example.com:p%40ss%2Fword@{host}?tls=required&ca={cert}");
    assert_eq!(transport(&url).deliver(&renderer(), &mail(1, MailTemplate::Test)).await, SENT);
    let arrived = server.next().await;
    assert_eq!((&arrived["tls"], &arrived["authenticated"]), (&true.into(), &true.into()));

    // A certificate that nobody vouches for is not trusted, and a wrong password is the server's trouble, not a mail's.
    let distrusted = format!("smtp://shop%40example.com:p%40ss%2Fword@{host}?tls=required");
    let wrong = format!("smtp://shop%40example.com:hunter2@{host}?tls=required&ca={cert}");
    for url in [distrusted, wrong] {
        let attempt = transport(&url).deliver(&renderer(), &mail(2, MailTemplate::Test)).await;
        let DeliveryOutcome::Deferred { error } = &attempt.outcome else { panic!("{attempt:?}") };
        assert!(attempt.is_unreachable && !error.contains("hunter2"), "{attempt:?}");
    }
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = certificate(folder.path());
    let mut server = Aiosmtpd::start(&["--cert", &cert, "--key", &key, "--implicit-tls"]).await;
    let smtps = transport(&format!("smtps://localhost:{}?ca={cert}", server.port));
    assert_eq!(smtps.check().await, Ok(()));
    assert_eq!(smtps.deliver(&renderer(), &mail(1, MailTemplate::Test)).await, SENT);
    assert_eq!(server.next().await["tls"], true);
}

#[tokio::test]
async fn nothing_is_sent_without_the_starttls_that_is_required() {
    let server = Aiosmtpd::start(&[]).await;
    let smtp = transport(&format!("smtp://user:hunter2@127.0.0.1:{}?tls=required", server.port));
    let error = smtp.check().await.expect_err("refused");
    assert!(error.contains("STARTTLS") && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_certificate_file_that_is_none_is_refused_at_the_start() {
    for url in ["smtps://localhost?ca=/nowhere/ca.pem", "smtps://localhost?ca=/dev/null/x"] {
        let error = Transport::from_url("smtp-url", url).expect_err("refused").to_string();
        assert!(error.starts_with("smtp-url: ca=/"), "{error}");
    }
}

#[tokio::test]
async fn the_folder_gets_a_private_file_a_mail_and_a_second_try_no_second_file() {
    let parent = tempfile::tempdir().expect("a folder");
    let path = parent.path().join("made/when/needed");
    let folder = transport(&format!("folder:{}", path.display()));
    let once = mail(1, MailTemplate::VerifyEmail { name: "Ann".into() });
    for attempts in 1..=2 {
        assert_eq!(folder.deliver(&renderer(), &OutboxMail { attempts, ..once.clone() }).await, SENT);
    }
    let files: Vec<_> = fs::read_dir(&path).expect("there").map(|file| file.expect("readable").path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    assert!(file.to_string_lossy().ends_with(&format!("-{}.eml", once.id)), "{file:?}");
    assert_eq!(fs::metadata(file).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(file).expect("text").contains("123456"));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_no_fault_of_the_mail() {
    let parent = tempfile::tempdir().expect("a folder");
    fs::write(parent.path().join("file"), "").expect("written");
    let folder = Transport::folder(parent.path().join("file/below"));
    let attempt = folder.deliver(&renderer(), &mail(1, MailTemplate::Test)).await;
    assert!(attempt.is_unreachable && folder.check().await.is_err(), "{attempt:?}");
}

#[tokio::test]
async fn the_mailbox_keeps_codes_readable() {
    let kept = Transport::mailbox().deliver(&renderer(), &mail(1, MailTemplate::Test)).await;
    assert_eq!(kept.outcome, DeliveryOutcome::Sent { keep_secret: true });
}

#[test]
fn what_is_shown_of_a_transport_has_no_password() {
    let smtp = transport("smtp://shop:hunter2@mail.example.com");
    for shown in [smtp.to_string(), format!("{smtp:?}")] {
        assert!(shown.contains("mail.example.com:587 (STARTTLS)") && !shown.contains("hunter2"), "{shown}");
    }
    for bad in ["folder:", "mail", "sendmail:", "mailbox"] {
        let error = Transport::from_url("smtp-url", bad).expect_err("refused").to_string();
        assert!(error.starts_with("smtp-url: ") && error.contains("mailbox:"), "{error}");
    }
}
