//! Several workers on one outbox.

use commerce::mail::EnqueueTestMail;
use model::{MailStatus, SignedDuration, mail::DeliveryOutcome};

use crate::support::{Shop, at_once, email};

async fn enqueue(shop: &Shop, count: usize) {
    for _ in 0..count {
        shop.run(EnqueueTestMail { to: email("ann"), stamp: shop.next_stamp() }).await.expect("enqueued");
    }
}

pub async fn one_mail_goes_to_one_worker(shop: Shop) {
    for round in 0..10 {
        enqueue(&shop, 1).await;
        let leases = at_once(4, |_| {
            let shop = shop.clone();
            async move { shop.lease(10).await }
        })
        .await;
        assert_eq!(leases.concat().len(), 1, "round {round}");
    }
}

pub async fn many_workers_share_the_outbox_and_send_each_mail_once(shop: Shop) {
    enqueue(&shop, 60).await;
    let sent = at_once(6, |_| {
        let shop = shop.clone();
        async move {
            let mut sent = Vec::new();
            loop {
                let leased = shop.lease(4).await;
                if leased.is_empty() {
                    return sent;
                }
                for mail in leased {
                    shop.record(&mail, DeliveryOutcome::Sent { keep_secret: false }).await;
                    sent.push(mail.id);
                }
            }
        }
    })
    .await;
    let mut sent = sent.concat();
    let count = sent.len();
    sent.sort();
    sent.dedup();
    assert_eq!((count, sent.len()), (60, 60));
    assert_eq!(shop.db().backlog().await.expect("an answer").pending, 0);
    assert!(shop.mails_to(&email("ann")).await.iter().all(|mail| mail.status == MailStatus::Sent));
}

/// New mails come while workers are busy: none is lost, none is taken twice.
pub async fn mails_that_come_meanwhile_are_sent_too(shop: Shop) {
    let results = at_once(8, |number| {
        let shop = shop.clone();
        async move {
            let mut taken = Vec::new();
            for _ in 0..10 {
                if number % 2 == 0 {
                    enqueue(&shop, 1).await;
                } else {
                    taken.extend(shop.lease(2).await.into_iter().map(|mail| mail.id));
                }
            }
            taken
        }
    })
    .await;
    let mut taken = results.concat();
    taken.extend(shop.lease(100).await.into_iter().map(|mail| mail.id));
    let count = taken.len();
    taken.sort();
    taken.dedup();
    assert_eq!((count, taken.len()), (40, 40));
    shop.pass(SignedDuration::from_mins(2));
    assert_eq!(shop.lease(100).await.len(), 40, "leases that are over give their mails back");
}
