//! Roles, permissions and locks.

use commerce::{Conflict, Error, accounts::SetAccess};
use model::{Account, Permission, Permissions, Role};

use crate::support::{Shop, email, password, pointers, refused};

fn set(shop: &Shop, actor: &Account, target: &Account) -> SetAccess {
    SetAccess {
        actor: actor.access(),
        account_id: target.id,
        disabled: None,
        role: None,
        permissions: None,
        verified_hash: Some(password(&actor.name)),
        if_version: None,
        now: shop.now(),
    }
}

pub async fn a_disabled_account_has_no_sessions_at_once(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    let (phone, laptop) = (shop.sign_in(&ann).await, shop.sign_in(&ann).await);
    let after = shop.disable(&owner, &ann, true).await.expect("disabled");
    assert_eq!((after.disabled_at, after.version), (Some(shop.now()), ann.version + 1));
    assert_eq!(shop.account_now(ann.id).await, after);
    for device in [&phone, &laptop] {
        assert!(!shop.is_signed_in(device.id).await);
        let by_token = shop.db().session_access_by_token(&device.refresh_hash, shop.now()).await.expect("an answer");
        assert_eq!(by_token, None);
    }
    assert!(shop.db().sessions(ann.id, shop.now()).await.expect("an answer").is_empty());
}

/// Even a session that somehow outlived the lock must be worthless: the lock is asked, not only the session.
pub async fn the_lock_counts_even_for_a_session_that_was_not_ended(shop: Shop) {
    let ann = shop.customer("ann").await;
    let device = shop.sign_in(&ann).await;
    let locked = Account { disabled_at: Some(shop.now()), ..ann.clone() };
    shop.apply(vec![store::Change::UpdateAccount(locked)]).await.expect("locked by hand");
    assert!(!shop.is_signed_in(device.id).await);
    let by_token = shop.db().session_access_by_token(&device.refresh_hash, shop.now()).await.expect("an answer");
    assert_eq!(by_token, None);
}

pub async fn an_enabled_account_signs_in_anew(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    let before = shop.sign_in(&ann).await;
    shop.disable(&owner, &ann, true).await.expect("disabled");
    shop.disable(&owner, &ann, false).await.expect("enabled");
    assert!(!shop.is_signed_in(before.id).await, "the lock did not end the session");
    let after = shop.sign_in(&ann).await;
    assert!(shop.is_signed_in(after.id).await);
}

pub async fn a_change_of_role_ends_the_sessions(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    let device = shop.sign_in(&ann).await;
    let permissions: Permissions = [Permission::Orders, Permission::Catalogue].into_iter().collect();
    let promote = SetAccess { role: Some(Role::Staff), permissions: Some(permissions), ..set(&shop, &owner, &ann) };
    let promoted = shop.run(promote).await.expect("promoted");
    assert_eq!((promoted.role, promoted.permissions), (Role::Staff, permissions));
    assert!(!shop.is_signed_in(device.id).await);
    let device = shop.sign_in(&promoted).await;
    let access = shop.db().session_access(device.id, shop.now()).await.expect("an answer").expect("signed in");
    assert_eq!((access.access.role, access.access.permissions), (Role::Staff, permissions));
    let fewer = SetAccess { permissions: Some(Permissions::default()), ..set(&shop, &owner, &ann) };
    shop.run(fewer).await.expect("changed");
    assert!(!shop.is_signed_in(device.id).await, "a change of permissions did not end the session");
}

/// The account may be anybody's who knows the address.
pub async fn who_has_not_proven_the_address_stays_a_customer(shop: Shop) {
    let owner = shop.owner("olga").await;
    shop.sign_up("ann", "111111").await;
    let ann = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account").account;
    for role in [Role::Staff, Role::Owner] {
        let promote = SetAccess { role: Some(role), ..set(&shop, &owner, &ann) };
        assert_eq!(pointers(shop.run(promote).await), [("/role".to_owned(), "not_verified")]);
    }
    assert_eq!(shop.account_now(ann.id).await, ann);
    shop.disable(&owner, &ann, true).await.expect("locked all the same");
}

/// Whoever has that mailbox would own the shop.
pub async fn who_was_invited_and_never_came_becomes_no_owner(shop: Shop) {
    let owner = shop.owner("olga").await;
    let unproven = Account { email_verified_at: None, ..shop.new_account("stan", Role::Staff, &[]) };
    shop.apply(vec![store::Change::InsertAccount { account: unproven.clone(), password_hash: None }])
        .await
        .expect("invited");
    let promote = SetAccess { role: Some(Role::Owner), ..set(&shop, &owner, &unproven) };
    assert_eq!(pointers(shop.run(promote).await), [("/role".to_owned(), "not_verified")]);
    let more = SetAccess { permissions: Some(Permissions::all()), ..set(&shop, &owner, &unproven) };
    shop.run(more).await.expect("what they will work with can be changed before");
}

