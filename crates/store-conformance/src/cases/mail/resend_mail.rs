//! Sending mails again.

use commerce::{
    Conflict, Error,
    mail::{EnqueueTestMail, ResendMail, Resent},
};
use model::{MailStatus, SignedDuration, mail::DeliveryOutcome};

use crate::support::{Shop, email, refused};

async fn resend(shop: &Shop, id: model::MailId) -> Result<Resent, Error> {
    shop.run(ResendMail { id, now: shop.now() }).await
}

pub async fn a_sent_mail_goes_out_again_with_all_its_tries(shop: Shop) {
    let id = shop.run(EnqueueTestMail { to: email("ann"), stamp: shop.next_stamp() }).await.expect("enqueued");
    let mail = shop.lease(1).await.swap_remove(0);
    shop.record(&mail, DeliveryOutcome::Sent { keep_secret: false }).await;
    shop.pass(SignedDuration::from_secs(30));
    resend(&shop, id).await.expect("due again");
    let due = shop.mail_now(id).await;
    assert_eq!((due.status, due.attempts, due.next_attempt_at), (MailStatus::Pending, 0, shop.now()));
    assert_eq!(due.sent_at, None);
    assert_eq!(shop.lease(1).await.swap_remove(0).attempts, 1);
}

pub async fn a_failed_mail_with_its_secret_goes_out_again(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let mail = shop.lease(1).await.swap_remove(0);
    shop.record(&mail, DeliveryOutcome::Rejected { error: "550 no".into() }).await;
    resend(&shop, mail.id).await.expect("due again");
    let again = shop.lease(1).await.swap_remove(0);
    assert_eq!((again.id, again.secret.as_deref()), (mail.id, Some("111111")));
}

/// A mail without its code is worth nothing.
pub async fn a_mail_whose_secret_was_wiped_is_refused(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let mail = shop.lease(1).await.swap_remove(0);
    shop.record(&mail, DeliveryOutcome::Sent { keep_secret: false }).await;
    refused!(resend(&shop, mail.id).await, Error::Conflict(Conflict::SecretGone));
    assert_eq!(shop.mail_now(mail.id).await.status, MailStatus::Sent);
}

pub async fn a_waiting_mail_becomes_due_at_once(shop: Shop) {
    let id = shop.run(EnqueueTestMail { to: email("ann"), stamp: shop.next_stamp() }).await.expect("enqueued");
    // Put off for so often that it waits for its next try for longer than anybody takes to send it.
    for _ in 0..8 {
        shop.pass(SignedDuration::from_mins(30));
        let mail = shop.lease(1).await.swap_remove(0);
        shop.record(&mail, DeliveryOutcome::Deferred { error: "450 later".into() }).await;
    }
    assert!(shop.lease(1).await.is_empty());
    assert_eq!(resend(&shop, id).await.expect("due again"), Resent::Due);
    assert_eq!(shop.lease(1).await.swap_remove(0).attempts, 1, "with all its tries before it");
}

/// Otherwise somebody else would send it as well.
pub async fn a_mail_that_is_being_sent_is_left_to_whoever_sends_it(shop: Shop) {
    let id = shop.run(EnqueueTestMail { to: email("ann"), stamp: shop.next_stamp() }).await.expect("enqueued");
    let mail = shop.lease(1).await.swap_remove(0);
    shop.pass(SignedDuration::from_secs(6));
    assert_eq!(resend(&shop, id).await.expect("an answer"), Resent::OnItsWay);
    assert_eq!((shop.mail_now(id).await, shop.lease(1).await.len()), (mail.clone(), 0));
    shop.record(&mail, DeliveryOutcome::Deferred { error: "450 later".into() }).await;
    assert_eq!(resend(&shop, id).await.expect("an answer"), Resent::OnItsWay, "it is tried again in seconds");
    // Whoever has it now never comes back.
    shop.pass(SignedDuration::from_secs(9));
    assert_eq!(shop.lease(1).await.len(), 1);
    shop.pass(SignedDuration::from_mins(2));
    assert_eq!(resend(&shop, id).await.expect("due again"), Resent::Due);
    let mail = shop.lease(1).await.swap_remove(0);
    shop.record(&mail, DeliveryOutcome::Sent { keep_secret: false }).await;
    assert_eq!(shop.mail_now(id).await.status, MailStatus::Sent);
}

pub async fn an_unknown_mail_is_refused(shop: Shop) {
    refused!(resend(&shop, shop.id()).await, Error::NotFound("mail"));
}
