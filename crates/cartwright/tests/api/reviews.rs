//! Reviews, wishlists, and mails about stock that came.

use serde_json::{Value, json};

use crate::support::{NO_ID, Person, Shop, eventually, line, new_key, pick, text, unique_name};

fn path(product: &Value) -> String {
    format!("/v1/products/{}/reviews", text(&product["id"]))
}

fn write(by: &Person, product: &Value, rating: i64) -> Value {
    by.client
        .post(&path(product), &json!({"rating": rating, "title": "Fine", "text": "Does what it should."}))
        .send()
        .expect(201)
}

fn rating(shop: &Shop, product: &Value) -> Value {
    let read = shop.stranger().get(&format!("/v1/products/{}", text(&product["slug"]))).send().expect(200);
    read["rating"].clone()
}

#[test]
fn a_review_is_written_moderated_answered_and_read() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(1500, 10);
    let (ann, bob) = (shop.customer(), shop.customer());
    shop.order(&ann, &[line(&variant, 1)]);
    let review = write(&ann, &product, 4);
    assert_eq!((&review["status"], &review["verified_purchase"]), (&json!("pending"), &json!(true)));
    assert_eq!(write(&bob, &product, 1)["verified_purchase"], json!(false));
    // Nobody sees it before the shop has.
    assert_eq!(shop.stranger().get(&path(&product)).send().expect(200)["items"], json!([]));
    assert_eq!(rating(&shop, &product), Value::Null);
    let staff = shop.staff(&["catalogue"]);
    let queue = format!("/v1/admin/reviews?status=pending&product_id={}", text(&product["id"]));
    assert_eq!(staff.client.get(&queue).send().expect(200)["items"].as_array().map(Vec::len), Some(2));
    let admin = format!("/v1/admin/reviews/{}", text(&review["id"]));
    let etag = staff.client.get(&admin).send().header("etag");
    let verdict = json!({"status": "approved", "reply": "Thank you!"});
    let moderated = staff.client.patch(&admin, &verdict).header("if-match", &etag).send().expect(200);
    assert_eq!((&moderated["account_id"], &moderated["reports"]), (&ann.account["id"], &json!(0)));
    staff.client.patch(&admin, &verdict).header("if-match", &etag).send().refused(412, "version_mismatch");
    assert_eq!(rating(&shop, &product), json!({"average": 4.0, "count": 1}));
    let shown = shop.stranger().get(&path(&product)).send().expect(200)["items"][0].clone();
    assert_eq!((&shown["reply"]["text"], &shown["rating"]), (&json!("Thank you!"), &json!(4)));
    for hidden in ["account_id", "reports", "status"] {
        assert_eq!(shown.get(hidden), None, "shoppers are told `{hidden}`");
    }
    assert_eq!(shop.stranger().get(&format!("{}?rating=5", path(&product))).send().expect(200)["items"], json!([]));
    shop.stranger().get(&format!("{}?rating=6", path(&product))).send().refused(400, "invalid_query");
    let own = format!("/v1/reviews/{}", text(&review["id"]));
    bob.client.patch(&own, &json!({"rating": 1})).send().refused(404, "not_found");
    // An edit that says the same as before does not take it away from those who see it.
    for same in [json!({}), json!({"rating": 4, "title": "Fine", "text": "Does what it should."})] {
        assert_eq!(ann.client.patch(&own, &same).send().expect(200)["status"], "approved", "{same}");
    }
    assert_eq!(rating(&shop, &product), json!({"average": 4.0, "count": 1}));
    // Any other has to be looked at again.
    assert_eq!(ann.client.patch(&own, &json!({"rating": 5})).send().expect(200)["status"], "pending");
    assert_eq!(rating(&shop, &product), Value::Null);
    let mine = ann.client.get("/v1/account/reviews").send().expect(200);
    assert_eq!((&mine["items"][0]["rating"], mine["items"].as_array().map(Vec::len)), (&json!(5), Some(1)));
    ann.client.delete(&own).send().expect(204);
    ann.client.delete(&own).send().refused(404, "not_found");
}

