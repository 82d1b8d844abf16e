//! The settings of the shop.

use commerce::{
    Error,
    settings::{UpdateSettings, settings},
};
use model::ShopSettings;

use crate::support::{Shop, at_once, count_ok, refused};

fn with(low_stock_at: i64) -> ShopSettings {
    ShopSettings { low_stock_at, ..ShopSettings::default() }
}

pub async fn a_shop_that_has_set_nothing_has_the_default_ones(shop: Shop) {
    assert_eq!(settings(shop.db()).await.expect("an answer"), ShopSettings::default());
    let set = shop.run(UpdateSettings { settings: with(9), if_version: Some(0) }).await.expect("set");
    assert_eq!((set.version, set.low_stock_at), (1, 9));
    assert_eq!(settings(shop.db()).await.expect("an answer"), set);
    refused!(shop.run(UpdateSettings { settings: with(-1), if_version: None }).await, Error::Invalid(_));
}

pub async fn one_of_several_who_set_them_at_once_is_heard(shop: Shop) {
    let results = at_once(6, |n| {
        let low_stock_at = i64::try_from(n).unwrap_or(0) + 10;
        let (shop, set) = (shop.clone(), UpdateSettings { settings: with(low_stock_at), if_version: Some(0) });
        async move { shop.run(set).await }
    })
    .await;
    assert_eq!((count_ok(&results), settings(shop.db()).await.expect("an answer").version), (1, 1));
}
