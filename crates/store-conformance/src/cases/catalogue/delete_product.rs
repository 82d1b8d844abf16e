//! Removing products.

use commerce::{
    Error,
    catalogue::{DeleteProduct, Deleted},
    orders::Mover,
};
use model::{OrderStatus, Product, ProductStatus};

use crate::support::{Shop, first_page, line, load, move_order, place, pointers, refused, with_options};

fn delete(shop: &Shop, product: &Product) -> DeleteProduct {
    DeleteProduct { id: product.id, if_version: None, stamp: shop.next_stamp() }
}

pub async fn a_product_that_was_never_ordered_is_erased(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["S", "M"], 5)).await;
    shop.run(shop.movement(shirt.variants[0].id, -2)).await.expect("moved");
    assert_eq!(shop.run(delete(&shop, &shirt)).await.expect("removed"), Deleted::Erased);
    assert_eq!(shop.db().product(shirt.id).await.expect("an answer"), None);
    for variant in &shirt.variants {
        assert_eq!(shop.db().product_of_variant(variant.id).await.expect("an answer"), None);
        assert!(shop.db().movements(variant.id, &first_page()).await.expect("an answer").items.is_empty());
    }
    refused!(shop.run(delete(&shop, &shirt)).await, Error::NotFound("product"));
    assert_eq!(shop.product("Shirt", 0).await.slug, "shirt", "the slug is free again");
}

pub async fn a_product_that_was_ordered_is_archived(shop: Shop) {
    let ann = shop.customer("ann").await;
    let shirt = shop.add(with_options("Shirt", &["S", "M"], 5)).await;
    let order = shop.order(&ann, &[line(&shirt, 2)]).await;
    let Deleted::Archived(archived) = shop.run(delete(&shop, &shirt)).await.expect("archived") else {
        panic!("an order points at it")
    };
    assert_eq!((archived.status, archived.version, archived.updated_at), (ProductStatus::Archived, 2, shop.now()));
    assert_eq!(shop.product_now(shirt.id).await, archived);
    assert_eq!(shop.order_now(order.id).await, order);
    let refusal = shop.run(place(&shop, &ann, &[line(&shirt, 1)])).await;
    assert_eq!(pointers(refusal), [("/lines/0/variant_id".to_owned(), "not_for_sale")]);
}

/// Even a cancelled order shows what was ordered, and its stock can still come back.
pub async fn a_cancelled_order_counts_too(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 5).await;
    let order = shop.order(&ann, &[line(&mug, 2)]).await;
    let ordered = mug.variants[0].id;
    let among = load!(shop, |tx| tx.ordered_among(&[ordered]).await);
    assert_eq!(among, [ordered]);
    assert!(matches!(shop.run(delete(&shop, &mug)).await.expect("archived"), Deleted::Archived(_)));
    shop.run(move_order(&shop, order.id, OrderStatus::Cancelled, Mover::Customer(ann.id))).await.expect("cancelled");
    assert_eq!(shop.stock(&mug).await, 5);
    assert!(matches!(shop.run(delete(&shop, &mug)).await.expect("archived"), Deleted::Archived(_)));
}

pub async fn a_refused_order_does_not_count(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 1).await;
    shop.run(place(&shop, &ann, &[line(&mug, 2)])).await.expect_err("out of stock");
    assert_eq!(shop.run(delete(&shop, &mug)).await.expect("removed"), Deleted::Erased);
}

pub async fn a_stale_version_is_refused(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    let stale = DeleteProduct { if_version: Some(2), ..delete(&shop, &mug) };
    refused!(shop.run(stale).await, Error::Stale { current: 1 });
    assert_eq!(shop.product_now(mug.id).await, mug);
}
