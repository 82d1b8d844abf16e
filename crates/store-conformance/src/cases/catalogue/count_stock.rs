//! Stock is counted about what was seen, and once.

use commerce::{
    Conflict, Error,
    catalogue::{CountStock, MoveStock, StockCount},
};
use model::{OrderStatus, Product, StockCause, stock::STOCK_MAX};
use store::Shelf;

use crate::support::{Shop, at_once, draft, line, load, pointers, refused};

async fn shelf(shop: &Shop, product: &Product) -> Shelf {
    let shelves = shop.db().shelves(&[product.variants[0].id]).await.expect("an answer");
    let [shelf] = shelves[..] else { panic!("one shelf, not {shelves:?}") };
    shelf
}

/// Somebody saw this and counted that many.
fn count(shop: &Shop, seen: Shelf, counted: i64) -> CountStock {
    CountStock {
        variant_id: seen.variant_id,
        count: StockCount { counted, seen: seen.stock, as_of: seen.place },
        reason: "the shelf".to_owned(),
        actor_id: None,
        stamp: shop.next_stamp(),
    }
}

pub async fn what_was_sold_since_stays_sold(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let mug = shop.product("Mug", 10).await;
    let seen = shelf(&shop, &mug).await;
    let order = shop.order(&ann, &[line(&mug, 3)]).await;
    shop.order(&ann, &[line(&mug, 1)]).await;
    shop.moved(&order, &staff, &[OrderStatus::Cancelled]).await;
    shop.run(count(&shop, seen, 8)).await.expect("counted");
    assert_eq!(shop.stock(&mug).await, 7, "two less than was seen, and one was sold");
    let newest = shop.ledger(&mug).await.swap_remove(0);
    assert_eq!((newest.delta, newest.cause), (-2, StockCause::Adjusted));
}

/// They saw the same, and found the same.
pub async fn two_who_count_the_same_shelf_change_it_once(shop: Shop) {
    let mug = shop.product("Mug", 10).await;
    let seen = shelf(&shop, &mug).await;
    let counts = at_once(4, |_| {
        let shop = shop.clone();
        async move { shop.run(count(&shop, seen, 8)).await }
    });
    let refused = counts.await.into_iter().filter_map(Result::err).map(|error| match error {
        Error::Conflict(Conflict::Recounted { on_hand }) => on_hand,
        other => panic!("must be told what is there now, and not {other}"),
    });
    assert_eq!(refused.collect::<Vec<_>>(), [8, 8, 8]);
    assert_eq!(shop.stock(&mug).await, 8);
    // Whatever somebody did with it meanwhile.
    for cause in [StockCause::Received, StockCause::Returned, StockCause::Adjusted] {
        let seen = shelf(&shop, &mug).await;
        let moved = MoveStock { cause: Some(cause), ..shop.movement(seen.variant_id, 1) };
        shop.run(moved).await.expect("moved");
        let on_hand = seen.stock + 1;
        let refusal = shop.run(count(&shop, seen, 5)).await;
        refused!(refusal, Error::Conflict(Conflict::Recounted { on_hand: told }) if told == on_hand);
    }
}

pub async fn a_count_that_agrees_changes_nothing(shop: Shop) {
    let mug = shop.product("Mug", 7).await;
    shop.run(count(&shop, shelf(&shop, &mug).await, 7)).await.expect("counted");
    assert_eq!((shop.stock(&mug).await, shop.ledger(&mug).await.len()), (7, 1));
    // It is no agreement with what somebody else found meanwhile.
    let seen = shelf(&shop, &mug).await;
    shop.run(count(&shop, seen, 6)).await.expect("counted");
    refused!(shop.run(count(&shop, seen, 7)).await, Error::Conflict(Conflict::Recounted { on_hand: 6 }));
}

pub async fn wrong_counts_are_refused(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 5).await);
    let seen = shelf(&shop, &mug).await;
    for counted in [-1, STOCK_MAX + 1] {
        assert_eq!(pointers(shop.run(count(&shop, seen, counted)).await), [("/counted".to_owned(), "out_of_range")]);
    }
    shop.order(&ann, &[line(&mug, 4)]).await;
    // Three less than there were, and one is left.
    refused!(shop.run(count(&shop, seen, 2)).await, Error::Conflict(Conflict::StockOutOfRange { on_hand: 1 }));
    let unknown = Shelf { variant_id: shop.id(), ..seen };
    refused!(shop.run(count(&shop, unknown, 1)).await, Error::NotFound("variant"));
    let mut voucher = draft("Voucher", 0);
    voucher.variants[0].track_stock = false;
    let voucher = shop.add(voucher).await;
    let seen = shelf(&shop, &voucher).await;
    refused!(shop.run(count(&shop, seen, 0)).await, Error::Conflict(Conflict::StockNotTracked));
}

pub async fn a_shelf_is_of_one_moment(shop: Shop) {
    let (mug, cup) = (shop.product("Mug", 5).await, shop.product("Cup", 0).await);
    let id = mug.variants[0].id;
    let before = shelf(&shop, &mug).await;
    for delta in [3, -1] {
        shop.run(shop.movement(id, delta)).await.expect("moved");
    }
    let after = shelf(&shop, &mug).await;
    assert_eq!((before.stock, after.stock), (5, 7));
    let empty = Shelf { variant_id: cup.variants[0].id, stock: 0, place: 0 };
    assert_eq!(shelf(&shop, &cup).await, empty);
    let both = shop.db().shelves(&[id, empty.variant_id, shop.id()]).await.expect("an answer");
    assert_eq!((both.len(), both.contains(&after), both.contains(&empty)), (2, true, true));
    let since = load!(shop, |tx| tx.movements_since(id, before.place, 100).await);
    assert_eq!(since.iter().map(|movement| movement.delta).collect::<Vec<_>>(), [-1, 3]);
    let since = load!(shop, |tx| tx.movements_since(id, after.place, 100).await);
    assert_eq!(since, []);
    let all = load!(shop, |tx| tx.movements_since(id, 0, 100).await);
    assert_eq!(all, shop.ledger(&mug).await);
    let last = load!(shop, |tx| tx.movements_since(id, 0, 1).await);
    assert_eq!(last, all[..1]);
}
