//! Prices and stock of several variants at once, as a list shows them.

use commerce::{
    Conflict, Error,
    catalogue::{ChangeListed, ListedChange, ListedError, StockCount},
};
use model::{Money, Product};

use crate::support::{Shop, eur, refused};

/// A change of what has had no movement but its first one; 0 leaves the stock alone.
async fn change(shop: &Shop, product: &Product, price: Option<Money>, delta: i64) -> ListedChange {
    let variant_id = product.variants[0].id;
    let shelf = shop.db().shelves(&[variant_id]).await.expect("an answer").remove(0);
    let count = StockCount { counted: shelf.stock + delta, seen: shelf.stock, as_of: shelf.place };
    ListedChange { variant_id, price, if_version: Some(product.version), count: (delta != 0).then_some(count) }
}

fn listed(shop: &Shop, changes: &[ListedChange]) -> ChangeListed {
    ChangeListed {
        changes: changes.to_vec(),
        reason: "counted in the list".to_owned(),
        actor_id: None,
        stamp: shop.next_stamp(),
    }
}

pub async fn a_list_is_changed_in_one_step(shop: Shop) {
    let (mug, cup, bowl) = (shop.product("Mug", 5).await, shop.product("Cup", 5).await, shop.product("Bowl", 5).await);
    let changes = [
        change(&shop, &mug, Some(eur(1200)), 3).await,
        change(&shop, &cup, None, -2).await,
        change(&shop, &bowl, Some(eur(900)), 0).await,
    ];
    shop.run(listed(&shop, &changes)).await.expect("changed");
    for (product, price, stock, version) in [(&mug, 1200, 8, 2), (&cup, 1000, 3, 1), (&bowl, 900, 5, 2)] {
        let now = shop.product_now(product.id).await;
        assert_eq!((now.variants[0].price, now.variants[0].stock, now.version), (eur(price), stock, version));
    }
    let ledger: Vec<_> = shop.ledger(&mug).await.iter().map(|movement| movement.delta).collect();
    assert_eq!(ledger, [3, 5]);
}

pub async fn one_wrong_change_of_a_list_stops_all_of_them(shop: Shop) {
    let (mug, cup, bowl) = (shop.product("Mug", 5).await, shop.product("Cup", 5).await, shop.product("Bowl", 5).await);
    let stale = ListedChange { if_version: Some(9), ..change(&shop, &bowl, Some(eur(900)), 0).await };
    let missing = ListedChange { variant_id: shop.id(), ..change(&shop, &mug, None, 1).await };
    // The first is written before the others are refused, and taken back. Each mistake is told.
    let sold =
        StockCount { counted: 0, seen: 6, as_of: change(&shop, &cup, None, 1).await.count.expect("a count").as_of };
    let too_few = ListedChange { count: Some(sold), ..change(&shop, &cup, None, 1).await };
    let changes = [change(&shop, &mug, Some(eur(1200)), 3).await, too_few, stale, missing];
    let told = match shop.run(listed(&shop, &changes)).await {
        Err(ListedError::Refused(told)) => told,
        other => panic!("must be refused, but is {other:?}"),
    };
    let ids: Vec<_> = told.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [cup.variants[0].id, bowl.variants[0].id, missing.variant_id]);
    let mut reasons = told.into_iter().map(|(_, error)| Err::<(), _>(error));
    let mut next = || reasons.next().expect("a reason");
    refused!(next(), Error::Conflict(Conflict::StockOutOfRange { on_hand: 5 }));
    refused!(next(), Error::Stale { current: 1 });
    refused!(next(), Error::NotFound("variant"));
    for product in [&mug, &cup, &bowl] {
        assert_eq!(shop.product_now(product.id).await, *product);
    }
    let ledger: Vec<_> = shop.ledger(&mug).await.iter().map(|movement| movement.delta).collect();
    assert_eq!(ledger, [5]);
}

pub async fn two_who_count_in_the_list_change_it_once(shop: Shop) {
    let (mug, cup) = (shop.product("Mug", 10).await, shop.product("Cup", 5).await);
    let counted = change(&shop, &mug, None, -2).await;
    shop.run(listed(&shop, &[counted])).await.expect("counted");
    let again = [change(&shop, &cup, None, 1).await, counted];
    let told = match shop.run(listed(&shop, &again)).await {
        Err(ListedError::Refused(told)) => told,
        other => panic!("must be refused, but is {other:?}"),
    };
    let [(id, Error::Conflict(Conflict::Recounted { on_hand: 8 }))] = &told[..] else { panic!("{told:?}") };
    assert_eq!(*id, mug.variants[0].id);
    assert_eq!((shop.stock(&mug).await, shop.stock(&cup).await), (8, 5));
}
