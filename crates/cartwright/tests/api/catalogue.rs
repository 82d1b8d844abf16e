//! What the catalogue says to shoppers of several languages and currencies, and what changes by itself.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::support::{Shop, address, eventually, line, new_key, text, unique_name};

fn eur(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

fn usd(amount: i64) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

/// A shop that speaks English and German, and sells in euros and dollars.
fn shop() -> Shop {
    Shop::start(&["--languages", "en,de", "--currencies", "USD"])
}

fn shirt(shop: &Shop) -> Value {
    shop.add_product(&json!({
        "title": "Linen shirt", "status": "active", "seo": {"title": "Shirts of linen"},
        "images": [{"url": "/pictures/front.png", "alt": "front"}, {"url": "/pictures/back.png"}],
        "translations": {"de": {"title": "Leinenhemd", "description": "<p>weich</p><script>x</script>"}},
        "variants": [{"price": eur(4000), "stock": 9, "image": "/pictures/back.png",
            "other_prices": [{"price": usd(4400), "compare_at_price": usd(5000)}]}],
    }))
}

#[test]
fn texts_come_in_the_language_that_is_wanted() {
    let shop = shop();
    let shirt = shirt(&shop);
    let path = format!("/v1/products/{}", text(&shirt["id"]));
    // Twice: the second time the reply is one that was kept.
    for _ in 0..2 {
        let title = |language: &str| {
            let reply = shop.stranger().get(&path).header("accept-language", language).send();
            assert!(reply.header("vary").contains("accept-language"), "{}", reply.header("vary"));
            text(&reply.expect(200)["title"])
        };
        assert_eq!([title("de-CH"), title("en"), title("fr")], ["Leinenhemd", "Linen shirt", "Linen shirt"]);
        let german =
            shop.stranger().get(&format!("{path}?language=de")).header("accept-language", "en").send().expect(200);
        assert_eq!(
            (text(&german["title"]), text(&german["description"])),
            ("Leinenhemd".into(), "<p>weich</p>".into())
        );
        assert_eq!((&german["seo"]["title"], german.get("translations")), (&json!("Shirts of linen"), None));
    }
    shop.stranger().get(&format!("{path}?language=fr")).send().refused(400, "invalid_query");
    let admin = format!("/v1/admin/products/{}", text(&shirt["id"]));
    let patch = json!({"translations": {"de": null}});
    assert_eq!(shop.owner().patch(&admin, &patch).send().expect(200)["translations"], json!({}));
    let reply = shop.stranger().get(&path).header("accept-language", "de").send().expect(200);
    assert_eq!(reply["title"], "Linen shirt");
}

#[test]
fn prices_come_in_the_currency_that_is_wanted_and_orders_too() {
    let shop = shop();
    let shirt = shirt(&shop);
    let variant = |query: &str| {
        let path = format!("/v1/products/{}{query}", text(&shirt["slug"]));
        shop.stranger().get(&path).send().expect(200)["variants"][0].clone()
    };
    assert_eq!((&variant("")["price"], &variant("")["image"]), (&eur(4000), &json!("/pictures/back.png")));
    let dollars = variant("?currency=USD");
    assert_eq!(
        (&dollars["price"], &dollars["compare_at_price"], &dollars["on_sale"]),
        (&usd(4400), &usd(5000), &json!(true))
    );
    assert_eq!(dollars.get("other_prices"), None, "what is for the staff is not for shoppers");
    shop.stranger().get("/v1/products?currency=JPY").send().refused(400, "invalid_query");
    let list = shop.stranger().get("/v1/products?currency=USD").send().expect(200);
    assert_eq!(list["items"][0]["variants"][0]["price"], usd(4400));
    let ann = shop.customer();
    let id = text(&shirt["variants"][0]["id"]);
    let order = json!({"lines": [line(&id, 2)], "currency": "USD", "ship_to": address()});
    let placed = ann.client.post("/v1/orders", &order).key(&new_key()).send().expect(201);
    assert_eq!(placed["total"], usd(8800));
    let order = json!({"lines": [line(&id, 1)], "currency": "CHF", "ship_to": address()});
    let refused = ann.client.post("/v1/orders", &order).key(&new_key()).send().refused(422, "invalid_input");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/currency"), &json!("no_such_currency"))
    );
}

