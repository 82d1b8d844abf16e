//! `/v1/admin/products`

use serde_json::{Value, json};

use crate::support::{NO_ID, Reply, Shop, as_bought, line, new_key, pick, text, unique_name};

fn create(shop: &Shop, body: &Value) -> Reply {
    shop.owner().post("/v1/admin/products", body).key(&new_key()).send()
}

fn path(product: &Value) -> String {
    format!("/v1/admin/products/{}", text(&product["id"]))
}

fn price(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// A product that is right but for `field`.
fn with(field: &str, value: &Value) -> Value {
    let mut body = json!({"title": "Fine", "variants": [{"price": price(100)}]});
    body[field] = value.clone();
    body
}

#[test]
fn a_whole_product_is_kept_as_it_was_given() {
    let shop = Shop::shared();
    let category =
        shop.owner().post("/v1/admin/categories", &json!({"name": unique_name("Shirts")})).send().expect(201);
    let sku = unique_name("SHIRT");
    let body = json!({
        "title": unique_name("  Linen shirt "), "description": "<p>Washed <b>linen</b>.</p>", "status": "active",
        "vendor": "Atelier", "category_id": category["id"], "tags": ["linen", "summer"],
        "options": [{"name": "Size", "values": ["S", "M", "L"]}],
        "variants": [
            {"sku": format!("{sku}-S"), "option_values": ["S"], "price": price(3900), "stock": 3, "weight_grams": 210, "barcode": "4006381333931"},
            {"sku": format!("{sku}-M"), "option_values": ["M"], "price": price(2900), "compare_at_price": price(3900)},
        ],
        "images": [{"url": "https://example.com/shirt.jpg", "alt": "A shirt"}, {"url": "/pictures/shirt.png"}],
    });
    let reply = create(&shop, &body);
    let product = reply.expect(201);
    assert_eq!(reply.header("location"), path(&product));
    for field in ["description", "status", "vendor", "category_id", "tags", "options"] {
        assert_eq!(product[field], body[field], "{field}");
    }
    assert!(text(&product["title"]).starts_with("Linen shirt"));
    assert!(text(&product["slug"]).starts_with("linen-shirt"));
    let variants = product["variants"].as_array().expect("a list");
    assert_eq!((&variants[0]["stock"], &variants[1]["stock"]), (&json!(3), &json!(0)));
    assert_eq!((&variants[0]["available"], &variants[1]["available"]), (&json!(true), &json!(false)));
    assert_eq!((&variants[0]["weight_grams"], &variants[0]["barcode"]), (&json!(210), &json!("4006381333931")));
    assert_eq!(variants[1]["compare_at_price"], price(3900));
    assert_eq!(
        (&product["version"], pick(&product["images"], "alt")),
        (&json!(1), vec![&json!("A shirt"), &json!(null)])
    );
    assert_eq!(shop.owner().get(&path(&product)).send().expect(200), product);
}

#[test]
fn a_product_is_a_draft_unless_told_otherwise() {
    let shop = Shop::shared();
    let product = create(&shop, &with("title", &json!(unique_name("Draft")))).expect(201);
    assert_eq!((&product["status"], &product["variants"][0]["track_stock"]), (&json!("draft"), &json!(true)));
    shop.stranger().get(&format!("/v1/products/{}", text(&product["id"]))).send().refused(404, "not_found");
}

#[test]
fn slugs_are_made_from_titles_and_unique() {
    let shop = Shop::shared();
    let title = unique_name("Crème Brûlée №");
    let slugs: Vec<String> =
        (0..3).map(|_| text(&create(&shop, &with("title", &json!(title))).expect(201)["slug"])).collect();
    assert!(slugs[0].starts_with("creme-brulee"), "{slugs:?}");
    assert_eq!(slugs[1], format!("{}-2", slugs[0]));
    assert_eq!(slugs[2], format!("{}-3", slugs[0]));
    create(&shop, &with("slug", &json!(slugs[0]))).refused(409, "slug_taken");
    let mine = unique_name("my-slug").replace(' ', "-");
    let product = create(&shop, &with("slug", &json!(mine))).expect(201);
    assert_eq!(product["slug"], mine.as_str());
    let renamed = shop.owner().patch(&path(&product), &json!({"title": "Something else"})).send().expect(200);
    assert_eq!(renamed["slug"], mine.as_str(), "a link that was given out stays good");
    shop.owner().patch(&path(&product), &json!({"slug": slugs[0]})).send().refused(409, "slug_taken");
    for bad in ["Not A Slug", "", "a--b", "../x", NO_ID] {
        create(&shop, &with("slug", &json!(bad))).invalid("/slug");
    }
}

#[test]
fn skus_are_unique_in_the_shop() {
    let shop = Shop::shared();
    let sku = unique_name("SKU");
    let variant = |sku: &str| json!([{"sku": sku, "price": price(1)}]);
    let first = create(&shop, &with("variants", &variant(&sku))).expect(201);
    create(&shop, &with("variants", &variant(&sku))).refused(409, "sku_taken");
    let other = create(&shop, &with("variants", &variant(&unique_name("SKU")))).expect(201);
    let other_variant = format!("/v1/admin/variants/{}", text(&other["variants"][0]["id"]));
    shop.owner().patch(&other_variant, &json!({"sku": sku})).send().refused(409, "sku_taken");
    // Once it is free, it can be had.
    shop.owner().delete(&path(&first)).send().expect(204);
    shop.owner().patch(&other_variant, &json!({"sku": sku})).send().expect(200);
    // Several may have none.
    create(&shop, &with("variants", &json!([{"price": price(1)}]))).expect(201);
    create(&shop, &with("variants", &json!([{"price": price(1), "sku": ""}]))).expect(201);
}

#[test]
fn variants_must_fit_the_options() {
    let shop = Shop::shared();
    let body = |options: Value, variants: Value| json!({"title": "Fine", "options": options, "variants": variants});
    let variant = |values: Value| json!({"price": price(1), "option_values": values});
    let size = json!([{"name": "Size", "values": ["S", "M"]}]);
    let cases = [
        (size.clone(), json!([variant(json!([]))]), "/variants/0/option_values"),
        (size.clone(), json!([variant(json!(["S", "Red"]))]), "/variants/0/option_values"),
        (size.clone(), json!([variant(json!(["S"])), variant(json!(["S"]))]), "/variants/1/option_values"),
        (json!([]), json!([variant(json!(["S"]))]), "/variants/0/option_values"),
        (
            json!([{"name": "Size", "values": ["S"]}, {"name": "size", "values": ["M"]}]),
            json!([variant(json!(["S", "M"]))]),
            "/options/1/name",
        ),
        (json!([{"name": "", "values": ["S"]}]), json!([variant(json!(["S"]))]), "/options/0/name"),
        (size, json!([]), "/variants"),
    ];
    for (options, variants, pointer) in cases {
        create(&shop, &body(options, variants)).invalid(pointer);
    }
    // Values that only variants name are added.
    let product = create(&shop, &body(json!([{"name": "Size"}]), json!([variant(json!(["XL"]))]))).expect(201);
    assert_eq!(product["options"], json!([{"name": "Size", "values": ["XL"]}]));
}

#[test]
fn wrong_fields_are_named() {
    let shop = Shop::shared();
    let nasty = json!("a\r\nb");
    let cases = [
        ("title", json!(""), "/title"),
        ("title", nasty.clone(), "/title"),
        ("title", json!("x".repeat(201)), "/title"),
        ("status", json!("sold"), "/status"),
        ("category_id", json!(NO_ID), "/category_id"),
        ("tags", json!(["fine", ""]), "/tags/1"),
        ("tags", json!([nasty]), "/tags/0"),
        ("images", json!([{"url": "javascript:alert(1)"}]), "/images/0/url"),
        ("variants", json!([{"price": price(-1)}]), "/variants/0/price/amount"),
        ("variants", json!([{"price": price(i64::MAX)}]), "/variants/0/price/amount"),
        ("variants", json!([{"price": {"amount": 1, "currency": "EURO"}}]), "/variants/0/price/currency"),
        ("variants", json!([{"price": {"amount": 1.5, "currency": "EUR"}}]), "/variants/0/price/amount"),
        ("variants", json!([{"price": {"amount": 1, "currency": "eur"}}]), "/variants/0/price/currency"),
        ("variants", json!([{}]), "/variants/0/price"),
        ("variants", json!([{"price": price(1), "stock": -1}]), "/variants/0/stock"),
        ("variants", json!([{"price": price(1), "weight_grams": -1}]), "/variants/0/weight_grams"),
        (
            "variants",
            json!([{"price": price(1), "compare_at_price": {"amount": 1, "currency": "USD"}}]),
            "/variants/0/compare_at_price/currency",
        ),
        ("variants", json!([{"id": NO_ID, "price": price(1)}]), "/variants/0/id"),
        ("id", json!(NO_ID), "/id"),
    ];
    for (field, value, pointer) in cases {
        create(&shop, &with(field, &value)).invalid(pointer);
    }
}

#[test]
fn descriptions_carry_no_script() {
    let shop = Shop::shared();
    let html = "<p onclick=\"x()\">Fine</p><script>alert(1)</script><img src=x onerror=y()><a href=\"javascript:z()\">link</a>";
    let product = create(&shop, &with("description", &json!(html))).expect(201);
    let kept = text(&product["description"]);
    assert!(kept.contains("Fine"), "{kept}");
    for evil in ["onclick", "<script", "alert", "onerror", "javascript:"] {
        assert!(!kept.contains(evil), "{evil} in {kept}");
    }
}

#[test]
fn changes_keep_what_is_left_out_and_respect_versions() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(100, 5);
    let tag = shop.owner().get(&path(&product)).send().header("etag");
    shop.owner().get(&path(&product)).header("if-none-match", &tag).send().expect(304);
    let change = |body: Value, tag: &str| shop.owner().patch(&path(&product), &body).header("if-match", tag).send();
    let changed = change(json!({"vendor": "Atelier", "tags": ["one", "One", "two"]}), &tag);
    let after = changed.expect(200);
    assert_eq!((&after["title"], &after["vendor"]), (&product["title"], &json!("Atelier")));
    assert_eq!((&after["tags"], &after["version"]), (&json!(["one", "two"]), &json!(2)));
    change(json!({"vendor": "Late"}), &tag).refused(412, "version_mismatch");
    let removed = change(json!({"vendor": null}), &changed.header("etag")).expect(200);
    assert_eq!(removed["vendor"], json!(null));

    // Stock is no change of the product: a sale does not stand in the way of an editor.
    let tag = shop.owner().get(&path(&product)).send().header("etag");
    shop.order(&shop.customer(), &[line(&variant, 1)]);
    change(json!({"vendor": "Unhurried"}), &tag).expect(200);
    assert_eq!(shop.stock_of(&product), 4);

    let stale = shop.owner().delete(&path(&product)).header("if-match", &tag).send();
    stale.refused(412, "version_mismatch");
    shop.owner()
        .patch(&format!("/v1/admin/products/{NO_ID}"), &json!({"vendor": "x"}))
        .send()
        .refused(404, "not_found");
    change(json!({"title": ""}), "*").invalid("/title");
    change(json!({"stock": 5}), "*").invalid("/stock");
}

