//! `/v1/products`, as shoppers see it

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{NO_ID, Shop, line, pick, text, unique_name};

/// Adds a product with this tag and these members on top of the necessary ones.
fn add(shop: &Shop, tag: &str, title: &str, price: i64, more: Value) -> Value {
    let mut body = json!({
        "title": title, "status": "active", "tags": [tag],
        "variants": [{"price": {"amount": price, "currency": "EUR"}, "stock": 5}],
    });
    for (name, value) in more.as_object().expect("members") {
        body[name] = value.clone();
    }
    shop.add_product(&body)
}

/// The titles of a list, in its order.
#[track_caller]
fn titles(shop: &Shop, query: &str) -> Vec<String> {
    let list = shop.stranger().get(&format!("/v1/products?limit=100&{query}")).send().expect(200);
    assert_eq!(list["next_cursor"], json!(null));
    pick(&list["items"], "title").into_iter().map(text).collect()
}

fn variant(price: i64, compare_at: Option<i64>, stock: i64) -> Value {
    json!({
        "price": {"amount": price, "currency": "EUR"},
        "compare_at_price": compare_at.map(|amount| json!({"amount": amount, "currency": "EUR"})),
        "stock": stock,
    })
}

#[test]
fn anyone_reads_a_product_by_id_or_slug() {
    let shop = Shop::shared();
    let (product, _) = shop.product(1450, 7);
    let by_id = shop.stranger().get(&format!("/v1/products/{}", text(&product["id"]))).send();
    let by_slug = shop.stranger().get(&format!("/v1/products/{}", text(&product["slug"]))).send();
    let read = by_id.expect(200);
    assert_eq!(read, by_slug.expect(200));
    for field in ["id", "slug", "title", "description", "tags", "options", "images", "created_at"] {
        assert_eq!(read[field], product[field], "{field}");
    }
    assert_eq!(read["variants"][0]["price"], json!({"amount": 1450, "currency": "EUR"}));
    shop.stranger().get(&format!("/v1/products/{NO_ID}")).send().refused(404, "not_found");
    shop.stranger().get("/v1/products/no-such-slug").send().refused(404, "not_found");
}

#[test]
fn a_basket_is_looked_up_at_once() {
    let shop = Shop::shared();
    let [(mug, mug_id), (cup, cup_id)] = [shop.product(1450, 7), shop.product(900, 0)];
    let list = |query: String| shop.stranger().get(&format!("/v1/products?{query}")).send();
    for query in
        [format!("variant_id={mug_id}&variant_id={cup_id}"), format!("variant_id[]={mug_id}&variant_id[1]={cup_id}")]
    {
        let found = list(query).expect(200);
        assert_eq!(pick(&found["items"], "id"), [&cup["id"], &mug["id"]]);
        assert_eq!(found["items"][0]["variants"][0]["available"], false);
    }
    assert_eq!(list(format!("variant_id={NO_ID}")).expect(200)["items"], json!([]));
    let archived = json!({"status": "archived"});
    shop.owner().patch(&format!("/v1/admin/products/{}", text(&mug["id"])), &archived).send().expect(200);
    assert_eq!(
        pick(&list(format!("variant_id={mug_id}&variant_id={cup_id}")).expect(200)["items"], "id"),
        [&cup["id"]]
    );
    for wrong in [
        "variant_id=7".to_owned(),
        format!("variant_id={mug_id}&variant_id=7"),
        vec![format!("variant_id={mug_id}"); 101].join("&"),
    ] {
        let problem = list(wrong).refused(400, "invalid_query");
        assert_eq!(problem["errors"][0]["parameter"], "variant_id", "{problem}");
    }
}

