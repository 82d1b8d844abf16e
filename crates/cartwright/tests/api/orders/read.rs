//! `GET /v1/orders` and `GET /v1/orders/{id}`

use serde_json::{Value, json};

use crate::support::{NO_ID, Shop, line, pick, text};

#[test]
fn one_lists_ones_own_orders_newest_first() {
    let shop = Shop::shared();
    let (buyer, other) = (shop.customer(), shop.customer());
    let (_, variant) = shop.product(1, 50);
    let placed: Vec<Value> = (0..5).map(|_| shop.order(&buyer, &[line(&variant, 1)])).collect();
    shop.order(&other, &[line(&variant, 1)]);
    let newest_first: Vec<&Value> = placed.iter().rev().map(|order| &order["id"]).collect();
    let all = buyer.client.get("/v1/orders").send().expect(200);
    assert_eq!(pick(&all["items"], "id"), newest_first);
    assert_eq!((&all["items"][0], &all["next_cursor"]), (&placed[4], &json!(null)));

    let first = buyer.client.get("/v1/orders?limit=2").send().expect(200);
    let second =
        buyer.client.get(&format!("/v1/orders?limit=3&cursor={}", text(&first["next_cursor"]))).send().expect(200);
    let both = [pick(&first["items"], "id"), pick(&second["items"], "id")].concat();
    assert_eq!((both, &second["next_cursor"]), (newest_first, &json!(null)));
    assert_eq!(other.client.get("/v1/orders").send().expect(200)["items"].as_array().map(Vec::len), Some(1));

    shop.advance(&placed[1], "confirmed");
    let confirmed = buyer.client.get("/v1/orders?status=confirmed").send().expect(200);
    assert_eq!(pick(&confirmed["items"], "id"), [&placed[1]["id"]]);
    buyer.client.get("/v1/orders?status=lost").send().wrong_parameter("status");
    buyer.client.get("/v1/orders?limit=101").send().wrong_parameter("limit");
    buyer.client.get("/v1/orders?account_id=1").send().wrong_parameter("account_id");
}

#[test]
fn other_peoples_orders_are_not_there() {
    let shop = Shop::shared();
    let (buyer, eve) = (shop.customer(), shop.customer());
    let (product, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let answers = [text(&order["id"]), NO_ID.to_owned()].map(|id| {
        let read = eve.client.get(&format!("/v1/orders/{id}")).send().refused(404, "not_found");
        let cancel = eve.client.post(&format!("/v1/orders/{id}/cancel"), &json!({})).send().refused(404, "not_found");
        (read, cancel)
    });
    assert_eq!(answers[0], answers[1], "nothing tells an order of somebody else from none");
    assert_eq!(shop.stock_of(&product), 8);
    // Not even to staff, here; and not to the owner.
    shop.owner().get(&format!("/v1/orders/{}", text(&order["id"]))).send().refused(404, "not_found");
    // By its number it is nothing at all.
    buyer.client.get(&format!("/v1/orders/{}", text(&order["number"]))).send().refused(404, "not_found");
}

#[test]
fn the_timeline_tells_what_happened_and_who_did_it() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let path = format!("/v1/admin/orders/{}/transitions", text(&order["id"]));
    shop.owner().post(&path, &json!({"to": "confirmed", "note": "Packed today."})).send().expect(200);
    let tracking = json!({"number": "0034", "carrier": "DHL", "url": "https://dhl.example/0034"});
    shop.owner().post(&path, &json!({"to": "shipped", "tracking": tracking})).send().expect(200);

    let read = buyer.client.get(&format!("/v1/orders/{}", text(&order["id"]))).send().expect(200);
    assert_eq!(read["tracking"], tracking);
    assert_eq!(pick(&read["timeline"], "status"), ["pending", "confirmed", "shipped"]);
    assert_eq!(pick(&read["timeline"], "actor"), ["customer", "staff", "staff"]);
    assert_eq!(pick(&read["timeline"], "note"), [&json!(null), &json!("Packed today."), &json!(null)]);
    let times: Vec<String> = pick(&read["timeline"], "at").into_iter().map(text).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(!read.to_string().contains("olive"), "buyers see that staff did it, not who");
}

#[test]
fn an_unchanged_order_is_not_sent_twice() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let path = format!("/v1/orders/{}", text(&order["id"]));
    let tag = buyer.client.get(&path).send().header("etag");
    buyer.client.get(&path).header("if-none-match", &tag).send().expect(304);
    shop.advance(&order, "confirmed");
    let changed = buyer.client.get(&path).header("if-none-match", &tag).send();
    changed.expect(200);
    assert_ne!(changed.header("etag"), tag);
}