#[test]
fn reviews_are_sorted_and_counted_by_their_stars() {
    let shop = Shop::shared();
    let (product, _) = shop.product(1500, 10);
    let approved = json!({"status": "approved"});
    let written: Vec<Value> = [5, 1, 5]
        .map(|stars| {
            let review = write(&shop.customer(), &product, stars);
            let admin = format!("/v1/admin/reviews/{}", text(&review["id"]));
            shop.owner().patch(&admin, &approved).send().expect(200);
            review
        })
        .into();
    // Nobody counts what was not approved.
    write(&shop.customer(), &product, 3);
    let ask = |query: &str| shop.stranger().get(&format!("{}{query}", path(&product))).send();
    let counts =
        [(5, 2), (4, 0), (3, 0), (2, 0), (1, 1)].map(|(rating, count)| json!({"rating": rating, "count": count}));
    for (sort, expected) in
        [("newest", [2, 1, 0]), ("oldest", [0, 1, 2]), ("highest", [2, 0, 1]), ("lowest", [1, 2, 0])]
    {
        let first = ask(&format!("?sort={sort}&limit=2")).expect(200);
        let cursor = text(&first["next_cursor"]);
        let rest = ask(&format!("?sort={sort}&limit=2&cursor={cursor}")).expect(200);
        let ids = [pick(&first["items"], "id"), pick(&rest["items"], "id")].concat();
        assert_eq!(ids, expected.map(|number: usize| &written[number]["id"]), "{sort}");
        assert_eq!((&first["ratings"], &rest["next_cursor"]), (&json!(counts), &Value::Null), "{sort}");
        let other = if sort == "oldest" { "lowest" } else { "oldest" };
        ask(&format!("?sort={other}&cursor={cursor}")).wrong_parameter("cursor");
    }
    let worst = ask("?rating=1").expect(200);
    assert_eq!((pick(&worst["items"], "rating"), &worst["ratings"]), (vec![&json!(1)], &json!(counts)));
    ask("?sort=best").wrong_parameter("sort");
}

#[test]
fn ones_own_review_is_read_where_it_was_put_and_changed_as_it_was_read() {
    let shop = Shop::shared();
    let (product, _) = shop.product(1500, 10);
    let (ann, bob) = (shop.customer(), shop.customer());
    let posted = ann.client.post(&path(&product), &json!({"rating": 4})).send();
    let own = posted.header("location");
    let read = ann.client.get(&own).send();
    assert_eq!((read.header("etag"), read.json()), (posted.header("etag"), posted.expect(201)));
    let etag = read.header("etag");
    ann.client.get(&own).header("if-none-match", &etag).send().expect(304);
    for other in [bob.client.get(&own), shop.owner().get(&own), ann.client.get(&format!("/v1/reviews/{NO_ID}"))] {
        other.send().refused(404, "not_found");
    }
    shop.stranger().get(&own).send().refused(401, "not_authenticated");
    let edit = json!({"rating": 5});
    ann.client.patch(&own, &edit).header("if-match", &etag).send().expect(200);
    ann.client.patch(&own, &edit).header("if-match", &etag).send().refused(412, "version_mismatch");
    ann.client.delete(&own).header("if-match", &etag).send().refused(412, "version_mismatch");
    let etag = ann.client.get(&own).send().header("etag");
    ann.client.delete(&own).header("if-match", &etag).send().expect(204);
    ann.client.get(&own).send().refused(404, "not_found");
}

#[test]
fn a_change_removes_the_title_of_a_review_and_nothing_that_it_must_have() {
    let shop = Shop::shared();
    let (product, _) = shop.product(1500, 10);
    let ann = shop.customer();
    let review = write(&ann, &product, 4);
    let own = format!("/v1/reviews/{}", text(&review["id"]));
    for field in ["rating", "text", "author"] {
        ann.client.patch(&own, &json!({field: null})).send().invalid(&format!("/{field}"));
    }
    let admin = format!("/v1/admin/reviews/{}", text(&review["id"]));
    shop.owner().patch(&admin, &json!({"status": null})).send().invalid("/status");
    let changed = ann.client.patch(&own, &json!({"title": null})).send().expect(200);
    assert_eq!((&changed["title"], &changed["rating"], &changed["text"]), (&Value::Null, &json!(4), &review["text"]));
}

