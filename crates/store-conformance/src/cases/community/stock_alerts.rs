//! Who waits for stock is told once.

use commerce::{
    Conflict, Error,
    accounts::DeleteAccount,
    catalogue::{ProductPatch, UpdateProduct, UpdateVariant, VariantPatch},
    stock_alerts::{AskForStockAlert, CancelStockAlert, SendStockAlerts},
};
use model::{Account, MailTemplate, Product, ProductStatus, Role, StockAlert, VariantId, review::ALERTS_MAX};
use store::Change;

use crate::support::{Shop, at_once, email, line, names, refused, with_options};

fn ask(shop: &Shop, account: &Account, product: &Product) -> AskForStockAlert {
    AskForStockAlert { account_id: account.id, variant_id: product.variants[0].id, now: shop.now() }
}

async fn send(shop: &Shop) -> usize {
    shop.run(SendStockAlerts { stamp: shop.next_stamp() }).await.expect("sent")
}

async fn waiting(shop: &Shop, account: &Account) -> Vec<VariantId> {
    let alerts: Vec<StockAlert> = shop.db().stock_alerts(account.id).await.expect("an answer");
    alerts.iter().map(|alert| alert.variant_id).collect()
}

async fn is_due(shop: &Shop) -> bool {
    shop.db().has_due_stock_alerts().await.expect("an answer")
}

pub async fn a_mail_is_sent_once_when_stock_arrives(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let (mug, cup) = (shop.product("Mug", 0).await, shop.product("Cup", 0).await);
    let id = mug.variants[0].id;
    for (customer, product) in [(&ann, &mug), (&ann, &mug), (&bob, &mug), (&bob, &cup)] {
        shop.run(ask(&shop, customer, product)).await.expect("noted");
    }
    assert_eq!((waiting(&shop, &ann).await, is_due(&shop).await, send(&shop).await), (vec![id], false, 0));
    shop.run(shop.movement(id, 3)).await.expect("arrived");
    assert!(is_due(&shop).await);
    // However many processes look after it at once.
    let sent = at_once(4, |_| {
        let shop = shop.clone();
        async move { send(&shop).await }
    })
    .await;
    assert_eq!((sent.iter().sum::<usize>(), is_due(&shop).await), (2, false));
    for name in ["ann", "bob"] {
        let mails = shop.mails_to(&email(name)).await;
        assert_eq!(names(&mails), ["back_in_stock"]);
        let MailTemplate::BackInStock(about) = &mails[0].template else { panic!("another mail") };
        assert_eq!((about.name.as_str(), about.title.as_str(), about.slug.as_str()), (name, "Mug", "mug"));
    }
    // Nobody waits any more, and more stock tells nobody.
    shop.run(shop.movement(id, 3)).await.expect("arrived");
    assert_eq!((send(&shop).await, waiting(&shop, &ann).await), (0, vec![]));
    assert_eq!(waiting(&shop, &bob).await, [cup.variants[0].id]);
}

/// Whoever signed up may have written anything into the name, and the address may be a stranger's.
pub async fn an_unproven_address_is_greeted_by_no_name(shop: Shop) {
    let cora = Account { email_verified_at: None, ..shop.new_account("cora", Role::Customer, &[]) };
    shop.apply(vec![Change::InsertAccount { account: cora.clone(), password_hash: None }]).await.expect("added");
    let mug = shop.product("Mug", 0).await;
    shop.run(ask(&shop, &cora, &mug)).await.expect("noted");
    shop.run(shop.movement(mug.variants[0].id, 1)).await.expect("arrived");
    send(&shop).await;
    let mails = shop.mails_to(&email("cora")).await;
    let MailTemplate::BackInStock(about) = &mails[0].template else { panic!("another mail") };
    assert_eq!((about.name.as_str(), about.title.as_str()), ("", "Mug"));
}

pub async fn what_can_be_bought_needs_no_waiting(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 1).await;
    refused!(shop.run(ask(&shop, &ann, &mug)).await, Error::Conflict(Conflict::InStock));
    let nothing = AskForStockAlert { variant_id: shop.id(), ..ask(&shop, &ann, &mug) };
    refused!(shop.run(nothing).await, Error::NotFound("variant"));
    let cup = shop.product("Cup", 0).await;
    shop.run(ask(&shop, &ann, &cup)).await.expect("noted");
    shop.run(CancelStockAlert { account_id: ann.id, variant_id: cup.variants[0].id }).await.expect("taken back");
    shop.run(shop.movement(cup.variants[0].id, 1)).await.expect("arrived");
    assert_eq!((send(&shop).await, shop.mails_to(&email("ann")).await.len()), (0, 0));
}

