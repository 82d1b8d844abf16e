//! Signing in, and ending what was signed in.

use commerce::{
    Error,
    accounts::{DeleteAccount, EndAllSessions, EndSession, StartSession, TouchSession},
};
use model::{SignedDuration, session::SESSION_LIFETIME};
use store::SessionAccess;

use crate::support::{Shop, email, load, password, refused};

pub async fn the_right_password_signs_in(shop: Shop) {
    let ann = shop.customer("ann").await;
    let device = shop.sign_in(&ann).await;
    let access = shop.db().session_access(device.id, shop.now()).await.expect("an answer");
    let expected =
        SessionAccess { access: ann.access(), session_id: device.id, email_verified: true, last_used_at: shop.now() };
    assert_eq!(access, Some(expected));
    let session = load!(shop, [device], |tx| tx.session(device.id).await).expect("a session");
    assert_eq!((session.account_id, session.device, session.address), (ann.id, device.device, device.address));
    assert_eq!((session.created_at, session.last_used_at, session.ended_at), (shop.now(), shop.now(), None));
    assert_eq!(session.expires_at, shop.now() + SESSION_LIFETIME);
}

/// The password is compared before the transaction; by then the account may have another one.
pub async fn a_password_that_was_replaced_meanwhile_lets_nobody_in(shop: Shop) {
    let ann = shop.customer("ann").await;
    let device = shop.device();
    refused!(shop.run(shop.login(&ann, "an older hash", &device)).await, Error::NotAuthenticated);
    assert!(!shop.is_signed_in(device.id).await);
}

pub async fn a_better_hash_of_the_same_password_is_kept(shop: Shop) {
    let ann = shop.customer("ann").await;
    let login = shop.login(&ann, &password("ann"), &shop.device());
    shop.run(StartSession { rehashed: Some("a better hash".into()), ..login }).await.expect("signed in");
    assert_eq!(shop.password_now(ann.id).await.as_deref(), Some("a better hash"));
}

pub async fn an_unproven_address_signs_in_only_where_that_is_allowed(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let ann = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account").account;
    let device = shop.device();
    refused!(shop.run(shop.login(&ann, &password("ann"), &device)).await, Error::EmailNotVerified);
    refused!(shop.run(shop.login(&ann, "wrong", &device)).await, Error::NotAuthenticated);
    assert!(!shop.is_signed_in(device.id).await);
    let login = shop.login(&ann, &password("ann"), &device);
    shop.run(StartSession { require_verified: false, ..login }).await.expect("signed in");
    let access = shop.db().session_access(device.id, shop.now()).await.expect("an answer").expect("signed in");
    assert!(!access.email_verified);
}