#[test]
fn wrong_reviews_are_refused() {
    let shop = Shop::shared();
    let (product, _) = shop.product(1500, 10);
    let ann = shop.customer();
    let refused = |body: Value, pointer: &str| {
        ann.client.post(&path(&product), &body).send_outside_the_contract().invalid(pointer);
    };
    refused(json!({"rating": 6}), "/rating");
    refused(json!({"rating": 5, "title": "x".repeat(121)}), "/title");
    refused(json!({"rating": 5, "text": "x".repeat(5001)}), "/text");
    refused(json!({"rating": 5, "author": " "}), "/author");
    let nothing = format!("/v1/products/{NO_ID}/reviews");
    ann.client.post(&nothing, &json!({"rating": 5})).send().refused(404, "not_found");
    // Repeated with its key it is the same review; without, it is a second one.
    let key = new_key();
    let mut written = Vec::new();
    for _ in 0..2 {
        written.push(ann.client.post(&path(&product), &json!({"rating": 5})).key(&key).send().expect(201));
    }
    let problem = ann.client.post(&path(&product), &json!({"rating": 5})).send().refused(409, "already_reviewed");
    assert_eq!((&problem["review_id"], &written[1]), (&written[0]["id"], &written[0]));
}

/// A storefront knows the product by what stands in its address.
#[test]
fn a_product_is_reviewed_and_wished_for_by_its_slug() {
    let shop = Shop::shared();
    let (product, _) = shop.product(1500, 10);
    let (ann, bob) = (shop.customer(), shop.customer());
    let old = text(&product["slug"]);
    let review =
        |by: &Person, slug: &str| by.client.post(&format!("/v1/products/{slug}/reviews"), &json!({"rating": 5})).send();
    assert_eq!(review(&ann, &old).expect(201)["product_id"], product["id"]);
    // Also by a slug that it once had.
    let new = unique_name("renamed").replace(' ', "-");
    let admin = format!("/v1/admin/products/{}", text(&product["id"]));
    shop.owner().patch(&admin, &json!({"slug": new})).send().expect(200);
    assert_eq!(review(&bob, &old).expect(201)["product_id"], product["id"]);
    review(&bob, &new).refused(409, "already_reviewed");
    review(&bob, "nothing-like-it").refused(404, "not_found");
    let item =
        |method: &str, slug: &str| ann.client.request(method, &format!("/v1/account/wishlist/items/{slug}")).send();
    for slug in [&old, &new] {
        let list = item("PUT", slug).expect(200);
        assert_eq!(
            (&list["items"][0]["product"]["id"], list["items"].as_array().map(Vec::len)),
            (&product["id"], Some(1))
        );
    }
    assert_eq!(item("DELETE", &old).expect(200)["items"], json!([]));
    for method in ["PUT", "DELETE"] {
        item(method, "nothing-like-it").refused(404, "not_found");
    }
    // What is not for sale is neither, by whatever name.
    shop.owner().patch(&admin, &json!({"status": "archived"})).send().expect(200);
    for slug in [&old, &new] {
        review(&shop.customer(), slug).refused(404, "not_found");
        item("PUT", slug).refused(404, "not_found");
    }
}

#[test]
fn ones_own_reviews_come_with_their_products() {
    let shop = Shop::shared();
    let ((mug, _), (cup, _)) = (shop.product(1500, 10), shop.product(900, 10));
    let ann = shop.customer();
    let of_mug = write(&ann, &mug, 4);
    write(&ann, &cup, 5);
    let list = |query: &str| ann.client.get(&format!("/v1/account/reviews{query}")).send();
    let all = list("").expect(200)["items"].clone();
    let shown = shop.stranger().get(&format!("/v1/products/{}", text(&mug["slug"]))).send().expect(200);
    assert_eq!((all.as_array().map(Vec::len), &all[1]["product"]), (Some(2), &shown));
    let mut review = all[1].clone();
    review.as_object_mut().expect("an object").remove("product");
    assert_eq!(review, of_mug);
    let filtered = list(&format!("?product_id={}", text(&mug["id"]))).expect(200);
    assert_eq!(filtered["items"], json!([all[1]]));
    assert_eq!(list(&format!("?product_id={NO_ID}")).expect(200)["items"], json!([]));
    list("?product_id=mug").wrong_parameter("product_id");
    list("?currency=QQQ").wrong_parameter("currency");
    let admin = format!("/v1/admin/products/{}", text(&mug["id"]));
    shop.owner().patch(&admin, &json!({"status": "archived"})).send().expect(200);
    let left = list("").expect(200);
    assert_eq!((&left["items"][1]["product"], &left["items"][1]["id"]), (&Value::Null, &of_mug["id"]));
}

