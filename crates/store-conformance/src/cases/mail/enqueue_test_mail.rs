//! A mail that tries whether mails arrive.

use commerce::mail::EnqueueTestMail;
use model::{MailTemplate, OutboxMail};

use crate::support::{Shop, email, load};

pub async fn it_waits_in_the_outbox(shop: Shop) {
    let id = shop.run(EnqueueTestMail { to: email("ann"), stamp: shop.stamp() }).await.expect("enqueued");
    let expected = OutboxMail::new(id, email("ann"), MailTemplate::Test, shop.now());
    assert_eq!(shop.db().mail(id).await.expect("an answer"), Some(expected.clone()));
    assert_eq!(load!(shop, |tx| tx.mail(id).await), Some(expected));
    assert_eq!(shop.db().backlog().await.expect("an answer").pending, 1);
}
