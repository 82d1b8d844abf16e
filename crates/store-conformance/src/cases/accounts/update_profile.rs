//! Name and telephone number.

use commerce::{Error, accounts::UpdateProfile};
use model::{Account, SignedDuration};

use crate::support::{Shop, pointers, refused};

fn update(shop: &Shop, account: &Account) -> UpdateProfile {
    UpdateProfile { account_id: account.id, name: None, phone: None, if_version: None, now: shop.now() }
}

pub async fn what_is_given_changes_and_the_rest_stays(shop: Shop) {
    let ann = shop.customer("ann").await;
    shop.pass(SignedDuration::from_secs(9));
    let phone = UpdateProfile { phone: Some(Some(" +49 30 1234567 ".into())), ..update(&shop, &ann) };
    let after = shop.run(phone).await.expect("changed");
    let expected = Account { phone: Some("+49 30 1234567".into()), updated_at: shop.now(), version: 2, ..ann.clone() };
    assert_eq!(after, expected);
    assert_eq!(shop.account_now(ann.id).await, expected);
    let name = UpdateProfile { name: Some("Ann Ånström".into()), ..update(&shop, &ann) };
    let after = shop.run(name).await.expect("changed");
    assert_eq!(
        (after.name.as_str(), after.phone.as_deref(), after.version),
        ("Ann Ånström", expected.phone.as_deref(), 3)
    );
    let removed = UpdateProfile { phone: Some(None), ..update(&shop, &ann) };
    assert_eq!(shop.run(removed).await.expect("changed").phone, None);
    assert_eq!(shop.account_now(ann.id).await.phone, None);
}

/// Whoever has the version goes on with it.
pub async fn what_changes_nothing_is_no_change(shop: Shop) {
    let ann = shop.customer("ann").await;
    shop.pass(SignedDuration::from_secs(9));
    let same = UpdateProfile { name: Some(ann.name.clone()), phone: Some(None), ..update(&shop, &ann) };
    for nothing in [update(&shop, &ann), same] {
        assert_eq!(shop.run(nothing).await.expect("an answer"), ann);
    }
    assert_eq!(shop.account_now(ann.id).await, ann);
}

pub async fn a_stale_version_is_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let rename = |version| UpdateProfile { name: Some("Ann".into()), if_version: Some(version), ..update(&shop, &ann) };
    shop.run(rename(1)).await.expect("changed");
    refused!(shop.run(rename(1)).await, Error::Stale { current: 2 });
    assert_eq!(shop.account_now(ann.id).await.version, 2);
}

pub async fn wrong_names_and_numbers_are_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let name = UpdateProfile { name: Some("a\nb".into()), ..update(&shop, &ann) };
    assert_eq!(pointers(shop.run(name).await), [("/name".to_owned(), "control_character")]);
    let phone = UpdateProfile { phone: Some(Some("call me".into())), ..update(&shop, &ann) };
    assert_eq!(pointers(shop.run(phone).await), [("/phone".to_owned(), "invalid_phone")]);
    assert_eq!(shop.account_now(ann.id).await, ann);
}

pub async fn unusable_accounts_are_refused(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    shop.disable(&owner, &ann, true).await.expect("disabled");
    refused!(shop.run(update(&shop, &ann)).await, Error::NotAuthenticated);
    let nobody = shop.new_account("nobody", model::Role::Customer, &[]);
    refused!(shop.run(update(&shop, &nobody)).await, Error::NotAuthenticated);
}