#[test]
fn who_has_a_product_already_is_spared_the_body() {
    let shop = Shop::shared();
    let (product, _) = shop.product(1450, 7);
    for path in [format!("/v1/products/{}", text(&product["slug"])), "/v1/products?limit=1&sort=title".to_owned()] {
        let tag = shop.stranger().get(&path).send().header("etag");
        // Once from the database, once from whatever is kept.
        for _ in 0..2 {
            let reply = shop.stranger().get(&path).header("if-none-match", &tag).send();
            // Another test may have changed the catalogue in between.
            if reply.status == 304 {
                assert!(reply.body.is_empty());
                assert_eq!(reply.header("etag"), tag);
            } else {
                assert_ne!(reply.header("etag"), tag);
            }
        }
        let other = shop.stranger().get(&path).header("if-none-match", "\"something else\"").send();
        other.expect(200);
    }
    let path = format!("/v1/products/{}", text(&product["slug"]));
    let tag = shop.stranger().get(&path).send().header("etag");
    shop.stranger().get(&path).header("if-none-match", &tag).send().expect(304);
}

#[test]
fn what_is_not_for_sale_is_not_there_for_shoppers() {
    let shop = Shop::shared();
    let customer = shop.customer();
    for status in ["draft", "archived"] {
        let tag = unique_name("hidden");
        let product = add(&shop, &tag, "Hidden", 100, json!({"status": status}));
        for key in ["id", "slug"] {
            let path = format!("/v1/products/{}", text(&product[key]));
            shop.stranger().get(&path).send().refused(404, "not_found");
            customer.client.get(&path).send().refused(404, "not_found");
        }
        assert!(titles(&shop, &format!("tag={}", tag.replace(' ', "%20"))).is_empty());
        // Published, it is there at once; withdrawn, it is gone at once.
        let admin = format!("/v1/admin/products/{}", text(&product["id"]));
        let path = format!("/v1/products/{}", text(&product["slug"]));
        shop.owner().patch(&admin, &json!({"status": "active"})).send().expect(200);
        shop.stranger().get(&path).send().expect(200);
        shop.owner().patch(&admin, &json!({"status": status})).send().expect(200);
        shop.stranger().get(&path).send().refused(404, "not_found");
    }
}

#[test]
fn a_read_shows_what_was_written_before_it() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(1000, 30);
    let path = format!("/v1/products/{}", text(&product["slug"]));
    for n in 1..=10 {
        let patch = json!({"price": {"amount": 1000 + n, "currency": "EUR"}});
        shop.owner().patch(&format!("/v1/admin/variants/{variant}"), &patch).send().expect(200);
        let read = shop.stranger().get(&path).send().expect(200);
        assert_eq!(read["variants"][0]["price"]["amount"], 1000 + n);
        shop.order(&buyer, &[line(&variant, 3)]);
        let read = shop.stranger().get(&path).send().expect(200);
        assert_eq!(read["variants"][0]["stock"], 30 - 3 * n);
        assert_eq!(read["variants"][0]["available"], n < 10);
    }
}

#[test]
fn a_category_lists_what_hangs_below_it_too() {
    let shop = Shop::shared();
    let category = |parent: Option<&Value>| {
        let body = json!({"name": unique_name("Branch"), "parent_id": parent.map(|parent| parent["id"].clone())});
        shop.owner().post("/v1/admin/categories", &body).send().expect(201)
    };
    let top = category(None);
    let middle = category(Some(&top));
    let leaf = category(Some(&middle));
    let tag = unique_name("tree");
    for (title, category) in [("A", &top), ("B", &middle), ("C", &leaf)] {
        add(&shop, &tag, title, 100, json!({"category_id": category["id"]}));
    }
    let by = |key: &Value| titles(&shop, &format!("sort=title&category={}", text(key)));
    assert_eq!(by(&top["id"]), ["A", "B", "C"]);
    assert_eq!(by(&top["slug"]), ["A", "B", "C"]);
    assert_eq!(by(&middle["slug"]), ["B", "C"]);
    assert_eq!(by(&leaf["id"]), ["C"]);
    for unknown in ["no-such-category", NO_ID, "%00"] {
        shop.stranger().get(&format!("/v1/products?category={unknown}")).send().wrong_parameter("category");
    }
}

