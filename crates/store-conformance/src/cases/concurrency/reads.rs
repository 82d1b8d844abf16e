//! Reading while others write.

use commerce::{
    accounts::EndSession,
    catalogue::{ProductPatch, UpdateProduct, VariantDraft, VariantEntry},
    orders::Mover,
};
use model::OrderStatus;
use store::{OrderFilter, ProductFilter};

use crate::support::{Shop, at_once, eur, first_page, line, move_order, page_of, place, with_options};

/// A query sees everything that was acknowledged before it began, by whichever way it is asked.
pub async fn what_was_acknowledged_is_read(shop: Shop) {
    let mug = shop.product("Mug", 1000).await;
    let mut buyers = Vec::new();
    for number in 0..20 {
        buyers.push(shop.customer(&format!("ann{number}")).await);
    }
    at_once(buyers.len(), |number| {
        let (shop, ann, mug) = (shop.clone(), buyers[number].clone(), mug.clone());
        async move {
            for round in 1..=5 {
                let session = shop.sign_in(&ann).await;
                assert!(shop.is_signed_in(session.id).await);
                let order = shop.order(&ann, &[line(&mug, 1)]).await;
                assert_eq!(shop.order_now(order.id).await, order);
                let own = OrderFilter { account_id: Some(ann.id), ..OrderFilter::default() };
                let listed = shop.db().orders(&own, &first_page()).await.expect("an answer").items;
                assert_eq!((listed.len(), listed.iter().any(|listed| listed.id == order.id)), (round, true));
                shop.run(EndSession { account_id: ann.id, id: session.id, now: shop.now() }).await.expect("ended");
                assert!(!shop.is_signed_in(session.id).await, "a session was worth something after its end");
            }
        }
    })
    .await;
    assert_eq!(shop.stock(&mug).await, 900);
}

/// A product is in several rows; whoever reads it gets all of them from one moment.
pub async fn a_product_is_never_read_half_changed(shop: Shop) {
    let shirt = shop.add(with_options("0", &["S", "M"], 1)).await;
    at_once(6, |number| {
        let (shop, shirt) = (shop.clone(), shirt.clone());
        async move {
            for round in 0..40 {
                if number == 0 {
                    write_everywhere(&shop, &shirt, round).await;
                    continue;
                }
                let single = shop.product_now(shirt.id).await;
                let filter = ProductFilter::default();
                let listed = shop.db().products(&filter, &first_page()).await.expect("an answer").items.swap_remove(0);
                for product in [single, listed] {
                    let prices: Vec<_> = product.variants.iter().map(|variant| variant.price.amount).collect();
                    let agree = product.version == 1 || prices.iter().all(|price| price.to_string() == product.title);
                    assert!(agree, "{} with {prices:?}", product.title);
                }
            }
        }
    })
    .await;
}

/// Writes `round` into the title and into the price of each variant.
async fn write_everywhere(shop: &Shop, shirt: &model::Product, round: i64) {
    let variants = shirt.variants.iter().map(|variant| VariantDraft {
        id: Some(variant.id),
        price: eur(round),
        option_values: variant.option_values.clone(),
        stock: None,
        ..with_options("", &["S"], 0).variants.swap_remove(0)
    });
    let variants = Some(variants.map(VariantEntry::Whole).collect());
    let patch = ProductPatch { title: Some(round.to_string()), variants, ..ProductPatch::default() };
    let update = UpdateProduct { id: shirt.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("changed");
}

/// An order's status and its timeline are in different rows too.
pub async fn an_order_is_never_read_half_moved(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let mug = shop.product("Mug", 1000).await;
    at_once(6, |number| {
        let (shop, ann, staff, mug) = (shop.clone(), ann.clone(), staff.clone(), mug.clone());
        async move {
            for _ in 0..15 {
                if number < 2 {
                    let order = shop.run(place(&shop, &ann, &[line(&mug, 1)])).await.expect("an order");
                    for to in [OrderStatus::Confirmed, OrderStatus::Shipped, OrderStatus::Delivered] {
                        shop.run(move_order(&shop, order.id, to, Mover::Staff(staff.id))).await.expect("moved");
                    }
                    continue;
                }
                let page = page_of(10, None);
                let listed = shop.db().orders(&OrderFilter::default(), &page).await.expect("an answer").items;
                for order in listed {
                    let last = order.timeline.last().expect("an event").status;
                    let steps = i64::try_from(order.timeline.len()).expect("a few");
                    assert_eq!((last, steps, order.lines.len()), (order.status, order.version, 1));
                }
            }
        }
    })
    .await;
}

/// The level in a product's row and its ledger are changed together.
pub async fn a_level_is_never_ahead_of_its_ledger(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    let id = mug.variants[0].id;
    at_once(4, |number| {
        let (shop, mug) = (shop.clone(), mug.clone());
        async move {
            for _ in 0..20 {
                if number < 2 {
                    shop.run(shop.movement(id, 1)).await.expect("moved");
                    continue;
                }
                let before = shop.stock(&mug).await;
                let ledger: i64 = shop.ledger(&mug).await.iter().map(|movement| movement.delta).sum();
                let after = shop.stock(&mug).await;
                assert!((before..=after).contains(&ledger), "{before} {ledger} {after}");
            }
        }
    })
    .await;
}