pub async fn nobody_waits_for_more_than_can_be_kept(shop: Shop) {
    let ann = shop.customer("ann").await;
    let sizes: Vec<String> = (0..=ALERTS_MAX).map(|size| size.to_string()).collect();
    let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
    let shoe = shop.add(with_options("Shoe", &sizes, 0)).await;
    let ask = |at: usize| {
        let variant_id = shoe.variants[at].id;
        shop.run(AskForStockAlert { account_id: ann.id, variant_id, now: shop.now() })
    };
    for at in 0..ALERTS_MAX {
        ask(at).await.expect("noted");
    }
    refused!(ask(ALERTS_MAX).await, Error::Conflict(Conflict::TooManyAlerts));
    ask(0).await.expect("noted already");
}

/// Whoever is locked out could not buy it, and is told afterwards if it is there still.
pub async fn a_locked_account_is_not_written_to(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    let mug = shop.product("Mug", 0).await;
    let id = mug.variants[0].id;
    shop.run(ask(&shop, &ann, &mug)).await.expect("noted");
    shop.disable(&owner, &ann, true).await.expect("locked");
    shop.run(shop.movement(id, 3)).await.expect("arrived");
    send(&shop).await;
    assert_eq!((shop.mails_to(&email("ann")).await.len(), is_due(&shop).await), (0, false));
    shop.run(shop.movement(id, -3)).await.expect("gone");
    shop.disable(&owner, &ann, false).await.expect("unlocked");
    send(&shop).await;
    assert_eq!((shop.mails_to(&email("ann")).await.len(), is_due(&shop).await), (0, false));
    shop.disable(&owner, &ann, true).await.expect("locked");
    shop.run(shop.movement(id, 3)).await.expect("arrived");
    send(&shop).await;
    shop.disable(&owner, &ann, false).await.expect("unlocked");
    refused!(shop.run(ask(&shop, &ann, &mug)).await, Error::Conflict(Conflict::InStock));
    send(&shop).await;
    assert_eq!(names(&shop.mails_to(&email("ann")).await), ["back_in_stock"]);
}

/// Stock that came and went before anybody was told is not told of; the next one is.
pub async fn stock_that_is_gone_again_is_not_told_of(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let mug = shop.product("Mug", 0).await;
    let id = mug.variants[0].id;
    shop.run(ask(&shop, &ann, &mug)).await.expect("noted");
    shop.run(shop.movement(id, 1)).await.expect("arrived");
    shop.order(&bob, &[line(&mug, 1)]).await;
    send(&shop).await;
    assert_eq!((shop.mails_to(&email("ann")).await.len(), is_due(&shop).await), (0, false));
    shop.run(shop.movement(id, 1)).await.expect("arrived");
    send(&shop).await;
    assert_eq!(names(&shop.mails_to(&email("ann")).await), ["back_in_stock"]);
}

pub async fn what_is_not_for_sale_waits_until_it_is(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 0).await;
    shop.run(ask(&shop, &ann, &mug)).await.expect("noted");
    let set = |status| UpdateProduct {
        id: mug.id,
        patch: ProductPatch { status: Some(status), ..ProductPatch::default() },
        if_version: None,
        actor_id: None,
        stamp: shop.next_stamp(),
    };
    shop.run(set(ProductStatus::Archived)).await.expect("archived");
    shop.run(shop.movement(mug.variants[0].id, 1)).await.expect("arrived");
    send(&shop).await;
    assert_eq!((shop.mails_to(&email("ann")).await.len(), is_due(&shop).await), (0, false));
    shop.run(set(ProductStatus::Active)).await.expect("for sale");
    assert_eq!((is_due(&shop).await, send(&shop).await, shop.mails_to(&email("ann")).await.len()), (true, 1, 1));
    // Stock that no longer limits what can be sold is as good as stock.
    let cup = shop.product("Cup", 0).await;
    shop.run(ask(&shop, &ann, &cup)).await.expect("noted");
    let patch = VariantPatch { track_stock: Some(false), ..VariantPatch::default() };
    let (id, stamp) = (cup.variants[0].id, shop.next_stamp());
    shop.run(UpdateVariant { id, patch, if_version: None, stamp }).await.expect("changed");
    assert_eq!(send(&shop).await, 1);
}

pub async fn who_is_gone_waits_no_longer(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 0).await;
    shop.run(ask(&shop, &ann, &mug)).await.expect("noted");
    shop.run(DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    shop.run(shop.movement(mug.variants[0].id, 1)).await.expect("arrived");
    assert_eq!((waiting(&shop, &ann).await, send(&shop).await), (vec![], 0));
}
