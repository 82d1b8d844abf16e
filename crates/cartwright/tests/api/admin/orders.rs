//! `/v1/admin/orders`

use serde_json::{Value, json};

use crate::support::{NO_ID, PASSWORD, Pages, Reply, Shop, address, line, pick, program, text};

fn move_to(shop: &Shop, order: &Value, body: &Value) -> Reply {
    shop.owner().post(&format!("/v1/admin/orders/{}/transitions", text(&order["id"])), body).send()
}

/// A new order that was moved along this way.
fn order_at(shop: &Shop, way: &[&str]) -> Value {
    let (_, variant) = shop.product(1, 9);
    let order = shop.order(&shop.customer(), &[line(&variant, 1)]);
    for to in way {
        move_to(shop, &order, &json!({"to": to})).expect(200);
    }
    order
}

#[test]
fn every_illegal_move_is_a_conflict_that_names_the_allowed_ones() {
    let shop = Shop::shared();
    let all = ["pending", "confirmed", "shipped", "delivered", "cancelled"];
    let table: [(&[&str], &[&str]); 5] = [
        (&[], &["confirmed", "cancelled"]),
        (&["confirmed"], &["shipped", "cancelled"]),
        (&["confirmed", "shipped"], &["delivered"]),
        (&["confirmed", "shipped", "delivered"], &[]),
        (&["cancelled"], &[]),
    ];
    for (way, allowed) in table {
        let order = order_at(&shop, way);
        let path = format!("/v1/admin/orders/{}", text(&order["id"]));
        let before = shop.owner().get(&path).send().expect(200);
        assert_eq!(before["allowed_transitions"], json!(allowed));
        for to in all.into_iter().filter(|to| !allowed.contains(to)) {
            let problem = move_to(&shop, &order, &json!({"to": to})).refused(409, "transition_not_allowed");
            assert_eq!((&problem["allowed"], &problem["to"]), (&json!(allowed), &json!(to)));
            assert_eq!(problem["from"], before["status"]);
        }
        assert_eq!(shop.owner().get(&path).send().expect(200), before, "a refused move changes nothing");
    }
}

#[test]
fn legal_moves_work_one_by_one() {
    let shop = Shop::shared();
    for way in [&["confirmed", "shipped", "delivered"][..], &["cancelled"], &["confirmed", "cancelled"]] {
        let order = order_at(&shop, &[]);
        for (n, to) in way.iter().enumerate() {
            let moved = move_to(&shop, &order, &json!({"to": to})).expect(200);
            assert_eq!((&moved["status"], moved["timeline"].as_array().map(Vec::len)), (&json!(to), Some(n + 2)));
        }
    }
}

#[test]
fn staff_cancelling_gives_the_stock_back() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(1, 9);
    let order = shop.order(&shop.customer(), &[line(&variant, 4)]);
    move_to(&shop, &order, &json!({"to": "confirmed"})).expect(200);
    move_to(&shop, &order, &json!({"to": "cancelled", "note": "Sold out after all."})).expect(200);
    assert_eq!(shop.stock_of(&product), 9);
    move_to(&shop, &order, &json!({"to": "cancelled"})).refused(409, "transition_not_allowed");
    assert_eq!(shop.stock_of(&product), 9);
}

#[test]
fn what_is_lost_is_not_put_back() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(1, 9);
    let [kept, lost] = [(); 2].map(|()| shop.order(&shop.customer(), &[line(&variant, 4)]));
    move_to(&shop, &lost, &json!({"to": "confirmed", "restock": false})).invalid("/restock");
    move_to(&shop, &lost, &json!({"to": "cancelled", "restock": false})).expect(200);
    assert_eq!(shop.stock_of(&product), 1);
    move_to(&shop, &kept, &json!({"to": "cancelled", "restock": true})).expect(200);
    assert_eq!(shop.stock_of(&product), 5);
}

#[test]
fn tracking_belongs_to_the_shipment() {
    let shop = Shop::shared();
    let order = order_at(&shop, &[]);
    move_to(&shop, &order, &json!({"to": "confirmed", "tracking": {"number": "1"}})).invalid("/tracking");
    move_to(&shop, &order, &json!({"to": "confirmed"})).expect(200);
    move_to(&shop, &order, &json!({"to": "shipped", "tracking": {"number": ""}})).invalid("/tracking/number");
    let shipped = move_to(&shop, &order, &json!({"to": "shipped", "tracking": "0034"})).expect(200);
    assert_eq!(shipped["tracking"], json!({"number": "0034", "carrier": null, "url": null}));
    let without = order_at(&shop, &["confirmed", "shipped"]);
    assert_eq!(
        shop.owner().get(&format!("/v1/admin/orders/{}", text(&without["id"]))).send().expect(200)["tracking"],
        json!(null)
    );
}

