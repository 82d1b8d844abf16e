//! A mail that tries whether mails arrive.

use commerce::{
    Actor, Audited,
    mail::{EnqueueTestMail, TestMailFromShell},
};
use model::{MailStatus, MailTemplate, OutboxMail};
use store::AuditFilter;

use crate::support::{Shop, email, first_page, load};

pub async fn it_waits_in_the_outbox(shop: Shop) {
    let id = shop.run(EnqueueTestMail { to: email("ann"), stamp: shop.stamp() }).await.expect("enqueued");
    let expected = OutboxMail::new(id, email("ann"), MailTemplate::Test, shop.now());
    assert_eq!(shop.db().mail(id).await.expect("an answer"), Some(expected.clone()));
    assert_eq!(load!(shop, |tx| tx.mail(id).await), Some(expected));
    assert_eq!(shop.db().backlog().await.expect("an answer").pending, 1);
}

/// It may go to anybody.
pub async fn it_is_in_the_audit_log_without_its_address(shop: Shop) {
    let stan = shop.staff("stan", &[]).await;
    let test = || EnqueueTestMail { to: email("ann"), stamp: shop.next_stamp() };
    let by = Actor { account_id: stan.id, address: None, key: None };
    let of_stan = shop.run(Audited { by, operation: test(), stamp: shop.next_stamp() }).await.expect("enqueued");
    let stamp = shop.next_stamp();
    let of_shell = stamp.ids().draw();
    let mail = OutboxMail::new(of_shell, email("ann"), MailTemplate::Test, stamp.now);
    shop.run(TestMailFromShell { mail, stamp }).await.expect("noted");
    let log = shop.db().audit_log(&AuditFilter::default(), &first_page()).await.expect("an answer").items;
    let said: Vec<_> = log.iter().map(|entry| (entry.action.as_str(), entry.actor_id, entry.subject_id)).collect();
    assert_eq!(said, [("mail.tested", None, Some(of_shell.0)), ("mail.tested", Some(stan.id), Some(of_stan.0))]);
    assert!(!format!("{log:?}").contains("ann"), "{log:?}");
    assert_eq!(shop.mails_to(&email("ann")).await.len(), 2);
    let sent = shop.mail_now(of_shell).await;
    assert_eq!((sent.status, sent.sent_at, sent.attempts), (MailStatus::Sent, Some(stamp.now), 1));
}