#[test]
fn variants_are_replaced_as_a_whole() {
    let shop = Shop::shared();
    let body = json!({"title": unique_name("Shirt"), "status": "active", "options": [{"name": "Size"}], "variants": [
        {"option_values": ["S"], "price": price(1), "stock": 2}, {"option_values": ["M"], "price": price(1), "stock": 3}]});
    let product = create(&shop, &body).expect(201);
    let (s, m) = (&product["variants"][0]["id"], &product["variants"][1]["id"]);
    let change = |variants: Value| shop.owner().patch(&path(&product), &json!({"variants": variants})).send();
    let after = change(json!([
        {"id": m, "option_values": ["M"], "price": price(7)}, {"option_values": ["L"], "price": price(8), "stock": 9}]))
    .expect(200);
    assert_eq!(pick(&after["variants"], "title"), ["M", "L"]);
    assert_eq!(pick(&after["variants"], "stock"), [&json!(3), &json!(9)]);
    assert_eq!(&after["variants"][0]["id"], m);
    change(json!([{"id": s, "option_values": ["S"], "price": price(1)}])).invalid("/variants/0/id");
    let sneaky = json!([{"id": m, "option_values": ["M"], "price": price(7), "stock": 1000}]);
    change(sneaky).invalid("/variants/0/stock");
    shop.order(&shop.customer(), &[line(&text(m), 1)]);
    change(json!([{"option_values": ["XS"], "price": price(7)}])).refused(409, "variant_ordered");
}

