//! Collections by hand and by rule, and what is found in them.

use serde_json::{Value, json};

use crate::support::{NO_ID, Shop, text, unique_name};

fn product(shop: &Shop, title: &str, tag: &str, price: i64) -> Value {
    shop.add_product(&json!({
        "title": title, "status": "active", "tags": [tag], "vendor": "Acme",
        "variants": [{"price": {"amount": price, "currency": "EUR"}, "stock": 3}],
    }))
}

fn titles(found: &Value) -> Vec<String> {
    found["items"].as_array().expect("items").iter().map(|item| text(&item["title"])).collect()
}

#[test]
fn what_is_in_a_collection_is_found_with_facets() {
    let shop = Shop::start(&["--languages", "en,de"]);
    let mug = product(&shop, "Mug", "summer", 900);
    let cup = product(&shop, "Cup", "winter", 1900);
    let bowl = product(&shop, "Bowl", "summer", 2900);
    let admin = "/v1/admin/collections";
    let by_hand = json!({"title": "Chosen", "products": [bowl["id"], mug["id"]], "titles": {"de": "Ausgesucht"}});
    let chosen = shop.owner().post(admin, &by_hand).send().expect(201);
    let by_rule = json!({"title": "Summer", "rule": {"tags": ["summer"], "price_max": 2000}});
    let summer = shop.owner().post(admin, &by_rule).send().expect(201);
    assert_eq!((&chosen["rule"], &summer["products"]), (&Value::Null, &Value::Null));
    let found = |query: &str| shop.stranger().get(&format!("/v1/search?{query}")).send().expect(200);
    assert_eq!(titles(&found("collection=chosen")), ["Bowl", "Mug"], "in the order of the collection");
    assert_eq!(titles(&found("collection=chosen&sort=price")), ["Mug", "Bowl"]);
    assert_eq!(titles(&found("collection=summer")), ["Mug"]);
    assert_eq!(titles(&found("collection=chosen&q=bowl")), ["Bowl"]);
    // The facets are those of the collection, and never leave it.
    let facets = found("collection=chosen&tag=winter")["facets"].clone();
    assert_eq!(
        facets["tags"],
        json!([{"value": "summer", "count": 2, "chosen": false}, {"value": "winter", "count": 0, "chosen": true}])
    );
    // What comes to pass the rule is in it at once, and what no longer does is not.
    let admin_cup = format!("/v1/admin/products/{}", text(&cup["id"]));
    shop.owner().patch(&admin_cup, &json!({"tags": ["summer"]})).send().expect(200);
    assert_eq!(titles(&found("collection=summer&sort=title")), ["Cup", "Mug"]);
    shop.owner().delete(&format!("/v1/admin/products/{}", text(&mug["id"]))).send().expect(204);
    assert_eq!(
        (titles(&found("collection=summer")), titles(&found("collection=chosen"))),
        (vec!["Cup".into()], vec!["Bowl".into()])
    );
    shop.stranger().get("/v1/search?collection=nonsense").send().wrong_parameter("collection");
    // Shoppers read it in their language, by its slug, its id and the slug that it had.
    let read = |wanted: &str| shop.stranger().get(&format!("/v1/collections/{wanted}?language=de")).send();
    assert_eq!(read("chosen").expect(200)["title"], "Ausgesucht");
    let path = format!("{admin}/{}", text(&chosen["id"]));
    let renamed = shop.owner().patch(&path, &json!({"slug": "picked"})).header("if-match", "*").send().expect(200);
    assert_eq!((&renamed["slug"], &renamed["version"]), (&json!("picked"), &json!(2)));
    assert_eq!(read("chosen").header("location"), "/v1/collections/picked?language=de");
    assert_eq!(titles(&found("collection=chosen")), titles(&found("collection=picked")));
    assert_eq!(titles(&found("collection=chosen")), ["Bowl"]);
    assert_eq!(read(&text(&chosen["id"])).expect(200)["slug"], "picked");
    assert_eq!(shop.stranger().get("/v1/collections").send().expect(200)["items"].as_array().map(Vec::len), Some(2));
    // One that is not active is for the staff alone.
    shop.owner().patch(&path, &json!({"active": false})).send().expect(200);
    read("picked").refused(404, "not_found");
    for slug in ["picked", "chosen"] {
        shop.stranger().get(&format!("/v1/search?collection={slug}")).send().wrong_parameter("collection");
    }
    assert_eq!(shop.owner().get(&path).send().expect(200)["active"], json!(false));
    shop.owner().delete(&path).send().expect(204);
    shop.owner().get(&path).send().refused(404, "not_found");
}

#[test]
fn wrong_collections_are_refused() {
    let shop = Shop::shared();
    let refused = |body: Value, pointer: &str| {
        shop.owner().post("/v1/admin/collections", &body).send_outside_the_contract().invalid(pointer);
    };
    refused(json!({"title": " "}), "/title");
    refused(json!({"title": "X", "rule": {}}), "/rule");
    refused(json!({"title": "X", "rule": {"rating_min": 6}}), "/rule/rating_min");
    refused(json!({"title": "X", "rule": {"price_min": 2, "price_max": 1}}), "/rule/price_min");
    refused(json!({"title": "X", "rule": {"colour": "red"}}), "/rule/colour");
    refused(json!({"title": "X", "products": [NO_ID], "rule": {"tags": ["x"]}}), "/rule");
    refused(json!({"title": "X", "image": "javascript:alert(1)"}), "/image");
    refused(json!({"title": "X", "titles": {"nonsense!": "X"}}), "/titles/nonsense!");
}

#[test]
fn a_change_cannot_take_from_a_collection_what_it_must_have() {
    let shop = Shop::shared();
    let made = shop.owner().post("/v1/admin/collections", &json!({"title": unique_name("Chosen")})).send().expect(201);
    let path = format!("/v1/admin/collections/{}", text(&made["id"]));
    let before = shop.owner().get(&path).send().expect(200);
    for field in ["title", "slug", "description", "seo", "active", "products", "rule"] {
        shop.owner().patch(&path, &json!({field: null})).send().invalid(&format!("/{field}"));
    }
    assert_eq!(shop.owner().get(&path).send().expect(200), before);
    shop.owner().delete(&path).send().expect(204);
}