#[test]
fn prices_are_set_in_the_currencies_of_the_shop() {
    let shop = shop();
    let yen = json!({"amount": 500, "currency": "JPY"});
    let product = |price: &Value, others: Value| {
        let variant = json!({"price": price, "stock": 1, "other_prices": others});
        json!({"title": unique_name("Mug"), "status": "active", "variants": [variant]})
    };
    let create = |body: &Value| shop.owner().post("/v1/admin/products", body).key(&new_key()).send();
    let refused = create(&product(&yen, json!([]))).invalid("/variants/0/price/currency");
    assert_eq!(refused["errors"][0]["code"], "no_such_currency");
    let others = json!([{"price": usd(500)}, {"price": yen}]);
    create(&product(&eur(500), others)).invalid("/variants/0/other_prices/1/price/currency");
    let shirt = shirt(&shop);
    let (id, variant) = (text(&shirt["id"]), text(&shirt["variants"][0]["id"]));
    let patch = |path: &str, body: &Value| shop.owner().patch(path, body).send();
    let of_variant = format!("/v1/admin/variants/{variant}");
    patch(&of_variant, &json!({"price": yen})).invalid("/price/currency");
    patch(&of_variant, &json!({"other_prices": [{"price": yen}]})).invalid("/other_prices/0/price/currency");
    let all = json!({"variants": [{"id": variant, "price": yen}]});
    patch(&format!("/v1/admin/products/{id}"), &all).invalid("/variants/0/price/currency");
    let more = json!({"price": yen, "option_values": []});
    let variants = format!("/v1/admin/products/{id}/variants");
    shop.owner().post(&variants, &more).key(&new_key()).send().invalid("/price/currency");
    assert_eq!(patch(&of_variant, &json!({"other_prices": [{"price": usd(4500)}]})).expect(200)["price"], eur(4000));
}

#[test]
fn a_sale_ends_in_the_currencies_that_it_has_prices_in() {
    let shop = shop();
    let shirt = shirt(&shop);
    let path = format!("/v1/admin/variants/{}", text(&shirt["variants"][0]["id"]));
    let ends = (model::Timestamp::now() + model::SignedDuration::from_hours(1)).to_string();
    let sale = json!({"sale": {"prices": [eur(3000)], "ends_at": ends}});
    shop.owner().patch(&path, &sale).send().expect(200);
    let seen = |currency: &str| {
        let path = format!("/v1/products/{}?currency={currency}", text(&shirt["id"]));
        shop.stranger().get(&path).send().expect(200)["variants"][0].clone()
    };
    assert!(seen("EUR")["sale_ends_at"].is_string());
    assert_eq!((&seen("USD")["price"], &seen("USD")["sale_ends_at"]), (&usd(4400), &json!(null)));
}

#[test]
fn a_sale_begins_and_ends_while_the_shop_is_open() {
    let shop = shop();
    let shirt = shirt(&shop);
    let path = format!("/v1/admin/variants/{}", text(&shirt["variants"][0]["id"]));
    let at = |seconds: i64| (model::Timestamp::now() + model::SignedDuration::from_secs(seconds)).to_string();
    let sale = json!({"sale": {"prices": [eur(3000)], "starts_at": at(1), "ends_at": at(4)}});
    let changed = shop.owner().patch(&path, &sale).send().expect(200);
    assert_eq!((&changed["price"], &changed["sale"]["prices"]), (&eur(4000), &json!([eur(3000)])));
    let seen = || {
        shop.stranger().get(&format!("/v1/products/{}", text(&shirt["id"]))).send().expect(200)["variants"][0].clone()
    };
    assert_eq!(seen()["price"], eur(4000));
    eventually("the sale begins", || (seen()["price"] == eur(3000)).then_some(()));
    eventually("the lowest price follows", || (seen()["lowest_price_30_days"] == eur(4000)).then_some(()));
    let reduced = seen();
    assert_eq!(reduced["compare_at_price"], eur(4000));
    assert!(reduced["sale_ends_at"].is_string() && reduced.get("sale").is_none());
    let found = || {
        shop.stranger().get("/v1/products?on_sale=true&price_max=3000").send().expect(200)["items"]
            .as_array()
            .map(Vec::len)
    };
    eventually("lists follow", || (found() == Some(1)).then_some(()));
    thread::sleep(Duration::from_secs(2));
    eventually("the sale ends", || (seen()["price"] == eur(4000) && found() == Some(0)).then_some(()));
    let history = shop.owner().get(&format!("{path}/prices")).send().expect(200);
    let euros: Vec<_> = history["items"].as_array().expect("a list").iter().map(|entry| &entry["price"]).collect();
    assert_eq!(euros, [&eur(4000), &eur(3000), &eur(4000)]);
    shop.owner().patch(&path, &json!({"sale": {"prices": [eur(4000)]}})).send().refused(422, "invalid_input");
    assert_eq!(shop.owner().patch(&path, &json!({"sale": null})).send().expect(200).get("sale"), None);
}

