//! The settings of the shop.

use commerce::{
    Error,
    settings::{UpdateSettings, settings},
};
use model::{Currency, ShopSettings};

use crate::support::{Shop, at_once, count_ok, refused};

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

pub async fn the_currency_is_chosen_before_the_first_product(shop: Shop) {
    let chosen = |code: &str| ShopSettings { currency: code.parse().ok(), ..ShopSettings::default() };
    let set = shop.run(update(chosen("CHF"), None)).await.expect("set");
    assert_eq!(set.currency.map(|currency| currency.code()), Some("CHF"));
    assert_eq!(shop.run(update(chosen("none"), None)).await.expect("set").currency, set.currency, "left as it is");
    shop.run(update(chosen("EUR"), None)).await.expect("set");
    shop.product("Mug", 1).await;
    refused!(shop.run(update(chosen("CHF"), None)).await, Error::Invalid(_));
    // Saying the same again is no change.
    assert_eq!(shop.run(update(chosen("EUR"), None)).await.expect("set").version, 4);
}
