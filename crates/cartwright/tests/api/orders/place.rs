//! `POST /v1/orders`

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{NO_ID, Person, Reply, Shop, address, as_bought, line, new_key, pick, text, unique_name};

fn place(buyer: &Person, body: &Value) -> Reply {
    buyer.client.post("/v1/orders", body).key(&new_key()).send()
}

fn place_lines(buyer: &Person, lines: &[Value]) -> Reply {
    place(buyer, &json!({"lines": lines, "ship_to": address()}))
}

#[test]
fn an_order_has_the_catalogues_prices_and_takes_the_stock() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (mug, mug_variant) = shop.product(1450, 10);
    let (pot, pot_variant) = shop.product(3999, 4);
    let reply = place_lines(&buyer, &[line(&mug_variant, 3), line(&pot_variant, 1)]);
    let order = reply.expect(201);
    assert_eq!(reply.header("location"), format!("/v1/orders/{}", text(&order["id"])));
    let read = buyer.client.get(&reply.header("location")).send();
    assert_eq!((read.expect(200), read.header("etag")), (order.clone(), reply.header("etag")));

    assert_eq!((&order["status"], &order["email"]), (&json!("pending"), &json!(buyer.email)));
    assert_eq!(order["total"], json!({"amount": 3 * 1450 + 3999, "currency": "EUR"}));
    assert_eq!(pick(&order["lines"], "title"), [&mug["title"], &pot["title"]]);
    assert_eq!(order["lines"][0]["unit_price"]["amount"], 1450);
    assert_eq!(order["lines"][0]["total"]["amount"], 3 * 1450);
    assert_eq!(order["ship_to"]["city"], "Berlin");
    let timeline = order["timeline"].as_array().expect("a list");
    assert_eq!(
        (timeline.len(), &timeline[0]["status"], &timeline[0]["actor"]),
        (1, &json!("pending"), &json!("customer"))
    );
    assert_eq!((shop.stock_of(&mug), shop.stock_of(&pot)), (7, 3));
}

#[test]
fn a_line_is_a_snapshot() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1000, 10);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let patch = json!({"price": {"amount": 9999, "currency": "EUR"}});
    shop.owner().patch(&format!("/v1/admin/variants/{variant}"), &patch).send().expect(200);
    let path = format!("/v1/admin/products/{}", text(&product["id"]));
    shop.owner().patch(&path, &json!({"title": "Renamed"})).send().expect(200);
    let read = buyer.client.get(&format!("/v1/orders/{}", text(&order["id"]))).send().expect(200);
    assert_eq!(as_bought(&read)["lines"], as_bought(&order)["lines"]);
    let next = shop.order(&buyer, &[line(&variant, 1)]);
    assert_eq!((&next["lines"][0]["title"], &next["total"]["amount"]), (&json!("Renamed"), &json!(9999)));
}

#[test]
fn prices_are_not_the_clients_to_say() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1000, 10);
    let mut cheap = line(&variant, 1);
    cheap["price"] = json!({"amount": 1, "currency": "EUR"});
    place_lines(&buyer, &[cheap]).invalid("/lines/0/price");
    let mut cheap = line(&variant, 1);
    cheap["unit_price"] = json!(1);
    place_lines(&buyer, &[line(&variant, 1), cheap]).invalid("/lines/1/unit_price");
    for field in ["total", "status", "email", "account_id"] {
        let body = json!({field: 1, "lines": [line(&variant, 1)], "ship_to": address()});
        place(&buyer, &body).invalid(&format!("/{field}"));
    }
    assert_eq!(shop.stock_of(&product), 10);
}

#[test]
fn an_order_that_comes_to_another_total_than_was_shown_is_not_placed() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1200, 10);
    let wish = |amount: i64, currency: &str| {
        let expected = json!({"amount": amount, "currency": currency});
        json!({"lines": [line(&variant, 2)], "expected_total": expected, "ship_to": address()})
    };
    let patch = json!({"price": {"amount": 99_900, "currency": "EUR"}});
    shop.owner().patch(&format!("/v1/admin/variants/{variant}"), &patch).send().expect(200);
    let key = new_key();
    let attempt = |body: &Value| buyer.client.post("/v1/orders", body).key(&key).send();
    for other in [wish(2400, "EUR"), wish(199_801, "EUR"), wish(199_800, "USD")] {
        let problem = attempt(&other).refused(409, "price_changed");
        assert_eq!(problem["total"], json!({"amount": 199_800, "currency": "EUR"}), "{other}");
        assert_eq!(problem["detail"], "The order comes to EUR 1998.00 now.");
    }
    let mut bare = wish(0, "EUR");
    bare["expected_total"] = json!(199_800);
    attempt(&bare).invalid("/expected_total");
    assert_eq!(shop.stock_of(&product), 10);
    assert!(!shop.templates_to(&buyer.email).contains(&"order_placed".to_owned()));
    // Nothing was kept for the key; once the order is placed, what was expected belongs to it.
    let order = attempt(&wish(199_800, "EUR")).expect(201);
    assert_eq!(order["total"]["amount"], 199_800);
    assert_eq!(attempt(&wish(199_800, "EUR")).expect(201), order);
    attempt(&wish(2400, "EUR")).refused(422, "idempotency_key_reused");
    assert_eq!(shop.stock_of(&product), 8);
}