/// Only who knows the password learns that the account is locked.
pub async fn disabled_and_deleted_accounts_do_not_sign_in(shop: Shop) {
    let owner = shop.owner("olga").await;
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    shop.disable(&owner, &ann, true).await.expect("disabled");
    shop.run(DeleteAccount { account_id: bob.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    refused!(shop.run(shop.login(&ann, &password("ann"), &shop.device())).await, Error::AccountDisabled);
    refused!(shop.run(shop.login(&ann, "wrong", &shop.device())).await, Error::NotAuthenticated);
    refused!(shop.run(shop.login(&bob, &password("bob"), &shop.device())).await, Error::NotAuthenticated);
    let nobody = shop.new_account("nobody", model::Role::Customer, &[]);
    refused!(shop.run(shop.login(&nobody, &password("nobody"), &shop.device())).await, Error::NotAuthenticated);
}

pub async fn a_session_ends_at_once_and_the_others_go_on(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (phone, laptop) = (shop.sign_in(&ann).await, shop.sign_in(&ann).await);
    shop.run(EndSession { account_id: ann.id, id: phone.id, now: shop.now() }).await.expect("ended");
    assert!(!shop.is_signed_in(phone.id).await);
    assert!(shop.is_signed_in(laptop.id).await);
    let session = load!(shop, |tx| tx.session(phone.id).await).expect("a session");
    assert_eq!(session.ended_at, Some(shop.now()));
}

pub async fn nobody_ends_a_session_that_is_not_theirs_or_has_ended(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let device = shop.sign_in(&ann).await;
    let end = |account_id, id| shop.run(EndSession { account_id, id, now: shop.now() });
    refused!(end(bob.id, device.id).await, Error::NotFound("session"));
    refused!(end(ann.id, shop.id()).await, Error::NotFound("session"));
    assert!(shop.is_signed_in(device.id).await);
    end(ann.id, device.id).await.expect("ended");
    refused!(end(ann.id, device.id).await, Error::NotFound("session"));
}

pub async fn all_sessions_end_at_once(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let (phone, laptop, other) = (shop.sign_in(&ann).await, shop.sign_in(&ann).await, shop.sign_in(&bob).await);
    shop.run(EndSession { account_id: ann.id, id: phone.id, now: shop.now() }).await.expect("ended");
    let ended_first = shop.now();
    shop.pass(SignedDuration::from_secs(5));
    shop.run(EndAllSessions { account_id: ann.id, now: shop.now() }).await.expect("ended");
    assert!(!shop.is_signed_in(phone.id).await && !shop.is_signed_in(laptop.id).await);
    assert!(shop.is_signed_in(other.id).await, "somebody else was signed out");
    let session = load!(shop, |tx| tx.session(phone.id).await).expect("a session");
    assert_eq!(session.ended_at, Some(ended_first), "a session ended twice");
}

/// A program that signs in for each request must not fill the shop with sessions. What was used longest ago makes room.
pub async fn an_account_has_only_so_many(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let other = shop.sign_in(&bob).await;
    let mut devices = Vec::new();
    for _ in 0..100 {
        devices.push(shop.sign_in(&ann).await);
    }
    for device in &devices {
        assert!(shop.is_signed_in(device.id).await, "{} was signed out", device.device);
    }
    // One of them was used since.
    let now = shop.next_stamp().now;
    shop.run(TouchSession { id: devices[0].id, address: "192.0.2.9".into(), now }).await.expect("touched");
    let another = shop.sign_in(&ann).await;
    let live: Vec<_> = shop.db().sessions(ann.id, shop.now()).await.expect("an answer");
    assert_eq!(live.len(), devices.len());
    let is_live = |id| live.iter().any(|session| session.id == id);
    assert!(is_live(another.id) && is_live(devices[0].id) && is_live(devices[2].id));
    assert!(!is_live(devices[1].id) && !shop.is_signed_in(devices[1].id).await, "the one used longest ago goes on");
    assert!(shop.is_signed_in(other.id).await, "somebody else was signed out");
}

/// What began while the clock was ahead is worth nothing once it is right, and pushes nobody out.
pub async fn sessions_of_a_clock_that_was_ahead_make_room_first(shop: Shop) {
    let ann = shop.customer("ann").await;
    let ahead = SignedDuration::from_hours(24);
    shop.pass(ahead);
    for _ in 0..100 {
        shop.sign_in(&ann).await;
    }
    shop.pass(-ahead);
    let devices = [shop.sign_in(&ann).await, shop.sign_in(&ann).await, shop.sign_in(&ann).await];
    for device in &devices {
        assert!(shop.is_signed_in(device.id).await, "{} was signed out", device.device);
    }
}

pub async fn a_session_ends_by_itself(shop: Shop) {
    let ann = shop.customer("ann").await;
    let device = shop.sign_in(&ann).await;
    shop.pass(SignedDuration::from_hours(30 * 24) - SignedDuration::from_secs(1));
    assert!(shop.is_signed_in(device.id).await);
    shop.pass(SignedDuration::from_secs(1));
    assert!(!shop.is_signed_in(device.id).await);
    let by_token = shop.db().session_access_by_token(&device.refresh_hash, shop.now()).await.expect("an answer");
    assert_eq!(by_token, None);
}

pub async fn a_session_that_is_used_lives_on(shop: Shop) {
    let ann = shop.customer("ann").await;
    let device = shop.sign_in(&ann).await;
    let touch = |now| shop.run(TouchSession { id: device.id, address: "2001:db8::1".into(), now });
    shop.pass(SESSION_LIFETIME - SignedDuration::from_secs(1));
    touch(shop.now()).await.expect("touched");
    shop.pass(SignedDuration::from_hours(24));
    let access = shop.db().session_access(device.id, shop.now()).await.expect("an answer").expect("signed in");
    assert_eq!(access.last_used_at, shop.now() - SignedDuration::from_hours(24));
    let session = load!(shop, |tx| tx.session(device.id).await).expect("a session");
    assert_eq!((session.address.as_str(), session.expires_at), ("2001:db8::1", access.last_used_at + SESSION_LIFETIME));
    let known = shop.db().session_addresses(ann.id, "192.0.2.1").await.expect("an answer");
    assert_eq!(known, ["2001:db8::1"], "where it was before is not kept");
}

pub async fn a_session_that_is_over_cannot_be_used_back_to_life(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (ended, expired) = (shop.sign_in(&ann).await, shop.sign_in(&ann).await);
    shop.run(EndSession { account_id: ann.id, id: ended.id, now: shop.now() }).await.expect("ended");
    shop.pass(SESSION_LIFETIME);
    for id in [ended.id, expired.id, shop.id()] {
        let touch = TouchSession { id, address: "192.0.2.9".into(), now: shop.now() };
        refused!(shop.run(touch).await, Error::NotAuthenticated);
    }
}
