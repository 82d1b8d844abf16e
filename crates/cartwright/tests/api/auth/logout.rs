//! `POST /v1/auth/logout` and `/logout-everywhere`

use serde_json::json;

use crate::support::{Person, Shop};

#[track_caller]
fn check_out(shop: &Shop, person: &Person) {
    person.client.get("/v1/account").send().refused(401, "not_authenticated");
    person.client.get("/v1/orders").send().refused(401, "not_authenticated");
    let body = json!({"refresh_token": person.refresh_token});
    shop.stranger().post("/v1/auth/refresh", &body).send().refused(401, "invalid_code");
}

#[test]
fn logging_out_ends_this_session_at_once_and_no_other() {
    let shop = Shop::shared();
    let here = shop.customer();
    let there = shop.login(&here.email);
    here.client.post_empty("/v1/auth/logout").expect(204);
    check_out(&shop, &here);
    here.client.post_empty("/v1/auth/logout").refused(401, "not_authenticated");
    there.client.get("/v1/account").send().expect(200);
}

#[test]
fn logging_out_everywhere_ends_all_sessions_of_this_account() {
    let shop = Shop::shared();
    let (here, bystander) = (shop.customer(), shop.customer());
    let there = shop.login(&here.email);
    here.client.post_empty("/v1/auth/logout-everywhere").expect(204);
    check_out(&shop, &here);
    check_out(&shop, &there);
    bystander.client.get("/v1/account").send().expect(200);
    shop.login(&here.email);
}

#[test]
fn a_token_that_was_refreshed_away_ends_with_its_session() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let body = json!({"refresh_token": ann.refresh_token});
    let renewed = shop.person(&shop.stranger().post("/v1/auth/refresh", &body).send().expect(200));
    // Both access tokens are of one session.
    renewed.client.post_empty("/v1/auth/logout").expect(204);
    check_out(&shop, &ann);
    check_out(&shop, &renewed);
}
