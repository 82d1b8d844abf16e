//! `GET /v1/orders` and `GET /v1/orders/{id}`

use serde_json::{Value, json};

use crate::support::{NO_ID, Shop, address, as_bought, line, new_key, pick, text, unique_name};

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
    assert_eq!((&both, &second["next_cursor"]), (&newest_first, &json!(null)));
    assert_eq!(other.client.get("/v1/orders").send().expect(200)["items"].as_array().map(Vec::len), Some(1));

    shop.advance(&placed[1], "confirmed");
    let confirmed = buyer.client.get("/v1/orders?status=confirmed").send().expect(200);
    assert_eq!(pick(&confirmed["items"], "id"), [&placed[1]["id"]]);
    for open in ["status=pending&status=confirmed", "status=confirmed&status=pending&status=confirmed"] {
        let found = buyer.client.get(&format!("/v1/orders?{open}")).send().expect(200);
        assert_eq!(pick(&found["items"], "id"), newest_first, "{open}");
    }
    let settled = buyer.client.get("/v1/orders?status=shipped&status=confirmed").send().expect(200);
    assert_eq!(pick(&settled["items"], "id"), [&placed[1]["id"]]);
    let by_number = |order: &Value| {
        let number = text(&order["number"]);
        buyer.client.get(&format!("/v1/orders?number={number}")).send().expect(200)["items"].clone()
    };
    assert_eq!(pick(&by_number(&placed[3]), "id"), [&placed[3]["id"]]);
    let theirs = other.client.get("/v1/orders").send().expect(200)["items"][0].clone();
    assert_eq!(by_number(&theirs), json!([]), "somebody else's is not there");
    buyer.client.get("/v1/orders?number=abc").send().wrong_parameter("number");
    for wrong in ["status=lost", "status=pending&status=lost", "status=pending,confirmed"] {
        buyer.client.get(&format!("/v1/orders?{wrong}")).send().wrong_parameter("status");
    }
    buyer.client.get("/v1/orders?status=pending&limit=1&status=shipped&limit=1").send().wrong_parameter("limit");
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

#[test]
fn lines_lead_to_the_pages_and_pictures_of_their_products() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (front, blue) = ("https://pictures.example/front.png", "https://pictures.example/blue.png");
    let variant = |colour: &str, image: Value| {
        let price = json!({"amount": 100, "currency": "EUR"});
        json!({"option_values": [colour], "price": price, "stock": 5, "image": image})
    };
    let shirt = shop.add_product(&json!({
        "title": unique_name("Shirt"), "status": "active", "options": [{"name": "Colour"}],
        "images": [{"url": front, "alt": "From the front"}, {"url": blue}],
        "variants": [variant("Red", Value::Null), variant("Blue", json!(blue))],
    }));
    let (mug, plain) = shop.product(1, 5);
    let of_shirt = |at: usize| line(&text(&shirt["variants"][at]["id"]), 1);
    let body = json!({"lines": [of_shirt(0), of_shirt(1), line(&plain, 1)], "ship_to": address()});
    let key = new_key();
    let placing = buyer.client.post("/v1/orders", &body).key(&key).send();
    let placed = placing.expect(201);
    let path = format!("/v1/orders/{}", text(&placed["id"]));
    let reply = buyer.client.get(&path).send();
    let (tag, order) = (reply.header("etag"), reply.expect(200));
    let lines = &order["lines"];
    // As they were told when it was placed.
    assert_eq!((&placed, placing.header("etag")), (&order, tag.clone()));
    assert_eq!(pick(lines, "slug"), [&shirt["slug"], &shirt["slug"], &mug["slug"]]);
    assert_eq!((&lines[0]["image"]["url"], &lines[0]["image"]["alt"]), (&json!(front), &json!("From the front")));
    assert_eq!((&lines[1]["image"]["url"], &lines[2]["image"]), (&json!(blue), &Value::Null));
    // The same in the list, and to staff.
    assert_eq!(buyer.client.get("/v1/orders").send().expect(200)["items"][0], order);
    let to_staff = |path: &str| shop.owner().get(path).send().expect(200);
    let admin = format!("/v1/admin/orders/{}", text(&placed["id"]));
    assert_eq!(&to_staff(&admin)["lines"], lines);
    let listed = to_staff(&format!("/v1/admin/orders?number={}", text(&placed["number"])));
    assert_eq!(&listed["items"][0]["lines"], lines);

    // They follow the product, and go with it; the order itself stays what it is.
    let product = format!("/v1/admin/products/{}", text(&shirt["id"]));
    let slug = unique_name("other-name").replace(' ', "-");
    shop.owner().patch(&product, &json!({"slug": slug})).send().expect(200);
    let renamed = buyer.client.get(&path).header("if-none-match", &tag).send().expect(200);
    assert_eq!((&renamed["lines"][0]["slug"], &renamed["version"]), (&json!(slug), &order["version"]));
    shop.owner().patch(&product, &json!({"status": "archived"})).send().expect(200);
    let archived = buyer.client.get(&path).send().expect(200);
    for at in 0..2 {
        let line = &archived["lines"][at];
        assert_eq!((&line["slug"], &line["image"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(as_bought(&archived), as_bought(&placed));
    // The reply to placing it is the same for ever.
    assert_eq!(buyer.client.post("/v1/orders", &body).key(&key).send().body, placing.body);
    // So what was read before still says which version it was.
    buyer.client.post(&format!("{path}/cancel"), &json!({})).header("if-match", &tag).send().expect(200);
}
