//! Nobody buys what is not there.

use commerce::{Conflict, Error};
use model::{Account, Product, Role, StockCause, checkout::RequestedLine};
use store::{Change, OrderFilter};

use crate::support::{Shop, all_pages, at_once, count_ok, line, password, place};

/// So many customers, in one transaction.
async fn crowd(shop: &Shop, count: usize) -> Vec<Account> {
    let buyers: Vec<_> =
        (0..count).map(|number| shop.new_account(&format!("buyer{number}"), Role::Customer, &[])).collect();
    let insert = |account: &Account| Change::InsertAccount {
        account: account.clone(),
        password_hash: Some(password(&account.name)),
    };
    shop.apply(buyers.iter().map(insert).collect()).await.expect("a crowd");
    buyers
}

/// Asserts that the ledger of the product explains its level, and gives how many pieces were sold.
async fn sold(shop: &Shop, product: &Product) -> i64 {
    let id = product.variants[0].id;
    let ledger = all_pages(100, async |page| shop.db().movements(id, &page).await).await;
    assert_eq!(ledger.iter().map(|movement| movement.delta).sum::<i64>(), shop.stock(product).await);
    ledger.iter().filter(|movement| movement.cause == StockCause::Sold).map(|movement| -movement.delta).sum()
}

pub async fn a_thousand_buyers_race_for_a_hundred_pieces(shop: Shop) {
    let buyers = crowd(&shop, 1000).await;
    let mug = shop.product("Mug", 100).await;
    let results = at_once(buyers.len(), |number| {
        let (shop, order) = (shop.clone(), place(&shop, &buyers[number], &[line(&mug, 1)]));
        async move { shop.run(order).await }
    })
    .await;
    assert_eq!(count_ok(&results), 100);
    for refusal in results.iter().filter_map(|result| result.as_ref().err()) {
        assert!(
            matches!(refusal, Error::Conflict(Conflict::OutOfStock(short)) if short[0].available == 0),
            "refused for another reason: {refusal:?}"
        );
    }
    assert_eq!((shop.stock(&mug).await, sold(&shop, &mug).await), (0, 100));
    let filter = OrderFilter::default();
    let orders = all_pages(100, async |page| shop.db().orders(&filter, &page).await).await;
    let mut numbers: Vec<_> = orders.iter().map(|order| order.number).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!((orders.len(), numbers.len()), (100, 100));
    assert_eq!(shop.db().backlog().await.expect("an answer").pending, 100, "a mail for each order");
}

pub async fn the_last_piece_is_sold_once(shop: Shop) {
    let buyers = crowd(&shop, 16).await;
    for round in 0..10 {
        let mug = shop.product(&format!("Mug {round}"), 1).await;
        let results = at_once(buyers.len(), |number| {
            let (shop, order) = (shop.clone(), place(&shop, &buyers[number], &[line(&mug, 1)]));
            async move { shop.run(order).await }
        })
        .await;
        assert_eq!((count_ok(&results), shop.stock(&mug).await), (1, 0), "round {round}");
    }
}

/// Each order takes 1 + 2 of 100 pieces in two lines: 33 fit, and one piece stays.
pub async fn doubled_lines_cannot_oversell(shop: Shop) {
    let buyers = crowd(&shop, 60).await;
    let mug = shop.product("Mug", 100).await;
    let results = at_once(buyers.len(), |number| {
        let (shop, order) = (shop.clone(), place(&shop, &buyers[number], &[line(&mug, 1), line(&mug, 2)]));
        async move { shop.run(order).await }
    })
    .await;
    assert_eq!((count_ok(&results), shop.stock(&mug).await, sold(&shop, &mug).await), (33, 1, 99));
}

/// Orders that share their lines in different orders must neither wait for each other for ever nor sell too much.
pub async fn shared_lines_in_any_order_are_sold_exactly(shop: Shop) {
    let buyers = crowd(&shop, 90).await;
    let mut products = Vec::new();
    for stock in [30, 40, 50] {
        products.push(shop.product(&format!("Product {stock}"), stock).await);
    }
    let results = at_once(buyers.len(), |number| {
        let mut lines: Vec<RequestedLine> = products.iter().map(|product| line(product, 1)).collect();
        lines.rotate_left(number % 3);
        if number % 2 == 0 {
            lines.reverse();
        }
        let (shop, order) = (shop.clone(), place(&shop, &buyers[number], &lines));
        async move { shop.run(order).await }
    })
    .await;
    assert_eq!(count_ok(&results), 30);
    for (product, left) in products.iter().zip([0, 10, 20]) {
        assert_eq!((shop.stock(product).await, sold(&shop, product).await), (left, 30));
    }
}

pub async fn movements_add_up(shop: Shop) {
    let mug = shop.product("Mug", 100).await;
    let id = mug.variants[0].id;
    let results = at_once(80, |number| {
        let delta = if number % 2 == 0 { 3 } else { -1 };
        let (shop, movement) = (shop.clone(), shop.movement(id, delta));
        async move { shop.run(movement).await }
    })
    .await;
    assert_eq!((count_ok(&results), shop.stock(&mug).await), (80, 180));
    sold(&shop, &mug).await;
}

/// Whoever counts the shelf while it is being sold out must not push it below zero.
pub async fn movements_and_orders_share_one_level(shop: Shop) {
    let buyers = crowd(&shop, 40).await;
    let mug = shop.product("Mug", 40).await;
    let id = mug.variants[0].id;
    let results = at_once(80, |number| {
        let shop = shop.clone();
        let order = (number % 2 == 0).then(|| place(&shop, &buyers[number / 2], &[line(&mug, 1)]));
        let movement = shop.movement(id, -1);
        async move {
            match order {
                Some(order) => shop.run(order).await.map(drop),
                None => shop.run(movement).await.map(drop),
            }
        }
    })
    .await;
    assert_eq!((count_ok(&results), shop.stock(&mug).await), (40, 0));
    let sold = sold(&shop, &mug).await;
    assert_eq!(usize::try_from(sold), Ok(shop.orders().await.len()));
}