#[test]
fn what_is_not_said_of_a_variant_that_stays_stays_as_well() {
    let shop = Shop::shared();
    let variant = json!({"sku": unique_name("SKU"), "barcode": "4006381333931", "weight_grams": 250, "price": price(900),
        "compare_at_price": price(1_200), "track_stock": false, "low_stock_at": 3});
    let product = create(&shop, &with("variants", &json!([variant]))).expect(201);
    let before = product["variants"][0].clone();
    let change = |variants: Value| shop.owner().patch(&path(&product), &json!({"variants": variants})).send();
    let id = &before["id"];
    let after = change(json!([{"id": id, "price": price(800)}])).expect(200)["variants"][0].clone();
    let mut expected = before.clone();
    expected["price"] = price(800);
    for name in ["sku", "barcode", "weight_grams", "compare_at_price", "track_stock", "low_stock_at", "stock"] {
        assert_eq!(after[name], expected[name], "{name}");
    }
    assert_eq!(after["price"]["amount"], 800);
    let after = change(json!([{"id": id, "sku": null, "weight_grams": 300}])).expect(200)["variants"][0].clone();
    assert_eq!((&after["sku"], &after["weight_grams"]), (&json!(null), &json!(300)));
    assert_eq!((&after["barcode"], &after["low_stock_at"]), (&json!("4006381333931"), &json!(3)));
    // Of a new one more must be said.
    change(json!([{"id": id}, {"sku": unique_name("SKU")}])).invalid("/variants/1/price");
}

