//! API keys.

use commerce::{
    Error,
    accounts::{ChangePassword, SetAccess},
    api_keys::{ApiKey, CreateApiKey, RevokeApiKey, api_key_access, api_keys},
};
use model::{Access, Account, MailTemplate, Permission, Permissions, Role, SignedDuration};

use crate::support::{Shop, email, hash, password, pointers, refused};

fn creation(shop: &Shop, by: &Account, secret: &str, permissions: &[Permission]) -> CreateApiKey {
    CreateApiKey {
        actor: by.access(),
        verified_hash: password(&by.name),
        name: format!("key {secret}"),
        hash: hash(secret),
        hint: "cwk_".to_owned(),
        permissions: permissions.to_vec(),
        expires_at: None,
        stamp: shop.next_stamp(),
    }
}

async fn may(shop: &Shop, secret: &str) -> Option<Vec<Permission>> {
    let found = api_key_access(shop.db(), &hash(secret), shop.now()).await.expect("an answer");
    found.map(|(_, access)| {
        assert_eq!(access.role, Role::Staff);
        access.permissions.iter().collect()
    })
}

async fn made(shop: &Shop, by: &Account, secret: &str, permissions: &[Permission]) -> ApiKey {
    shop.run(creation(shop, by, secret, permissions)).await.expect("a key")
}

pub async fn a_key_may_what_it_names_and_its_owner_may(shop: Shop) {
    let (ola, stan) = (shop.owner("ola").await, shop.staff("stan", &[Permission::Orders, Permission::Catalogue]).await);
    made(&shop, &ola, "one", &[Permission::Orders]).await;
    made(&shop, &stan, "two", &[Permission::Orders, Permission::Catalogue]).await;
    assert_eq!(may(&shop, "one").await, Some(vec![Permission::Orders]));
    assert_eq!(may(&shop, "two").await, Some(vec![Permission::Catalogue, Permission::Orders]));
    assert_eq!(may(&shop, "three").await, None);
    // What is taken from its owner is taken from the key.
    let set = SetAccess {
        actor: ola.access(),
        account_id: stan.id,
        disabled: None,
        role: None,
        permissions: Some([Permission::Orders].into_iter().collect()),
        verified_hash: Some(password(&ola.name)),
        if_version: None,
        now: shop.now(),
    };
    shop.run(set.clone()).await.expect("less");
    assert_eq!(may(&shop, "two").await, Some(vec![Permission::Orders]));
    shop.run(SetAccess { permissions: None, disabled: Some(true), ..set.clone() }).await.expect("locked");
    assert_eq!(may(&shop, "two").await, None);
    // Nor do they come back with whoever comes back.
    for role in [Role::Customer, Role::Staff] {
        let permissions = Some(Permissions::all());
        let set = SetAccess { role: Some(role), permissions, disabled: Some(false), ..set.clone() };
        shop.run(set).await.expect("set");
    }
    assert_eq!(may(&shop, "two").await, None);
}

pub async fn whoever_a_key_acts_for_is_told_of_it(shop: Shop) {
    let (ola, stan) = (shop.owner("ola").await, shop.staff("stan", &[Permission::Orders]).await);
    let short = CreateApiKey {
        expires_at: Some(shop.now() + SignedDuration::from_hours(1)),
        ..creation(&shop, &stan, "short", &[Permission::Orders])
    };
    shop.run(short).await.expect("a key");
    let mails = shop.mails_to(&email("stan")).await;
    let made = MailTemplate::ApiKeyMade { name: stan.name.clone(), key: "key short".to_owned() };
    assert!(mails.len() == 1 && mails[0].template == made, "{mails:?}");
    assert!(shop.mails_to(&email("ola")).await.is_empty());
    // Nor does a new password end it, and the mail about that says so: of keys that are good, and to whom they act for.
    let changed = async |account: &Account, by: &str, new: &str| {
        let change = ChangePassword {
            account_id: account.id,
            verified_hash: by.to_owned(),
            new_hash: new.to_owned(),
            session_id: shop.id(),
            stamp: shop.next_stamp(),
        };
        shop.run(change).await.expect("changed");
        let mails = shop.mails_to(&email(&account.name)).await;
        matches!(mails[0].template, MailTemplate::PasswordChanged { has_keys: true, .. })
    };
    assert!(changed(&stan, &password("stan"), "a new hash").await);
    assert!(!changed(&ola, &password("ola"), "a new hash").await);
    assert!(may(&shop, "short").await.is_some());
    shop.pass(SignedDuration::from_hours(1));
    assert!(!changed(&stan, "a new hash", "another hash").await);
}

pub async fn nobody_makes_a_key_that_may_more_than_they(shop: Shop) {
    let stan = shop.staff("stan", &[Permission::Orders]).await;
    let wrong = shop.run(creation(&shop, &stan, "one", &[Permission::Orders, Permission::Settings])).await;
    assert_eq!(pointers(wrong), [("/permissions".to_owned(), "not_allowed")]);
    let wrong = shop.run(creation(&shop, &stan, "one", &[])).await;
    assert_eq!(pointers(wrong), [("/permissions".to_owned(), "required")]);
    let past = CreateApiKey { expires_at: Some(shop.now()), ..creation(&shop, &stan, "one", &[Permission::Orders]) };
    assert_eq!(pointers(shop.run(past).await), [("/expires_at".to_owned(), "out_of_range")]);
    assert!(api_keys(shop.db()).await.expect("an answer").is_empty());
}

/// The password is compared before the transaction; a key that is made after it was changed would outlive what ended the sessions.
pub async fn a_password_that_was_replaced_meanwhile_makes_no_key(shop: Shop) {
    let stan = shop.staff("stan", &[Permission::Orders]).await;
    let late = CreateApiKey {
        verified_hash: "an older one".to_owned(),
        ..creation(&shop, &stan, "one", &[Permission::Orders])
    };
    refused!(shop.run(late).await, Error::NotAuthenticated);
    assert!(api_keys(shop.db()).await.expect("an answer").is_empty());
}

pub async fn a_key_ends_when_it_is_over_or_ended(shop: Shop) {
    let (ola, stan) = (shop.owner("ola").await, shop.staff("stan", &[Permission::Orders]).await);
    let end = shop.now() + SignedDuration::from_hours(1);
    let short = CreateApiKey { expires_at: Some(end), ..creation(&shop, &stan, "short", &[Permission::Orders]) };
    shop.run(short).await.expect("a key");
    assert!(may(&shop, "short").await.is_some());
    shop.pass(SignedDuration::from_hours(1));
    assert_eq!(may(&shop, "short").await, None);
    let key = made(&shop, &ola, "one", &[Permission::Orders]).await;
    refused!(shop.run(RevokeApiKey { actor: stan.access(), id: key.id }).await, Error::Forbidden);
    // Who was an owner when they came in, and is none any more.
    let was_owner = Access { role: Role::Owner, ..stan.access() };
    refused!(shop.run(RevokeApiKey { actor: was_owner, id: key.id }).await, Error::Forbidden);
    shop.run(RevokeApiKey { actor: ola.access(), id: key.id }).await.expect("ended");
    assert_eq!(may(&shop, "one").await, None);
    refused!(shop.run(RevokeApiKey { actor: ola.access(), id: key.id }).await, Error::NotFound("key"));
}