#[test]
fn text_is_found_without_regard_to_case_and_accents() {
    let shop = Shop::shared();
    let word = unique_name("zx").replace(' ', "");
    add(&shop, "t", &format!("Crème Brûlée {word}"), 100, json!({"vendor": "Küche"}));
    add(&shop, "t", &format!("Plain {word}"), 100, json!({}));
    let sku = json!({"variants": [{"price": {"amount": 1, "currency": "EUR"}, "sku": format!("SKU-{word}")}]});
    add(&shop, "t", "By its number", 100, sku);
    let found = |q: &str| titles(&shop, &format!("sort=title&q={}", q.replace(' ', "%20")));
    assert_eq!(found(&word).len(), 3);
    assert_eq!(found(&word.to_uppercase()).len(), 3);
    assert_eq!(found(&format!("creme {word}")).len(), 1);
    assert_eq!(found(&format!("{word} BRULEE kuche")).len(), 1);
    assert_eq!(found(&format!("sku-{word}")), ["By its number"]);
    assert!(found(&format!("{word} nothing of the kind")).is_empty());
    for hostile in
        ["%25", "_", "%27%20OR%201%3D1%20--", "%22%20OR%20%22", "*", "a*%20NEAR%20b", "%F0%9F%98%80", "(", "-"]
    {
        shop.stranger().get(&format!("/v1/products?q={hostile}")).send().expect(200);
    }
    // Signs alone are in no product; nothing at all asks for all of them.
    for signs in ["***", "%25", "(", " - "] {
        assert!(found(signs).is_empty(), "{signs}");
    }
    let tag = unique_name("blank").replace(' ', "-");
    add(&shop, &tag, "Any", 100, json!({}));
    assert_eq!(titles(&shop, &format!("tag={tag}&q=%20")), ["Any"]);
    shop.stranger().get(&format!("/v1/products?q={}", "x".repeat(201))).send().wrong_parameter("q");
}

#[test]
fn prices_are_filtered_by_one_variant() {
    let shop = Shop::shared();
    let tag = unique_name("price").replace(' ', "-");
    add(&shop, &tag, "Cheap", 500, json!({}));
    add(&shop, &tag, "Dear", 5000, json!({}));
    let two = |amount, value| json!({"price": {"amount": amount, "currency": "EUR"}, "option_values": [value]});
    add(&shop, &tag, "Spread", 1, json!({"options": [{"name": "Size"}], "variants": [two(400, "S"), two(6000, "L")]}));
    let by = |filter: &str| titles(&shop, &format!("sort=title&tag={tag}&{filter}"));
    assert_eq!(by("price_min=500"), ["Cheap", "Dear", "Spread"]);
    assert_eq!(by("price_max=499"), ["Spread"]);
    assert_eq!(by("price_min=500&price_max=5000"), ["Cheap", "Dear"], "no variant of the third is between");
    assert_eq!(by("price_min=5000&price_max=5000"), ["Dear"]);
    assert!(by("price_min=7000").is_empty());
    assert!(by("price_min=10&price_max=5").is_empty());
}

#[test]
fn sale_and_stock_are_filtered() {
    let shop = Shop::shared();
    let tag = unique_name("sale").replace(' ', "-");
    add(&shop, &tag, "Plain", 1, json!({"variants": [variant(100, None, 1)]}));
    add(&shop, &tag, "Sale", 1, json!({"variants": [variant(100, Some(200), 1)]}));
    add(&shop, &tag, "Never dearer", 1, json!({"variants": [variant(100, Some(100), 0)]}));
    let download = json!({"variants": [{"price": {"amount": 100, "currency": "EUR"}, "track_stock": false}]});
    add(&shop, &tag, "Voucher", 1, download);
    let by = |filter: &str| titles(&shop, &format!("sort=title&tag={tag}&{filter}"));
    assert_eq!(by("on_sale=true"), ["Sale"]);
    assert_eq!(by("on_sale=false"), ["Never dearer", "Plain", "Voucher"]);
    assert_eq!(by("in_stock=true"), ["Plain", "Sale", "Voucher"]);
    assert_eq!(by("in_stock=false"), ["Never dearer"]);
    assert_eq!(by("in_stock=true&on_sale=true"), ["Sale"]);
    assert_eq!(titles(&shop, &format!("tag={}", tag.to_uppercase())).len(), 4);
}

