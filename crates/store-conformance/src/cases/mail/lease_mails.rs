//! Handing mails out for delivery.

use commerce::mail::{EnqueueTestMail, LeaseMails};
use model::{
    Account, MailId, MailStatus, OrderStatus, SignedDuration,
    mail::{ATTEMPTS_MAX, DeliveryOutcome, WAIT_MAX},
};

use store::Change;

use crate::support::{Shop, email, line, names, refused};

async fn enqueue(shop: &Shop) -> MailId {
    shop.run(EnqueueTestMail { to: email("ann"), stamp: shop.next_stamp() }).await.expect("enqueued")
}

pub async fn mails_are_handed_out_oldest_first_and_once(shop: Shop) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(enqueue(&shop).await);
    }
    let first: Vec<_> = shop.lease(2).await.iter().map(|mail| mail.id).collect();
    let rest: Vec<_> = shop.lease(100).await.iter().map(|mail| mail.id).collect();
    assert_eq!([first, rest].concat(), ids);
    assert!(shop.lease(100).await.is_empty());
}

/// A worker that dies loses nothing, and a mail that kills its worker is counted.
pub async fn a_lease_that_is_over_gives_the_mail_back(shop: Shop) {
    let id = enqueue(&shop).await;
    let leased = shop.lease(1).await.swap_remove(0);
    assert_eq!((leased.id, leased.attempts, leased.status), (id, 1, MailStatus::Pending));
    assert_eq!(shop.mail_now(id).await.attempts, 1);
    shop.pass(SignedDuration::from_secs(59));
    assert!(shop.lease(1).await.is_empty());
    shop.pass(SignedDuration::from_secs(1));
    assert_eq!(shop.lease(1).await.swap_remove(0).attempts, 2);
}

/// A clock that is put back by a day makes nothing wait for a day.
pub async fn what_waits_for_a_time_that_a_wrong_clock_said_is_due(shop: Shop) {
    shop.pass(SignedDuration::from_hours(24));
    let deferred = enqueue(&shop).await;
    let mail = shop.lease(1).await.swap_remove(0);
    shop.record(&mail, DeliveryOutcome::Deferred { error: "451 later".into() }).await;
    shop.pass(SignedDuration::from_hours(-24));
    let fresh = enqueue(&shop).await;
    let leased: Vec<_> = shop.lease(100).await.iter().map(|mail| mail.id).collect();
    assert_eq!(leased, [fresh, deferred]);
    assert!(shop.lease(100).await.is_empty(), "leased by the clock that is right");
}

/// By an hour: then it is for the worker to say that its clock was put back, and only what somebody has waits on.
pub async fn what_waits_longer_than_a_worker_allows_is_due(shop: Shop) {
    let (deferred, leased) = (enqueue(&shop).await, enqueue(&shop).await);
    shop.pass(SignedDuration::from_hours(1));
    let mail = shop.lease(1).await.swap_remove(0);
    shop.record(&mail, DeliveryOutcome::Deferred { error: "451 later".into() }).await;
    shop.pass(SignedDuration::from_hours(-1));
    assert_eq!(shop.lease(100).await.iter().map(|mail| mail.id).collect::<Vec<_>>(), [leased]);
    let lease = SignedDuration::from_mins(1);
    let hurry = LeaseMails { now: shop.now(), lease, wait_max: lease, limit: 100 };
    let hurried = shop.run(hurry).await.expect("a lease");
    assert_eq!(hurried.iter().map(|mail| mail.id).collect::<Vec<_>>(), [deferred]);
}

pub async fn what_is_not_due_or_settled_is_not_handed_out(shop: Shop) {
    let sent = enqueue(&shop).await;
    let failed = enqueue(&shop).await;
    let mails = shop.lease(2).await;
    assert_eq!((mails[0].id, mails[1].id), (sent, failed));
    shop.record(&mails[0], DeliveryOutcome::Sent { keep_secret: false }).await;
    shop.record(&mails[1], DeliveryOutcome::Rejected { error: "550 no".into() }).await;
    shop.pass(SignedDuration::from_hours(24));
    assert!(shop.lease(100).await.is_empty());
}

