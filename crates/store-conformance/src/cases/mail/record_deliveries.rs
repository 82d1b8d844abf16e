//! Noting what became of mails.

use commerce::{
    Error,
    accounts::DeleteAccount,
    mail::{Delivery, EnqueueTestMail, RecordDeliveries},
};
use model::{
    MailStatus, OutboxMail, SignedDuration,
    mail::{ATTEMPTS_MAX, DeliveryOutcome, retry_after},
};
use store::{Backlog, StoreError};

use crate::support::{Shop, email, refused};

fn deferred(error: &str) -> DeliveryOutcome {
    DeliveryOutcome::Deferred { error: error.to_owned() }
}

/// A mail with a code, leased.
async fn with_a_code(shop: &Shop) -> OutboxMail {
    shop.sign_up("ann", "111111").await;
    shop.lease(1).await.swap_remove(0)
}

pub async fn a_mail_that_was_sent_loses_its_secret(shop: Shop) {
    let mail = with_a_code(&shop).await;
    assert_eq!(mail.secret.as_deref(), Some("111111"));
    shop.record(&mail, DeliveryOutcome::Sent { keep_secret: false }).await;
    let after = shop.mail_now(mail.id).await;
    let expected = OutboxMail { status: MailStatus::Sent, sent_at: Some(shop.now()), secret: None, ..after.clone() };
    assert_eq!(after, expected);
    assert_eq!((after.attempts, after.last_error, after.template), (1, None, mail.template));
    assert!(shop.verify("ann", "111111").await, "the code itself must stay good");
}

pub async fn the_mailbox_keeps_secrets(shop: Shop) {
    let mail = with_a_code(&shop).await;
    shop.record(&mail, DeliveryOutcome::Sent { keep_secret: true }).await;
    let after = shop.mail_now(mail.id).await;
    assert_eq!((after.status, after.secret.as_deref()), (MailStatus::Sent, Some("111111")));
}

pub async fn a_deferred_mail_backs_off_and_comes_again(shop: Shop) {
    let mut mail = with_a_code(&shop).await;
    for attempt in 1..=3 {
        assert_eq!(mail.attempts, attempt);
        shop.record(&mail, deferred(&format!("450 try {attempt}"))).await;
        let waiting = shop.mail_now(mail.id).await;
        assert_eq!((waiting.status, waiting.secret.as_deref()), (MailStatus::Pending, Some("111111")));
        assert_eq!(waiting.last_error, Some(format!("450 try {attempt}")));
        let wait = waiting.next_attempt_at.duration_since(shop.now());
        assert!(wait >= retry_after(attempt, 0) && wait <= retry_after(attempt, 1000), "try {attempt}: {wait:?}");
        shop.pass(wait - SignedDuration::from_millis(1));
        assert!(shop.lease(1).await.is_empty(), "came too early");
        shop.pass(SignedDuration::from_millis(1));
        mail = shop.lease(1).await.swap_remove(0);
    }
    shop.record(&mail, DeliveryOutcome::Sent { keep_secret: false }).await;
    assert_eq!(shop.mail_now(mail.id).await.last_error, None);
}

pub async fn a_mail_that_is_deferred_for_ever_is_given_up_visibly(shop: Shop) {
    let first = with_a_code(&shop).await;
    let mut mail = first;
    for attempt in 1..=ATTEMPTS_MAX {
        assert_eq!(mail.attempts, attempt);
        shop.record(&mail, deferred("450 later")).await;
        shop.pass(SignedDuration::from_hours(2));
        match shop.lease(1).await.pop() {
            Some(again) => mail = again,
            None => assert_eq!(attempt, ATTEMPTS_MAX, "given up too early"),
        }
    }
    let failed = shop.mail_now(mail.id).await;
    assert_eq!((failed.status, failed.last_error.as_deref()), (MailStatus::Failed, Some("450 later")));
    assert_eq!(failed.secret.as_deref(), Some("111111"), "it could not be sent again");
    assert_eq!(shop.db().backlog().await.expect("an answer"), Backlog { pending: 0, failed: 1, oldest: None });
}

/// Hand-outs of which nobody was heard again may have been tries; a program that crashes again and again does not use them up.
pub async fn crashes_of_the_program_leave_a_mail_its_tries(shop: Shop) {
    let mut mail = with_a_code(&shop).await;
    for _ in 0..20 {
        shop.pass(SignedDuration::from_mins(3));
        mail = shop.lease(1).await.pop().expect("the lease is over");
    }
    shop.record(&mail, deferred("450 later")).await;
    let waiting = shop.mail_now(mail.id).await;
    assert_eq!(waiting.status, MailStatus::Pending);
    assert!(
        waiting.next_attempt_at.duration_since(shop.now()) <= SignedDuration::from_secs(72 * 60),
        "it is tried again"
    );
}

pub async fn a_rejected_mail_is_given_up_at_once(shop: Shop) {
    let mail = with_a_code(&shop).await;
    shop.record(&mail, DeliveryOutcome::Rejected { error: "550 no such user".into() }).await;
    let failed = shop.mail_now(mail.id).await;
    assert_eq!((failed.status, failed.last_error.as_deref()), (MailStatus::Failed, Some("550 no such user")));
    assert_eq!(failed.sent_at, None);
}

