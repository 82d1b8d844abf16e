//! Round trips are what PostgreSQL costs: an order takes two and the one that commits.

use commerce::{Idempotent, orders::PlaceOrder};
use model::Account;
use store::{Claim, StoredReply};
use store_conformance::support::{Shop, line, place};

use crate::shops::with_engine;

#[test]
fn an_order_with_its_idempotency_key_takes_two_round_trips_and_a_commit() {
    with_engine(|shop, engine| async move {
        let ann = shop.customer("ann").await;
        let (mug, bowl) = (shop.product("Mug", 9).await, shop.product("Bowl", 9).await);
        let lines = [line(&mug, 1), line(&bowl, 2)];
        let before = engine.round_trips();
        shop.run(once(&shop, &ann, place(&shop, &ann, &lines))).await.expect("an order");
        assert_eq!(engine.round_trips() - before, 3, "the key, what it needs to know, everything that it writes");
        let before = engine.round_trips();
        shop.run(once(&shop, &ann, place(&shop, &ann, &lines))).await.expect("the same order");
        assert_eq!(engine.round_trips() - before, 2, "the key, and the end");
    });
}

fn once(shop: &Shop, buyer: &Account, operation: PlaceOrder) -> Idempotent<PlaceOrder> {
    let claim = Claim {
        account_id: buyer.id,
        route: "POST /v1/orders".into(),
        key: "key".to_owned(),
        fingerprint: [1; 32],
        at: shop.now(),
    };
    let render = |order: &model::Order| StoredReply {
        status: 201,
        location: None,
        etag: None,
        body: order.number.0.to_le_bytes().to_vec(),
    };
    Idempotent { claim: Some(claim), operation, render }
}
