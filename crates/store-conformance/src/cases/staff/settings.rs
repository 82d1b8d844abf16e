//! The settings of the shop.

use std::sync::Arc;

use commerce::{
    Error,
    catalogue::{CreateProduct, ImportError, ImportLines, ImportProducts, ImportSummary, PricedIn, SoldIn},
    import::catalogue,
    jobs::is_passing,
    settings::{UpdateSettings, settings},
};
use model::{Currency, ShopSettings};

use crate::support::{Shop, at_once, count_ok, draft, imported, refused, sold_in_euros};

fn update(settings: ShopSettings, if_version: Option<i64>) -> UpdateSettings {
    UpdateSettings { settings, own_currency: Currency::EUR, if_version }
}

fn with(low_stock_at: i64) -> ShopSettings {
    ShopSettings { low_stock_at, ..ShopSettings::default() }
}

pub async fn a_shop_that_has_set_nothing_has_the_default_ones(shop: Shop) {
    assert_eq!(settings(shop.db()).await.expect("an answer"), ShopSettings::default());
    let set = shop.run(update(with(9), Some(0))).await.expect("set");
    assert_eq!((set.version, set.low_stock_at), (1, 9));
    assert_eq!(settings(shop.db()).await.expect("an answer"), set);
    refused!(shop.run(update(with(-1), None)).await, Error::Invalid(_));
}

pub async fn one_of_several_who_set_them_at_once_is_heard(shop: Shop) {
    let results = at_once(6, |n| {
        let low_stock_at = i64::try_from(n).unwrap_or(0) + 10;
        let (shop, set) = (shop.clone(), update(with(low_stock_at), Some(0)));
        async move { shop.run(set).await }
    })
    .await;
    assert_eq!((count_ok(&results), settings(shop.db()).await.expect("an answer").version), (1, 1));
}

/// A shop that was once started without its `--currency` must not keep that for good.
pub async fn a_currency_that_a_form_only_shows_is_not_written_down(shop: Shop) {
    let shown = || ShopSettings { currency: Some(model::Currency::EUR), ..ShopSettings::default() };
    shop.product("Mug", 1).await;
    assert_eq!(shop.run(update(shown(), None)).await.expect("set").currency, None);
}

fn chosen(code: &str) -> ShopSettings {
    ShopSettings { currency: code.parse().ok(), ..ShopSettings::default() }
}

/// What adds a product that was priced in euros, whatever the shop sells in by now.
fn in_euros(shop: &Shop, title: &str) -> PricedIn<CreateProduct> {
    let draft = draft(title, 1);
    let set = draft.set_prices();
    PricedIn { set, sold_in: sold_in_euros(), operation: shop.creation(draft) }
}

pub async fn a_product_is_priced_in_what_the_shop_sells_in_by_then(shop: Shop) {
    shop.run(update(chosen("CHF"), None)).await.expect("set");
    refused!(shop.run(in_euros(&shop, "Mug")).await, Error::Invalid(_));
    let francs = Currency::from_code("CHF").expect("a currency");
    let sold_in = SoldIn { own: francs, others: vec![Currency::EUR] };
    let beside = PricedIn { sold_in, ..in_euros(&shop, "Mug") };
    shop.run(beside).await.expect("sold in that as well");
    // Whoever looked before there was one may not know what the shop sells in by now.
    refused!(shop.run(in_euros(&shop, "Cup")).await, Error::Invalid(_));
}

/// What imports a product of a file that was read in euros.
fn import_in_euros(shop: &Shop, name: &str) -> ImportProducts {
    let (products, sold_in) = (vec![imported(name, draft(name, 1))], sold_in_euros());
    ImportProducts { products, sold_in, actor_id: None, stamp: shop.next_stamp(), progress: Arc::default() }
}

pub async fn an_import_is_priced_in_what_the_shop_sells_in_by_then(shop: Shop) {
    let line = r#"{"type":"product","slug":"jug","title":"Jug","status":"active","variants":[{"price":{"amount":9,"currency":"EUR"}}]}"#;
    let lines = catalogue::read(line.as_bytes(), Currency::EUR).lines;
    let import_line =
        || ImportLines { lines: lines.clone(), sold_in: sold_in_euros(), actor_id: None, stamp: shop.next_stamp() };
    shop.run(update(chosen("CHF"), None)).await.expect("set");
    let is_refused = |result: Result<ImportSummary, ImportError>| {
        let error = result.expect_err("priced in euros");
        let of_whole = "the shop sells in CHF now, and no longer in EUR, in which the file was read";
        (error.to_string().as_str(), is_passing(&error)) == (of_whole, true)
    };
    assert!(is_refused(shop.run(import_in_euros(&shop, "mug")).await));
    assert!(is_refused(shop.run(import_line()).await));
    assert_eq!(shop.db().products_after(None, 1).await.expect("an answer"), []);
    let sold_in = SoldIn { others: vec![Currency::EUR], ..sold_in_euros() };
    shop.run(ImportProducts { sold_in, ..import_in_euros(&shop, "pot") }).await.expect("sold in that as well");
}

pub async fn the_first_product_and_another_currency_do_not_come_at_once(shop: Shop) {
    let results = at_once(8, |n| {
        let shop = shop.clone();
        async move {
            if n % 2 == 0 {
                shop.run(update(chosen("CHF"), None)).await.is_ok()
            } else if n % 4 == 1 {
                shop.run(import_in_euros(&shop, &format!("mug-{n}"))).await.is_ok()
            } else {
                shop.run(in_euros(&shop, &format!("Mug {n}"))).await.is_ok()
            }
        }
    })
    .await;
    let [renamed, priced] = [0, 1].map(|odd| results.iter().skip(odd).step_by(2).any(|is_done| *is_done));
    assert_ne!(renamed, priced, "{results:?}");
}

pub async fn the_currency_is_chosen_before_the_first_product(shop: Shop) {
    let set = shop.run(update(chosen("CHF"), None)).await.expect("set");
    assert_eq!(set.currency.map(|currency| currency.code()), Some("CHF"));
    assert_eq!(shop.run(update(chosen("none"), None)).await.expect("set").currency, set.currency, "left as it is");
    shop.run(update(chosen("EUR"), None)).await.expect("set");
    shop.product("Mug", 1).await;
    refused!(shop.run(update(chosen("CHF"), None)).await, Error::Invalid(_));
    // Saying the same again is no change.
    assert_eq!(shop.run(update(chosen("EUR"), None)).await.expect("set").version, 4);
}
