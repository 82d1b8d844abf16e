//! One order, moved by many.

use commerce::{
    Conflict, Error,
    accounts::DeleteAccount,
    catalogue::{DeleteProduct, Deleted},
    orders::Mover,
};
use model::{OrderStatus, ProductStatus, order::OrderActor};

use crate::support::{Shop, at_once, count_ok, email, line, move_order, place};

use OrderStatus::{Cancelled, Confirmed, Shipped};

pub async fn cancelling_and_shipping_at_once_does_one_of_them(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let mug = shop.product("Mug", 100).await;
    for round in 0..20 {
        let order = shop.order(&ann, &[line(&mug, 2)]).await;
        shop.moved(&order, &staff, &[Confirmed]).await;
        let before = shop.stock(&mug).await;
        let results = at_once(2, |number| {
            let is_first = (number + round) % 2 == 0;
            let (to, mover) =
                if is_first { (Cancelled, Mover::Customer(ann.id)) } else { (Shipped, Mover::Staff(staff.id)) };
            let (shop, step) = (shop.clone(), move_order(&shop, order.id, to, mover));
            async move { shop.run(step).await }
        })
        .await;
        assert_eq!(count_ok(&results), 1, "round {round}: {results:?}");
        let after = shop.order_now(order.id).await;
        let returned = if after.status == Cancelled { 2 } else { 0 };
        assert!(matches!(after.status, Cancelled | Shipped));
        assert_eq!((after.timeline.len(), shop.stock(&mug).await), (3, before + returned));
        let loser = results.into_iter().find_map(Result::err);
        assert!(matches!(loser, Some(Error::Conflict(Conflict::NotAllowed { from, .. })) if from == after.status));
    }
}

pub async fn many_cancellations_give_the_stock_back_once(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let mug = shop.product("Mug", 10).await;
    let order = shop.order(&ann, &[line(&mug, 4)]).await;
    let results = at_once(20, |number| {
        let mover = if number % 2 == 0 { Mover::Customer(ann.id) } else { Mover::Staff(staff.id) };
        let (shop, cancel) = (shop.clone(), move_order(&shop, order.id, Cancelled, mover));
        async move { shop.run(cancel).await }
    })
    .await;
    let timeline = shop.order_now(order.id).await.timeline;
    // A buyer who has cancelled it is told so each time; everybody else is refused.
    let told = if timeline[1].actor == OrderActor::Customer { 10 } else { 1 };
    assert_eq!((count_ok(&results), shop.stock(&mug).await, shop.ledger(&mug).await.len()), (told, 10, 3));
    assert_eq!(timeline.len(), 2);
    let cancelled = shop.mails_to(&email("ann")).await;
    assert_eq!(cancelled.iter().filter(|mail| mail.template.name() == "order_cancelled").count(), 1);
}

/// What a cancellation returns can be bought at once, and no more than that.
pub async fn cancellations_and_purchases_at_once_sell_what_is_there(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 20).await;
    let mut orders = Vec::new();
    for _ in 0..20 {
        orders.push(shop.order(&ann, &[line(&mug, 1)]).await);
    }
    let results = at_once(60, |number| {
        let shop = shop.clone();
        let cancel = orders.get(number).map(|order| move_order(&shop, order.id, Cancelled, Mover::Customer(ann.id)));
        let order = place(&shop, &ann, &[line(&mug, 1)]);
        async move {
            match cancel {
                Some(cancel) => shop.run(cancel).await.map(|_| 0),
                None => shop.run(order).await.map(|_| 1),
            }
        }
    })
    .await;
    assert!(results[..20].iter().all(Result::is_ok), "a cancellation was refused");
    let bought: i64 = results.iter().flatten().sum();
    assert!(bought <= 20);
    assert_eq!(shop.stock(&mug).await, 20 - bought);
}

/// The buyer is forgotten in every order that exists, and no order comes after that.
pub async fn an_order_and_the_deletion_of_its_buyer_leave_no_trace_of_them(shop: Shop) {
    let mug = shop.product("Mug", 1000).await;
    for round in 0..10 {
        let ann = shop.customer(&format!("ann{round}")).await;
        let results = at_once(4, |number| {
            let (shop, order) = (shop.clone(), place(&shop, &ann, &[line(&mug, 1)]));
            let delete = DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() };
            async move { if number == round % 4 { shop.run(delete).await } else { shop.run(order).await.map(drop) } }
        })
        .await;
        assert!(results[round % 4].is_ok());
        let refused = results.iter().filter_map(|result| result.as_ref().err());
        assert!(refused.into_iter().all(|refusal| matches!(refusal, Error::NotAuthenticated)));
    }
    assert!(shop.orders().await.iter().all(|order| order.email.is_none()), "an order names a buyer who is gone");
    assert_eq!(shop.db().backlog().await.expect("an answer").pending, 0, "a mail to a buyer who is gone");
}

/// Either the order comes first and the product is kept for it, or the product is gone and nothing is sold.
pub async fn an_order_and_the_removal_of_its_product_agree(shop: Shop) {
    let ann = shop.customer("ann").await;
    for round in 0..20 {
        let mug = shop.product(&format!("Mug {round}"), 5).await;
        let order = place(&shop, &ann, &[line(&mug, 1)]);
        let delete = DeleteProduct { id: mug.id, if_version: None, stamp: shop.next_stamp() };
        let results = at_once(2, |number| {
            let (shop, order) = (shop.clone(), order.clone());
            async move {
                if (number + round) % 2 == 0 {
                    (shop.run(order).await.ok(), None)
                } else {
                    (None, Some(shop.run(delete).await.expect("removed or archived")))
                }
            }
        })
        .await;
        let ordered = results.iter().find_map(|(order, _)| order.clone());
        let deleted = results.into_iter().find_map(|(_, deleted)| deleted);
        match (ordered, deleted) {
            (Some(order), Some(Deleted::Archived(_))) => {
                assert_eq!(shop.product_now(mug.id).await.status, ProductStatus::Archived);
                assert_eq!(shop.order_now(order.id).await, order);
            }
            (None, Some(Deleted::Erased)) => {
                assert_eq!(shop.db().product(mug.id).await.expect("an answer"), None);
            }
            other => panic!("round {round}: {other:?}"),
        }
    }
}
