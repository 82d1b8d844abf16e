//! Equal requests at once.

use commerce::Replied;
use store::StoredReply;

use crate::{
    cases::orders::idempotent::{claim, once},
    support::{Shop, at_once, line, place},
};

fn reply(replied: &Replied) -> &StoredReply {
    match replied {
        Replied::New(reply) | Replied::Before(reply) => reply,
        Replied::KeyReused => panic!("the same request was taken for another one"),
    }
}

pub async fn a_hundred_equal_requests_make_one_order_and_get_one_reply(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 1000).await;
    let results = at_once(100, |_| {
        let request = once(Some(claim(&shop, &ann, "key", 1)), place(&shop, &ann, &[line(&mug, 2)]));
        let shop = shop.clone();
        async move { shop.run(request).await.expect("an answer") }
    })
    .await;
    assert_eq!(results.iter().filter(|replied| matches!(replied, Replied::New(_))).count(), 1);
    assert!(results.iter().all(|replied| reply(replied) == reply(&results[0])));
    assert_eq!((shop.orders().await.len(), shop.stock(&mug).await), (1, 998));
    assert_eq!(shop.db().backlog().await.expect("an answer").pending, 1);
}

/// The first one in decides which request the key is for; those that ask for something else are told so.
pub async fn a_key_for_two_requests_at_once_is_for_one_of_them(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 1000).await;
    let results = at_once(20, |number| {
        let kind = u8::from(number % 2 == 0);
        let lines = [line(&mug, 1 + i64::from(kind))];
        let request = once(Some(claim(&shop, &ann, "key", kind)), place(&shop, &ann, &lines));
        let shop = shop.clone();
        async move { shop.run(request).await.expect("an answer") }
    })
    .await;
    assert_eq!(results.iter().filter(|replied| matches!(replied, Replied::New(_))).count(), 1);
    assert_eq!(results.iter().filter(|replied| matches!(replied, Replied::Before(_))).count(), 9);
    assert_eq!(results.iter().filter(|replied| **replied == Replied::KeyReused).count(), 10);
    assert_eq!(shop.orders().await.len(), 1);
}

pub async fn different_keys_do_not_wait_for_each_other(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 1000).await;
    let results = at_once(50, |number| {
        let key = format!("key {number}");
        let request = once(Some(claim(&shop, &ann, &key, 1)), place(&shop, &ann, &[line(&mug, 1)]));
        let shop = shop.clone();
        async move { shop.run(request).await.expect("an answer") }
    })
    .await;
    assert!(results.iter().all(|replied| matches!(replied, Replied::New(_))));
    assert_eq!(shop.orders().await.len(), 50);
}

/// A refusal frees the key for whoever waits for it.
pub async fn refused_requests_at_once_store_nothing(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 1).await;
    let results = at_once(30, |_| {
        let request = once(Some(claim(&shop, &ann, "key", 1)), place(&shop, &ann, &[line(&mug, 2)]));
        let shop = shop.clone();
        async move { shop.run(request).await }
    })
    .await;
    assert!(results.iter().all(Result::is_err));
    shop.run(shop.movement(mug.variants[0].id, 1)).await.expect("received");
    let request = once(Some(claim(&shop, &ann, "key", 1)), place(&shop, &ann, &[line(&mug, 2)]));
    assert!(matches!(shop.run(request).await.expect("done"), Replied::New(_)));
}
