//! `Idempotency-Key` on `POST /v1/orders`

use serde_json::{Value, json};

use crate::support::{Person, Reply, Shop, address, line, new_key, pick, text};

fn place(buyer: &Person, key: &str, lines: &[Value]) -> Reply {
    buyer.client.post("/v1/orders", &json!({"lines": lines, "ship_to": address()})).key(key).send()
}

fn orders_of(buyer: &Person) -> usize {
    buyer.client.get("/v1/orders?limit=100").send().expect(200)["items"].as_array().expect("a list").len()
}

#[test]
fn an_order_needs_a_key() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1, 9);
    let body = json!({"lines": [line(&variant, 1)], "ship_to": address()});
    buyer.client.post("/v1/orders", &body).send().refused(400, "idempotency_key_required");
    buyer.client.post("/v1/orders", &body).key("").send().refused(400, "invalid_header");
    buyer.client.post("/v1/orders", &body).key(&"k".repeat(256)).send().refused(400, "invalid_header");
    buyer.client.post("/v1/orders", &body).key("one").key("two").send().refused(400, "invalid_header");
    assert_eq!((shop.stock_of(&product), orders_of(&buyer)), (9, 0));
    place(&buyer, &"k".repeat(255), &[line(&variant, 1)]).expect(201);
}

#[test]
fn a_repeated_request_gets_the_same_answer_and_no_second_order() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1000, 9);
    let key = new_key();
    let first = place(&buyer, &key, &[line(&variant, 2)]);
    let order = first.expect(201);
    assert_eq!(first.find_header("idempotent-replayed"), None);
    // The answer stays what it was, whatever has become of the order and the catalogue.
    shop.advance(&order, "confirmed");
    let patch = json!({"price": {"amount": 1, "currency": "EUR"}});
    shop.owner().patch(&format!("/v1/admin/variants/{variant}"), &patch).send().expect(200);
    for _ in 0..3 {
        let again = place(&buyer, &key, &[line(&variant, 2)]);
        again.expect(201);
        assert_eq!(again.body, first.body, "byte for byte");
        assert_eq!(again.header("idempotent-replayed"), "true");
        for name in ["location", "etag", "content-type"] {
            assert_eq!(again.header(name), first.header(name));
        }
    }
    assert_eq!((shop.stock_of(&product), orders_of(&buyer)), (7, 1));
    let placed = shop.templates_to(&buyer.email).iter().filter(|template| *template == "order_placed").count();
    assert_eq!(placed, 1);
}

#[test]
fn a_key_is_for_one_request() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1, 9);
    let key = new_key();
    place(&buyer, &key, &[line(&variant, 2)]).expect(201);
    place(&buyer, &key, &[line(&variant, 3)]).refused(422, "idempotency_key_reused");
    assert_eq!((shop.stock_of(&product), orders_of(&buyer)), (7, 1));
}

#[test]
fn keys_of_others_are_others() {
    let shop = Shop::shared();
    let (ann, bob) = (shop.customer(), shop.customer());
    let (product, variant) = shop.product(1, 9);
    let key = new_key();
    let of_ann = place(&ann, &key, &[line(&variant, 2)]).expect(201);
    let reply = place(&bob, &key, &[line(&variant, 2)]);
    let of_bob = reply.expect(201);
    assert_eq!(reply.find_header("idempotent-replayed"), None);
    assert_ne!(of_ann["id"], of_bob["id"]);
    assert_eq!(of_bob["email"], bob.email.as_str());
    assert_eq!(shop.stock_of(&product), 5);
}

#[test]
fn a_refusal_is_not_kept() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 1);
    let key = new_key();
    place(&buyer, &key, &[line(&variant, 2)]).refused(409, "out_of_stock");
    let body = json!({"delta": 5, "reason": "a delivery"});
    shop.owner().post(&format!("/v1/admin/variants/{variant}/stock"), &body).send().expect(200);
    let order = place(&buyer, &key, &[line(&variant, 2)]).expect(201);
    assert_eq!(place(&buyer, &key, &[line(&variant, 2)]).expect(201), order);
}

#[test]
fn a_key_is_for_one_variant_and_for_one_order() {
    let shop = Shop::shared();
    let (one, other) = (shop.product(1, 9), shop.product(1, 9));
    let (key, body) = (new_key(), json!({"delta": 5, "reason": "a delivery"}));
    let restock =
        |variant: &str| shop.owner().post(&format!("/v1/admin/variants/{variant}/stock"), &body).key(&key).send();
    restock(&one.1).expect(200);
    restock(&other.1).refused(422, "idempotency_key_reused");
    assert_eq!((shop.stock_of(&one.0), shop.stock_of(&other.0)), (14, 9));

    let buyer = shop.customer();
    let orders = [(); 2].map(|()| text(&shop.order(&buyer, &[line(&one.1, 1)])["id"]));
    let key = new_key();
    let confirm = |order: &str| {
        let path = format!("/v1/admin/orders/{order}/transitions");
        shop.owner().post(&path, &json!({"to": "confirmed"})).key(&key).send()
    };
    confirm(&orders[0]).expect(200);
    confirm(&orders[1]).refused(422, "idempotency_key_reused");
    let second = shop.owner().get(&format!("/v1/admin/orders/{}", orders[1])).send().expect(200);
    assert_eq!(second["status"], "pending");
}

#[test]
fn staff_can_repeat_what_they_do_too() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1, 9);
    let (key, body) = (new_key(), json!({"delta": 5, "reason": "a delivery"}));
    let path = format!("/v1/admin/variants/{variant}/stock");
    let moved: Vec<Value> = (0..3).map(|_| shop.owner().post(&path, &body).key(&key).send().expect(200)).collect();
    assert_eq!(pick(&json!(moved), "stock"), [&json!(14), &json!(14), &json!(14)]);
    assert_eq!(shop.stock_of(&product), 14);
    // The same key on another route is another key.
    let product = json!({"title": "Keyed", "variants": [{"price": {"amount": 1, "currency": "EUR"}}]});
    let first = shop.owner().post("/v1/admin/products", &product).key(&key).send().expect(201);
    let second = shop.owner().post("/v1/admin/products", &product).key(&key).send().expect(201);
    assert_eq!(first, second);

    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let path = format!("/v1/admin/orders/{}/transitions", text(&order["id"]));
    let key = new_key();
    let confirm = || shop.owner().post(&path, &json!({"to": "confirmed"})).key(&key).send();
    assert_eq!(confirm().expect(200), confirm().expect(200));
    shop.owner().post(&path, &json!({"to": "confirmed"})).send().refused(409, "transition_not_allowed");
}
