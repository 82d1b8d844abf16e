//! One variant at a time.

use commerce::{
    Conflict, Error,
    catalogue::{CreateVariant, DeleteVariant, UpdateVariant, VariantDraft, VariantPatch},
};
use model::{ListPrice, Product, Sale, VariantId};

use crate::support::{Shop, eur, line, pointers, refused, usd, with_options};

fn create(shop: &Shop, product: &Product, size: &str) -> CreateVariant {
    let draft = with_options("", &[size], 6).variants.swap_remove(0);
    let draft = VariantDraft { sku: Some(format!("SKU-{size}")), ..draft };
    CreateVariant { product_id: product.id, draft, if_version: None, actor_id: None, stamp: shop.next_stamp() }
}

fn update(shop: &Shop, id: VariantId, patch: VariantPatch) -> UpdateVariant {
    UpdateVariant { id, patch, if_version: None, stamp: shop.next_stamp() }
}

fn delete(shop: &Shop, id: VariantId) -> DeleteVariant {
    DeleteVariant { id, if_version: None, stamp: shop.next_stamp() }
}

pub async fn a_new_variant_comes_last_with_its_stock(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["S"], 1)).await;
    let after = shop.run(create(&shop, &shirt, "M")).await.expect("added");
    assert_eq!((after.variants.len(), after.version), (2, 2));
    let new = &after.variants[1];
    assert_eq!((new.title().as_str(), new.stock, new.sku.as_deref()), ("M", 6, Some("SKU-M")));
    assert_eq!(after.options[0].values, ["S", "M"]);
    assert_eq!(shop.product_now(shirt.id).await, after);
    let ledger = shop.db().movements(new.id, &crate::support::first_page()).await.expect("an answer").items;
    assert_eq!(ledger.iter().map(|movement| movement.delta).collect::<Vec<_>>(), [6]);
}

pub async fn wrong_new_variants_are_refused(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["S"], 1)).await;
    let other = shop.add(with_options("Other", &["S"], 1)).await;
    shop.run(create(&shop, &other, "M")).await.expect("added");
    refused!(
        shop.run(create(&shop, &shirt, "M")).await,
        Error::Conflict(Conflict::SkuTaken(sku)) if sku == "SKU-M"
    );
    assert_eq!(pointers(shop.run(create(&shop, &shirt, "S")).await), [("/option_values".to_owned(), "duplicate")]);
    let stale = CreateVariant { if_version: Some(9), ..create(&shop, &shirt, "L") };
    refused!(shop.run(stale).await, Error::Stale { current: 1 });
    let missing = CreateVariant { product_id: shop.id(), ..create(&shop, &shirt, "L") };
    refused!(shop.run(missing).await, Error::NotFound("product"));
    assert_eq!(shop.product_now(shirt.id).await, shirt);
}

pub async fn what_is_given_changes_and_the_rest_stays(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["S", "M"], 2)).await;
    let patch = VariantPatch {
        sku: Some(Some("NEW".into())),
        option_values: Some(vec!["M long".into()]),
        price: Some(eur(1)),
        compare_at_price: Some(Some(eur(2))),
        track_stock: Some(false),
        weight_grams: Some(Some(3)),
        barcode: Some(Some("4".into())),
        prices: Some(vec![ListPrice { price: usd(3), compare_at_price: None }]),
        sale: Some(Some(Sale { prices: vec![usd(2)], starts_at: None, ends_at: None })),
        ..VariantPatch::default()
    };
    let after = shop.run(update(&shop, shirt.variants[1].id, patch)).await.expect("changed");
    assert_eq!((after.variants[0].clone(), after.version), (shirt.variants[0].clone(), 2));
    let changed = &after.variants[1];
    assert_eq!((changed.sku.as_deref(), changed.price, changed.compare_at_price), (Some("NEW"), eur(1), Some(eur(2))));
    assert_eq!((changed.title().as_str(), changed.stock, changed.track_stock), ("M long", 2, false));
    assert_eq!(shop.product_now(shirt.id).await, after);
    let emptied = VariantPatch {
        sku: Some(None),
        compare_at_price: Some(None),
        weight_grams: Some(None),
        barcode: Some(None),
        ..VariantPatch::default()
    };
    let after = shop.run(update(&shop, shirt.variants[1].id, emptied)).await.expect("changed");
    let changed = &after.variants[1];
    assert_eq!(
        (&changed.sku, changed.compare_at_price, changed.weight_grams, &changed.barcode),
        (&None, None, None, &None)
    );
    assert_eq!(shop.product_now(shirt.id).await, after);
}

pub async fn wrong_changes_are_refused(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["S", "M"], 2)).await;
    let id = shirt.variants[1].id;
    let negative = VariantPatch { price: Some(eur(-1)), ..VariantPatch::default() };
    assert_eq!(pointers(shop.run(update(&shop, id, negative)).await), [("/price/amount".to_owned(), "out_of_range")]);
    let missing = update(&shop, shop.id(), VariantPatch::default());
    refused!(shop.run(missing).await, Error::NotFound("variant"));
    let stale = UpdateVariant { if_version: Some(3), ..update(&shop, id, VariantPatch::default()) };
    refused!(shop.run(stale).await, Error::Stale { current: 1 });
    assert_eq!(shop.product_now(shirt.id).await, shirt);
}

pub async fn a_removed_variant_is_gone_with_its_ledger(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["S", "M"], 2)).await;
    let (small, medium) = (shirt.variants[0].id, shirt.variants[1].id);
    shop.run(shop.movement(small, 5)).await.expect("received");
    let after = shop.run(delete(&shop, small)).await.expect("removed");
    assert_eq!((after.variants.len(), after.variants[0].id, after.version), (1, medium, 2));
    assert_eq!(shop.product_now(shirt.id).await, after);
    assert_eq!(shop.db().product_of_variant(small).await.expect("an answer"), None);
    let ledger = shop.db().movements(small, &crate::support::first_page()).await.expect("an answer").items;
    assert!(ledger.is_empty());
    refused!(shop.run(delete(&shop, small)).await, Error::NotFound("variant"));
}

pub async fn the_last_variant_and_ordered_ones_stay(shop: Shop) {
    let ann = shop.customer("ann").await;
    let shirt = shop.add(with_options("Shirt", &["S", "M"], 2)).await;
    let order = shop.order(&ann, &[line(&shirt, 1)]).await;
    shop.moved(&order, &ann, &[model::OrderStatus::Cancelled]).await;
    refused!(shop.run(delete(&shop, shirt.variants[0].id)).await, Error::Conflict(Conflict::VariantOrdered));
    let stale = DeleteVariant { if_version: Some(3), ..delete(&shop, shirt.variants[1].id) };
    refused!(shop.run(stale).await, Error::Stale { current: 1 });
    shop.run(delete(&shop, shirt.variants[1].id)).await.expect("never ordered");
    refused!(shop.run(delete(&shop, shirt.variants[0].id)).await, Error::Conflict(Conflict::LastVariant));
}
