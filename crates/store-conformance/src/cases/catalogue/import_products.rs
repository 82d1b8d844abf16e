//! Bringing products over from elsewhere.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use commerce::{
    Conflict, Error,
    catalogue::{ImportProducts, ImportSummary, ImportedProduct, ProductDraft, VariantDraft},
};
use model::Variant;

use crate::support::{Shop, draft, eur, line, with_options};

fn imported(handle: &str, category: Option<&str>, draft: ProductDraft, line: u64) -> ImportedProduct {
    ImportedProduct { handle: handle.to_owned(), category: category.map(str::to_owned), draft, line }
}

fn import(shop: &Shop, products: &[ImportedProduct]) -> ImportProducts {
    let (products, progress) = (products.to_vec(), Arc::new(AtomicU64::new(0)));
    ImportProducts { products, actor_id: None, stamp: shop.next_stamp(), progress }
}

const fn summary(created: u64, updated: u64, unchanged: u64) -> ImportSummary {
    ImportSummary { created, updated, unchanged }
}

pub async fn an_import_can_be_repeated_without_duplicates(shop: Shop) {
    let products = [
        imported("Linen Shirt", Some("Shirts"), with_options("Linen shirt", &["S", "M"], 3), 2),
        imported("mug", Some(" shirts "), draft("Mug", 4), 4),
        imported("bare", None, draft("Bare", 0), 5),
    ];
    let first = import(&shop, &products);
    let progress = first.progress.clone();
    assert_eq!(shop.run(first).await.expect("imported"), summary(3, 0, 0));
    assert_eq!(progress.load(Ordering::Relaxed), 3);
    let shirt = shop.db().product_by_slug("linen-shirt").await.expect("an answer").expect("a product");
    assert_eq!((shirt.variants.len(), shirt.variants[0].stock), (2, 3));
    let categories = shop.db().categories().await.expect("an answer");
    assert_eq!(categories.iter().map(|category| category.name.as_str()).collect::<Vec<_>>(), ["Shirts"]);
    assert_eq!(shirt.category_id, Some(categories[0].id));
    assert_eq!(shop.ledger(&shirt).await.len(), 1);

    assert_eq!(shop.run(import(&shop, &products)).await.expect("imported"), summary(0, 0, 3));
    assert_eq!(shop.product_now(shirt.id).await, shirt, "an import without news changed something");
}

/// What was sold since must not come back.
pub async fn stock_of_known_variants_is_left_alone(shop: Shop) {
    let ann = shop.customer("ann").await;
    let product = imported("mug", None, draft("Mug", 4), 2);
    shop.run(import(&shop, std::slice::from_ref(&product))).await.expect("imported");
    let mug = shop.db().product_by_slug("mug").await.expect("an answer").expect("a product");
    shop.order(&ann, &[line(&mug, 3)]).await;
    let mut dearer = product;
    dearer.draft.variants[0].price = eur(1100);
    assert_eq!(shop.run(import(&shop, &[dearer])).await.expect("imported"), summary(0, 1, 0));
    let after = shop.product_now(mug.id).await;
    assert_eq!((after.variants[0].stock, after.variants[0].price, after.version), (1, eur(1100), 2));
    assert_eq!(after.variants[0].id, mug.variants[0].id);
}

pub async fn new_variants_come_and_unnamed_ones_stay(shop: Shop) {
    let product = |sizes: &[&str]| imported("shirt", None, with_options("Shirt", sizes, 3), 2);
    shop.run(import(&shop, &[product(&["S", "M"])])).await.expect("imported");
    assert_eq!(shop.run(import(&shop, &[product(&["M", "L"])])).await.expect("imported"), summary(0, 1, 0));
    let shirt = shop.db().product_by_slug("shirt").await.expect("an answer").expect("a product");
    let sizes: Vec<_> = shirt.variants.iter().map(Variant::title).collect();
    assert_eq!(sizes, ["S", "M", "L"]);
    assert_eq!(shirt.variants.iter().map(|variant| variant.stock).collect::<Vec<_>>(), [3, 3, 3]);
}

pub async fn variants_are_recognised_by_their_sku(shop: Shop) {
    let product = |size: &str| {
        let mut draft = with_options("Shirt", &[size], 3);
        draft.variants[0].sku = Some("SKU-1".to_owned());
        imported("shirt", None, draft, 2)
    };
    shop.run(import(&shop, &[product("Small")])).await.expect("imported");
    assert_eq!(shop.run(import(&shop, &[product("S")])).await.expect("imported"), summary(0, 1, 0));
    let shirt = shop.db().product_by_slug("shirt").await.expect("an answer").expect("a product");
    assert_eq!((shirt.variants.len(), shirt.variants[0].title().as_str()), (1, "S"));
}

pub async fn one_bad_product_stops_all_of_them(shop: Shop) {
    let mut taken = draft("Other", 0);
    taken.variants[0].sku = Some("TAKEN".into());
    shop.add(taken.clone()).await;
    let thief = ProductDraft { title: "Thief".into(), ..taken };
    let products = [imported("mug", Some("New"), draft("Mug", 4), 2), imported("thief", None, thief, 7)];
    let refusal = shop.run(import(&shop, &products)).await.expect_err("the SKU is taken");
    assert_eq!(refusal.line, 7);
    assert!(matches!(refusal.error, Error::Conflict(Conflict::SkuTaken(sku)) if sku == "TAKEN"));
    assert_eq!(shop.db().product_by_slug("mug").await.expect("an answer"), None, "half of the file was imported");
    assert!(shop.db().categories().await.expect("an answer").is_empty());

    let mut wrong = draft("Wrong", 0);
    wrong.variants.push(VariantDraft { price: eur(-5), ..wrong.variants[0].clone() });
    let products = [imported("mug", None, draft("Mug", 4), 2), imported("wrong", None, wrong, 9)];
    let refusal = shop.run(import(&shop, &products)).await.expect_err("a price below zero");
    assert_eq!(refusal.line, 9);
    assert_eq!(shop.db().product_by_slug("mug").await.expect("an answer"), None);
}
