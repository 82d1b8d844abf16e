//! Who reads the tree of categories holds up nobody but those who change it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use commerce::{
    catalogue::{
        CreateCategory, ImportLines, ImportProducts, ImportedProduct, PricedIn, ProductDraft, ProductPatch,
        UpdateProduct,
    },
    import::catalogue::{self, Catalogue},
    settings::UpdateSettings,
};
use model::{Currency, ShopSettings};
use store::{Operation, StoreError, Tx};
use store_conformance::support::{Shop, at_once, category, draft, imported, sold_in_euros};
use tokio::task::JoinHandle;

use crate::shops::with_engine;

/// A category as the shop has it.
const SHIRTS: &str = r#"{"type":"category","slug":"shirts","name":"Shirts"}"#;

/// Soon enough for what waits for nobody.
const SOON: Duration = Duration::from_secs(1);

/// Asks for the tree, or for its change.
struct AsksForTree {
    is_for_change: bool,
}

#[async_trait]
impl Operation for AsksForTree {
    type Output = ();
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let tree = if self.is_for_change { tx.categories_for_change().await } else { tx.categories().await };
        tree.map(drop)
    }
}

/// Runs it beside the test, which has what it is to wait for.
async fn waits<O: Operation>(shop: &Shop, operation: O) -> JoinHandle<Result<O::Output, O::Error>> {
    let shop = shop.clone();
    let running = tokio::spawn(async move { shop.run(operation).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!running.is_finished(), "it did not wait");
    running
}

fn import(shop: &Shop, handle: &str, category: Option<&str>) -> ImportProducts {
    let product = ImportedProduct { category: category.map(str::to_owned), ..imported(handle, draft(handle, 1)) };
    let (stamp, progress) = (shop.next_stamp(), Arc::new(AtomicU64::new(0)));
    ImportProducts { products: vec![product], sold_in: sold_in_euros(), actor_id: None, stamp, progress }
}

#[test]
fn products_are_saved_beside_somebody_who_reads_the_tree() {
    with_engine(|shop, _| async move {
        let shirts = shop.category(category("Shirts", None)).await;
        let reader = shop.hold(AsksForTree { is_for_change: false }).await;
        let new = shop.creation(ProductDraft { category_id: Some(shirts.id), ..draft("Shirt", 1) });
        tokio::time::timeout(SOON, shop.run(new)).await.expect("it waits for nobody").expect("saved");
        let known = import(&shop, "linen-shirt", Some("shirts"));
        tokio::time::timeout(SOON, shop.run(known)).await.expect("it waits for nobody").expect("imported");
        let stamp = shop.next_stamp();
        let changed = waits(&shop, CreateCategory { draft: category("Mugs", None), stamp }).await;
        reader.let_go().await;
        changed.await.expect("no panic").expect("changed, then");
    });
}

#[test]
fn an_import_asks_for_the_tree_where_it_names_a_category() {
    with_engine(|shop, _| async move {
        let changer = shop.hold(AsksForTree { is_for_change: true }).await;
        let without = import(&shop, "mug", None);
        tokio::time::timeout(SOON, shop.run(without)).await.expect("it waits for nobody").expect("imported");
        let with = waits(&shop, import(&shop, "shirt", Some("Shirts"))).await;
        changer.let_go().await;
        with.await.expect("no panic").expect("imported, then");
    });
}

/// Two that found in their midst that the tree has to change would each wait for the other, who read it before.
#[test]
fn an_import_that_makes_a_category_asks_for_the_tree_before_it_does_anything() {
    with_engine(|shop, _| async move {
        shop.category(category("Shirts", None)).await;
        let reader = shop.hold(AsksForTree { is_for_change: false }).await;
        let known = import(&shop, "shirt", Some("Shirts"));
        let products = [known.products.clone(), import(&shop, "mug", Some("Mugs")).products].concat();
        let both = ImportProducts { products, ..known };
        let done = Arc::clone(&both.progress);
        let both = waits(&shop, both).await;
        assert_eq!(done.load(Ordering::Relaxed), 0, "it began before it had the tree");
        reader.let_go().await;
        both.await.expect("no panic").expect("imported, then");
    });
}

#[test]
fn a_catalogue_with_categories_asks_for_the_tree_before_it_does_anything() {
    with_engine(|shop, _| async move {
        shop.category(category("Shirts", None)).await;
        shop.run(import(&shop, "shirt", None)).await.expect("imported");
        let reader = shop.hold(AsksForTree { is_for_change: false }).await;
        let price = r#"{"price":{"amount":900,"currency":"EUR"}}"#;
        let product = format!(
            r#"{{"type":"product","slug":"shirt","title":"Linen shirt","status":"active","category":"shirts","variants":[{price}]}}"#
        );
        let file = format!("{product}\n{}", r#"{"type":"category","slug":"mugs","name":"Mugs"}"#);
        let Catalogue { lines, errors } = catalogue::read(file.as_bytes(), Currency::EUR);
        assert_eq!((lines.len(), errors.len()), (2, 0));
        let lines = ImportLines { lines, sold_in: sold_in_euros(), actor_id: None, stamp: shop.next_stamp() };
        let lines = waits(&shop, lines).await;
        let same = import(&shop, "shirt", None);
        tokio::time::timeout(SOON, shop.run(same)).await.expect("nobody has the product yet").expect("imported");
        reader.let_go().await;
        lines.await.expect("no panic").expect("imported, then");
    });
}

/// It was another way round once: who changed a product had it, and waited for the tree; who had the tree waited for the product.
#[test]
fn who_waits_for_the_tree_has_not_locked_a_product() {
    with_engine(|shop, _| async move {
        let shirts = shop.category(category("Shirts", None)).await;
        let shirt = shop.run(shop.creation(draft("Linen shirt", 1))).await.expect("saved");
        let changer = shop.hold(AsksForTree { is_for_change: true }).await;
        let change = |patch| {
            let stamp = shop.next_stamp();
            UpdateProduct { id: shirt.id, patch, if_version: None, actor_id: None, stamp }
        };
        let moved = change(ProductPatch { category_id: Some(Some(shirts.id)), ..ProductPatch::default() });
        let moved = waits(&shop, moved).await;
        let renamed = change(ProductPatch { vendor: Some(Some("Alder".to_owned())), ..ProductPatch::default() });
        tokio::time::timeout(SOON, shop.run(renamed)).await.expect("it waits for nobody").expect("saved");
        changer.let_go().await;
        let moved = moved.await.expect("no panic").expect("saved, then");
        assert_eq!((moved.category_id, moved.vendor.as_deref()), (Some(shirts.id), Some("Alder")));
    });
}

#[test]
fn who_waits_for_the_tree_has_not_locked_a_slug() {
    with_engine(|shop, _| async move {
        let shirts = shop.category(category("Shirts", None)).await;
        let changer = shop.hold(AsksForTree { is_for_change: true }).await;
        let with = shop.creation(ProductDraft { category_id: Some(shirts.id), ..draft("Shirt", 1) });
        let with = waits(&shop, with).await;
        let without = shop.run(shop.creation(draft("Shirt", 1)));
        let without = tokio::time::timeout(SOON, without).await.expect("it waits for nobody").expect("saved");
        changer.let_go().await;
        let with = with.await.expect("no panic").expect("saved, then");
        assert_eq!((without.slug.as_str(), with.slug.as_str()), ("shirt", "shirt-2"));
    });
}

/// Each reads the tree, finds that it has to change, and waits for the other: the database ends one of them, which begins again.
#[test]
fn two_imports_that_each_make_a_category_are_both_done() {
    with_engine(|shop, _| async move {
        shop.category(category("Shirts", None)).await;
        let of = |number: usize| {
            let (other, stamp) = (shop.clone(), shop.next_stamp());
            let (bowl, mug) = (format!("bowl-{number}"), format!("mug-{number}"));
            let products = [import(&shop, &bowl, Some("Shirts")), import(&shop, &mug, Some(&mug))];
            let products = products.into_iter().flat_map(|import| import.products).collect();
            let progress = Arc::new(AtomicU64::new(0));
            let sold_in = sold_in_euros();
            async move { other.run(ImportProducts { products, sold_in, actor_id: None, stamp, progress }).await }
        };
        for done in at_once(2, of).await {
            assert_eq!(done.expect("imported").created, 2);
        }
        assert_eq!(shop.db().categories().await.expect("read").len(), 3);
    });
}

/// What is imported again unchanged holds up nobody but those who change the tree.
#[test]
fn a_catalogue_whose_categories_are_there_only_reads_the_tree() {
    with_engine(|shop, _| async move {
        shop.category(category("Shirts", None)).await;
        let reader = shop.hold(AsksForTree { is_for_change: false }).await;
        let known = catalogue::read(SHIRTS.as_bytes(), Currency::EUR).lines;
        let again = ImportLines { lines: known, sold_in: sold_in_euros(), actor_id: None, stamp: shop.next_stamp() };
        let done = tokio::time::timeout(SOON, shop.run(again)).await.expect("it waits for nobody").expect("imported");
        assert_eq!(done.unchanged, 1);
        reader.let_go().await;
    });
}

/// Whoever has locked the tree may need the settings next: those who wait for the tree must not have them.
#[test]
fn who_waits_for_the_tree_has_not_locked_the_settings() {
    with_engine(|shop, _| async move {
        let shirts = shop.category(category("Shirts", None)).await;
        let changer = shop.hold(AsksForTree { is_for_change: true }).await;
        let draft = ProductDraft { category_id: Some(shirts.id), ..draft("Shirt", 1) };
        let set = draft.set_prices();
        let new = PricedIn { set, sold_in: sold_in_euros(), operation: shop.creation(draft) };
        let new = waits(&shop, new).await;
        let settings = ShopSettings { low_stock_at: 9, ..ShopSettings::default() };
        let set = UpdateSettings { settings, own_currency: Currency::EUR, if_version: None };
        tokio::time::timeout(SOON, shop.run(set)).await.expect("it waits for nobody").expect("set");
        changer.let_go().await;
        new.await.expect("no panic").expect("saved, then");
    });
}