/// Who stole a session must not make it last.
pub async fn who_may_do_what_takes_the_password(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    let stan = shop.staff("stan", &[Permission::Orders]).await;
    let without = |target| SetAccess { verified_hash: None, ..set(&shop, &owner, target) };
    shop.run(SetAccess { disabled: Some(true), ..without(&stan) }).await.expect("to lock somebody out is quick");
    let raises = [
        SetAccess { role: Some(Role::Owner), ..without(&ann) },
        SetAccess { permissions: Some(Permissions::all()), ..without(&ann) },
        SetAccess { disabled: Some(false), ..without(&stan) },
    ];
    for raise in raises {
        assert_eq!(pointers(shop.run(raise.clone()).await), [("/current_password".to_owned(), "required")]);
        let older = SetAccess { verified_hash: Some("an older one".to_owned()), ..raise };
        refused!(shop.run(older).await, Error::NotAuthenticated);
    }
    assert_eq!(shop.account_now(ann.id).await, ann);
    let now = shop.account_now(stan.id).await;
    assert!(now.disabled_at.is_some());
    shop.disable(&owner, &now, false).await.expect("unlocked with it");
}

pub async fn what_changes_nothing_ends_nothing(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    let device = shop.sign_in(&ann).await;
    shop.run(SetAccess { role: Some(Role::Customer), ..set(&shop, &owner, &ann) }).await.expect("as it was");
    assert!(shop.is_signed_in(device.id).await);
}

pub async fn a_customer_has_no_permissions(shop: Shop) {
    let owner = shop.owner("olga").await;
    let stan = shop.staff("stan", &[Permission::Orders]).await;
    let demote =
        SetAccess { role: Some(Role::Customer), permissions: Some(Permissions::all()), ..set(&shop, &owner, &stan) };
    assert_eq!(shop.run(demote).await.expect("demoted").permissions, Permissions::default());
    assert_eq!(shop.account_now(stan.id).await.permissions, Permissions::default());
}

pub async fn staff_may_lock_customers_and_nothing_more(shop: Shop) {
    let owner = shop.owner("olga").await;
    let stan = shop.staff("stan", &[Permission::Customers]).await;
    let other = shop.staff("otis", &[Permission::Orders]).await;
    let ann = shop.customer("ann").await;
    shop.disable(&stan, &ann, true).await.expect("disabled");
    refused!(shop.disable(&other, &ann, false).await, Error::Forbidden);
    refused!(shop.disable(&shop.customer("bob").await, &other, true).await, Error::Forbidden);
    refused!(shop.disable(&ann, &other, true).await, Error::NotAuthenticated);
    for target in [&owner, &other, &stan] {
        refused!(shop.disable(&stan, target, true).await, Error::Forbidden);
    }
    let promote = SetAccess { role: Some(Role::Owner), ..set(&shop, &stan, &ann) };
    refused!(shop.run(promote).await, Error::Forbidden);
    let grant = SetAccess { permissions: Some(Permissions::all()), ..set(&shop, &stan, &ann) };
    refused!(shop.run(grant).await, Error::Forbidden);
}

pub async fn the_last_owner_stays(shop: Shop) {
    let (olga, otto) = (shop.owner("olga").await, shop.owner("otto").await);
    shop.run(SetAccess { role: Some(Role::Staff), ..set(&shop, &otto, &olga) }).await.expect("demoted");
    let demote = SetAccess { role: Some(Role::Customer), ..set(&shop, &otto, &otto) };
    refused!(shop.run(demote).await, Error::Conflict(Conflict::LastOwner));
    refused!(shop.disable(&otto, &otto, true).await, Error::Conflict(Conflict::LastOwner));
    assert_eq!(shop.account_now(otto.id).await, otto);
}

/// An owner who is locked out runs no shop.
pub async fn a_disabled_owner_does_not_count(shop: Shop) {
    let (olga, otto) = (shop.owner("olga").await, shop.owner("otto").await);
    shop.disable(&otto, &olga, true).await.expect("disabled");
    let demote = SetAccess { role: Some(Role::Customer), ..set(&shop, &otto, &otto) };
    refused!(shop.run(demote).await, Error::Conflict(Conflict::LastOwner));
    shop.run(SetAccess { role: Some(Role::Customer), ..set(&shop, &otto, &olga) }).await.expect("she was locked");
}

pub async fn stale_versions_and_missing_accounts_are_refused(shop: Shop) {
    let (owner, ann, bob) = (shop.owner("olga").await, shop.customer("ann").await, shop.customer("bob").await);
    let stale = SetAccess { if_version: Some(7), disabled: Some(true), ..set(&shop, &owner, &ann) };
    refused!(shop.run(stale).await, Error::Stale { current: 1 });
    let nobody = shop.new_account("nobody", Role::Customer, &[]);
    refused!(shop.disable(&owner, &nobody, true).await, Error::NotFound("account"));
    let delete = commerce::accounts::DeleteAccount { account_id: bob.id, verified_hash: None, now: shop.now() };
    shop.run(delete).await.expect("deleted");
    refused!(shop.disable(&owner, &bob, true).await, Error::NotFound("account"));
}
