//! The first owner.

use commerce::{
    Conflict, Error,
    accounts::{CheckSetupLink, CreateOwner, DeleteAccount, IssueSetupLink},
};
use model::Role;

use crate::support::{Shop, email, hash, load, password, pointers, refused};

fn create(shop: &Shop, name: &str, link: Option<&str>) -> CreateOwner {
    CreateOwner {
        email: email(name),
        name: name.to_owned(),
        password_hash: password(name),
        setup_link: link.map(hash),
        stamp: shop.next_stamp(),
    }
}

async fn issue(shop: &Shop, link: &str) -> bool {
    shop.run(IssueSetupLink { hash: hash(link) }).await.expect("an answer")
}

async fn is_good(shop: &Shop, link: &str) -> bool {
    shop.run(CheckSetupLink { hash: hash(link) }).await.expect("an answer")
}

async fn has_owner(shop: &Shop) -> bool {
    shop.db().has_owner().await.expect("an answer")
}

pub async fn the_command_line_makes_owners(shop: Shop) {
    assert!(!has_owner(&shop).await);
    let olga = shop.run(create(&shop, "olga", None)).await.expect("an owner");
    assert_eq!((olga.role, olga.email_verified_at), (Role::Owner, Some(shop.now())));
    assert_eq!(shop.account_now(olga.id).await, olga);
    assert!(has_owner(&shop).await);
    shop.run(create(&shop, "otto", None)).await.expect("a second owner");
    assert_eq!(load!(shop, |tx| tx.owners().await), 2);
    refused!(shop.run(create(&shop, "olga", None)).await, Error::Conflict(Conflict::EmailTaken));
    assert_eq!(pointers(shop.run(CreateOwner { name: "\n".into(), ..create(&shop, "o", None) }).await).len(), 1);
}

pub async fn the_set_up_link_makes_one_owner(shop: Shop) {
    assert!(!is_good(&shop, "link").await && issue(&shop, "link").await);
    assert!(is_good(&shop, "link").await && !is_good(&shop, "guess").await);
    refused!(shop.run(create(&shop, "mallory", Some("guess"))).await, Error::NotAuthenticated);
    shop.run(create(&shop, "olga", Some("link"))).await.expect("an owner");
    assert!(!is_good(&shop, "link").await);
    refused!(shop.run(create(&shop, "otto", Some("link"))).await, Error::Conflict(Conflict::OwnerExists));
    assert!(!issue(&shop, "another").await, "a link was issued beside an owner");
}

pub async fn a_new_link_replaces_the_old_one(shop: Shop) {
    assert!(issue(&shop, "first").await && issue(&shop, "second").await);
    refused!(shop.run(create(&shop, "mallory", Some("first"))).await, Error::NotAuthenticated);
    shop.run(create(&shop, "olga", Some("second"))).await.expect("an owner");
}

pub async fn without_a_link_none_is_good(shop: Shop) {
    refused!(shop.run(create(&shop, "mallory", Some("link"))).await, Error::NotAuthenticated);
    assert!(!has_owner(&shop).await);
}

/// A link that was issued before the first owner came must not work after the last one is gone.
pub async fn an_owner_makes_waiting_links_void(shop: Shop) {
    assert!(issue(&shop, "link").await);
    let olga = shop.run(create(&shop, "olga", None)).await.expect("an owner");
    let otto = shop.run(create(&shop, "otto", None)).await.expect("an owner");
    let verified_hash = Some(password("otto"));
    shop.run(DeleteAccount { account_id: otto.id, verified_hash, now: shop.now() }).await.expect("deleted");
    assert_eq!(load!(shop, |tx| tx.owners().await), 1);
    let disabled = model::Account { disabled_at: Some(shop.now()), ..olga };
    shop.apply(vec![store::Change::UpdateAccount(disabled)]).await.expect("disabled by hand");
    assert!(!has_owner(&shop).await);
    refused!(shop.run(create(&shop, "mallory", Some("link"))).await, Error::NotAuthenticated);
}
