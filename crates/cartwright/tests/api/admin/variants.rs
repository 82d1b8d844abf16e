//! `/v1/admin/products/{id}/variants` and `/v1/admin/variants/{id}`

use serde_json::{Value, json};

use crate::support::{NO_ID, Shop, line, new_key, pick, text, unique_name};

fn price(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

fn shirt(shop: &Shop) -> Value {
    let body = json!({"title": unique_name("Shirt"), "status": "active", "options": [{"name": "Size", "values": ["S", "M"]}],
        "variants": [{"option_values": ["S"], "price": price(100), "stock": 2}]});
    shop.add_product(&body)
}

#[test]
fn variants_are_added_listed_changed_and_removed() {
    let shop = Shop::shared();
    let product = shirt(&shop);
    let path = format!("/v1/admin/products/{}/variants", text(&product["id"]));
    let body = json!({"option_values": ["M"], "price": price(200), "stock": 4, "sku": unique_name("SKU")});
    let reply = shop.owner().post(&path, &body).key(&new_key()).send();
    let added = reply.expect(201);
    assert_eq!((&added["title"], &added["stock"], &added["sku"]), (&json!("M"), &json!(4), &body["sku"]));
    let location = reply.header("location");
    assert_eq!(location, format!("/v1/admin/variants/{}", text(&added["id"])));
    assert_eq!(shop.owner().get(&location).send().expect(200), added);
    let list = shop.owner().get(&path).send().expect(200);
    assert_eq!(pick(&list["items"], "title"), ["S", "M"]);

    let tag = shop.owner().get(&location).send().header("etag");
    let change = |body: Value| shop.owner().patch(&location, &body).header("if-match", &tag).send();
    let changed = change(json!({"price": price(150), "compare_at_price": price(200), "barcode": "123"})).expect(200);
    assert_eq!((&changed["price"], &changed["sku"], &changed["on_sale"]), (&price(150), &body["sku"], &json!(true)));
    change(json!({"price": price(1)})).refused(412, "version_mismatch");
    let cleared = json!({"compare_at_price": null, "sku": null, "barcode": null, "weight_grams": 5});
    let cleared = shop.owner().patch(&location, &cleared).send().expect(200);
    assert_eq!(
        (&cleared["on_sale"], &cleared["sku"], &cleared["weight_grams"]),
        (&json!(false), &json!(null), &json!(5))
    );

    shop.owner().delete(&location).send().expect(204);
    shop.owner().get(&location).send().refused(404, "not_found");
    let last = format!("/v1/admin/variants/{}", text(&product["variants"][0]["id"]));
    shop.owner().delete(&last).send().refused(409, "last_variant");
}

#[test]
fn what_was_ordered_stays() {
    let shop = Shop::shared();
    let product = shirt(&shop);
    let path = format!("/v1/admin/products/{}/variants", text(&product["id"]));
    shop.owner().post(&path, &json!({"option_values": ["M"], "price": price(200)})).key(&new_key()).send().expect(201);
    let variant = text(&product["variants"][0]["id"]);
    shop.order(&shop.customer(), &[line(&variant, 1)]);
    shop.owner().delete(&format!("/v1/admin/variants/{variant}")).send().refused(409, "variant_ordered");
}

#[test]
fn wrong_input_is_named_without_the_products_place() {
    let shop = Shop::shared();
    let product = shirt(&shop);
    let path = format!("/v1/admin/products/{}/variants", text(&product["id"]));
    let add = |body: Value| shop.owner().post(&path, &body).key(&new_key()).send();
    add(json!({"price": price(1), "option_values": []})).invalid("/option_values");
    add(json!({"price": price(1), "option_values": ["S"]})).invalid("/option_values");
    add(json!({"price": price(-1), "option_values": ["M"]})).invalid("/price/amount");
    add(json!({"price": {"amount": 1, "currency": "USD"}, "option_values": ["M"]})).invalid("/price/currency");
    add(json!({"option_values": ["M"]})).invalid("/price");
    let variant = format!("/v1/admin/variants/{}", text(&product["variants"][0]["id"]));
    shop.owner().patch(&variant, &json!({"stock": 99})).send().invalid("/stock");
    shop.owner().patch(&variant, &json!({"weight_grams": -1})).send().invalid("/weight_grams");
    for missing in [format!("/v1/admin/products/{NO_ID}/variants"), format!("/v1/admin/variants/{NO_ID}")] {
        shop.owner().get(&missing).send().refused(404, "not_found");
    }
}