/// A server that is down says nothing about the mail.
pub async fn an_outage_gives_no_mail_up(shop: Shop) {
    let mut mail = with_a_code(&shop).await;
    for _ in 0..ATTEMPTS_MAX * 4 {
        give_back(&shop, &mail).await;
        let waiting = shop.mail_now(mail.id).await;
        assert_eq!((waiting.attempts, waiting.last_error.as_deref()), (0, Some("refused")));
        shop.pass(SignedDuration::from_secs(6));
        mail = shop.lease(1).await.pop().expect("due again soon");
    }
    assert_eq!((mail.status, mail.attempts), (MailStatus::Pending, 1));
    shop.record(&mail, deferred("450 later")).await;
    assert_eq!(shop.mail_now(mail.id).await.status, MailStatus::Pending, "that was its first try");
}

/// Notes that the server could not be reached with a mail.
async fn give_back(shop: &Shop, mail: &OutboxMail) {
    let outage = Delivery { lease: mail.lease(), outcome: deferred("refused"), server_only: true };
    let record = RecordDeliveries { deliveries: vec![outage], now: shop.now(), jitter: 0, skip_missing: false };
    shop.run(record).await.expect("noted");
}

/// A note that was stored without its worker hearing of it is made once more, when the mail is somebody else's and has as many
/// attempts as before.
pub async fn a_late_word_of_an_outage_takes_nothing_back(shop: Shop) {
    let late = with_a_code(&shop).await;
    give_back(&shop, &late).await;
    shop.pass(SignedDuration::from_secs(6));
    let mail = shop.lease(1).await.pop().expect("due again");
    assert_eq!((mail.attempts, late.attempts), (1, 1));
    give_back(&shop, &late).await;
    shop.record(&late, DeliveryOutcome::Rejected { error: "550 no".into() }).await;
    assert_eq!(shop.mail_now(mail.id).await, mail, "it is another worker's now");
}

/// An account may be deleted while its mails are on their way.
pub async fn mails_that_are_gone_are_passed_over_when_asked_to(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 1).await;
    shop.order(&ann, &[crate::support::line(&mug, 1)]).await;
    shop.run(EnqueueTestMail { to: email("bob"), stamp: shop.next_stamp() }).await.expect("enqueued");
    let mails = shop.lease(10).await;
    assert_eq!(mails.len(), 2);
    shop.run(DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    let record = |skip_missing| {
        let sent = |mail: &OutboxMail| Delivery {
            lease: mail.lease(),
            outcome: DeliveryOutcome::Sent { keep_secret: false },
            server_only: false,
        };
        let deliveries = mails.iter().map(sent).collect();
        shop.run(RecordDeliveries { deliveries, now: shop.now(), jitter: 0, skip_missing })
    };
    refused!(record(false).await, Error::Store(StoreError::Broken(_)));
    assert_eq!(shop.mail_now(mails[1].id).await.status, MailStatus::Pending, "half of the batch was noted");
    record(true).await.expect("noted");
    assert_eq!(shop.mail_now(mails[1].id).await.status, MailStatus::Sent);
}

/// A worker that was away for longer than its lease comes back with old news.
pub async fn a_late_word_takes_nothing_back(shop: Shop) {
    let late = with_a_code(&shop).await;
    shop.pass(SignedDuration::from_mins(2));
    let mail = shop.lease(1).await.pop().expect("the lease is over");
    let before = shop.mail_now(mail.id).await;
    shop.record(&late, deferred("450 later")).await;
    assert_eq!(shop.mail_now(mail.id).await, before, "it is another worker's now, and not due");
    shop.record(&late, DeliveryOutcome::Rejected { error: "550 no".into() }).await;
    assert_eq!(shop.mail_now(mail.id).await, before, "it is another worker's now, and not given up");

    shop.record(&mail, DeliveryOutcome::Sent { keep_secret: false }).await;
    let sent = shop.mail_now(mail.id).await;
    assert_eq!(sent.status, MailStatus::Sent);
    for outcome in [deferred("450 later"), DeliveryOutcome::Rejected { error: "550 no".into() }] {
        shop.record(&late, outcome.clone()).await;
        shop.record(&mail, outcome).await;
    }
    assert_eq!(shop.mail_now(mail.id).await, sent, "what was sent was sent");
}

/// The one late word that counts: then nobody sends it once more.
pub async fn that_a_mail_was_sent_counts_whenever_it_is_heard(shop: Shop) {
    let late = with_a_code(&shop).await;
    shop.pass(SignedDuration::from_mins(2));
    let mail = shop.lease(1).await.pop().expect("the lease is over");
    shop.record(&late, DeliveryOutcome::Sent { keep_secret: false }).await;
    shop.record(&mail, deferred("450 later")).await;
    shop.pass(SignedDuration::from_hours(1));
    assert!(shop.lease(1).await.is_empty(), "it was sent");
    assert_eq!(shop.mail_now(mail.id).await.status, MailStatus::Sent);
}
