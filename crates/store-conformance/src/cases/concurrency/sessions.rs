//! Tokens and codes, presented by many at once.

use commerce::accounts::{ChangePassword, CodeChecked, EndAllSessions, RefreshSession, Refreshed, ResetPassword};
use model::session::SecretHash;

use crate::support::{Shop, at_once, count_ok, email, hash, load, password, secret};

fn refresh(shop: &Shop, presented: SecretHash, successor: &str) -> RefreshSession {
    RefreshSession { presented, successor: hash(successor), address: "192.0.2.1".into(), now: shop.now() }
}

const fn is_renewed(refreshed: &Refreshed) -> bool {
    matches!(refreshed, Refreshed::Renewed { .. })
}

/// The successor follows from the token, so all tabs that come at once get the same, and there is one lineage.
pub async fn tabs_that_refresh_at_once_share_one_successor(shop: Shop) {
    let ann = shop.customer("ann").await;
    let session = shop.sign_in(&ann).await;
    let results = at_once(20, |_| {
        let (shop, refresh) = (shop.clone(), refresh(&shop, session.refresh_hash, "second"));
        async move { shop.run(refresh).await.expect("an answer") }
    })
    .await;
    assert!(results.iter().all(is_renewed), "{results:?}");
    let first = session.refresh_hash;
    let (token, _) = load!(shop, |tx| tx.refresh_token(&first).await).expect("a token");
    assert!(token.used_at.is_some() && !token.successor_used);
    assert!(is_renewed(&shop.run(refresh(&shop, hash("second"), "third")).await.expect("an answer")));
    assert!(shop.is_signed_in(session.id).await);
}

/// A thief and the owner go on from one token. Whatever the order, the family does not live on with both.
pub async fn an_old_token_ends_the_family_while_the_newest_is_used(shop: Shop) {
    let ann = shop.customer("ann").await;
    for round in 0..10 {
        let session = shop.sign_in(&ann).await;
        let (second, third, fourth) = (format!("second {round}"), format!("third {round}"), format!("fourth {round}"));
        shop.run(refresh(&shop, session.refresh_hash, &second)).await.expect("renewed");
        shop.run(refresh(&shop, hash(&second), &third)).await.expect("renewed");
        at_once(2, |number| {
            let stolen = refresh(&shop, session.refresh_hash, &second);
            let (shop, newest) = (shop.clone(), refresh(&shop, hash(&third), &fourth));
            async move { shop.run(if number == 0 { stolen } else { newest }).await.expect("an answer") }
        })
        .await;
        assert!(!shop.is_signed_in(session.id).await, "round {round}");
        for token in [third, fourth] {
            let answer = shop.run(refresh(&shop, hash(&token), "after")).await.expect("an answer");
            assert_eq!(answer, Refreshed::Refused, "round {round}");
        }
    }
}

/// A session that is ended while it is refreshed is over, whoever comes first.
pub async fn a_refresh_does_not_outlive_a_logout(shop: Shop) {
    let ann = shop.customer("ann").await;
    for round in 0..10 {
        let session = shop.sign_in(&ann).await;
        let successor = format!("successor {round}");
        at_once(2, |number| {
            let (shop, refresh) = (shop.clone(), refresh(&shop, session.refresh_hash, &successor));
            let end = EndAllSessions { account_id: ann.id, now: shop.now() };
            async move {
                match number {
                    0 => drop(shop.run(refresh).await.expect("an answer")),
                    _ => shop.run(end).await.expect("ended"),
                }
            }
        })
        .await;
        assert!(!shop.is_signed_in(session.id).await, "round {round}");
        let answer = shop.run(refresh(&shop, hash(&successor), "after")).await.expect("an answer");
        assert_eq!(answer, Refreshed::Refused, "round {round}");
    }
}

/// More than five guesses at once are still five guesses.
pub async fn wrong_codes_at_once_use_up_the_tries(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let results = at_once(5, |number| {
        let (shop, guess) = (shop.clone(), shop.verification_with("ann", &format!("00000{number}"), &password("ann")));
        async move { shop.run(guess).await.expect("an answer") }
    })
    .await;
    assert!(results.iter().all(|result| *result == CodeChecked::Wrong));
    assert!(!shop.verify("ann", "111111").await, "the right code was good after five wrong ones");
}

/// The right code among many guesses is good at most once, and only if it was among the first six.
pub async fn a_code_is_good_once_however_many_present_it(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let results = at_once(20, |_| {
        let (shop, code) = (shop.clone(), shop.verification_with("ann", "111111", &password("ann")));
        async move { shop.run(code).await.expect("an answer") }
    })
    .await;
    assert_eq!(results.iter().filter(|result| matches!(result, CodeChecked::Right(_))).count(), 1);
    let ann = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account").account;
    assert_eq!((ann.version, shop.db().sessions(ann.id, shop.now()).await.expect("an answer").len()), (2, 1));
}

pub async fn a_reset_token_is_good_once_however_many_present_it(shop: Shop) {
    let ann = shop.customer("ann").await;
    let request = commerce::accounts::RequestPasswordReset {
        email: email("ann"),
        token: secret("token"),
        stamp: shop.next_stamp(),
    };
    shop.run(request).await.expect("mailed");
    let results = at_once(20, |number| {
        let new_hash = format!("hash {number}");
        let (device, address) = ("a telephone".to_owned(), "192.0.2.7".to_owned());
        let stamp = shop.next_stamp();
        let reset = ResetPassword { token_hash: hash("token"), new_hash, device, address, stamp };
        let shop = shop.clone();
        async move { shop.run(reset).await }
    })
    .await;
    assert_eq!(count_ok(&results), 1);
    let winner = results.iter().position(Result::is_ok).expect("one of them");
    assert_eq!(shop.password_now(ann.id).await, Some(format!("hash {winner}")));
}

/// Whoever signs in with the old password while it is changed is out again, or was never in.
pub async fn a_login_with_the_old_password_does_not_outlive_its_change(shop: Shop) {
    for round in 0..10 {
        let ann = shop.customer(&format!("ann{round}")).await;
        let (here, thief) = (shop.sign_in(&ann).await, shop.device());
        at_once(2, |number| {
            let login = shop.login(&ann, &password(&ann.name), &thief);
            let change = ChangePassword {
                account_id: ann.id,
                verified_hash: password(&ann.name),
                new_hash: "new".into(),
                session_id: here.id,
                stamp: shop.next_stamp(),
            };
            let shop = shop.clone();
            async move {
                match number {
                    0 => drop(shop.run(login).await),
                    _ => shop.run(change).await.expect("changed"),
                }
            }
        })
        .await;
        assert!(shop.is_signed_in(here.id).await, "round {round}");
        assert!(!shop.is_signed_in(thief.id).await, "round {round}: the old password is still in");
    }
}
