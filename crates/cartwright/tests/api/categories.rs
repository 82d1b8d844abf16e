//! `GET /v1/categories`

use serde_json::{Value, json};

use crate::support::{Shop, text, unique_name};

fn listed(shop: &Shop, id: &Value) -> Option<Value> {
    let list = shop.stranger().get("/v1/categories").send().expect(200);
    assert_eq!(list["next_cursor"], json!(null));
    list["items"].as_array().expect("a list").iter().find(|category| category["id"] == *id).cloned()
}

#[test]
fn the_tree_is_there_for_everybody_and_always_true() {
    let shop = Shop::shared();
    let create = |body: Value| shop.owner().post("/v1/admin/categories", &body).send().expect(201);
    let top = create(json!({"name": unique_name("Top")}));
    let below = create(json!({"name": unique_name("Below"), "parent_id": top["id"]}));
    assert_eq!(listed(&shop, &top["id"]).expect("listed"), top);
    assert_eq!(listed(&shop, &below["id"]).expect("listed")["parent_id"], top["id"]);

    let path = format!("/v1/admin/categories/{}", text(&below["id"]));
    let renamed = shop.owner().patch(&path, &json!({"name": "Renamed"})).send().expect(200);
    assert_eq!(listed(&shop, &below["id"]).expect("listed"), renamed);
    shop.owner().delete(&path).send().expect(204);
    assert_eq!(listed(&shop, &below["id"]), None);
}

#[test]
fn siblings_are_in_the_order_in_which_they_are_shown() {
    let shop = Shop::shared();
    let parent = shop.owner().post("/v1/admin/categories", &json!({"name": unique_name("Parent")})).send().expect(201);
    for (name, position) in [("Zebra", 1), ("Beta", 2), ("Alpha", 2)] {
        let body = json!({"name": unique_name(name), "position": position, "parent_id": parent["id"]});
        shop.owner().post("/v1/admin/categories", &body).send().expect(201);
    }
    let list = shop.stranger().get("/v1/categories").send().expect(200);
    let siblings = list["items"].as_array().expect("a list").iter().filter(|item| item["parent_id"] == parent["id"]);
    let names: Vec<String> =
        siblings.map(|item| text(&item["name"]).split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(names, ["Zebra", "Alpha", "Beta"]);
}

#[test]
fn where_no_prices_are_shown_there_is_the_language_alone() {
    let shop = Shop::shared();
    for path in ["/v1/categories", "/v1/collections"] {
        shop.stranger().get(&format!("{path}?language=en")).send().expect(200);
        let problem = shop.stranger().get(&format!("{path}?colour=red")).send().refused(400, "invalid_query");
        assert_eq!(problem["errors"][0]["code"], "unknown_parameter", "{problem}");
    }
}