/// Each hand-out counts, so a mail that ends the worker each time does not come back for ever.
pub async fn a_mail_that_never_comes_to_an_end_is_given_up(shop: Shop) {
    let id = enqueue(&shop).await;
    let mut handed_out = 0;
    while !shop.lease(1).await.is_empty() {
        handed_out += 1;
        assert!(handed_out < 100, "handed out for ever");
        shop.pass(SignedDuration::from_mins(1));
    }
    assert_eq!(handed_out, ATTEMPTS_MAX * 2);
    let mail = shop.mail_now(id).await;
    assert_eq!(mail.status, MailStatus::Failed);
    assert!(mail.last_error.is_some_and(|error| error.contains("never came to an end")));
}

/// "We have your order" must not arrive behind "Your order was cancelled" because a server put it off once.
pub async fn mails_about_an_order_go_out_in_their_order(shop: Shop) {
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let mug = shop.product("Mug", 10).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let placed = shop.lease(100).await.pop().expect("a mail");
    shop.record(&placed, DeliveryOutcome::Deferred { error: "450 greylisted".into() }).await;
    shop.moved(&order, &stan, &[OrderStatus::Cancelled]).await;
    let other = shop.order(&ann, &[line(&mug, 1)]).await;
    let leased: Vec<_> = shop.lease(100).await;
    assert_eq!(names(&leased), ["order_placed"], "the cancellation waits");
    assert_eq!(leased[0].order_id, Some(other.id));
    shop.record(&leased[0], DeliveryOutcome::Sent { keep_secret: false }).await;

    // Both are due: one goes after the other.
    shop.pass(SignedDuration::from_hours(1));
    let placed = shop.lease(100).await;
    assert_eq!(names(&placed), ["order_placed"]);
    // What is given up holds up nothing.
    shop.record(&placed[0], DeliveryOutcome::Rejected { error: "550 no".into() }).await;
    assert_eq!(names(&shop.lease(100).await), ["order_cancelled"]);
}

/// Not by the clock of whoever moved it on: that of another process may be behind, and any may be put back.
pub async fn mails_about_an_order_go_out_in_the_order_in_which_they_came(shop: Shop) {
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let mug = shop.product("Mug", 10).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    shop.pass(SignedDuration::from_mins(-1));
    shop.moved(&order, &stan, &[OrderStatus::Cancelled]).await;
    assert!(shop.lease(100).await.is_empty(), "the cancellation waits, and the first is not due by this clock");
    shop.pass(SignedDuration::from_mins(2));
    for expected in ["order_placed", "order_cancelled"] {
        let leased = shop.lease(100).await;
        assert_eq!(names(&leased), [expected]);
        shop.record(&leased[0], DeliveryOutcome::Sent { keep_secret: false }).await;
    }
}

/// But not while the older one is for an address that nobody reads, which its owner has mended since.
pub async fn a_mail_to_another_address_holds_up_nothing(shop: Shop) {
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let mug = shop.product("Mug", 10).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let placed = shop.lease(100).await.pop().expect("a mail");
    shop.record(&placed, DeliveryOutcome::Deferred { error: "450 no such server".into() }).await;
    let mended = Account { email: Some(email("ann.example")), version: ann.version + 1, ..ann.clone() };
    shop.apply(vec![Change::UpdateAccount(mended)]).await.expect("mended");
    shop.moved(&order, &stan, &[OrderStatus::Cancelled]).await;
    assert_eq!(names(&shop.lease(100).await), ["order_cancelled"]);
}

pub async fn a_lease_beyond_the_end_of_time_is_refused(shop: Shop) {
    let lease = LeaseMails { now: shop.now(), lease: SignedDuration::MAX, wait_max: WAIT_MAX, limit: 1 };
    refused!(shop.run(lease).await, commerce::Error::Store(_));
}
