//! `/v1/admin/categories`

use serde_json::{Value, json};

use crate::support::{NO_ID, Reply, Shop, new_key, text, unique_name};

fn create(shop: &Shop, body: &Value) -> Reply {
    shop.owner().post("/v1/admin/categories", body).key(&new_key()).send()
}

fn path(category: &Value) -> String {
    format!("/v1/admin/categories/{}", text(&category["id"]))
}

#[test]
fn categories_are_made_read_changed_and_removed() {
    let shop = Shop::shared();
    let name = unique_name("Küche & Tisch");
    let reply = create(&shop, &json!({"name": name}));
    let category = reply.expect(201);
    assert_eq!(reply.header("location"), path(&category));
    assert!(text(&category["slug"]).starts_with("kuche"), "{category}");
    assert_eq!(shop.owner().get(&path(&category)).send().expect(200), category);
    let twin = create(&shop, &json!({"name": name})).expect(201);
    assert_ne!(twin["slug"], category["slug"]);
    let problem = create(&shop, &json!({"name": "Other", "slug": category["slug"]})).refused(409, "slug_taken");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(&text(&category["slug"]))), "{problem}");

    let tag = reply.header("etag");
    let change = |body, tag: &str| shop.owner().patch(&path(&category), &body).header("if-match", tag).send();
    let renamed = change(json!({"name": "Renamed", "position": 7}), &tag);
    assert_eq!((&renamed.expect(200)["position"], &renamed.expect(200)["slug"]), (&json!(7), &category["slug"]));
    change(json!({"name": "Again"}), &tag).refused(412, "version_mismatch");
    let stale = shop.owner().delete(&path(&category)).header("if-match", &tag).send();
    stale.refused(412, "version_mismatch");
    shop.owner().delete(&path(&category)).send().expect(204);
    shop.owner().get(&path(&category)).send().refused(404, "not_found");
    shop.owner().delete(&path(&category)).send().refused(404, "not_found");
}

#[test]
fn the_tree_stays_a_tree() {
    let shop = Shop::shared();
    let child = |parent: &Value| create(&shop, &json!({"name": unique_name("Branch"), "parent_id": parent["id"]}));
    let top = create(&shop, &json!({"name": unique_name("Top")})).expect(201);
    let middle = child(&top).expect(201);
    let leaf = child(&middle).expect(201);
    for below in [&top, &middle, &leaf] {
        let body = json!({"parent_id": below["id"]});
        shop.owner().patch(&path(&top), &body).send().refused(409, "category_misplaced");
    }
    create(&shop, &json!({"name": "Orphan", "parent_id": NO_ID})).refused(409, "category_misplaced");
    shop.owner().delete(&path(&middle)).send().refused(409, "has_subcategories");

    let mut deepest = leaf.clone();
    let refused = (0..20).find_map(|_| {
        let reply = child(&deepest);
        if reply.status != 201 {
            return Some(reply);
        }
        deepest = reply.json();
        None
    });
    refused.expect("the depth is bounded").refused(409, "category_misplaced");

    let moved = shop.owner().patch(&path(&leaf), &json!({"parent_id": null})).send().expect(200);
    assert_eq!(moved["parent_id"], json!(null));
    shop.owner().delete(&path(&middle)).send().expect(204);
}

#[test]
fn products_outlive_their_category() {
    let shop = Shop::shared();
    let category = create(&shop, &json!({"name": unique_name("Passing")})).expect(201);
    let (product, _) = shop.product(1, 1);
    let admin = format!("/v1/admin/products/{}", text(&product["id"]));
    let with = shop.owner().patch(&admin, &json!({"category_id": category["id"]})).send().expect(200);
    assert_eq!(with["category_id"], category["id"]);
    shop.owner().delete(&path(&category)).send().expect(204);
    assert_eq!(shop.owner().get(&admin).send().expect(200)["category_id"], json!(null));
}

#[test]
fn wrong_input_is_named() {
    let shop = Shop::shared();
    create(&shop, &json!({"name": ""})).invalid("/name");
    create(&shop, &json!({"name": "a\nb"})).invalid("/name");
    create(&shop, &json!({"name": "x".repeat(201)})).invalid("/name");
    for slug in ["Not A Slug", "", "-", "a--b", "ümlaut", NO_ID] {
        create(&shop, &json!({"name": "Fine", "slug": slug})).invalid("/slug");
    }
    create(&shop, &json!({"name": "Fine", "parent_id": "garbage"})).invalid("/parent_id");
    create(&shop, &json!({"name": "Fine", "position": 1e30})).invalid("/position");
}