#[test]
fn two_lines_of_one_variant_are_summed() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1000, 5);
    let lines = [line(&variant, 3), line(&variant, 3)];
    let problem = place_lines(&buyer, &lines).refused(409, "out_of_stock");
    assert_eq!(problem["short_lines"][0]["requested"], 6);
    assert_eq!(shop.stock_of(&product), 5);
    let order = place_lines(&buyer, &[line(&variant, 3), line(&variant, 2)]).expect(201);
    assert_eq!(pick(&order["lines"], "quantity"), [&json!(5)]);
    assert_eq!(order["total"]["amount"], 5000);
    assert_eq!(shop.stock_of(&product), 0);
    let (_, plenty) = shop.product(1, 5000);
    place_lines(&buyer, &[line(&plenty, 999), line(&plenty, 1)]).invalid("/lines/1/quantity");
}

#[test]
fn out_of_stock_names_every_short_line_and_takes_nothing() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let ((full, a), (_, b), (_, c)) = (shop.product(1, 100), shop.product(1, 2), shop.product(1, 0));
    let problem = place_lines(&buyer, &[line(&a, 5), line(&b, 3), line(&c, 1)]).refused(409, "out_of_stock");
    let short = problem["short_lines"].as_array().expect("a list");
    let facts: Vec<_> =
        short.iter().map(|line| [&line["variant_id"], &line["requested"], &line["available"]]).collect();
    assert_eq!(facts, [[&json!(b), &json!(3), &json!(2)], [&json!(c), &json!(1), &json!(0)]]);
    assert_eq!(shop.stock_of(&full), 100);
    assert!(!shop.templates_to(&buyer.email).contains(&"order_placed".to_owned()));
    place_lines(&buyer, &[line(&a, 5), line(&b, 2)]).expect(201);
    // Which of a product's variants it is can be told to the buyer.
    let price = json!({"amount": 100, "currency": "EUR"});
    let shirt = shop.add_product(&json!({
        "title": unique_name("Shirt"), "status": "active", "options": [{"name": "Size"}],
        "variants": [{"option_values": ["M"], "price": price}],
    }));
    let sold_out = text(&shirt["variants"][0]["id"]);
    let problem = place_lines(&buyer, &[line(&sold_out, 1)]).refused(409, "out_of_stock");
    let short = &problem["short_lines"][0];
    assert_eq!((&short["title"], &short["variant_title"]), (&shirt["title"], &json!("M")));
}

#[test]
fn quantities_and_lines_are_bounded() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 5_000);
    for quantity in [0, -1, 1_000, i64::MAX, i64::MIN] {
        place_lines(&buyer, &[line(&variant, quantity)]).invalid("/lines/0/quantity");
    }
    for quantity in [json!(1.5), json!("1"), json!(null), json!(1e300)] {
        let body = json!({"lines": [{"variant_id": variant, "quantity": quantity}], "ship_to": address()});
        place(&buyer, &body).invalid("/lines/0/quantity");
    }
    place_lines(&buyer, &[line(&variant, 999)]).expect(201);
    place_lines(&buyer, &[]).invalid("/lines");
    let one = line(&variant, 1);
    place_lines(&buyer, &vec![one.clone(); 101]).invalid("/lines");
    let order = place_lines(&buyer, &vec![one; 100]).expect(201);
    assert_eq!(order["lines"][0]["quantity"], 100);
}

#[test]
fn a_hundred_different_lines_are_one_order() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let variant =
        |n: usize| json!({"price": {"amount": n, "currency": "EUR"}, "option_values": [n.to_string()], "stock": 1});
    let variants: Vec<Value> = (1..=100).map(variant).collect();
    let body =
        json!({"title": unique_name("Many"), "status": "active", "options": [{"name": "No"}], "variants": variants});
    let product = shop.add_product(&body);
    let ids = pick(&product["variants"], "id");
    let lines: Vec<Value> = ids.iter().map(|id| line(id.as_str().expect("an id"), 1)).collect();
    let order = place_lines(&buyer, &lines).expect(201);
    assert_eq!((order["lines"].as_array().map(Vec::len), &order["total"]["amount"]), (Some(100), &json!(5050)));
    let problem = place_lines(&buyer, &lines).refused(409, "out_of_stock");
    assert_eq!(problem["short_lines"].as_array().map(Vec::len), Some(100));
}

#[test]
fn only_what_is_for_sale_can_be_ordered() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    place_lines(&buyer, &[line(NO_ID, 1)]).invalid("/lines/0/variant_id");
    let (_, good) = shop.product(1, 9);
    for status in ["draft", "archived"] {
        let (product, variant) = shop.product(1, 9);
        let path = format!("/v1/admin/products/{}", text(&product["id"]));
        shop.owner().patch(&path, &json!({"status": status})).send().expect(200);
        place_lines(&buyer, &[line(&good, 1), line(&variant, 1)]).invalid("/lines/1/variant_id");
        assert_eq!(shop.stock_of(&product), 9);
    }
    for garbage in [json!("garbage"), json!(7), json!(null), json!("")] {
        let body = json!({"lines": [{"variant_id": garbage, "quantity": 1}], "ship_to": address()});
        place(&buyer, &body).invalid("/lines/0/variant_id");
    }
}