#[test]
fn lists_are_sorted_as_asked() {
    let shop = Shop::shared();
    let tag = unique_name("sort").replace(' ', "-");
    for (title, price) in [("banana", 300), ("Apple", 200), ("Élan", 100), ("cherry", 200)] {
        add(&shop, &tag, title, price, json!({}));
    }
    let by = |sort: &str| titles(&shop, &format!("tag={tag}{sort}"));
    assert_eq!(by(""), ["cherry", "Élan", "Apple", "banana"]);
    assert_eq!(by("&sort=newest"), ["cherry", "Élan", "Apple", "banana"]);
    assert_eq!(by("&sort=title"), ["Apple", "banana", "cherry", "Élan"]);
    let prices = |sort: &str| -> Vec<i64> {
        let list = shop.stranger().get(&format!("/v1/products?tag={tag}&sort={sort}")).send().expect(200);
        let items = list["items"].as_array().expect("a list");
        items.iter().map(|item| item["variants"][0]["price"]["amount"].as_i64().expect("a number")).collect()
    };
    assert_eq!(prices("price"), [100, 200, 200, 300]);
    assert_eq!(prices("-price"), [300, 200, 200, 100]);
    shop.stranger().get("/v1/products?sort=random").send().wrong_parameter("sort");
}

#[test]
fn cursors_lead_through_all_pages_while_the_shop_changes() {
    let shop = Shop::shared();
    let tag = unique_name("page").replace(' ', "-");
    for n in 0..7 {
        add(&shop, &tag, &format!("Item {}", n % 3), 100 + n % 2, json!({}));
    }
    for sort in ["newest", "price", "-price", "title"] {
        let (mut seen, mut cursor, mut sizes) = (Vec::new(), String::new(), Vec::new());
        loop {
            let path = format!("/v1/products?tag={tag}&sort={sort}&limit=3{cursor}");
            let page = shop.stranger().get(&path).send().expect(200);
            sizes.push(page["items"].as_array().map_or(0, Vec::len));
            seen.extend(pick(&page["items"], "id").into_iter().map(text));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            if sort == "newest" {
                // What comes in before the cursor does not shift the pages behind it.
                add(&shop, &tag, "Newcomer", 100, json!({"status": "draft"}));
            }
        }
        assert_eq!(sizes, [3, 3, 1], "{sort}");
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 7, "{sort}: {seen:?}");
    }
}

#[test]
fn limits_and_cursors_are_checked() {
    let shop = Shop::shared();
    for limit in ["0", "101", "-1", "x", "", "1.5", "99999999999999999999", "1%00"] {
        shop.stranger().get(&format!("/v1/products?limit={limit}")).send().wrong_parameter("limit");
    }
    shop.product(1, 1);
    shop.product(1, 1);
    let page = shop.stranger().get("/v1/products?limit=1&sort=newest").send().expect(200);
    let cursor = text(&page["next_cursor"]);
    let with = |cursor: &str, sort: &str| {
        shop.stranger().get(&format!("/v1/products?limit=1&sort={sort}&cursor={cursor}")).send()
    };
    with(&cursor, "newest").expect(200);
    for other in ["price", "title", "-price"] {
        with(&cursor, other).wrong_parameter("cursor");
    }
    for garbage in ["", "x", "%00", "AAAA", "e30", "bnVsbA", &"A".repeat(4_000), &format!("{cursor}A"), "..%2F.."] {
        with(garbage, "newest").wrong_parameter("cursor");
    }
    // Whatever becomes of a cursor on its way, it is a page or a refusal.
    for at in 0..cursor.len() {
        for letter in ["A", "z", "_"] {
            let mut bent = cursor.clone();
            bent.replace_range(at..=at, letter);
            let status = with(&bent, "newest").status;
            assert!(matches!(status, 200 | 400), "{bent} gave {status}");
        }
    }
}

#[test]
fn wrong_parameters_are_refused() {
    let shop = Shop::shared();
    for (query, name) in [
        ("on_sale=yes", "on_sale"),
        ("in_stock=1", "in_stock"),
        ("price_min=1.5", "price_min"),
        ("price_max=cheap", "price_max"),
        ("colour=red", "colour"),
        ("limit=1&limit=2", "limit"),
    ] {
        shop.stranger().get(&format!("/v1/products?{query}")).send().wrong_parameter(name);
    }
}
