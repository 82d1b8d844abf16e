//! `POST /v1/auth/login`

use serde_json::json;

use crate::support::{Client, PASSWORD, Reply, Shop, unique_email};

fn login(shop: &Shop, email: &str, password: &str) -> Reply {
    shop.stranger().post("/v1/auth/login", &json!({"email": email, "password": password})).send()
}

#[test]
fn a_wrong_password_and_an_unknown_address_are_refused_alike() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let wrong = login(&shop, &ann.email, "not the password").refused(401, "wrong_credentials");
    let unknown = login(&shop, &unique_email("nobody"), PASSWORD).refused(401, "wrong_credentials");
    let garbage = login(&shop, "no address at all", PASSWORD).refused(401, "wrong_credentials");
    assert_eq!(wrong, unknown);
    assert_eq!(wrong, garbage);
    let signed_in = login(&shop, &ann.email, PASSWORD).expect(200);
    assert_eq!(signed_in["account"]["id"], ann.account["id"]);
}

/// Clients get another token and send the request once more where `Bearer` is asked for. A wrong password would count twice then.
#[test]
fn only_where_a_token_is_missing_another_one_is_asked_for() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let challenge = |reply: Reply, code: &str| {
        reply.refused(401, code);
        reply.header("www-authenticate")
    };
    let account = |client: &Client| client.get("/v1/account").send();
    assert_eq!(challenge(account(shop.stranger()), "not_authenticated"), "Bearer");
    let broken = shop.stranger().with_token("broken");
    assert_eq!(challenge(account(&broken), "not_authenticated"), "Bearer error=\"invalid_token\"");
    ann.client.get("/v1/account").send().expect(200);
    assert_eq!(challenge(login(&shop, &ann.email, "not the password"), "wrong_credentials"), "Body");
    // Also of somebody who is signed in.
    let body = json!({"current_password": "not the password"});
    assert_eq!(challenge(ann.client.delete("/v1/account").json(&body).send(), "wrong_credentials"), "Body");
    let refresh = shop.stranger().post("/v1/auth/refresh", &json!({"refresh_token": "none"})).send();
    assert_eq!(challenge(refresh, "invalid_code"), "Body");
}

#[test]
fn that_an_address_is_not_verified_is_told_after_the_right_password_only() {
    let shop = Shop::shared();
    let email = unique_email("unverified");
    let body = json!({"email": email, "password": PASSWORD, "name": "Una Verified"});
    shop.stranger().post("/v1/auth/signup", &body).send().expect(202);
    login(&shop, &email, "not the password").refused(401, "wrong_credentials");
    login(&shop, &email, PASSWORD).refused(403, "email_not_verified");
}

#[test]
fn a_disabled_account_is_out_at_once_and_told_so_after_the_right_password_only() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let path = format!("/v1/admin/accounts/{}", ann.id());
    let disabled = shop.owner().patch(&path, &json!({"disabled": true})).send().expect(200);
    assert_eq!(disabled["disabled"], true);
    ann.client.get("/v1/account").send().refused(401, "not_authenticated");
    let refresh = json!({"refresh_token": ann.refresh_token});
    shop.stranger().post("/v1/auth/refresh", &refresh).send().refused(401, "invalid_code");
    login(&shop, &ann.email, "not the password").refused(401, "wrong_credentials");
    login(&shop, &ann.email, PASSWORD).refused(403, "account_disabled");
    shop.owner().patch(&path, &json!({"disabled": false})).send().expect(200);
    shop.login(&ann.email);
}

#[test]
fn guessing_is_slowed_down_without_hurting_others() {
    let shop = Shop::shared();
    let (ann, bob) = (shop.customer(), shop.customer());
    let refused = (0..40).map(|_| login(&shop, &ann.email, "not the password")).find(|reply| reply.status == 429);
    let refused = refused.expect("nobody may guess forty times in a row");
    refused.refused(429, "too_many_requests");
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=30).contains(&seconds), "{seconds} s");
    shop.login(&bob.email);
    // Who is signed in stays so.
    ann.client.get("/v1/account").send().expect(200);
}

/// Whoever shares an address with somebody, and guesses there alone, learns from it as little as from any other answer.
#[test]
fn how_often_one_may_be_wrong_from_one_address_says_nothing_of_who_has_an_account() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let answers = |email: &str| (0..15).map(|_| login(&shop, email, "not the password").status).collect::<Vec<_>>();
    let of_ann = answers(&ann.email);
    assert_eq!(of_ann, answers(&unique_email("nobody")));
    assert_eq!(of_ann.iter().filter(|status| **status == 401).count(), 10, "{of_ann:?}");
}

#[test]
fn each_sign_in_is_a_session_of_its_own() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let again = shop.login(&ann.email);
    assert_ne!(ann.client.token(), again.client.token());
    assert_ne!(ann.refresh_token, again.refresh_token);
    let sessions = ann.client.get("/v1/account/sessions").send().expect(200);
    assert_eq!(sessions["items"].as_array().expect("a list").len(), 2);
}
