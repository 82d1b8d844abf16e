//! Delivering to the built-in mailbox.

use commerce::mail::{EnqueueTestMail, KeepMails, NoteSmtp};
use model::{MailId, MailStatus, OutboxMail, SignedDuration, mail::DeliveryOutcome};

use crate::support::{Shop, email};

async fn enqueue(shop: &Shop) -> MailId {
    shop.run(EnqueueTestMail { to: email("ann"), stamp: shop.next_stamp() }).await.expect("enqueued")
}

async fn keep(shop: &Shop, limit: u32) -> u32 {
    shop.run(KeepMails { now: shop.now(), limit, is_chosen: false }).await.expect("kept").expect("not left")
}

/// A program that was started without its settings must not call the mails sent that wait for them.
pub async fn what_waits_for_a_mail_server_is_left(shop: Shop) {
    let id = enqueue(&shop).await;
    for _ in 0..2 {
        shop.run(NoteSmtp).await.expect("noted");
    }
    let keep = |is_chosen| KeepMails { now: shop.now(), limit: 100, is_chosen };
    assert_eq!(shop.run(keep(false)).await.expect("an answer"), None);
    assert_eq!(shop.mail_now(id).await.status, MailStatus::Pending);
    assert_eq!(shop.run(keep(true)).await.expect("an answer"), Some(1));
    assert_eq!(shop.mail_now(id).await.status, MailStatus::Sent);
}

pub async fn the_oldest_come_first_and_are_sent_with_their_secrets(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let with_code = shop.mails_to(&email("ann")).await.swap_remove(0);
    shop.pass(SignedDuration::from_secs(1));
    let later = enqueue(&shop).await;
    assert_eq!(keep(&shop, 1).await, 1);
    let kept = shop.mail_now(with_code.id).await;
    let expected = OutboxMail {
        status: MailStatus::Sent,
        sent_at: Some(shop.now()),
        attempts: 1,
        next_attempt_at: kept.next_attempt_at,
        ..with_code.clone()
    };
    assert_eq!(kept, expected);
    assert_eq!(kept.secret.as_deref(), Some("111111"));
    assert_eq!(shop.mail_now(later).await.status, MailStatus::Pending);
    assert_eq!((keep(&shop, 100).await, keep(&shop, 100).await), (1, 0));
    assert_eq!(shop.mail_now(later).await.status, MailStatus::Sent);
}

pub async fn what_is_leased_or_settled_or_not_due_stays_as_it_is(shop: Shop) {
    let (failed, deferred, leased) = (enqueue(&shop).await, enqueue(&shop).await, enqueue(&shop).await);
    let mails = shop.lease(3).await;
    shop.record(&mails[0], DeliveryOutcome::Rejected { error: "550 no".into() }).await;
    shop.record(&mails[1], DeliveryOutcome::Deferred { error: "450 later".into() }).await;
    let before = [shop.mail_now(failed).await, shop.mail_now(deferred).await, shop.mail_now(leased).await];
    assert_eq!(keep(&shop, 100).await, 0);
    assert_eq!([shop.mail_now(failed).await, shop.mail_now(deferred).await, shop.mail_now(leased).await], before);
    // A lease that is over, or a pause, makes them due.
    shop.pass(SignedDuration::from_mins(2));
    assert_eq!(keep(&shop, 100).await, 2);
    let kept = shop.mail_now(deferred).await;
    assert_eq!((kept.status, kept.attempts, kept.last_error), (MailStatus::Sent, 2, None));
}