#[test]
fn what_is_not_tracked_never_runs_out() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let body = json!({"title": unique_name("Voucher"), "status": "active",
        "variants": [{"price": {"amount": 2500, "currency": "EUR"}, "track_stock": false}]});
    let voucher = shop.add_product(&body);
    let order = shop.order(&buyer, &[line(&text(&voucher["variants"][0]["id"]), 999)]);
    assert_eq!(order["total"]["amount"], 999 * 2500);
}

#[test]
fn an_order_has_one_currency() {
    let shop = Shop::start(&["--currencies", "USD"]);
    let buyer = shop.customer();
    let (_, euros) = shop.product(1, 9);
    let body = json!({"title": unique_name("Import"), "status": "active",
        "variants": [{"price": {"amount": 2500, "currency": "USD"}, "stock": 9}]});
    let dollars = text(&shop.add_product(&body)["variants"][0]["id"]);
    place_lines(&buyer, &[line(&euros, 1), line(&dollars, 1)]).invalid("/lines");
    assert_eq!(shop.order(&buyer, &[line(&dollars, 1)])["total"]["currency"], "USD");
}

#[test]
fn the_address_is_checked() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1, 9);
    let nasty = "Ann\r\nBcc: eve@example.com";
    for (field, value) in
        [("name", nasty), ("name", ""), ("line1", ""), ("city", ""), ("country", "Germany"), ("phone", "x")]
    {
        let mut ship_to = address();
        ship_to[field] = json!(value);
        place(&buyer, &json!({"lines": [line(&variant, 1)], "ship_to": ship_to})).invalid(&format!("/ship_to/{field}"));
    }
    let mut missing = address();
    missing.as_object_mut().expect("an object").remove("city");
    place(&buyer, &json!({"lines": [line(&variant, 1)], "ship_to": missing})).invalid("/ship_to/city");
    place(&buyer, &json!({"lines": [line(&variant, 1)]})).invalid("/ship_to");
    // What cannot be seen is not there.
    for field in ["name", "line1", "city", "postal_code"] {
        let mut ship_to = address();
        ship_to[field] = json!("\u{200B}\u{3164}");
        let reply = place(&buyer, &json!({"lines": [line(&variant, 1)], "ship_to": ship_to}));
        assert_eq!(reply.invalid(&format!("/ship_to/{field}"))["errors"][0]["code"], "required", "{field}");
    }
    assert_eq!(shop.stock_of(&product), 9);
    let mut full = address();
    for (field, value) in [("line2", "Back yard"), ("region", "Berlin"), ("phone", "+49 30 1234567"), ("country", "de")]
    {
        full[field] = json!(value);
    }
    let order = place(&buyer, &json!({"lines": [line(&variant, 1)], "ship_to": full})).expect(201);
    full["country"] = json!("DE");
    assert_eq!(order["ship_to"], full);
}

#[test]
fn what_can_be_saved_as_an_address_can_be_ordered_to() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    let mut elsewhere = address();
    elsewhere.as_object_mut().expect("an object").remove("postal_code");
    let save = |address: &Value| buyer.client.post("/v1/account/addresses", address).key(&new_key()).send();
    let order = |address: &Value| place(&buyer, &json!({"lines": [line(&variant, 1)], "ship_to": address}));
    // Hong Kong has no postal codes; Kosovo has no code of its own in ISO 3166-1.
    for country in ["HK", "XK"] {
        elsewhere["country"] = json!(country);
        let saved = save(&elsewhere).expect(201);
        assert_eq!((&saved["postal_code"], &saved["country"]), (&json!(""), &json!(country)));
        assert_eq!(order(&elsewhere).expect(201)["ship_to"]["country"], country);
    }
    elsewhere["country"] = json!("DE");
    assert_eq!(save(&elsewhere).invalid("/postal_code")["errors"][0]["code"], "required");
    assert_eq!(order(&elsewhere).invalid("/ship_to/postal_code")["errors"][0]["code"], "required");
}

#[test]
fn numbers_are_short_and_unique() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 50);
    let numbers: HashSet<String> = (0..20).map(|_| text(&shop.order(&buyer, &[line(&variant, 1)])["number"])).collect();
    assert_eq!(numbers.len(), 20);
    for number in numbers {
        let digits = number.strip_prefix("CW-").unwrap_or_else(|| panic!("{number}"));
        assert!(digits.parse::<u64>().is_ok_and(|n| n >= 10_001), "{number}");
    }
}

#[test]
fn strangers_order_nothing() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(1, 9);
    let body = json!({"lines": [line(&variant, 1)], "ship_to": address()});
    shop.stranger().post("/v1/orders", &body).key(&new_key()).send().refused(401, "not_authenticated");
    assert_eq!(shop.stock_of(&product), 9);
}