#[test]
fn a_change_of_nothing_is_no_change() {
    let shop = Shop::shared();
    let (product, _) = shop.product(100, 5);
    let variant = format!("/v1/admin/variants/{}", text(&product["variants"][0]["id"]));
    let category = shop.owner().post("/v1/admin/categories", &json!({"name": unique_name("Mugs")})).send().expect(201);
    let category_path = format!("/v1/admin/categories/{}", text(&category["id"]));
    for body in
        [json!({}), json!({"title": product["title"]}), json!({"variants": [{"id": product["variants"][0]["id"]}]})]
    {
        let after = shop.owner().patch(&path(&product), &body).send().expect(200);
        assert_eq!((&after["version"], &after["updated_at"]), (&product["version"], &product["updated_at"]), "{body}");
    }
    shop.owner().patch(&variant, &json!({"price": price(100)})).send().expect(200);
    let same = shop.owner().patch(&category_path, &json!({"name": category["name"]})).send().expect(200);
    assert_eq!(same["version"], category["version"]);
    let collection = json!({"title": unique_name("Chosen"), "products": [product["id"]]});
    let attribute = json!({"key": unique_name("k").replace([' ', '-'], "_").to_lowercase(), "label": "Care", "owner": "product", "kind": "text"});
    for (list, body, name) in [("collections", collection, "title"), ("attributes", attribute, "label")] {
        let made = shop.owner().post(&format!("/v1/admin/{list}"), &body).send().expect(201);
        let path = format!("/v1/admin/{list}/{}", text(&made["id"]));
        for body in [json!({}), json!({name: made[name]})] {
            let same = shop.owner().patch(&path, &body).send().expect(200);
            assert_eq!((&same["version"], &same["updated_at"]), (&made["version"], &made["updated_at"]), "{list}");
        }
    }
    assert_eq!(shop.owner().get(&path(&product)).send().expect(200)["version"], product["version"]);
    let log = format!("/v1/admin/audit-log?subject_id={}", text(&product["id"]));
    assert_eq!(pick(&shop.owner().get(&log).send().expect(200)["items"], "action"), ["product.created"]);
}

