//! Accounts that many want at once.

use commerce::{
    Conflict, Error,
    accounts::{
        CodeChecked, ConfirmEmailChange, CreateOwner, DeleteAccount, IssueSetupLink, RequestEmailChange, SaveAddress,
        SetAccess, SignUpAtOnce,
    },
};
use model::{Account, Role, address::SAVED_ADDRESSES_MAX};
use store::{AccountFilter, Change};

use crate::support::{Shop, at_once, count_ok, email, first_page, hash, load, names, password, secret, ship_to};

/// One account comes of it, with the password that belongs to the newest code.
pub async fn sign_ups_with_one_address_make_one_account(shop: Shop) {
    at_once(4, |number| {
        let (code, hash) = (format!("00000{number}"), format!("hash {number}"));
        let (shop, sign_up) = (shop.clone(), shop.sign_up_as("ann", &code, &hash));
        async move { shop.run(sign_up).await.expect("says nothing") }
    })
    .await;
    let accounts = shop.db().accounts(&AccountFilter::default(), &first_page()).await.expect("an answer").items;
    assert_eq!(accounts.len(), 1);
    assert_eq!(names(&shop.mails_to(&email("ann")).await), ["verify_email"; 4]);
    let kept = shop.password_now(accounts[0].id).await.expect("a password");
    for number in 0..4 {
        let belongs = kept == format!("hash {number}");
        assert_eq!(shop.verify("ann", &format!("00000{number}")).await, belongs, "code {number} with {kept}");
    }
}

pub async fn sign_ups_at_once_with_one_address_sign_one_in(shop: Shop) {
    let results = at_once(12, |_| {
        let sign_up = shop.sign_up_as("ann", "111111", &password("ann"));
        let (shop, session) = (shop.clone(), shop.device());
        async move {
            shop.run(SignUpAtOnce { sign_up, is_code_mailed: true, session: session.clone() }).await.map(|_| session.id)
        }
    })
    .await;
    assert_eq!(count_ok(&results), 1);
    for result in results {
        match result {
            Ok(session) => assert!(shop.is_signed_in(session).await),
            Err(refusal) => assert!(matches!(refusal, Error::Conflict(Conflict::EmailTaken)), "{refusal:?}"),
        }
    }
}

/// Two owners of one address would let one read the other's mail.
pub async fn a_change_of_address_and_a_sign_up_with_it_give_it_to_one(shop: Shop) {
    for round in 0..10 {
        let ann = shop.customer(&format!("ann{round}")).await;
        let wanted = format!("wanted{round}");
        let request = RequestEmailChange {
            account_id: ann.id,
            verified_hash: password(&ann.name),
            new_email: email(&wanted),
            code: secret("111111"),
            stamp: shop.next_stamp(),
        };
        shop.run(request).await.expect("mailed");
        let results = at_once(2, |number| {
            let confirm =
                ConfirmEmailChange { account_id: ann.id, code_hash: hash("111111"), stamp: shop.next_stamp() };
            let sign_up = shop.sign_up_as(&wanted, "222222", "another hash");
            let shop = shop.clone();
            async move {
                match (number + round) % 2 {
                    0 => shop.run(confirm).await.map(Some),
                    _ => shop.run(sign_up).await.map(|()| None),
                }
            }
        })
        .await;
        let owner = shop.db().credentials(&email(&wanted)).await.expect("an answer").expect("an account").account;
        let moved = results.iter().flatten().flatten().any(|checked| matches!(checked, CodeChecked::Right(_)));
        assert_eq!(owner.id == ann.id, moved, "round {round}: {results:?}");
        if moved {
            assert_eq!(count_ok(&results), 2);
        } else {
            assert!(results.iter().any(|result| matches!(result, Err(Error::Conflict(Conflict::EmailTaken)))));
            assert_eq!(shop.account_now(ann.id).await.email, ann.email);
        }
    }
}

pub async fn two_changes_to_one_address_give_it_to_one(shop: Shop) {
    let accounts = [shop.customer("ann").await, shop.customer("bob").await, shop.customer("cleo").await];
    for account in &accounts {
        let request = RequestEmailChange {
            account_id: account.id,
            verified_hash: password(&account.name),
            new_email: email("wanted"),
            code: secret("111111"),
            stamp: shop.next_stamp(),
        };
        shop.run(request).await.expect("mailed");
    }
    let results = at_once(accounts.len(), |number| {
        let (account_id, code_hash) = (accounts[number].id, hash("111111"));
        let (shop, confirm) = (shop.clone(), ConfirmEmailChange { account_id, code_hash, stamp: shop.next_stamp() });
        async move { shop.run(confirm).await }
    })
    .await;
    assert_eq!(count_ok(&results), 1);
    let winner = results.iter().position(Result::is_ok).expect("one of them");
    let owner = shop.db().credentials(&email("wanted")).await.expect("an answer").expect("an account").account;
    assert_eq!(owner.id, accounts[winner].id);
}