#[test]
fn a_mistyped_address_is_corrected_until_the_parcel_leaves() {
    let shop = Shop::shared();
    let staff = shop.staff(&["orders"]);
    let buyer = shop.customer();
    let (product, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 2)]);
    let path = format!("/v1/admin/orders/{}", text(&order["id"]));
    let before = staff.client.get(&path).send();
    let tag = before.header("etag");
    let mut right = address();
    right["line1"] = json!("Lindenstrasse 11");
    let correct = |body: &Value| staff.client.patch(&path, body).header("if-match", &tag).send();
    correct(&json!({"ship_to": {"name": "", "line1": "1", "city": "B", "country": "DE"}})).invalid("/ship_to/name");
    correct(&json!({"tracking": "T-1"})).invalid("/tracking");
    correct(&json!({"status": "shipped"})).invalid("/status");
    correct(&json!({"ship_to": null})).invalid("/ship_to");
    assert_eq!(staff.client.get(&path).send().header("etag"), tag, "a refused correction changes nothing");
    let corrected = correct(&json!({"ship_to": right}));
    let (now, was) = (corrected.expect(200), before.expect(200));
    assert_eq!((&now["ship_to"]["line1"], &now["version"]), (&json!("Lindenstrasse 11"), &json!(2)));
    let event = &now["timeline"][1];
    assert_eq!((&event["status"], &event["note"]), (&json!("pending"), &json!("address corrected")));
    for same in ["id", "number", "status", "total", "email", "tracking", "placed_at", "account_id"] {
        assert_eq!(now[same], was[same], "{same}");
    }
    assert_eq!(pick(&now["lines"], "quantity"), pick(&was["lines"], "quantity"));
    correct(&json!({"ship_to": right})).refused(412, "version_mismatch");
    let of_buyer = buyer.client.get(&format!("/v1/orders/{}", text(&order["id"]))).send().expect(200);
    assert_eq!((&of_buyer["ship_to"], &of_buyer["timeline"]), (&now["ship_to"], &now["timeline"]));
    assert_eq!(shop.templates_to(&buyer.email), ["verify_email", "order_placed"]);
    assert_eq!(shop.stock_of(&product), 7);
    // The log says that it was, and not what.
    let log = format!("/v1/admin/audit-log?subject_id={}", text(&order["id"]));
    let log = shop.owner().get(&log).send().expect(200)["items"].clone();
    assert_eq!(pick(&log, "action"), ["order.corrected"]);
    assert_eq!((&log[0]["changes"], &log[0]["actor_id"]), (&json!(["address corrected"]), &staff.account["id"]));
    // Not the buyer's to do, nor once the parcel has left.
    buyer.client.patch(&path, &json!({"ship_to": right})).send().refused(403, "forbidden");
    for to in ["confirmed", "shipped"] {
        shop.advance(&order, to);
    }
    staff.client.patch(&path, &json!({"ship_to": right})).send().invalid("/ship_to");
}

#[test]
fn a_tracking_number_can_come_after_the_shipment() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    for to in ["confirmed", "shipped"] {
        shop.advance(&order, to);
    }
    let path = format!("/v1/admin/orders/{}", text(&order["id"]));
    let follow = |tracking: Value| shop.owner().patch(&path, &json!({"tracking": tracking})).send();
    follow(json!({"number": ""})).invalid("/tracking/number");
    assert_eq!(follow(json!("0034")).expect(200)["tracking"], json!({"number": "0034", "carrier": null, "url": null}));
    let mails = ["verify_email", "order_placed", "order_confirmed", "order_shipped", "order_shipped"];
    assert_eq!(shop.templates_to(&buyer.email), mails);
    let mail = shop.nth_mail(&buyer.email, "on its way", 2);
    assert!(mail.text.contains("0034"), "{}", mail.text);
    let right = json!({"number": "0043", "carrier": "DHL", "url": null});
    assert_eq!(follow(right.clone()).expect(200)["tracking"], right);
    // It is taken back, and another one is no news.
    let removed = follow(Value::Null).expect(200);
    assert_eq!((&removed["tracking"], removed["version"].as_i64()), (&Value::Null, Some(6)));
    assert_eq!(removed["timeline"][5]["note"], "tracking removed");
    assert_eq!(follow(Value::Null).expect(200)["version"], removed["version"]);
    assert_eq!(follow(json!("0044")).expect(200)["tracking"]["number"], "0044");
    assert_eq!(shop.templates_to(&buyer.email), mails);
}

