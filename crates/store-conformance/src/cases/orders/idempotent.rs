//! Doing something once, however often it is asked for.

use commerce::{Conflict, Error, Idempotent, Replied, orders::PlaceOrder};
use model::{Account, Order, SignedDuration};
use store::{Claim, StoredReply};

use crate::support::{Shop, eur, line, place, refused};

const ROUTE: &str = "POST /v1/orders";

/// A claim of `account` for a request with this fingerprint.
pub(crate) fn claim(shop: &Shop, account: &Account, key: &str, fingerprint: u8) -> Claim {
    Claim {
        account_id: account.id,
        route: ROUTE.into(),
        key: key.to_owned(),
        fingerprint: [fingerprint; 32],
        at: shop.now(),
    }
}

/// The operation behind a claim, with a reply that shows which order it was.
pub(crate) fn once(claim: Option<Claim>, operation: PlaceOrder) -> Idempotent<PlaceOrder> {
    let render = |order: &Order| StoredReply {
        status: 201,
        location: Some(format!("/v1/orders/{}", order.id)),
        etag: None,
        // Bytes that are no text: a reply is kept as it was sent.
        body: [order.number.to_string().as_bytes(), &[0, 0xFF, b'\'']].concat(),
    };
    Idempotent { claim, operation, render }
}

pub async fn a_repeated_request_gets_the_same_reply(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    let first = once(Some(claim(&shop, &ann, "key", 1)), place(&shop, &ann, &[line(&mug, 2)]));
    let Replied::New(reply) = shop.run(first).await.expect("done") else { panic!("must be new") };
    assert_eq!((reply.status, reply.etag.as_deref()), (201, None));
    shop.pass(SignedDuration::from_hours(24));
    let again = once(Some(claim(&shop, &ann, "key", 1)), place(&shop, &ann, &[line(&mug, 2)]));
    assert_eq!(shop.run(again).await.expect("done before"), Replied::Before(reply));
    assert_eq!((shop.orders().await.len(), shop.stock(&mug).await), (1, 7));
}

pub async fn a_key_is_for_one_request(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    shop.run(once(Some(claim(&shop, &ann, "key", 1)), place(&shop, &ann, &[line(&mug, 2)]))).await.expect("done");
    let other = once(Some(claim(&shop, &ann, "key", 2)), place(&shop, &ann, &[line(&mug, 3)]));
    assert_eq!(shop.run(other).await.expect("an answer"), Replied::KeyReused);
    assert_eq!((shop.orders().await.len(), shop.stock(&mug).await), (1, 7));
}

/// What was refused may succeed later: the shelf may have been filled.
pub async fn a_refusal_stores_nothing(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 1).await;
    let attempt = || once(Some(claim(&shop, &ann, "key", 1)), place(&shop, &ann, &[line(&mug, 2)]));
    refused!(shop.run(attempt()).await, Error::Conflict(Conflict::OutOfStock(_)));
    shop.run(shop.movement(mug.variants[0].id, 5)).await.expect("received");
    assert!(matches!(shop.run(attempt()).await.expect("done"), Replied::New(_)));
    assert_eq!((shop.orders().await.len(), shop.stock(&mug).await), (1, 4));
}

/// Not even the fingerprint of the refused request stays.
pub async fn a_refused_key_can_be_used_for_another_request(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 1).await;
    let refusal = once(Some(claim(&shop, &ann, "key", 1)), place(&shop, &ann, &[line(&mug, 2)]));
    shop.run(refusal).await.expect_err("out of stock");
    let other = once(Some(claim(&shop, &ann, "key", 2)), place(&shop, &ann, &[line(&mug, 1)]));
    assert!(matches!(shop.run(other).await.expect("done"), Replied::New(_)));
}

/// Who is told another total asks again with it, which is another request, and may keep the key.
pub async fn a_key_is_free_when_the_order_costs_otherwise(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
    let attempt = |expected, fingerprint| {
        let order = PlaceOrder { expected_total: Some(expected), ..place(&shop, &ann, &[line(&mug, 1)]) };
        once(Some(claim(&shop, &ann, "key", fingerprint)), order)
    };
    refused!(shop.run(attempt(eur(999), 1)).await, Error::Conflict(Conflict::PriceChanged(_)));
    assert!(matches!(shop.run(attempt(eur(1000), 2)).await.expect("done"), Replied::New(_)));
    assert_eq!((shop.orders().await.len(), shop.stock(&mug).await), (1, 8));
}

pub async fn keys_belong_to_an_account_and_a_route(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let mug = shop.product("Mug", 9).await;
    let of_ann = claim(&shop, &ann, "key", 1);
    let elsewhere = Claim { route: "POST /v1/elsewhere".into(), ..of_ann.clone() };
    let case = Claim { key: "KEY".into(), ..of_ann.clone() };
    for claim in [of_ann, elsewhere, case] {
        let done = shop.run(once(Some(claim), place(&shop, &ann, &[line(&mug, 1)]))).await;
        assert!(matches!(done.expect("done"), Replied::New(_)));
    }
    let of_bob = once(Some(claim(&shop, &bob, "key", 1)), place(&shop, &bob, &[line(&mug, 1)]));
    assert!(matches!(shop.run(of_bob).await.expect("done"), Replied::New(_)));
    assert_eq!(shop.orders().await.len(), 4);
}

pub async fn without_a_key_everything_is_done_each_time(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    for _ in 0..2 {
        let done = shop.run(once(None, place(&shop, &ann, &[line(&mug, 1)]))).await.expect("done");
        assert!(matches!(done, Replied::New(_)));
    }
    assert_eq!(shop.orders().await.len(), 2);
}

pub async fn replies_are_kept_byte_for_byte(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    let render = |_: &Order| StoredReply {
        status: 299,
        location: None,
        etag: Some("\"7\"".into()),
        body: (0..=u8::MAX).cycle().take(100_000).collect(),
    };
    let attempt = || Idempotent {
        claim: Some(claim(&shop, &ann, "k\"e'y 🔑", 1)),
        operation: place(&shop, &ann, &[line(&mug, 1)]),
        render,
    };
    let Replied::New(sent) = shop.run(attempt()).await.expect("done") else { panic!("must be new") };
    assert_eq!(shop.run(attempt()).await.expect("done before"), Replied::Before(sent));
}
