//! Which shops are taken for a demonstration.

use commerce::{TakeForDemo, accounts::CreateOwner};

use crate::support::{Shop, email, password};

async fn take(shop: &Shop, has_accounts: bool) -> bool {
    shop.run(TakeForDemo { has_accounts, owner: email("owner") }).await.expect("an answer")
}

async fn create_owner(shop: &Shop, name: &str) {
    let (email, password_hash, stamp) = (email(name), password(name), shop.next_stamp());
    let create = CreateOwner { email, name: name.to_owned(), password_hash, setup_link: None, stamp };
    shop.run(create).await.expect("an owner");
}

pub async fn an_empty_shop_becomes_one_and_stays_one(shop: Shop) {
    assert!(!take(&shop, true).await, "somebody signed up there");
    assert!(take(&shop, false).await);
    create_owner(&shop, "ola").await;
    create_owner(&shop, "otto").await;
    shop.product("Mug", 5).await;
    assert!(take(&shop, true).await);
}

pub async fn a_shop_with_an_owner_or_products_does_not_become_one(shop: Shop) {
    shop.product("Mug", 5).await;
    assert!(!take(&shop, false).await);
    create_owner(&shop, "ola").await;
    assert!(!take(&shop, true).await);
}

pub async fn one_whose_only_owner_is_that_of_the_demonstration_is_one(shop: Shop) {
    create_owner(&shop, "owner").await;
    shop.customer("ann").await;
    assert!(take(&shop, true).await);
}

pub async fn one_that_has_another_owner_beside_that_is_none(shop: Shop) {
    create_owner(&shop, "owner").await;
    create_owner(&shop, "ola").await;
    assert!(!take(&shop, true).await);
}