#[test]
fn wrong_moves_are_refused() {
    let shop = Shop::shared();
    let order = order_at(&shop, &[]);
    move_to(&shop, &order, &json!({"to": "lost"})).invalid("/to");
    move_to(&shop, &order, &json!({})).invalid("/to");
    let long = "x".repeat(2_001);
    for note in [&*long, "a\u{0}b"] {
        let reply = move_to(&shop, &order, &json!({"to": "confirmed", "note": note}));
        reply.invalid("/note");
    }
    move_to(&shop, &json!({"id": NO_ID}), &json!({"to": "confirmed"})).refused(404, "not_found");
    let path = format!("/v1/admin/orders/{}", text(&order["id"]));
    let tag = shop.owner().get(&path).send().header("etag");
    shop.owner().get(&path).header("if-none-match", &tag).send().expect(304);
    let confirm = || {
        shop.owner().post(&format!("{path}/transitions"), &json!({"to": "confirmed"})).header("if-match", &tag).send()
    };
    confirm().expect(200);
    confirm().refused(412, "version_mismatch");
}

#[test]
fn orders_are_found_by_status_number_customer_and_date() {
    let shop = Shop::shared();
    let staff = shop.staff(&["orders"]);
    let (buyer, other) = (shop.customer(), shop.customer());
    let (_, variant) = shop.product(1, 90);
    let placed: Vec<Value> = (0..4).map(|_| shop.order(&buyer, &[line(&variant, 1)])).collect();
    shop.order(&other, &[line(&variant, 1)]);
    shop.advance(&placed[2], "confirmed");
    let by = |query: &str| {
        staff.client.get(&format!("/v1/admin/orders?limit=100&{query}")).send().expect(200)["items"].clone()
    };
    let ids = |orders: &[&Value]| orders.iter().map(|order| order["id"].clone()).collect::<Vec<_>>();
    let found = |query: &str| pick(&by(query), "id").into_iter().cloned().collect::<Vec<_>>();

    let of_buyer = format!("customer={}", buyer.email.to_uppercase());
    let all = ids(&[&placed[3], &placed[2], &placed[1], &placed[0]]);
    assert_eq!(found(&of_buyer), all);
    assert_eq!(found(&format!("customer={}", buyer.id())), all);
    assert_eq!(found(&format!("{of_buyer}&status=confirmed")), ids(&[&placed[2]]));
    assert_eq!(found(&format!("{of_buyer}&status=confirmed&status=pending")), all);
    assert_eq!(found(&format!("status=confirmed&{of_buyer}&status=cancelled")), ids(&[&placed[2]]));
    let number = text(&placed[1]["number"]);
    let digits = number.replace("CW-", "");
    for form in [number.clone(), number.to_lowercase(), format!("CW{digits}"), format!("%23{digits}"), digits] {
        assert_eq!(found(&format!("number={form}")), ids(&[&placed[1]]));
    }
    assert!(found("number=CW-999999999").is_empty());
    let (from, before) = (text(&placed[1]["placed_at"]), text(&placed[3]["placed_at"]));
    assert_eq!(found(&format!("{of_buyer}&placed_from={from}&placed_before={before}")), ids(&[&placed[2], &placed[1]]));
    assert_eq!(by(&format!("number={number}"))[0]["account_id"], buyer.account["id"]);

    let first = staff.client.get(&format!("/v1/admin/orders?limit=3&{of_buyer}")).send().expect(200);
    let next = format!("/v1/admin/orders?limit=3&{of_buyer}&cursor={}", text(&first["next_cursor"]));
    assert_eq!(pick(&staff.client.get(&next).send().expect(200)["items"], "id"), [&placed[0]["id"]]);
    for (query, name) in [
        ("status=lost", "status"),
        ("status=pending&status=lost", "status"),
        ("number=abc", "number"),
        ("number=CW-", "number"),
        ("number=99999999999999999999", "number"),
        ("customer=nobody", "customer"),
        ("placed_from=yesterday", "placed_from"),
        ("placed_before=2026-13-01", "placed_before"),
        ("buyer=x", "buyer"),
    ] {
        staff.client.get(&format!("/v1/admin/orders?{query}")).send().wrong_parameter(name);
    }
    let day = staff.client.get("/v1/admin/orders?placed_from=2026-11-30").send().refused(400, "invalid_query");
    let message = "must be a time with its offset, such as 2026-11-30T00:00:00Z";
    assert_eq!(day["errors"][0]["message"], message, "{day}");
}