/// Each demotes the other; the shop must not be left without an owner.
pub async fn two_owners_who_demote_each_other_leave_one(shop: Shop) {
    for round in 0..10 {
        let pair = [shop.owner(&format!("olga{round}")).await, shop.owner(&format!("otto{round}")).await];
        let others: Vec<_> = shop
            .db()
            .accounts(&AccountFilter { role: Some(Role::Owner), text: None }, &first_page())
            .await
            .expect("an answer")
            .items;
        for other in others.iter().filter(|other| pair.iter().all(|owner| owner.id != other.id)) {
            let demoted = Account { role: Role::Customer, ..other.clone() };
            shop.apply(vec![Change::UpdateAccount(demoted)]).await.expect("an older owner");
        }
        let results = at_once(2, |number| {
            let set = SetAccess {
                actor: pair[number].access(),
                account_id: pair[1 - number].id,
                disabled: (round % 2 == 0).then_some(true),
                role: (round % 2 == 1).then_some(Role::Staff),
                permissions: None,
                verified_hash: Some(password(&pair[number].name)),
                if_version: None,
                now: shop.now(),
            };
            let shop = shop.clone();
            async move { shop.run(set).await }
        })
        .await;
        assert_eq!(count_ok(&results), 1, "round {round}: {results:?}");
        assert_eq!(load!(shop, |tx| tx.owners().await), 1, "round {round}");
    }
}

pub async fn owners_who_all_leave_at_once_leave_one(shop: Shop) {
    let mut owners = Vec::new();
    for number in 0..6 {
        owners.push(shop.owner(&format!("owner{number}")).await);
    }
    let results = at_once(owners.len(), |number| {
        let verified_hash = Some(password(&owners[number].name));
        let delete = DeleteAccount { account_id: owners[number].id, verified_hash, now: shop.now() };
        let shop = shop.clone();
        async move { shop.run(delete).await }
    })
    .await;
    assert_eq!((count_ok(&results), load!(shop, |tx| tx.owners().await)), (5, 1));
}

pub async fn a_set_up_link_makes_one_owner_however_many_follow_it(shop: Shop) {
    assert!(shop.run(IssueSetupLink { hash: hash("link") }).await.expect("an answer"));
    let results = at_once(10, |number| {
        let name = format!("owner{number}");
        let create = CreateOwner {
            email: email(&name),
            password_hash: password(&name),
            name,
            setup_link: Some(hash("link")),
            stamp: shop.next_stamp(),
        };
        let shop = shop.clone();
        async move { shop.run(create).await }
    })
    .await;
    assert_eq!((count_ok(&results), load!(shop, |tx| tx.owners().await)), (1, 1));
}

/// Signed in or locked first: in the end the session is worth nothing.
pub async fn a_login_does_not_outlive_the_lock(shop: Shop) {
    let owner = shop.owner("olga").await;
    for round in 0..10 {
        let ann = shop.customer(&format!("ann{round}")).await;
        let device = shop.device();
        at_once(2, |number| {
            let login = shop.login(&ann, &password(&ann.name), &device);
            let (shop, owner, ann) = (shop.clone(), owner.clone(), ann.clone());
            async move {
                match number {
                    0 => drop(shop.run(login).await),
                    _ => drop(shop.disable(&owner, &ann, true).await.expect("disabled")),
                }
            }
        })
        .await;
        assert!(!shop.is_signed_in(device.id).await, "round {round}");
        shop.disable(&owner, &ann, false).await.expect("enabled");
        assert!(!shop.is_signed_in(device.id).await, "round {round}: the session came back with the account");
    }
}

pub async fn addresses_saved_at_once_stay_within_their_limit(shop: Shop) {
    let ann = shop.customer("ann").await;
    let results = at_once(SAVED_ADDRESSES_MAX + 20, |_| {
        let save =
            SaveAddress { account_id: ann.id, id: None, label: None, address: ship_to(), stamp: shop.next_stamp() };
        let shop = shop.clone();
        async move { shop.run(save).await }
    })
    .await;
    assert_eq!(count_ok(&results), SAVED_ADDRESSES_MAX);
    assert_eq!(shop.db().addresses(ann.id).await.expect("an answer").len(), SAVED_ADDRESSES_MAX);
}
