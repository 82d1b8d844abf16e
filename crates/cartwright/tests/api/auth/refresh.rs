//! `POST /v1/auth/refresh`

use std::thread;

use serde_json::{Value, json};

use crate::support::{Reply, Shop, text};

fn refresh(shop: &Shop, token: &str) -> Reply {
    shop.stranger().post("/v1/auth/refresh", &json!({"refresh_token": token})).send()
}

fn successor(shop: &Shop, token: &str) -> (String, Value) {
    let renewed = refresh(shop, token).expect(200);
    (text(&renewed["refresh_token"]), renewed)
}

#[test]
fn a_refresh_gives_new_tokens_for_the_same_session() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let (second, renewed) = successor(&shop, &ann.refresh_token);
    assert_ne!(second, ann.refresh_token);
    assert_ne!(text(&renewed["access_token"]), ann.client.token());
    assert_eq!(renewed["account"]["id"], ann.account["id"]);
    let renewed = shop.person(&renewed);
    let sessions = renewed.client.get("/v1/account/sessions").send().expect(200);
    assert_eq!(sessions["items"].as_array().expect("a list").len(), 1);
    let (third, _) = successor(&shop, &second);
    assert_ne!(third, second);
}

#[test]
fn two_tabs_at_once_get_the_same_successor() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let tokens: Vec<String> = thread::scope(|scope| {
        let tabs: Vec<_> = (0..8).map(|_| scope.spawn(|| successor(&shop, &ann.refresh_token).0)).collect();
        tabs.into_iter().map(|tab| tab.join().expect("an answer")).collect()
    });
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    // A moment later it is still a second tab.
    assert_eq!(successor(&shop, &ann.refresh_token).0, tokens[0]);
    successor(&shop, &tokens[0]);
}

#[test]
fn reuse_after_the_successor_was_used_ends_the_session_and_no_other() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let other = shop.login(&ann.email);
    let (second, _) = successor(&shop, &ann.refresh_token);
    let (third, newest) = successor(&shop, &second);
    let newest = shop.person(&newest);
    newest.client.get("/v1/account").send().expect(200);

    refresh(&shop, &ann.refresh_token).refused(401, "invalid_code");
    for token in [&second, &third] {
        refresh(&shop, token).refused(401, "invalid_code");
    }
    for client in [&ann.client, &newest.client] {
        client.get("/v1/account").send().refused(401, "not_authenticated");
    }
    other.client.get("/v1/account").send().expect(200);
    successor(&shop, &other.refresh_token);
}

#[test]
fn tokens_are_not_each_other() {
    let shop = Shop::shared();
    let ann = shop.customer();
    refresh(&shop, ann.client.token()).refused(401, "invalid_code");
    let disguised = shop.stranger().with_token(&ann.refresh_token);
    disguised.get("/v1/account").send().refused(401, "not_authenticated");
    for garbage in ["", "x", "q8Jc0Uu0Yk3m5m2uZ1Q7p6v3sT9wXyA1bC2dE3fG4hI", &"A".repeat(10_000), "\u{0}", "字"] {
        refresh(&shop, garbage).refused(401, "invalid_code");
    }
    // Trying did no harm.
    successor(&shop, &ann.refresh_token);
}
