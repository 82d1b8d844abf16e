//! Exchanging refresh tokens.

use commerce::accounts::{EndSession, NewSession, RefreshSession, Refreshed};
use model::{
    Account, SignedDuration,
    session::{REFRESH_GRACE, SESSION_LIFETIME},
};

use crate::support::{Shop, hash, load};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Presents the token `presented`, whose successor is `successor`.
fn exchange(shop: &Shop, presented: [u8; 32], successor: &str) -> RefreshSession {
    RefreshSession { presented, successor: hash(successor), address: "198.51.100.7".into(), now: shop.now() }
}

async fn refresh(shop: &Shop, presented: [u8; 32], successor: &str) -> Refreshed {
    shop.run(exchange(shop, presented, successor)).await.expect("an answer")
}

fn renewed(account: &Account, session: &NewSession) -> Refreshed {
    Refreshed::Renewed { account: account.clone(), session_id: session.id }
}

pub async fn a_token_is_exchanged_for_its_successor(shop: Shop) {
    let ann = shop.customer("ann").await;
    let session = shop.sign_in(&ann).await;
    let issued_at = shop.now();
    shop.pass(SignedDuration::from_hours(1));
    assert_eq!(refresh(&shop, session.refresh_hash, "second").await, renewed(&ann, &session));
    let first = session.refresh_hash;
    let (first, _) = load!(shop, |tx| tx.refresh_token(&first).await).expect("a token");
    assert_eq!((first.issued_at, first.used_at, first.successor_used), (issued_at, Some(shop.now()), false));
    let (second, owner) = load!(shop, |tx| tx.refresh_token(&hash("second")).await).expect("a token");
    assert_eq!((second.issued_at, second.used_at, second.session_id), (shop.now(), None, session.id));
    assert_eq!((owner.last_used_at, owner.expires_at), (shop.now(), shop.now() + SESSION_LIFETIME));
    assert_eq!((owner.address.as_str(), owner.created_at), ("198.51.100.7", issued_at));
    assert_eq!(refresh(&shop, hash("second"), "third").await, renewed(&ann, &session));
}

pub async fn a_session_that_is_refreshed_outlives_its_first_day_of_expiry(shop: Shop) {
    let ann = shop.customer("ann").await;
    let session = shop.sign_in(&ann).await;
    shop.pass(SESSION_LIFETIME - SECOND);
    refresh(&shop, session.refresh_hash, "second").await;
    shop.pass(SESSION_LIFETIME - SECOND);
    assert!(shop.is_signed_in(session.id).await);
    shop.pass(SECOND);
    assert!(!shop.is_signed_in(session.id).await);
    assert_eq!(refresh(&shop, hash("second"), "third").await, Refreshed::Refused);
}

/// A clock that was years ahead for a while leaves no session behind that lives for years.
pub async fn a_session_that_a_clock_ahead_refreshed_is_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let session = shop.sign_in(&ann).await;
    let day = SignedDuration::from_hours(24);
    shop.pass(day);
    refresh(&shop, session.refresh_hash, "second").await;
    shop.pass(-day);
    assert_eq!(refresh(&shop, hash("second"), "third").await, Refreshed::Refused);
    shop.pass(day);
    assert_eq!(refresh(&shop, hash("second"), "third").await, renewed(&ann, &session));
}

pub async fn a_second_tab_gets_the_same_successor(shop: Shop) {
    let ann = shop.customer("ann").await;
    let session = shop.sign_in(&ann).await;
    refresh(&shop, session.refresh_hash, "second").await;
    shop.pass(REFRESH_GRACE);
    assert_eq!(refresh(&shop, session.refresh_hash, "second").await, renewed(&ann, &session));
    assert!(shop.is_signed_in(session.id).await);
    assert_eq!(refresh(&shop, hash("second"), "third").await, renewed(&ann, &session));
}

pub async fn an_old_token_ends_the_family(shop: Shop) {
    let ann = shop.customer("ann").await;
    let session = shop.sign_in(&ann).await;
    refresh(&shop, session.refresh_hash, "second").await;
    shop.pass(REFRESH_GRACE + SECOND);
    assert_eq!(refresh(&shop, session.refresh_hash, "second").await, Refreshed::Refused);
    assert!(!shop.is_signed_in(session.id).await, "the session of a stolen token goes on");
    assert_eq!(refresh(&shop, hash("second"), "third").await, Refreshed::Refused);
}

/// Once the successor was used, its owner has it: whoever presents the predecessor is somebody else, however soon.
pub async fn a_token_whose_successor_was_used_ends_the_family_at_once(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (session, other) = (shop.sign_in(&ann).await, shop.sign_in(&ann).await);
    refresh(&shop, session.refresh_hash, "second").await;
    shop.pass(SECOND);
    refresh(&shop, hash("second"), "third").await;
    let first = session.refresh_hash;
    let (token, _) = load!(shop, |tx| tx.refresh_token(&first).await).expect("a token");
    assert!(token.successor_used);
    assert_eq!(refresh(&shop, session.refresh_hash, "second").await, Refreshed::Refused);
    assert!(!shop.is_signed_in(session.id).await);
    assert_eq!(refresh(&shop, hash("third"), "fourth").await, Refreshed::Refused);
    assert!(shop.is_signed_in(other.id).await, "another device was signed out");
}

pub async fn tokens_of_ended_sessions_and_unknown_tokens_are_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let session = shop.sign_in(&ann).await;
    shop.run(EndSession { account_id: ann.id, id: session.id, now: shop.now() }).await.expect("ended");
    assert_eq!(refresh(&shop, session.refresh_hash, "second").await, Refreshed::Refused);
    assert_eq!(refresh(&shop, hash("never issued"), "second").await, Refreshed::Refused);
    assert_eq!(load!(shop, |tx| tx.refresh_token(&hash("second")).await), None);
}

pub async fn a_disabled_account_refreshes_nothing(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    let session = shop.sign_in(&ann).await;
    shop.disable(&owner, &ann, true).await.expect("disabled");
    assert_eq!(refresh(&shop, session.refresh_hash, "second").await, Refreshed::Refused);
    shop.disable(&owner, &ann, false).await.expect("enabled");
    assert_eq!(refresh(&shop, session.refresh_hash, "second").await, Refreshed::Refused, "the session was ended");
}

/// The cookie of the staff's pages is such a token: it names its session until it is exchanged.
pub async fn an_unused_token_names_its_session(shop: Shop) {
    let ann = shop.customer("ann").await;
    let session = shop.sign_in(&ann).await;
    let by_token = async |hash| shop.db().session_access_by_token(&hash, shop.now()).await.expect("an answer");
    let access = by_token(session.refresh_hash).await.expect("signed in");
    assert_eq!((access.access, access.session_id), (ann.access(), session.id));
    refresh(&shop, session.refresh_hash, "second").await;
    assert_eq!(by_token(session.refresh_hash).await, None);
    assert_eq!(by_token(hash("second")).await.map(|access| access.session_id), Some(session.id));
    assert_eq!(by_token(hash("never issued")).await, None);
    shop.run(EndSession { account_id: ann.id, id: session.id, now: shop.now() }).await.expect("ended");
    assert_eq!(by_token(hash("second")).await, None);
}
