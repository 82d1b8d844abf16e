//! Mails, as staff see them.

use commerce::mail::EnqueueTestMail;
use model::{MailId, MailStatus, MailTemplate, OutboxMail, mail::DeliveryOutcome};
use store::{Backlog, Change, MailFilter};

use crate::support::{Shop, all_pages, email, line};

async fn enqueue(shop: &Shop, to: &str) -> MailId {
    shop.run(EnqueueTestMail { to: email(to), stamp: shop.next_stamp() }).await.expect("enqueued")
}

pub async fn each_filter_finds_its_mails(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 10).await;
    let (sent, failed) = (enqueue(&shop, "bob").await, enqueue(&shop, "ann").await);
    let mails = shop.lease(2).await;
    shop.record(&mails[0], DeliveryOutcome::Sent { keep_secret: false }).await;
    shop.record(&mails[1], DeliveryOutcome::Rejected { error: "550 no".into() }).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let about = shop.mails(&MailFilter { order_id: Some(order.id), ..MailFilter::default() }).await;
    assert_eq!((about.len(), about[0].template.name()), (1, "order_placed"));
    let written = about[0].created_at;
    let about = about[0].id;
    let status = |status| MailFilter { status: Some(status), ..MailFilter::default() };
    let to = |name| MailFilter { to: Some(email(name)), ..MailFilter::default() };
    let cases = [
        (MailFilter::default(), vec![about, failed, sent]),
        (status(MailStatus::Pending), vec![about]),
        (status(MailStatus::Sent), vec![sent]),
        (status(MailStatus::Failed), vec![failed]),
        (to("ann"), vec![about, failed]),
        (to("bob"), vec![sent]),
        (MailFilter { status: Some(MailStatus::Failed), ..to("ann") }, vec![failed]),
        (MailFilter { order_id: Some(order.id), ..to("bob") }, vec![]),
        (MailFilter { account_id: Some(ann.id), ..MailFilter::default() }, vec![about]),
    ];
    for (filter, expected) in cases {
        let found: Vec<_> = shop.mails(&filter).await.iter().map(|mail| mail.id).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    assert_eq!(shop.db().backlog().await.expect("an answer"), Backlog { pending: 1, failed: 1, oldest: Some(written) });
    assert_eq!(shop.db().mail(shop.id()).await.expect("an answer"), None);
}

/// Those to the address that they had before, and about orders, and nobody else's.
pub async fn an_account_s_mails_are_found_whatever_its_address_was(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let code = shop.mails_to(&email("ann")).await.swap_remove(0);
    let ann = code.account_id.expect("hers");
    let bob = shop.customer("bob").await;
    let mug = shop.product("Mug", 10).await;
    let order = shop.order(&bob, &[line(&mug, 1)]).await;
    let about = shop.mails(&MailFilter { order_id: Some(order.id), ..MailFilter::default() }).await[0].id;
    let elsewhere = OutboxMail {
        account_id: Some(bob.id),
        ..OutboxMail::new(shop.next_stamp().ids().draw(), email("earlier"), MailTemplate::Test, shop.now())
    };
    let to_bob = elsewhere.id;
    shop.apply(vec![Change::InsertMail(elsewhere)]).await.expect("written");
    let of = |account_id| MailFilter { account_id: Some(account_id), ..MailFilter::default() };
    let cases = [
        (of(bob.id), vec![to_bob, about]),
        (of(ann), vec![code.id]),
        (MailFilter { status: Some(MailStatus::Sent), ..of(bob.id) }, vec![]),
        (MailFilter { to: Some(email("earlier")), ..of(bob.id) }, vec![to_bob]),
    ];
    for (filter, expected) in cases {
        let found: Vec<_> = shop.mails(&filter).await.iter().map(|mail| mail.id).collect();
        assert_eq!(found, expected, "{filter:?}");
        let paged = all_pages(1, async |page| shop.db().mails(&filter, &page).await).await;
        assert_eq!(paged.iter().map(|mail| mail.id).collect::<Vec<_>>(), expected, "{filter:?}, page by page");
    }
}

pub async fn mails_are_paged(shop: Shop) {
    let mut ids = Vec::new();
    for number in 0..15 {
        let to = if number % 2 == 0 { "ann" } else { "bob" };
        ids.push((to, enqueue(&shop, to).await));
    }
    ids.reverse();
    for name in ["ann", "bob"] {
        let filter = MailFilter { to: Some(email(name)), status: Some(MailStatus::Pending), ..MailFilter::default() };
        let expected: Vec<_> = ids.iter().filter(|(to, _)| *to == name).map(|(_, id)| *id).collect();
        for limit in [1, 3, 7, 100] {
            let listed = all_pages(limit, async |page| shop.db().mails(&filter, &page).await).await;
            let listed: Vec<_> = listed.iter().map(|mail| mail.id).collect();
            assert_eq!(listed, expected, "in pages of {limit}");
        }
    }
}