#[test]
fn a_draft_goes_on_sale_by_itself() {
    let shop = Shop::shared();
    let at = (model::Timestamp::now() + model::SignedDuration::from_secs(1)).to_string();
    let body = json!({"title": unique_name("Soon"), "publish_at": at, "variants": [{"price": eur(5)}]});
    let draft = shop.add_product(&body);
    assert_eq!((&draft["status"], draft["publish_at"].is_string()), (&json!("draft"), true));
    let path = format!("/v1/products/{}", text(&draft["id"]));
    shop.stranger().get(&path).send().refused(404, "not_found");
    eventually("it is published", || (shop.stranger().get(&path).send().status == 200).then_some(()));
}

#[test]
fn a_time_that_has_passed_publishes_a_draft_at_once_and_makes_none() {
    let shop = Shop::shared();
    let past = "2020-01-01T00:00:00Z";
    let body = json!({"title": unique_name("Late"), "publish_at": past, "variants": [{"price": eur(5)}]});
    let id = text(&shop.add_product(&body)["id"]);
    let path = format!("/v1/products/{id}");
    eventually("it is published", || (shop.stranger().get(&path).send().status == 200).then_some(()));
    let again = json!({"status": "draft", "publish_at": past});
    let refused = shop.owner().patch(&format!("/v1/admin/products/{id}"), &again).send().refused(422, "invalid_input");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/publish_at"), &json!("out_of_range"))
    );
}

#[test]
fn an_old_slug_leads_on() {
    let shop = Shop::shared();
    let product =
        shop.add_product(&json!({"title": unique_name("Mug"), "status": "active", "variants": [{"price": eur(5)}]}));
    let old = text(&product["slug"]);
    let new = format!("{old}-renamed");
    let path = format!("/v1/admin/products/{}", text(&product["id"]));
    shop.owner().patch(&path, &json!({"slug": new})).send().expect(200);
    let reply = shop.stranger().get(&format!("/v1/products/{old}?language=en")).send();
    assert_eq!((reply.status, reply.header("location")), (301, format!("/v1/products/{new}?language=en")));
    // What is shown of it below that is there at once.
    for below in ["reviews", "related"] {
        let list = shop.stranger().get(&format!("/v1/products/{old}/{below}")).send().expect(200);
        assert_eq!(list["items"], json!([]), "{below}");
    }
    shop.owner().patch(&path, &json!({"status": "draft"})).send().expect(200);
    for below in ["", "/reviews", "/related"] {
        shop.stranger().get(&format!("/v1/products/{old}{below}")).send().refused(404, "not_found");
    }
    let category = shop.owner().post("/v1/admin/categories", &json!({"name": unique_name("Cups")})).send().expect(201);
    let old = text(&category["slug"]);
    let path = format!("/v1/admin/categories/{}", text(&category["id"]));
    shop.owner().patch(&path, &json!({"slug": format!("{old}-2")})).send().expect(200);
    let reply = shop.stranger().get(&format!("/v1/categories/{old}")).send();
    assert_eq!((reply.status, reply.header("location")), (301, format!("/v1/categories/{old}-2")));
    let cup = shop.add_product(&json!({
        "title": unique_name("Cup"), "status": "active", "category_id": category["id"], "variants": [{"price": eur(5)}],
    }));
    for list in ["products", "search"] {
        let found = shop.stranger().get(&format!("/v1/{list}?category={old}")).send().expect(200);
        assert_eq!(
            (&found["items"][0]["id"], found["items"].as_array().map(Vec::len)),
            (&cup["id"], Some(1)),
            "{list}"
        );
        shop.stranger().get(&format!("/v1/{list}?category={old}-3")).send().wrong_parameter("category");
    }
    shop.stranger().get("/v1/categories/nowhere").send().refused(404, "not_found");
}

#[test]
fn a_category_shows_its_path_and_what_hangs_below() {
    let shop = Shop::shared();
    let create = |body: Value| shop.owner().post("/v1/admin/categories", &body).send().expect(201);
    let top = create(json!({"name": unique_name("Home"), "description": "<p>All</p><script>x</script>"}));
    let middle = create(json!({"name": unique_name("Table"), "parent_id": top["id"]}));
    let cups = create(json!({"name": unique_name("Cups"), "parent_id": middle["id"]}));
    let read = |category: &Value| {
        shop.stranger().get(&format!("/v1/categories/{}", text(&category["slug"]))).send().expect(200)
    };
    let page = read(&middle);
    assert_eq!((&page["ancestors"][0]["id"], &page["descendants"][0]["id"]), (&top["id"], &cups["id"]));
    assert_eq!(
        (read(&top)["descendants"].as_array().map(Vec::len), &read(&top)["description"]),
        (Some(2), &json!("<p>All</p>"))
    );
    let plates = create(json!({"name": unique_name("Plates"), "parent_id": middle["id"]}));
    let go = |category: &Value, body: Value| {
        shop.owner().post(&format!("/v1/admin/categories/{}/move", text(&category["id"])), &body).send()
    };
    go(&plates, json!({"parent_id": middle["id"]})).expect(200);
    let below: Vec<_> =
        read(&middle)["descendants"].as_array().expect("a list").iter().map(|item| item["id"].clone()).collect();
    assert_eq!(below, [plates["id"].clone(), cups["id"].clone()]);
    go(&top, json!({"parent_id": cups["id"]})).refused(409, "category_misplaced");
    go(&cups, json!({"parent_id": null, "after_id": plates["id"]})).refused(422, "invalid_input");
}