#[test]
fn a_wishlist_is_answered_in_the_currency_and_language_that_are_asked_for() {
    let shop = Shop::start(&["--currencies", "USD", "--languages", "en,de"]);
    let price = |amount: i64, currency: &str| json!({"amount": amount, "currency": currency});
    let mug = shop.add_product(&json!({
        "title": "Mug", "status": "active", "translations": {"de": {"title": "Tasse"}},
        "variants": [{"price": price(900, "EUR"), "other_prices": [{"price": price(1100, "USD")}], "stock": 3}],
    }));
    let ann = shop.customer();
    let (item, share) = (format!("/items/{}", text(&mug["id"])), "/share".to_owned());
    let ask = |method: &str, path: &str, query: &str| {
        ann.client.request(method, &format!("/v1/account/wishlist{path}?{query}")).send()
    };
    for (method, path) in [("PUT", &item), ("PUT", &share), ("DELETE", &share)] {
        let list = ask(method, path, "language=de&currency=USD").expect(200);
        let shown = &list["items"][0]["product"];
        assert_eq!((&shown["title"], &shown["variants"][0]["price"]), (&json!("Tasse"), &price(1100, "USD")), "{path}");
    }
    // What is refused has changed nothing.
    ask("PUT", &share, "currency=JPY").wrong_parameter("currency");
    ask("DELETE", &item, "language=fr").wrong_parameter("language");
    let list = ask("GET", "", "").expect(200);
    assert_eq!((list["items"].as_array().map(Vec::len), &list["share_token"]), (Some(1), &Value::Null));
    assert_eq!(ask("DELETE", &item, "language=de").expect(200)["items"], json!([]));
}

#[test]
fn reports_reach_the_staff() {
    let shop = Shop::start(&["--reviews", "immediate"]);
    let (product, _) = shop.product(1500, 10);
    let review = write(&shop.customer(), &product, 1);
    assert_eq!((&review["status"], rating(&shop, &product)), (&json!("approved"), json!({"average": 1.0, "count": 1})));
    let report = format!("/v1/reviews/{}/report", text(&review["id"]));
    let bob = shop.customer();
    for _ in 0..2 {
        bob.client.post_empty(&report).expect(204);
    }
    let reported = shop.owner().get("/v1/admin/reviews?reported=true").send().expect(200);
    assert_eq!(reported["items"][0]["reports"], 1);
    let admin = format!("/v1/admin/reviews/{}", text(&review["id"]));
    shop.owner().patch(&admin, &json!({"dismiss_reports": true})).send().expect(200);
    assert_eq!(shop.owner().get("/v1/admin/reviews?reported=true").send().expect(200)["items"], json!([]));
    // What is found by stars follows.
    eventually("the search index has the rating", || {
        let found = shop.stranger().get("/v1/search?rating_min=1").send().expect(200);
        (found["items"].as_array().map(Vec::len) == Some(1)).then_some(())
    });
    shop.owner().delete(&admin).send().expect(204);
    assert_eq!(rating(&shop, &product), Value::Null);
}

#[test]
fn a_shop_may_take_no_reviews() {
    let shop = Shop::start(&["--reviews", "off"]);
    let (product, _) = shop.product(1500, 10);
    shop.customer().client.post(&path(&product), &json!({"rating": 5})).send().refused(403, "reviews_off");
    let public = shop.stranger().get("/v1/shop").send().expect(200);
    assert_eq!((&public["reviews"], &public["signup"]), (&json!("off"), &json!("verify")));
    assert_eq!(shop.stranger().get(&path(&product)).send().expect(200)["items"], json!([]));
}

