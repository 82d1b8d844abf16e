//! Changing and resetting passwords.

use commerce::{
    Error,
    accounts::{
        ChangePassword, CheckResetToken, CodeChecked, ConfirmEmailChange, DeleteAccount, RequestEmailChange,
        RequestPasswordReset, ResetPassword, is_known_address,
    },
};
use model::{Account, SignedDuration, challenge};

use crate::support::{Shop, email, hash, names, password, refused, secret};

pub(in crate::cases) async fn request(shop: &Shop, name: &str, token: &str) {
    let request = RequestPasswordReset { email: email(name), token: secret(token), stamp: shop.next_stamp() };
    shop.run(request).await.expect("says nothing");
}

pub(in crate::cases) async fn reset(shop: &Shop, token: &str, new_hash: &str) -> Result<(), Error> {
    shop.run(reset_from(shop, token, new_hash, "192.0.2.7")).await
}

fn reset_from(shop: &Shop, token: &str, new_hash: &str, address: &str) -> ResetPassword {
    let (token_hash, new_hash, stamp) = (hash(token), new_hash.to_owned(), shop.next_stamp());
    ResetPassword { token_hash, new_hash, device: "a telephone".to_owned(), address: address.to_owned(), stamp }
}

fn change(shop: &Shop, ann: &Account, current: &str, session_id: model::SessionId) -> ChangePassword {
    let (verified_hash, new_hash) = (current.to_owned(), "new hash".to_owned());
    ChangePassword { account_id: ann.id, verified_hash, new_hash, session_id, stamp: shop.next_stamp() }
}

pub async fn a_change_ends_the_other_sessions_and_tells_the_owner(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (here, there) = (shop.sign_in(&ann).await, shop.sign_in(&ann).await);
    shop.run(change(&shop, &ann, &password("ann"), here.id)).await.expect("changed");
    assert_eq!(shop.password_now(ann.id).await.as_deref(), Some("new hash"));
    assert!(shop.is_signed_in(here.id).await, "the session that changed it was ended");
    assert!(!shop.is_signed_in(there.id).await, "another session goes on");
    assert_eq!(names(&shop.mails_to(&email("ann")).await), ["password_changed"]);
}

pub async fn a_change_without_the_current_password_is_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (here, there) = (shop.sign_in(&ann).await, shop.sign_in(&ann).await);
    refused!(shop.run(change(&shop, &ann, "wrong", here.id)).await, Error::NotAuthenticated);
    assert_eq!(shop.password_now(ann.id).await, Some(password("ann")));
    assert!(shop.is_signed_in(there.id).await);
    assert!(shop.mails_to(&email("ann")).await.is_empty());
}

pub async fn a_change_voids_a_waiting_reset(shop: Shop) {
    let ann = shop.customer("ann").await;
    let here = shop.sign_in(&ann).await;
    request(&shop, "ann", "token").await;
    shop.run(change(&shop, &ann, &password("ann"), here.id)).await.expect("changed");
    refused!(reset(&shop, "token", "another").await, Error::NotAuthenticated);
}

pub async fn a_reset_ends_all_sessions_and_proves_the_address(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let ann = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account").account;
    let login = shop.login(&ann, &password("ann"), &shop.device());
    let session = login.session.id;
    let login = commerce::accounts::StartSession { require_verified: false, ..login };
    shop.run(login).await.expect("signed in");
    request(&shop, "ann", "token").await;
    let mails = shop.mails_to(&email("ann")).await;
    assert_eq!((mails[0].template.name(), mails[0].secret.as_deref()), ("reset_password", Some("token")));
    reset(&shop, "token", "new hash").await.expect("reset");
    assert_eq!(shop.password_now(ann.id).await.as_deref(), Some("new hash"));
    assert!(!shop.is_signed_in(session).await);
    let after = shop.account_now(ann.id).await;
    assert_eq!((after.email_verified_at, after.version), (Some(shop.now()), ann.version + 1));
    assert_eq!(names(&shop.mails_to(&email("ann")).await)[0], "password_changed");
}

pub async fn a_reset_makes_its_address_known_and_signs_nobody_in(shop: Shop) {
    let ann = shop.customer("ann").await;
    let is_known = async |address: &str| {
        let address = address.parse().expect("an address");
        is_known_address(shop.db(), ann.id, address).await.expect("an answer")
    };
    request(&shop, "ann", "token").await;
    refused!(shop.run(reset_from(&shop, "another", "new", "198.51.100.7")).await, Error::NotAuthenticated);
    assert!(!is_known("198.51.100.7").await, "nobody showed anything there");
    shop.run(reset_from(&shop, "token", "new", "2001:db8:0:7::1")).await.expect("reset");
    assert!(is_known("2001:db8:0:7:aaaa::2").await && !is_known("2001:db8:0:8::1").await);
    assert!(shop.db().sessions(ann.id, shop.now()).await.expect("an answer").is_empty());
}

pub async fn a_token_is_good_once(shop: Shop) {
    let ann = shop.customer("ann").await;
    request(&shop, "ann", "token").await;
    reset(&shop, "token", "first").await.expect("reset");
    refused!(reset(&shop, "token", "second").await, Error::NotAuthenticated);
    assert_eq!(shop.password_now(ann.id).await.as_deref(), Some("first"));
}

pub async fn a_token_is_good_for_ten_minutes(shop: Shop) {
    shop.customer("ann").await;
    let bob = shop.customer("bob").await;
    request(&shop, "bob", "token of bob").await;
    request(&shop, "ann", "token of ann").await;
    shop.pass(challenge::LIFETIME - SignedDuration::from_millis(2));
    reset(&shop, "token of ann", "new hash").await.expect("reset");
    refused!(reset(&shop, "token of bob", "new hash").await, Error::NotAuthenticated);
    assert_eq!(shop.password_now(bob.id).await, Some(password("bob")));
}

