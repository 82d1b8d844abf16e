//! `POST /v1/auth/password/forgot` and `/reset`

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{PASSWORD, Reply, Shop, unique_email};

const NEW_PASSWORD: &str = "a loud street in November";

fn forgot(shop: &Shop, email: &str) -> Reply {
    shop.stranger().post("/v1/auth/password/forgot", &json!({"email": email})).send()
}

fn reset(shop: &Shop, token: &str, password: &str) -> Reply {
    shop.stranger().post("/v1/auth/password/reset", &json!({"token": token, "password": password})).send()
}

fn login(shop: &Shop, email: &str, password: &str) -> Reply {
    shop.stranger().post("/v1/auth/login", &json!({"email": email, "password": password})).send()
}

#[test]
fn who_asks_more_often_than_is_mailed_is_answered_no_sooner() {
    let shop = Shop::shared();
    let email = unique_email("asked-for");
    for asked in 1..=12 {
        let begin = Instant::now();
        forgot(&shop, &email).expect(202);
        let took = begin.elapsed();
        assert!(took >= Duration::from_millis(80), "request {asked} was answered after {took:?}");
    }
}

#[test]
fn a_mailed_token_sets_a_new_password_once_and_ends_all_sessions() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let elsewhere = shop.login(&ann.email);
    forgot(&shop, &ann.email).expect(202);
    let token = shop.mail(&ann.email, "Set a new password").token();
    // 128 bits are 22 characters of base64.
    assert!(token.len() >= 22, "{token}");
    ann.client.get("/v1/account").send().expect(200);

    reset(&shop, &token, NEW_PASSWORD).expect(204);
    for person in [&ann, &elsewhere] {
        person.client.get("/v1/account").send().refused(401, "not_authenticated");
        let body = json!({"refresh_token": person.refresh_token});
        shop.stranger().post("/v1/auth/refresh", &body).send().refused(401, "invalid_code");
    }
    login(&shop, &ann.email, PASSWORD).refused(401, "wrong_credentials");
    login(&shop, &ann.email, NEW_PASSWORD).expect(200);
    shop.mail(&ann.email, "Your password was changed");

    reset(&shop, &token, "yet another long password").refused(401, "invalid_code");
    login(&shop, &ann.email, NEW_PASSWORD).expect(200);
}

/// Whoever guesses in somebody's name from anywhere keeps them out where they were never before; the mailbox lets them in.
#[test]
fn a_reset_makes_the_address_known_that_it_came_from() {
    let shop = Shop::start(&["--trusted-proxies", "127.0.0.1"]);
    let ann = shop.customer();
    let from = |address: &str, password: &str| {
        let body = json!({"email": ann.email, "password": password});
        shop.stranger().post("/v1/auth/login", &body).header("x-forwarded-for", address).send()
    };
    for guess in 0..10 {
        from(&format!("198.51.100.{guess}"), "not the password").refused(401, "wrong_credentials");
    }
    from("2001:db8:1:2::3", PASSWORD).refused(429, "too_many_requests");
    forgot(&shop, &ann.email).expect(202);
    let body = json!({"token": shop.mail(&ann.email, "Set a new password").token(), "password": NEW_PASSWORD});
    let reset = shop.stranger().post("/v1/auth/password/reset", &body).header("x-forwarded-for", "2001:db8:1:2::3");
    reset.send().expect(204);
    // The next address of the same network is as good.
    from("2001:db8:1:2:aaaa::4", NEW_PASSWORD).expect(200);
}

#[test]
fn nobody_learns_whether_there_is_an_account() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let unknown = unique_email("nobody");
    assert_eq!(forgot(&shop, &ann.email).expect(202), forgot(&shop, &unknown).expect(202));
    assert_eq!(shop.templates_to(&ann.email), ["verify_email", "reset_password"]);
    assert!(shop.templates_to(&unknown).is_empty());
}

#[test]
fn a_new_token_replaces_the_old_one() {
    let shop = Shop::shared();
    let ann = shop.customer();
    forgot(&shop, &ann.email).expect(202);
    let first = shop.mail(&ann.email, "Set a new password").token();
    forgot(&shop, &ann.email.to_uppercase()).expect(202);
    let second = shop.nth_mail(&ann.email, "Set a new password", 2).token();
    assert_ne!(first, second);
    reset(&shop, &first, NEW_PASSWORD).refused(401, "invalid_code");
    reset(&shop, &second, NEW_PASSWORD).expect(204);
}

#[test]
fn a_weak_password_is_refused_and_does_not_use_the_token_up() {
    let shop = Shop::shared();
    let ann = shop.customer();
    forgot(&shop, &ann.email).expect(202);
    let token = shop.mail(&ann.email, "Set a new password").token();
    for weak in ["short", "password1", &"x".repeat(129)] {
        reset(&shop, &token, weak).invalid("/password");
    }
    reset(&shop, &token, NEW_PASSWORD).expect(204);
}

#[test]
fn tokens_cannot_be_made_up() {
    let shop = Shop::shared();
    let ann = shop.customer();
    for token in ["", "x", &ann.refresh_token, ann.client.token(), &"A".repeat(43), &"A".repeat(10_000), "\u{0}"] {
        reset(&shop, token, NEW_PASSWORD).refused(401, "invalid_code");
    }
    shop.login(&ann.email);
}

#[test]
fn a_reset_proves_the_address_too() {
    let shop = Shop::shared();
    let email = unique_email("late");
    let body = json!({"email": email, "password": PASSWORD, "name": "Lena Late"});
    shop.stranger().post("/v1/auth/signup", &body).send().expect(202);
    forgot(&shop, &email).expect(202);
    reset(&shop, &shop.mail(&email, "Set a new password").token(), NEW_PASSWORD).expect(204);
    let signed_in = login(&shop, &email, NEW_PASSWORD).expect(200);
    assert_eq!(signed_in["account"]["email_verified"], true);
}

/// The link does not make a password good that sign-up would refuse.
#[test]
fn a_password_like_its_owner_is_refused_and_the_link_stays_good() {
    let shop = Shop::shared();
    let ann = shop.customer();
    forgot(&shop, &ann.email).expect(202);
    let token = shop.mail(&ann.email, "Set a new password").token();
    let personal = ann.email.as_str();
    for _ in 0..2 {
        let problem = reset(&shop, &token, personal).invalid("/password");
        assert_eq!(problem["errors"][0]["code"], "too_common");
    }
    reset(&shop, &token, NEW_PASSWORD).expect(204);
    login(&shop, &ann.email, NEW_PASSWORD).expect(200);
}

#[test]
fn a_changed_password_voids_waiting_tokens() {
    let shop = Shop::shared();
    let ann = shop.customer();
    forgot(&shop, &ann.email).expect(202);
    let token = shop.mail(&ann.email, "Set a new password").token();
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    ann.client.put("/v1/account/password", &body).send().expect(204);
    reset(&shop, &token, "yet another long password").refused(401, "invalid_code");
    login(&shop, &ann.email, NEW_PASSWORD).expect(200);
}