/// What stands in a CSV file: its rows, with the fields that stand under these names.
fn columns(file: &str, names: &[&str]) -> Vec<Vec<String>> {
    let cells = |row: &str| row.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect::<Vec<_>>();
    let mut rows = file.lines().map(cells);
    let header = rows.next().expect("a header");
    let at = |name: &&str| {
        header.iter().position(|column| column == name).unwrap_or_else(|| panic!("no {name}: {header:?}"))
    };
    let places: Vec<_> = names.iter().map(at).collect();
    rows.map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect()
}

#[test]
fn orders_go_out_as_a_file_for_bookkeeping() {
    let mut shop = Shop::start(&[]);
    let ((_, mug), (_, cup)) = (shop.product(1250, 1000), shop.product(99, 1000));
    let (ann, bob) = (shop.customer(), shop.customer());
    let to =
        json!({"name": "=1+1", "line1": "Lindenstrasse 1", "city": "Berlin", "postal_code": "10969", "country": "DE"});
    let body = json!({"lines": [line(&mug, 2), line(&cup, 1)], "ship_to": to});
    let first = ann.client.post("/v1/orders", &body).key("export-1").send().expect(201);
    shop.advance(&first, "confirmed");
    // More than are read at a time.
    let others: Vec<_> = (0..204).map(|_| shop.order(&bob, &[line(&cup, 3)])).collect();
    shop.advance(&others[0], "cancelled");

    let export = |query: &str| {
        let reply = shop.owner().get(&format!("/v1/admin/exports/orders{query}")).send();
        assert_eq!((reply.status, reply.media_type()), (200, "text/csv"), "{}", reply.text());
        assert!(reply.header("content-disposition").contains("orders.csv"));
        reply.text()
    };
    let all = export("");
    let rows =
        columns(&all, &["Order", "Status", "Quantity", "Unit Price", "Line Total", "Order Total", "Ship To Name"]);
    let numbers: Vec<_> = rows.iter().take(204).map(|row| row[0].clone()).collect();
    let newest_first: Vec<_> = others.iter().rev().map(|order| text(&order["number"])).collect();
    assert_eq!((rows.len(), numbers), (206, newest_first));
    let number = text(&first["number"]);
    let row = |cells: [&'static str; 4]| [[number.as_str(), "confirmed"].as_slice(), &cells, &["'=1+1"]].concat();
    assert_eq!(rows[204..], [row(["2", "12.50", "25.00", "25.99"]), row(["1", "0.99", "0.99", ""])]);

    assert_eq!(
        columns(&export("?status=confirmed"), &["Email", "Currency"]),
        [[ann.email.as_str(), "EUR"], [ann.email.as_str(), "EUR"]]
    );
    assert_eq!(columns(&export("?status=cancelled&status=confirmed"), &["Order"]).len(), 3);
    assert_eq!(columns(&export(&format!("?customer={}", bob.email)), &["Order"]).len(), 204);
    assert_eq!(columns(&export("?placed_before=2020-01-01T00:00:00Z"), &["Order"]).len(), 0);
    let refused = |query: &str| shop.owner().get(&format!("/v1/admin/exports/orders?{query}")).send();
    refused("status=paid").refused(400, "invalid_query");
    refused("limit=5").refused(400, "invalid_query");
    shop.staff(&["catalogue"]).client.get("/v1/admin/exports/orders").send().refused(403, "forbidden");

    // The same in the dashboard, by the status and the days that the page has.
    let clerk = shop.staff(&["orders"]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&clerk.email, PASSWORD).status, 303);
    assert!(pages.get("/admin/orders?status=open").text().contains("/admin/orders/export"));
    let rows = |query: &str| columns(&pages.get(&format!("/admin/orders/export?{query}")).text(), &["Order"]).len();
    assert_eq!([rows("status=open&from=2020-01-01"), rows("status=cancelled"), rows("to=2020-01-01")], [205, 1, 0]);
    let stranger = Pages::new(shop.address());
    assert_eq!(stranger.sign_in(&shop.staff(&["catalogue"]).email, PASSWORD).status, 303);
    assert_eq!(stranger.get("/admin/orders/export").status, 403);

    let place = shop.place();
    shop.stop();
    let output = program().args(["export", "orders", "-"]).args(place).output().expect("the program starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), all);
    assert!(String::from_utf8_lossy(&output.stderr).contains("205 orders exported to -, in 206 rows"), "{output:?}");
}
