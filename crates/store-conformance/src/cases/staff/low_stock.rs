//! The mail about what is short.

use commerce::{low_stock::news, settings::UpdateSettings};
use model::{MailTemplate, ShopSettings};

use crate::support::{Shop, at_once, email, line, names, with_options};

/// Looks as the shop does every hour; gives of how many it told.
async fn look(shop: &Shop) -> usize {
    match news(shop.db(), shop.next_stamp()).await.expect("an answer") {
        Some(tell) => shop.run(tell).await.expect("told"),
        None => 0,
    }
}

async fn set(shop: &Shop, low_stock_mail: bool) {
    let contact_email = "shop@example.com".to_owned();
    let settings = ShopSettings { contact_email, low_stock_at: 3, low_stock_mail, ..ShopSettings::default() };
    let own_currency = model::Currency::EUR;
    shop.run(UpdateSettings { settings, own_currency, if_version: None }).await.expect("set");
}

async fn told(shop: &Shop) -> Vec<Vec<String>> {
    let mails = shop.mails_to(&email("shop")).await;
    assert!(names(&mails).iter().all(|name| *name == "low_stock"));
    let titles = |template: &MailTemplate| match template {
        MailTemplate::LowStock { items, .. } => {
            items.iter().map(|item| format!("{} {}", item.title, item.stock)).collect()
        }
        other => panic!("{other:?}"),
    };
    mails.iter().map(|mail| titles(&mail.template)).collect()
}

pub async fn each_is_told_of_once_until_it_has_enough_again(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (mug, _) = (shop.product("Mug", 4).await, shop.product("Cup", 2).await);
    assert_eq!(look(&shop).await, 0, "nobody can be written to yet");
    set(&shop, true).await;
    assert_eq!((look(&shop).await, look(&shop).await), (1, 0));
    shop.order(&ann, &[line(&mug, 1)]).await;
    assert_eq!((look(&shop).await, look(&shop).await), (1, 0));
    let mut seen = told(&shop).await;
    seen.sort();
    assert_eq!(seen, [["Cup 2"], ["Mug 3"]]);
    let variant = mug.variants[0].id;
    shop.run(shop.movement(variant, 5)).await.expect("more");
    assert_eq!(look(&shop).await, 0);
    shop.run(shop.movement(variant, -7)).await.expect("less");
    assert_eq!(look(&shop).await, 1, "it became short again");
    set(&shop, false).await;
    shop.product("Bowl", 0).await;
    assert_eq!(look(&shop).await, 0, "nobody wants to know");
}

/// However many are sold out for good.
pub async fn what_becomes_short_behind_many_others_is_told_too(shop: Shop) {
    let variants = (0..100).map(|number| format!("Size {number}")).collect::<Vec<_>>();
    let sizes: Vec<&str> = variants.iter().map(String::as_str).collect();
    shop.add(with_options("Shirt", &sizes, 0)).await;
    set(&shop, true).await;
    let ann = shop.customer("ann").await;
    let (mug, _) = (shop.product("Mug", 4).await, shop.product("Cup", 2).await);
    assert_eq!((look(&shop).await, look(&shop).await), (101, 0));
    shop.order(&ann, &[line(&mug, 1)]).await;
    assert_eq!((look(&shop).await, look(&shop).await), (1, 0));
    let mails = shop.mails_to(&email("shop")).await;
    let sizes = mails.iter().map(|mail| match &mail.template {
        MailTemplate::LowStock { items, more } => (items.len(), *more),
        other => panic!("{other:?}"),
    });
    let mut sizes: Vec<_> = sizes.collect();
    sizes.sort_unstable();
    assert_eq!((sizes, told(&shop).await.concat().contains(&"Mug 3".to_owned())), (vec![(1, 0), (100, 1)], true));
}

pub async fn processes_that_look_at_once_tell_once(shop: Shop) {
    set(&shop, true).await;
    shop.product("Cup", 2).await;
    let counts = at_once(6, |_| {
        let shop = shop.clone();
        async move { look(&shop).await }
    })
    .await;
    assert_eq!((counts.iter().sum::<usize>(), told(&shop).await.len()), (1, 1));
}