#[test]
fn a_wishlist_is_kept_and_shared() {
    let shop = Shop::shared();
    let ((mug, _), (cup, _)) = (shop.product(1500, 10), shop.product(900, 0));
    let ann = shop.customer();
    let list = "/v1/account/wishlist";
    assert_eq!(ann.client.get(list).send().expect(200), json!({"items": [], "share_token": null}));
    for product in [&mug, &cup, &mug] {
        ann.client.request("PUT", &format!("{list}/items/{}", text(&product["id"]))).send().expect(200);
    }
    let read = ann.client.get(list).send().expect(200);
    let ids = |list: &Value| {
        let items = list["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["product"]["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&read), [mug["id"].clone(), cup["id"].clone()]);
    let token = text(&ann.client.request("PUT", &format!("{list}/share")).send().expect(200)["share_token"]);
    let link = format!("/v1/wishlists/{token}");
    let shared = shop.stranger().get(&link).send().expect(200);
    assert_eq!((ids(&shared), shared.get("share_token")), (ids(&read), None));
    assert!(!shared.to_string().contains(&text(&ann.account["id"])), "it tells whose it is");
    // What is no longer for sale is no longer shown.
    let admin = format!("/v1/admin/products/{}", text(&mug["id"]));
    shop.owner().patch(&admin, &json!({"status": "archived"})).send().expect(200);
    assert_eq!(ids(&shop.stranger().get(&link).send().expect(200)), [cup["id"].clone()]);
    ann.client.delete(&format!("{list}/items/{}", text(&cup["id"]))).send().expect(200);
    assert_eq!(ids(&shop.stranger().get(&link).send().expect(200)), [] as [Value; 0]);
    ann.client.delete(&format!("{list}/share")).send().expect(200);
    shop.stranger().get(&link).send().refused(404, "not_found");
    shop.stranger().get("/v1/wishlists/nonsense").send().refused(404, "not_found");
    ann.client.request("PUT", &format!("{list}/items/{NO_ID}")).send().refused(404, "not_found");
}

#[test]
fn who_waits_for_stock_gets_one_mail() {
    let shop = Shop::shared();
    let title = unique_name("Sold out mug");
    let price = json!({"amount": 1500, "currency": "EUR"});
    let product = shop.add_product(&json!({"title": title, "status": "active", "variants": [{"price": price}]}));
    let variant = text(&product["variants"][0]["id"]);
    let ann = shop.customer();
    let alert = format!("/v1/account/stock-alerts/{variant}");
    let noted = ann.client.request("PUT", &alert).send().expect(200);
    assert_eq!(noted["variant_id"], json!(variant));
    // To the last digit of its time.
    assert_eq!(ann.client.request("PUT", &alert).send().expect(200), noted);
    let list = |query: &str| ann.client.get(&format!("/v1/account/stock-alerts{query}")).send();
    let waiting = list("").expect(200);
    assert_eq!(waiting["items"].as_array().map(Vec::len), Some(1));
    let item = &waiting["items"][0];
    assert_eq!((&item["variant_id"], &item["created_at"]), (&noted["variant_id"], &noted["created_at"]));
    let shown = shop.stranger().get(&format!("/v1/products/{}", text(&product["slug"]))).send().expect(200);
    assert_eq!(item["product"], shown);
    list("?currency=QQQ").wrong_parameter("currency");
    // What is not for sale at the moment is still waited for.
    let admin = format!("/v1/admin/products/{}", text(&product["id"]));
    for (status, is_shown) in [("draft", false), ("active", true)] {
        shop.owner().patch(&admin, &json!({"status": status})).send().expect(200);
        assert_eq!(list("").expect(200)["items"][0]["product"].is_object(), is_shown, "{status}");
    }
    let movement = json!({"delta": 3, "reason": "delivery"});
    shop.owner().post(&format!("/v1/admin/variants/{variant}/stock"), &movement).send().expect(200);
    let mail = shop.mail(&ann.email, "In stock again");
    let page = format!("/products/{}", text(&product["slug"]));
    assert!(
        mail.text.contains(&title) && mail.text.contains(&page) && mail.html.contains(&text(&product["slug"])),
        "{}",
        mail.text
    );
    ann.client.request("PUT", &alert).send().refused(409, "in_stock");
    assert_eq!(ann.client.get("/v1/account/stock-alerts").send().expect(200)["items"], json!([]));
    ann.client.delete(&alert).send().expect(204);
    shop.owner().post(&format!("/v1/admin/variants/{variant}/stock"), &movement).send().expect(200);
    assert_eq!(shop.mails_about(&ann.email, "In stock again").len(), 1);
}
