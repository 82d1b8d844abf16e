//! Saved addresses.

use commerce::{
    Conflict, Error,
    accounts::{DeleteAddress, SaveAddress},
};
use model::{Account, AddressId, PostalAddress, SavedAddress, address::SAVED_ADDRESSES_MAX};

use crate::support::{Shop, load, pointers, refused, ship_to};

fn save(shop: &Shop, account: &Account, id: Option<AddressId>, label: &str) -> SaveAddress {
    let label = Some(label.to_owned());
    SaveAddress { account_id: account.id, id, label, address: ship_to(), stamp: shop.next_stamp() }
}

async fn addresses(shop: &Shop, account: &Account) -> Vec<SavedAddress> {
    shop.db().addresses(account.id).await.expect("an answer")
}

pub async fn addresses_are_kept_oldest_first(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let home = shop.run(save(&shop, &ann, None, " Home ")).await.expect("saved");
    let work = shop.run(save(&shop, &ann, None, "")).await.expect("saved");
    let other = shop.run(save(&shop, &bob, None, "Home")).await.expect("saved");
    assert_eq!((home.label.as_deref(), work.label.as_deref()), (Some("Home"), None));
    assert_eq!(home.address, ship_to());
    assert_eq!(addresses(&shop, &ann).await, [home.clone(), work.clone()]);
    let account_id = ann.id;
    assert_eq!(load!(shop, |tx| tx.addresses(account_id).await), [home.clone(), work]);
    let (home_id, other_id) = (home.id, other.id);
    assert_eq!(load!(shop, |tx| tx.address(account_id, home_id).await), Some(home));
    assert_eq!(load!(shop, |tx| tx.address(account_id, other_id).await), None, "somebody else's address");
}

pub async fn an_address_is_overwritten_in_its_place(shop: Shop) {
    let ann = shop.customer("ann").await;
    let home = shop.run(save(&shop, &ann, None, "Home")).await.expect("saved");
    let work = shop.run(save(&shop, &ann, None, "Work")).await.expect("saved");
    let short = PostalAddress { line2: None, region: None, phone: None, country: "fr".into(), ..ship_to() };
    let changed = SaveAddress { address: short.clone(), ..save(&shop, &ann, Some(home.id), "Old home") };
    let changed = shop.run(changed).await.expect("saved");
    assert_eq!((changed.id, &changed.address.country), (home.id, &"FR".to_owned()));
    assert_eq!(addresses(&shop, &ann).await, [changed, work]);
}

pub async fn wrong_addresses_are_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let wrong = PostalAddress { name: String::new(), country: "XX".into(), ..ship_to() };
    let refusal = shop.run(SaveAddress { address: wrong, ..save(&shop, &ann, None, "Home") }).await;
    assert_eq!(pointers(refusal), [("/name".to_owned(), "required"), ("/country".to_owned(), "invalid_country")]);
    let refusal = shop.run(save(&shop, &ann, None, &"x".repeat(61))).await;
    assert_eq!(pointers(refusal), [("/label".to_owned(), "too_long")]);
    assert!(addresses(&shop, &ann).await.is_empty());
}

pub async fn nobody_touches_the_addresses_of_others(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let home = shop.run(save(&shop, &ann, None, "Home")).await.expect("saved");
    refused!(shop.run(save(&shop, &bob, Some(home.id), "Mine")).await, Error::NotFound("address"));
    refused!(shop.run(DeleteAddress { account_id: bob.id, id: home.id }).await, Error::NotFound("address"));
    assert_eq!(addresses(&shop, &ann).await, [home]);
}

pub async fn a_removed_address_is_gone(shop: Shop) {
    let ann = shop.customer("ann").await;
    let home = shop.run(save(&shop, &ann, None, "Home")).await.expect("saved");
    let work = shop.run(save(&shop, &ann, None, "Work")).await.expect("saved");
    shop.run(DeleteAddress { account_id: ann.id, id: home.id }).await.expect("removed");
    assert_eq!(addresses(&shop, &ann).await, [work]);
    refused!(shop.run(DeleteAddress { account_id: ann.id, id: home.id }).await, Error::NotFound("address"));
}

pub async fn an_account_keeps_only_so_many(shop: Shop) {
    let ann = shop.customer("ann").await;
    for number in 0..SAVED_ADDRESSES_MAX {
        shop.run(save(&shop, &ann, None, &number.to_string())).await.expect("saved");
    }
    refused!(shop.run(save(&shop, &ann, None, "more")).await, Error::Conflict(Conflict::TooManyAddresses));
    let first = addresses(&shop, &ann).await.swap_remove(0);
    shop.run(save(&shop, &ann, Some(first.id), "changed")).await.expect("a known one can still be changed");
}
