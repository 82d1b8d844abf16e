//! Prices and stock of several variants at once, as a list shows them.

use commerce::{
    Conflict, Error,
    catalogue::{ChangeListed, ListedChange, ListedError},
};
use model::{Money, Product};

use crate::support::{Shop, eur, refused};

fn change(product: &Product, price: Option<Money>, delta: i64) -> ListedChange {
    ListedChange { variant_id: product.variants[0].id, price, if_version: Some(product.version), delta }
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
    let changes = [change(&mug, Some(eur(1200)), 3), change(&cup, None, -2), change(&bowl, Some(eur(900)), 0)];
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
    let stale = ListedChange { if_version: Some(9), ..change(&bowl, Some(eur(900)), 0) };
    let missing = ListedChange { variant_id: shop.id(), ..change(&mug, None, 1) };
    // The first is written before the others are refused, and taken back. Each mistake is told.
    let changes = [change(&mug, Some(eur(1200)), 3), change(&cup, None, -6), stale, missing];
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