pub async fn a_new_token_replaces_the_old_one(shop: Shop) {
    shop.customer("ann").await;
    request(&shop, "ann", "first").await;
    request(&shop, "ann", "second").await;
    refused!(reset(&shop, "first", "new hash").await, Error::NotAuthenticated);
    reset(&shop, "second", "new hash").await.expect("reset");
}

pub async fn an_unknown_token_is_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    request(&shop, "ann", "token").await;
    refused!(reset(&shop, "another token", "new hash").await, Error::NotAuthenticated);
    assert_eq!(shop.password_now(ann.id).await, Some(password("ann")));
}

pub async fn a_code_for_something_else_resets_nothing(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    refused!(reset(&shop, "111111", "new hash").await, Error::NotAuthenticated);
}

pub async fn nobody_is_mailed_for_an_unknown_disabled_or_deleted_account(shop: Shop) {
    let owner = shop.owner("olga").await;
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    shop.disable(&owner, &ann, true).await.expect("disabled");
    shop.run(DeleteAccount { account_id: bob.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    for name in ["ann", "bob", "nobody"] {
        request(&shop, name, "token").await;
        assert!(shop.mails_to(&email(name)).await.is_empty(), "{name} got a mail");
    }
}

pub async fn a_token_of_an_account_that_was_disabled_meanwhile_is_refused(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    request(&shop, "ann", "token").await;
    shop.disable(&owner, &ann, true).await.expect("disabled");
    refused!(reset(&shop, "token", "new hash").await, Error::NotAuthenticated);
    assert_eq!(shop.password_now(ann.id).await, Some(password("ann")));
}

pub async fn five_tokens_an_hour_are_mailed(shop: Shop) {
    shop.customer("ann").await;
    // Two at once and the others through the hour: who asks in somebody's name all the time does not keep them from getting one.
    for minute in 0..60 {
        for again in 0..3 {
            request(&shop, "ann", &format!("token {minute}.{again}")).await;
        }
        assert_eq!(shop.mails_to(&email("ann")).await.len(), 2 + minute / 15, "after {minute} minutes");
        shop.pass(SignedDuration::from_mins(1));
    }
    refused!(reset(&shop, "token 59.2", "new hash").await, Error::NotAuthenticated);
    request(&shop, "ann", "late").await;
    reset(&shop, "late", "new hash").await.expect("the last token that was mailed is good");
}

/// What was mailed by a clock that was a month ahead is not good for a month.
pub async fn a_token_that_a_clock_ahead_mailed_is_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let ahead = SignedDuration::from_hours(30 * 24);
    shop.pass(ahead);
    request(&shop, "ann", "token").await;
    shop.pass(SignedDuration::from_hours(2) - ahead);
    let check = CheckResetToken { token_hash: hash("token"), now: shop.now() };
    assert_eq!(shop.run(check).await.expect("an answer"), None);
    refused!(reset(&shop, "token", "new hash").await, Error::NotAuthenticated);
    assert_eq!(shop.password_now(ann.id).await, Some(password("ann")));
    request(&shop, "ann", "another").await;
    reset(&shop, "another", "new hash").await.expect("the clock is right again");
}

/// A new password is no way to more mails, nor to more guesses at the code of an address that may be somebody else's.
pub async fn a_change_leaves_the_budget_of_codes_as_it_is(shop: Shop) {
    let ann = shop.customer("ann").await;
    let here = shop.sign_in(&ann).await;
    let ask = |hash: &str, code: &str| RequestEmailChange {
        account_id: ann.id,
        verified_hash: hash.to_owned(),
        new_email: email("bystander"),
        code: secret(code),
        stamp: shop.next_stamp(),
    };
    for code in 0..challenge::SENDS_MAX {
        shop.run(ask(&password("ann"), &format!("00000{code}"))).await.expect("mailed");
    }
    shop.run(change(&shop, &ann, &password("ann"), here.id)).await.expect("changed");
    shop.run(ask("new hash", "111111")).await.expect("says nothing");
    assert_eq!(i64::try_from(shop.mails_to(&email("bystander")).await.len()), Ok(challenge::SENDS_MAX));
    let confirm =
        |code: &str| ConfirmEmailChange { account_id: ann.id, code_hash: hash(code), stamp: shop.next_stamp() };
    for code in ["000004", "111111"] {
        assert_eq!(shop.run(confirm(code)).await.expect("an answer"), CodeChecked::Wrong, "{code}");
    }
}

/// Asked before a password is hashed, which strangers must not have done for them.
pub async fn a_token_is_known_to_be_good_before_it_is_used(shop: Shop) {
    let ann = shop.customer("ann").await;
    let request = RequestPasswordReset { email: email("ann"), token: secret("token"), stamp: shop.next_stamp() };
    shop.run(request).await.expect("mailed");
    let check = |token: &str| CheckResetToken { token_hash: hash(token), now: shop.now() };
    for (token, is_good) in [("token", true), ("token", true), ("other", false)] {
        let whose = shop.run(check(token)).await.expect("an answer");
        assert_eq!(whose.map(|account| account.id), is_good.then_some(ann.id), "{token}");
    }
    let reset = reset_from(&shop, "token", "new", "192.0.2.7");
    shop.run(reset).await.expect("a password");
    assert_eq!(shop.run(check("token")).await.expect("an answer"), None, "it was used");
}
