//! `DELETE /v1/account`

use serde_json::{Value, json};

use crate::support::{PASSWORD, Shop, line, text};

fn admin_order(shop: &Shop, order: &Value) -> Value {
    shop.owner().get(&format!("/v1/admin/orders/{}", text(&order["id"]))).send().expect(200)
}

#[test]
fn a_deleted_account_is_out_at_once_and_its_address_is_free() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let elsewhere = shop.login(&ann.email);
    ann.client.delete_account().send().expect(204);
    for person in [&ann, &elsewhere] {
        person.client.get("/v1/account").send().refused(401, "not_authenticated");
        let body = json!({"refresh_token": person.refresh_token});
        shop.stranger().post("/v1/auth/refresh", &body).send().refused(401, "invalid_code");
    }
    let body = json!({"email": ann.email, "password": PASSWORD});
    shop.stranger().post("/v1/auth/login", &body).send().refused(401, "wrong_credentials");
    shop.owner().get(&format!("/v1/admin/accounts/{}", ann.id())).send().refused(404, "not_found");
    let found = shop.owner().get(&format!("/v1/admin/accounts?q={}", ann.email)).send().expect(200);
    assert_eq!(found["items"], json!([]));
    assert!(shop.templates_to(&ann.email).is_empty(), "mails to somebody who is gone are personal data");

    let body = json!({"email": ann.email, "password": PASSWORD, "name": "Ann Again"});
    shop.stranger().post("/v1/auth/signup", &body).send().expect(202);
    let code = shop.nth_mail(&ann.email, "Your code", 2).code();
    let again = shop
        .stranger()
        .post("/v1/auth/verify-email", &json!({"email": ann.email, "password": PASSWORD, "code": code}))
        .send()
        .expect(200);
    assert_ne!(again["account"]["id"], ann.account["id"]);
    let orders = shop.person(&again).client.get("/v1/orders").send().expect(200);
    assert_eq!(orders["items"], json!([]));
}

#[test]
fn orders_stay_without_name_and_address() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let (_, variant) = shop.product(1000, 10);
    let delivered = shop.order(&ann, &[line(&variant, 2)]);
    for to in ["confirmed", "shipped", "delivered"] {
        shop.advance(&delivered, to);
    }
    let open = shop.order(&ann, &[line(&variant, 1)]);
    ann.client.delete_account().send().expect(204);

    let kept = admin_order(&shop, &delivered);
    assert_eq!((&kept["lines"], &kept["total"]), (&delivered["lines"], &delivered["total"]));
    assert_eq!((&kept["email"], &kept["ship_to"]["country"]), (&json!(null), &json!("DE")));
    for field in ["name", "line1", "city", "postal_code"] {
        assert_eq!(kept["ship_to"][field], "", "{field}");
    }

    // A parcel that is still in the shop needs its address, until it has left.
    assert_eq!(admin_order(&shop, &open)["ship_to"]["line1"], "Lindenstrasse 1");
    assert_eq!(admin_order(&shop, &open)["email"], json!(null));
    shop.advance(&open, "confirmed");
    assert_eq!(shop.advance(&open, "shipped")["ship_to"]["line1"], "");
    assert!(!admin_order(&shop, &open).to_string().contains("Ann"));
}

#[test]
fn a_stolen_token_is_not_enough() {
    let shop = Shop::shared();
    let ann = shop.customer();
    ann.client.delete("/v1/account").json(&json!({})).send().invalid("/current_password");
    let wrong = json!({"current_password": "six lamps over a grey harbour"});
    ann.client.delete("/v1/account").json(&wrong).send().refused(401, "wrong_credentials");
    ann.client.get("/v1/account").send().expect(200);
}

#[test]
fn the_last_owner_stays() {
    let shop = Shop::shared();
    shop.owner().delete_account().send().refused(409, "last_owner");
    shop.owner().get("/v1/account").send().expect(200);
}
