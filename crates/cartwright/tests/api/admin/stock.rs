//! `/v1/admin/variants/{id}/stock`

use std::thread;

use serde_json::{Value, json};

use crate::support::{NO_ID, Reply, Shop, line, pick, text, unique_name};

fn move_stock(shop: &Shop, variant: &str, body: &Value) -> Reply {
    shop.owner().post(&format!("/v1/admin/variants/{variant}/stock"), body).send()
}

fn ledger(shop: &Shop, variant: &str) -> Value {
    shop.owner().get(&format!("/v1/admin/variants/{variant}/stock?limit=100")).send().expect(200)["items"].clone()
}

#[test]
fn stock_changes_by_movements_with_a_cause() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(1, 10);
    let moved = move_stock(&shop, &variant, &json!({"delta": 24, "reason": "delivery note 4711"})).expect(200);
    assert_eq!((&moved["id"], &moved["stock"]), (&json!(variant), &json!(34)));
    move_stock(&shop, &variant, &json!({"delta": -4, "reason": "broken"})).expect(200);
    move_stock(&shop, &variant, &json!({"delta": 1, "reason": "came back", "cause": "returned"})).expect(200);
    shop.order(&shop.customer(), &[line(&variant, 2)]);
    assert_eq!(shop.stock_of(&product), 29);

    let ledger = ledger(&shop, &variant);
    assert_eq!(pick(&ledger, "cause"), ["sold", "returned", "adjusted", "received", "received"]);
    assert_eq!(pick(&ledger, "delta"), [&json!(-2), &json!(1), &json!(-4), &json!(24), &json!(10)]);
    assert_eq!(ledger[3]["reason"], "delivery note 4711");
    let owner = shop.owner().get("/v1/account").send().expect(200);
    assert_eq!(ledger[3]["actor_id"], owner["id"]);
}

#[test]
fn the_ledger_has_pages() {
    let shop = Shop::shared();
    let (_, variant) = shop.product(1, 1);
    for n in 1..=4 {
        move_stock(&shop, &variant, &json!({"delta": n, "reason": "counted"})).expect(200);
    }
    let path = format!("/v1/admin/variants/{variant}/stock?limit=3");
    let first = shop.owner().get(&path).send().expect(200);
    let rest = shop.owner().get(&format!("{path}&cursor={}", text(&first["next_cursor"]))).send().expect(200);
    let deltas = [pick(&first["items"], "delta"), pick(&rest["items"], "delta")].concat();
    assert_eq!(deltas, [&json!(4), &json!(3), &json!(2), &json!(1), &json!(1)]);
    assert_eq!(rest["next_cursor"], json!(null));
}

#[test]
fn stock_never_falls_below_zero() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(1, 3);
    let problem =
        move_stock(&shop, &variant, &json!({"delta": -4, "reason": "lost"})).refused(409, "stock_out_of_range");
    assert_eq!(problem["on_hand"], 3);
    move_stock(&shop, &variant, &json!({"delta": -3, "reason": "lost"})).expect(200);
    assert_eq!(shop.stock_of(&product), 0);
    assert_eq!(ledger(&shop, &variant).as_array().map(Vec::len), Some(2));
}

#[test]
fn movements_at_once_are_all_counted() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(1, 10);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let body = json!({"delta": -1, "reason": "counted"});
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (shop, variant, body) = (&shop, &variant, body.clone());
                scope.spawn(move || (0..5).map(|_| move_stock(shop, variant, &body).status).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("answers")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10, "{statuses:?}");
    assert_eq!(shop.stock_of(&product), 0);
}

#[test]
fn wrong_input_is_refused() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(1, 3);
    let wrong = |body: Value, pointer: &str| {
        move_stock(&shop, &variant, &body).invalid(pointer);
    };
    wrong(json!({"delta": 0, "reason": "x"}), "/delta");
    wrong(json!({"delta": i64::MAX, "reason": "x"}), "/delta");
    wrong(json!({"delta": i64::MIN, "reason": "x"}), "/delta");
    wrong(json!({"delta": 1.5, "reason": "x"}), "/delta");
    wrong(json!({"delta": 1}), "/reason");
    wrong(json!({"delta": 1, "reason": " "}), "/reason");
    wrong(json!({"delta": 1, "reason": "a\nb"}), "/reason");
    for cause in ["sold", "cancelled", "stolen"] {
        wrong(json!({"delta": 1, "reason": "x", "cause": cause}), "/cause");
    }
    move_stock(&shop, NO_ID, &json!({"delta": 1, "reason": "x"})).refused(404, "not_found");
    assert_eq!(shop.stock_of(&product), 3);
    let body = json!({"title": unique_name("Voucher"), "variants": [{"price": {"amount": 1, "currency": "EUR"}, "track_stock": false}]});
    let voucher = text(&shop.add_product(&body)["variants"][0]["id"]);
    move_stock(&shop, &voucher, &json!({"delta": 1, "reason": "x"})).refused(409, "stock_not_tracked");
}
