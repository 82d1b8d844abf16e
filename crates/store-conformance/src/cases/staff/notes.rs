//! What the staff write down about orders and customers.

use commerce::{
    Actor, Audited, Error,
    accounts::DeleteAccount,
    settings::{AddNote, Noted, notes},
};
use model::Account;
use store::{AuditFilter, Operation};

use crate::support::{Shop, at_once, count_ok, first_page, line, refused};

fn note(shop: &Shop, about: Noted, author: &Account, text: &str) -> AddNote {
    AddNote { about, author_id: author.id, text: text.to_owned(), stamp: shop.next_stamp() }
}

async fn texts(shop: &Shop, about: Noted) -> Vec<String> {
    notes(shop.db(), about).await.expect("an answer").into_iter().map(|note| note.text).collect()
}

pub async fn they_stand_in_their_order_with_what_they_are_about(shop: Shop) {
    let (stan, ann, mug) = (shop.staff("stan", &[]).await, shop.customer("ann").await, shop.product("Mug", 5).await);
    let order = Noted::Order(shop.order(&ann, &[line(&mug, 1)]).await.id);
    for text in ["wants a ribbon", " rang twice\n"] {
        shop.run(note(&shop, order, &stan, text)).await.expect("noted");
    }
    shop.run(note(&shop, Noted::Account(ann.id), &stan, "kind")).await.expect("noted");
    assert_eq!(texts(&shop, order).await, ["wants a ribbon", "rang twice"]);
    assert_eq!(texts(&shop, Noted::Account(ann.id)).await, ["kind"]);
    refused!(shop.run(note(&shop, order, &stan, "  ")).await, Error::Invalid(_));
    refused!(shop.run(note(&shop, Noted::Order(shop.id()), &stan, "x")).await, Error::NotFound("order"));
}

/// Not what they say: the log forgets nothing.
pub async fn the_log_says_about_whom_and_which_order_they_are(shop: Shop) {
    let (stan, ann, mug) = (shop.staff("stan", &[]).await, shop.customer("ann").await, shop.product("Mug", 5).await);
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    for about in [Noted::Order(order.id), Noted::Account(ann.id), Noted::Order(order.id)] {
        shop.run(audited(&shop, &stan, note(&shop, about, &stan, "kind"))).await.expect("noted");
    }
    let forget = DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() };
    shop.run(audited(&shop, &stan, forget)).await.expect("deleted");
    let filter = AuditFilter { noun: Some("notes".to_owned()), ..AuditFilter::default() };
    let mut log = shop.db().audit_log(&filter, &first_page()).await.expect("an answer").items;
    log.reverse();
    let said: Vec<_> =
        log.iter().map(|entry| (entry.action.as_str(), entry.subject_id, entry.content.subject.as_str())).collect();
    let number = order.number.to_string();
    assert_eq!(
        said,
        [
            ("notes.created", Some(order.id.0), number.as_str()),
            ("notes.created", Some(ann.id.0), ""),
            ("notes.changed", Some(order.id.0), number.as_str()),
            ("notes.deleted", Some(ann.id.0), ""),
        ]
    );
    assert!(log.iter().all(|entry| entry.content.changes.is_empty()), "{log:?}");
}

fn audited<O: Operation>(shop: &Shop, account: &Account, operation: O) -> Audited<O> {
    let by = Actor { account_id: account.id, address: None, key: None };
    Audited { by, operation, stamp: shop.next_stamp() }
}

pub async fn those_written_at_once_are_all_there(shop: Shop) {
    let (stan, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let about = Noted::Account(ann.id);
    let results = at_once(8, |n| {
        let (shop, note) = (shop.clone(), note(&shop, about, &stan, &format!("note {n}")));
        async move { shop.run(note).await }
    })
    .await;
    assert_eq!((count_ok(&results), texts(&shop, about).await.len()), (8, 8));
}

pub async fn those_about_a_customer_go_with_the_account(shop: Shop) {
    let (stan, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    shop.run(note(&shop, Noted::Account(ann.id), &stan, "kind")).await.expect("noted");
    shop.run(DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    assert_eq!(texts(&shop, Noted::Account(ann.id)).await, Vec::<String>::new());
    refused!(shop.run(note(&shop, Noted::Account(ann.id), &stan, "x")).await, Error::NotFound("account"));
}
