//! `POST /v1/orders/{id}/cancel`

use std::thread;

use serde_json::{Value, json};

use crate::support::{Person, Reply, Shop, line, pick, text};

fn cancel(buyer: &Person, order: &Value) -> Reply {
    buyer.client.post(&format!("/v1/orders/{}/cancel", text(&order["id"])), &json!({})).send()
}

#[test]
fn cancelling_gives_the_stock_back_once() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 4)]);
    assert_eq!(shop.stock_of(&product), 5);
    let path = format!("/v1/orders/{}/cancel", text(&order["id"]));
    let body = json!({"note": "Ordered twice by mistake."});
    let cancelled = buyer.client.post(&path, &body).send().expect(200);
    assert_eq!((&cancelled["status"], &cancelled["timeline"][1]["note"]), (&json!("cancelled"), &body["note"]));
    assert_eq!(shop.stock_of(&product), 9);
    // The same again, for whoever did not hear of it.
    assert_eq!(cancel(&buyer, &order).expect(200), cancelled);
    assert_eq!(shop.stock_of(&product), 9);
    let ledger = shop.owner().get(&format!("/v1/admin/variants/{variant}/stock")).send().expect(200);
    assert_eq!(pick(&ledger["items"], "cause"), ["cancelled", "sold", "received"]);
    assert_eq!(pick(&ledger["items"], "delta"), [&json!(4), &json!(-4), &json!(9)]);
    assert_eq!(ledger["items"][0]["order_id"], order["id"]);
}

#[test]
fn a_body_may_be_left_out() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let path = format!("/v1/orders/{}/cancel", text(&order["id"]));
    assert_eq!(buyer.client.post_empty(&path).expect(200)["status"], "cancelled");
}

#[test]
fn a_confirmed_order_can_be_cancelled_and_a_shipped_one_cannot() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1, 9);
    let confirmed = shop.order(&buyer, &[line(&variant, 1)]);
    shop.advance(&confirmed, "confirmed");
    cancel(&buyer, &confirmed).expect(200);
    assert_eq!(shop.stock_of(&product), 9);

    let shipped = shop.order(&buyer, &[line(&variant, 1)]);
    shop.advance(&shipped, "confirmed");
    shop.advance(&shipped, "shipped");
    let problem = cancel(&buyer, &shipped).refused(409, "transition_not_allowed");
    assert_eq!(problem["allowed"], json!(["delivered"]));
    shop.advance(&shipped, "delivered");
    assert_eq!(cancel(&buyer, &shipped).refused(409, "transition_not_allowed")["allowed"], json!([]));
    assert_eq!(shop.stock_of(&product), 8);
    // What the staff cancelled the buyer did not.
    let by_staff = shop.order(&buyer, &[line(&variant, 1)]);
    shop.advance(&by_staff, "cancelled");
    let problem = cancel(&buyer, &by_staff).refused(409, "transition_not_allowed");
    assert_eq!((&problem["allowed"], &problem["from"]), (&json!([]), &json!("cancelled")));
}

#[test]
fn an_order_says_whether_it_can_be_cancelled() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    let [own, shipped] = [(); 2].map(|()| shop.order(&buyer, &[line(&variant, 1)]));
    assert_eq!(own["can_be_cancelled"], true);
    assert_eq!(cancel(&buyer, &own).expect(200)["can_be_cancelled"], false);
    let says = || {
        let path = format!("/v1/orders/{}", text(&shipped["id"]));
        buyer.client.get(&path).send().expect(200)["can_be_cancelled"].clone()
    };
    for (to, may) in [("confirmed", true), ("shipped", false), ("delivered", false)] {
        shop.advance(&shipped, to);
        assert_eq!(says(), json!(may), "{to}");
    }
}

#[test]
fn a_cancellation_can_be_tied_to_a_version() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let path = format!("/v1/orders/{}", text(&order["id"]));
    let tag = buyer.client.get(&path).send().header("etag");
    shop.advance(&order, "confirmed");
    let cancel = |tag: &str| buyer.client.post(&format!("{path}/cancel"), &json!({})).header("if-match", tag).send();
    cancel(&tag).refused(412, "version_mismatch");
    let now = buyer.client.get(&path).send().header("etag");
    cancel(&now).expect(200);
    // It is the buyer's own first try that has changed it since.
    cancel(&now).expect(200);
}

#[test]
fn of_many_cancellations_at_once_one_counts() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 4)]);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| cancel(&buyer, &order).status)).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    assert_eq!(statuses, [200; 8]);
    assert_eq!(shop.stock_of(&product), 9);
    let read = buyer.client.get(&format!("/v1/orders/{}", text(&order["id"]))).send().expect(200);
    assert_eq!(read["timeline"].as_array().map(Vec::len), Some(2));
}