#[test]
fn fields_of_the_shops_own_are_defined_and_filled_in() {
    let shop = Shop::shared();
    let key = format!("material_{}", unique_name("").trim().to_lowercase().replace([' ', '-'], "_"));
    let body =
        json!({"key": key, "label": "Material", "owner": "product", "kind": "choice", "choices": ["linen", "wool"]});
    let reply = shop.owner().post("/v1/admin/attributes", &body).key(&new_key()).send();
    let attribute = reply.expect(201);
    shop.owner().post("/v1/admin/attributes", &body).key(&new_key()).send().refused(409, "key_taken");
    let product = json!({"title": unique_name("Shirt"), "status": "active", "attributes": {&key: "linen"}, "variants": [{"price": eur(5)}]});
    let product = shop.add_product(&product);
    let path = format!("/v1/admin/products/{}", text(&product["id"]));
    let set = |value: Value| shop.owner().patch(&path, &json!({"attributes": {&key: value}})).send();
    assert_eq!(set(json!("wool")).expect(200)["attributes"], json!({&key: "wool"}));
    let refused = set(json!("tin")).refused(422, "invalid_input");
    assert_eq!(refused["errors"][0]["pointer"], format!("/attributes/{key}"));
    let seen = shop.stranger().get(&format!("/v1/products/{}", text(&product["id"]))).send().expect(200);
    assert_eq!(seen["attributes"], json!({&key: "wool"}));
    let known = shop.stranger().get("/v1/attributes").send().expect(200);
    assert!(known["items"].as_array().expect("a list").contains(&attribute));
    let at = format!("/v1/admin/attributes/{}", text(&attribute["id"]));
    let changed = shop.owner().patch(&at, &json!({"label": "Stuff"})).header("if-match", "\"9-0\"").send();
    changed.refused(412, "version_mismatch");
    for field in ["label", "choices", "is_facet"] {
        shop.owner().patch(&at, &json!({field: null})).send().invalid(&format!("/{field}"));
    }
    shop.owner().delete(&at).send().expect(204);
    assert_eq!(set(Value::Null).expect(200)["attributes"], json!({}));
}

#[test]
fn variants_are_made_from_the_values_of_options() {
    let shop = Shop::shared();
    let product =
        shop.add_product(&json!({"title": unique_name("Shirt"), "variants": [{"price": eur(5), "stock": 3}]}));
    let path = format!("/v1/admin/products/{}/variants/generate", text(&product["id"]));
    let prefix = unique_name("SKU");
    let body = json!({"options": [{"name": "Size", "values": ["S", "M"]}, {"name": "Colour", "values": ["Red"]}], "sku_prefix": prefix});
    let made = shop.owner().post(&path, &body).send().expect(200);
    let items = made["items"].as_array().expect("a list");
    assert_eq!((items.len(), &items[0]["stock"], &items[0]["id"]), (2, &json!(3), &product["variants"][0]["id"]));
    assert_eq!(text(&items[1]["sku"]), format!("{prefix}-M-RED"));
}

#[test]
fn related_products_are_shown_in_their_order() {
    let shop = Shop::shared();
    let make = |status: &str| {
        shop.add_product(&json!({"title": unique_name("Mug"), "status": status, "variants": [{"price": eur(5)}]}))
    };
    let [one, hidden, two] = ["active", "draft", "active"].map(make);
    let ids = json!([two["id"], hidden["id"], one["id"]]);
    let body =
        json!({"title": unique_name("Set"), "status": "active", "related": ids, "variants": [{"price": eur(5)}]});
    let set = shop.add_product(&body);
    let related = shop.stranger().get(&format!("/v1/products/{}/related", text(&set["slug"]))).send().expect(200);
    let shown: Vec<_> = related["items"].as_array().expect("a list").iter().map(|item| item["id"].clone()).collect();
    assert_eq!(shown, [two["id"].clone(), one["id"].clone()]);
    let own = shop
        .owner()
        .patch(&format!("/v1/admin/products/{}", text(&set["id"])), &json!({"related": [set["id"]]}))
        .send();
    own.refused(422, "invalid_input");
}
