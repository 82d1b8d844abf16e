//! `/v1/admin/accounts`

use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, Reply, Shop, pick, text};

fn patch(actor: &Person, target: &Person, body: &Value) -> Reply {
    actor.client.patch(&format!("/v1/admin/accounts/{}", target.id()), body).send()
}

#[test]
fn accounts_are_listed_and_searched() {
    let shop = Shop::shared();
    let staff = shop.staff(&["customers"]);
    let (first, second) = (shop.customer(), shop.customer());
    let newest = staff.client.get("/v1/admin/accounts?limit=100&role=customer").send().expect(200);
    let ids = pick(&newest["items"], "id");
    let place = |person: &Person| ids.iter().position(|id| **id == person.account["id"]).expect("listed");
    assert!(place(&second) < place(&first), "the newest come first");
    assert!(pick(&newest["items"], "role").iter().all(|role| **role == "customer"));

    let found = staff.client.get(&format!("/v1/admin/accounts?q={}", first.email.to_uppercase())).send().expect(200);
    assert_eq!(pick(&found["items"], "id"), [&first.account["id"]]);
    for hostile in ["%25%25", "_", "%27", "%22"] {
        staff.client.get(&format!("/v1/admin/accounts?q={hostile}")).send().expect(200);
    }
    let literal = staff.client.get("/v1/admin/accounts?q=%25").send().expect(200);
    assert_eq!(literal["items"], json!([]), "a percent sign is a percent sign");
    staff.client.get("/v1/admin/accounts?role=king").send().wrong_parameter("role");

    let page = staff.client.get("/v1/admin/accounts?limit=1").send().expect(200);
    let next = format!("/v1/admin/accounts?limit=1&cursor={}", text(&page["next_cursor"]));
    assert_ne!(staff.client.get(&next).send().expect(200)["items"], page["items"]);

    let path = format!("/v1/admin/accounts/{}", first.id());
    let read = staff.client.get(&path).send();
    assert_eq!((&read.expect(200)["email"], &read.expect(200)["disabled"]), (&json!(first.email), &json!(false)));
    staff.client.get(&path).header("if-none-match", &read.header("etag")).send().expect(304);
    assert!(!read.text().contains("$2"), "no hash of a password ever leaves the shop");
}

#[test]
fn staff_lock_customers_out_and_nothing_more() {
    let shop = Shop::shared();
    let staff = shop.staff(&["customers"]);
    let (customer, colleague) = (shop.customer(), shop.staff(&["orders"]));
    assert_eq!(patch(&staff, &customer, &json!({"disabled": true})).expect(200)["disabled"], true);
    customer.client.get("/v1/account").send().refused(401, "not_authenticated");
    assert_eq!(patch(&staff, &customer, &json!({"disabled": false})).expect(200)["disabled"], false);

    patch(&staff, &customer, &json!({"role": "staff"})).refused(403, "forbidden");
    patch(&staff, &customer, &json!({"permissions": ["orders"]})).refused(403, "forbidden");
    patch(&staff, &colleague, &json!({"disabled": true})).refused(403, "forbidden");
    patch(&staff, &staff, &json!({"permissions": ["catalogue", "orders", "customers"]})).refused(403, "forbidden");
    patch(&staff, &staff, &json!({"role": "owner"})).refused(403, "forbidden");
    let owner = shop.owner().get("/v1/account").send().expect(200);
    let owner = format!("/v1/admin/accounts/{}", text(&owner["id"]));
    staff.client.patch(&owner, &json!({"disabled": true})).send().refused(403, "forbidden");
    colleague.client.get("/v1/admin/orders").send().expect(200);
}

#[test]
fn wrong_input_is_refused() {
    let shop = Shop::shared();
    let customer = shop.customer();
    let path = format!("/v1/admin/accounts/{}", customer.id());
    let change = |body| shop.owner().patch(&path, &body).send();
    change(json!({"role": "king"})).invalid("/role");
    change(json!({"permissions": ["everything"]})).invalid("/permissions/0");
    change(json!({"email": "eve@example.com"})).invalid("/email");
    for field in ["disabled", "role", "permissions"] {
        change(json!({field: null})).invalid(&format!("/{field}"));
    }
    let tag = shop.owner().get(&path).send().header("etag");
    change(json!({"disabled": false})).expect(200);
    let stale = shop.owner().patch(&path, &json!({"disabled": true})).header("if-match", &tag).send();
    stale.refused(412, "version_mismatch");
}

#[test]
fn a_shop_keeps_an_owner() {
    let shop = Shop::start(&[]);
    let me = text(&shop.owner().get("/v1/account").send().expect(200)["id"]);
    let path = format!("/v1/admin/accounts/{me}");
    for body in [json!({"role": "customer", "current_password": PASSWORD}), json!({"disabled": true})] {
        shop.owner().patch(&path, &body).send().refused(409, "last_owner");
    }
    // With a second one the first may go.
    let second = shop.customer();
    shop.set_access(&second, json!({"role": "owner"})).expect(200);
    let second = shop.login(&second.email);
    shop.owner().delete_account().send().expect(204);
    second.client.delete_account().send().refused(409, "last_owner");
}

#[test]
fn who_may_do_what_takes_the_password_again() {
    let shop = Shop::start(&[]);
    let customer = shop.customer();
    let path = format!("/v1/admin/accounts/{}", customer.id());
    for raise in [json!({"role": "owner"}), json!({"role": "staff"}), json!({"permissions": ["orders"]})] {
        shop.owner().patch(&path, &raise).send().invalid("/current_password");
        let mut guessed = raise.clone();
        guessed["current_password"] = json!("six lamps over a grey harbour");
        shop.owner().patch(&path, &guessed).send().refused(401, "wrong_credentials");
    }
    let still = shop.owner().get(&path).send().expect(200);
    assert_eq!((&still["role"], &still["permissions"]), (&json!("customer"), &json!([])));
    // To lock somebody out does not.
    shop.owner().patch(&path, &json!({"disabled": true})).send().expect(200);
}
