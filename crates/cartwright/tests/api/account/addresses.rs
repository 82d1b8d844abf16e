//! `/v1/account/addresses`

use serde_json::{Value, json};

use crate::support::{NO_ID, Person, Shop, address, new_key, pick, text};

fn with_label(label: &str) -> Value {
    let mut body = address();
    body["label"] = json!(label);
    body
}

fn list(person: &Person) -> Value {
    person.client.get("/v1/account/addresses").send().expect(200)["items"].clone()
}

#[test]
fn addresses_are_saved_listed_changed_and_removed() {
    let shop = Shop::shared();
    let ann = shop.customer();
    assert_eq!(list(&ann), json!([]));
    let create =
        |label| ann.client.post("/v1/account/addresses", &with_label(label)).key(&new_key()).send().expect(201);
    let (home, work) = (create("Home"), create("Work"));
    assert_eq!((&home["label"], &home["city"], &home["country"]), (&json!("Home"), &json!("Berlin"), &json!("DE")));
    assert_eq!(pick(&list(&ann), "label"), ["Home", "Work"]);

    let path = format!("/v1/account/addresses/{}", text(&home["id"]));
    let mut change = with_label("Parents");
    change["country"] = json!("at");
    let changed = ann.client.put(&path, &change).send().expect(200);
    assert_eq!(
        (&changed["id"], &changed["label"], &changed["country"]),
        (&home["id"], &json!("Parents"), &json!("AT"))
    );
    assert_eq!(list(&ann), json!([changed, work]));

    ann.client.delete(&path).send().expect(204);
    ann.client.delete(&path).send().refused(404, "not_found");
    assert_eq!(list(&ann), json!([work]));
}

#[test]
fn other_peoples_addresses_are_not_there() {
    let shop = Shop::shared();
    let (ann, eve) = (shop.customer(), shop.customer());
    let home = ann.client.post("/v1/account/addresses", &with_label("Home")).key(&new_key()).send().expect(201);
    for id in [text(&home["id"]), NO_ID.to_owned()] {
        let path = format!("/v1/account/addresses/{id}");
        eve.client.put(&path, &with_label("Mine")).send().refused(404, "not_found");
        eve.client.delete(&path).send().refused(404, "not_found");
    }
    assert_eq!(list(&eve), json!([]));
    assert_eq!(list(&ann), json!([home]));
}

#[test]
fn what_is_wrong_is_named() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let nasty = "Ann\r\nBcc: eve@example.com";
    let wrong =
        [("name", nasty), ("line1", ""), ("city", " "), ("country", "Germany"), ("country", "XX"), ("phone", "call")];
    for (field, value) in wrong.into_iter().chain([("label", nasty), ("line2", nasty), ("region", nasty)]) {
        let mut body = with_label("Home");
        body[field] = json!(value);
        let request = ann.client.post("/v1/account/addresses", &body).key(&new_key());
        request.send().invalid(&format!("/{field}"));
    }
    assert_eq!(list(&ann), json!([]));
}

#[test]
fn a_repeated_request_saves_one_address() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let key = new_key();
    let save = || ann.client.post("/v1/account/addresses", &with_label("Home")).key(&key).send();
    let (first, second) = (save(), save());
    assert_eq!(first.expect(201), second.expect(201));
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!(list(&ann).as_array().map(Vec::len), Some(1));
}

#[test]
fn an_account_keeps_a_bounded_number() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let save = || ann.client.post("/v1/account/addresses", &with_label("Home")).key(&new_key()).send();
    let refused = (0..200).map(|_| save()).find(|reply| reply.status != 201).expect("there is a limit");
    let problem = refused.refused(409, "too_many_addresses");
    assert_eq!(problem["detail"], "An account keeps at most 50 addresses; delete one first.");
}