#[test]
fn null_is_no_value_where_there_must_be_one() {
    let shop = Shop::shared();
    let (product, _) = shop.product(100, 5);
    let variant = format!("/v1/admin/variants/{}", text(&product["variants"][0]["id"]));
    let category = shop.owner().post("/v1/admin/categories", &json!({"name": unique_name("Mugs")})).send().expect(201);
    let category = format!("/v1/admin/categories/{}", text(&category["id"]));
    let of_product =
        ["title", "slug", "description", "status", "tags", "options", "variants", "images", "seo", "related"];
    let of_variant = ["option_values", "price", "track_stock", "other_prices"];
    let of_category = ["name", "slug", "position", "description", "seo"];
    let all = [(path(&product), &of_product[..]), (variant, &of_variant[..]), (category, &of_category[..])];
    for (path, names) in all {
        for name in names {
            shop.owner().patch(&path, &json!({*name: null})).send().invalid(&format!("/{name}"));
        }
    }
}

#[test]
fn what_was_never_ordered_is_erased_and_what_was_is_archived() {
    let shop = Shop::shared();
    let (never, _) = shop.product(1, 5);
    shop.owner().delete(&path(&never)).send().expect(204);
    shop.owner().get(&path(&never)).send().refused(404, "not_found");
    shop.owner().delete(&path(&never)).send().refused(404, "not_found");

    let (ordered, variant) = shop.product(1, 5);
    let buyer = shop.customer();
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let archived = shop.owner().delete(&path(&ordered)).send().expect(200);
    assert_eq!(archived["status"], "archived");
    assert_eq!(shop.owner().get(&path(&ordered)).send().expect(200)["status"], "archived");
    shop.stranger().get(&format!("/v1/products/{}", text(&ordered["slug"]))).send().refused(404, "not_found");
    let kept = buyer.client.get(&format!("/v1/orders/{}", text(&order["id"]))).send().expect(200);
    assert_eq!(as_bought(&kept)["lines"], as_bought(&order)["lines"]);
    // A cancelled order is an order too.
    buyer.client.post_empty(&format!("/v1/orders/{}/cancel", text(&order["id"]))).expect(200);
    shop.owner().delete(&path(&ordered)).send().expect(200);
}

#[test]
fn staff_list_products_of_every_status() {
    let shop = Shop::shared();
    let tag = unique_name("status").replace(' ', "-");
    for status in ["draft", "active", "archived"] {
        let body = json!({"title": status, "status": status, "tags": [tag], "variants": [{"price": price(1)}]});
        create(&shop, &body).expect(201);
    }
    let list = |query: &str| shop.owner().get(&format!("/v1/admin/products?tag={tag}{query}")).send();
    assert_eq!(pick(&list("&sort=title").expect(200)["items"], "status"), ["active", "archived", "draft"]);
    assert_eq!(pick(&list("&status=draft").expect(200)["items"], "title"), ["draft"]);
    let page = list("&sort=title&limit=2").expect(200);
    let rest = list(&format!("&sort=title&limit=2&cursor={}", text(&page["next_cursor"]))).expect(200);
    assert_eq!((pick(&rest["items"], "title"), &rest["next_cursor"]), (vec![&json!("draft")], &json!(null)));
    list("&status=sold").wrong_parameter("status");
    list("&limit=0").wrong_parameter("limit");
}
