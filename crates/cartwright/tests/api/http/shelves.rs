//! Stock and prices in the dashboard: what is counted, what is told about it, and what is seldom meant.

use serde_json::json;

use super::forms::{after, owners, product};
use crate::support::{Shop, field, line, text, unique_name};

#[test]
fn two_who_count_the_same_shelf_change_it_once() {
    let shop = Shop::shared();
    let (mug, variant) = shop.product(700, 10);
    let pages = owners(&shop);
    let page = format!("/admin/stock/{variant}");
    let html = pages.get(&page).text();
    let (was, as_of) = (field(&html, "was"), field(&html, "as_of"));
    let count = |was: &str, as_of: &str, pieces: &str, reason: &str| {
        let fields = [("kind", "counted"), ("delta", pieces), ("was", was), ("as_of", as_of), ("reason", reason)];
        pages.post(&page, &page, &fields)
    };
    assert!(count(&was, &as_of, "8", "the shelf").header("location").ends_with("done=moved"));
    let told = count(&was, &as_of, "8", "the shelf");
    assert_eq!((told.status, shop.stock_of(&mug)), (422, 8));
    let html = told.text();
    assert!(after(&html, "role=\"alert\"").contains("there are 8 now"), "{html}");
    // What was typed stays, and is about what is there now.
    assert!(html.contains("<option value=\"counted\" selected>"), "{html}");
    assert!(html.contains("name=\"delta\" type=\"number\" min=\"0\" value=\"8\""), "{html}");
    assert_eq!(field(&html, "was"), "8");
    assert_eq!(field(&html, "as_of"), field(&pages.get(&page).text(), "as_of"));
    let agreed = count("8", &field(&html, "as_of"), "8", "the shelf").header("location");
    assert!(agreed.ends_with("done=agrees"), "{agreed}");
    assert!(pages.get(&agreed).text().contains("Counted: it agrees."));
    assert_eq!(shop.stock_of(&mug), 8);
    // What was refused for something else was still counted about what was shown then.
    shop.order(&shop.customer(), &[line(&variant, 1)]);
    let silent = count("8", &field(&html, "as_of"), "7", "").text();
    assert_eq!(field(&silent, "was"), "8");
}

#[test]
fn a_movement_of_stock_says_what_happened() {
    let shop = Shop::shared();
    let (mug, variant) = shop.product(700, 10);
    let pages = owners(&shop);
    let page = format!("/admin/stock/{variant}");
    let send = |kind: &str, pieces: &str| {
        pages.post(
            &page,
            &page,
            &[("kind", kind), ("delta", pieces), ("reason", "the van"), ("was", "10"), ("as_of", "0")],
        )
    };
    let html = pages.get(&page).text();
    let choices = after(&html, "id=\"kind\"").split("</select>").next().unwrap_or_default();
    assert!(choices.contains("<option value=\"\">Choose</option>") && !choices.contains(" selected"), "{html}");
    let told = send("", "3");
    assert_eq!(told.status, 422);
    assert!(told.text().contains("What happened must be chosen."), "{}", told.text());
    for (kind, pieces) in [("received", "0"), ("lost", "many"), ("counted", "-1")] {
        let told = send(kind, pieces).text();
        assert!(after(&told, "role=\"alert\"").starts_with(">Pieces must be "), "{kind}: {told}");
    }
    assert_eq!(shop.stock_of(&mug), 10);
    for (kind, stock) in [("received", 13), ("returned", 16), ("lost", 13)] {
        assert!(send(kind, "3").header("location").ends_with("done=moved"), "{kind}");
        assert_eq!(shop.stock_of(&mug), stock, "{kind}");
    }
}

#[test]
fn two_who_count_in_the_list_change_it_once() {
    let shop = Shop::start(&[]);
    let (mug, id) = shop.product(700, 10);
    let pages = owners(&shop);
    let html = pages.get("/admin/products").text();
    let names = ["name", "version", "price-was", "stock-was", "stock-as-of"].map(|name| format!("{name}-{id}"));
    let (price, stock) = (format!("price-{id}"), format!("stock-{id}"));
    let count = |html: &str, pieces: &str| {
        let shown = names.each_ref().map(|name| field(html, name));
        let mut fields: Vec<_> = names.iter().map(String::as_str).zip(shown.iter().map(String::as_str)).collect();
        fields.extend([(price.as_str(), "7.00"), (stock.as_str(), pieces)]);
        pages.post("/admin/products", "/admin/products/quick", &fields)
    };
    assert!(count(&html, "8").header("location").ends_with("done=saved"));
    let told = count(&html, "8");
    assert_eq!((told.status, shop.stock_of(&mug)), (422, 8));
    let again = told.text();
    assert!(after(&again, "role=\"alert\"").contains("there are 8 now"), "{again}");
    assert_eq!(field(&again, &format!("stock-was-{id}")), "8");
    assert!(count(&again, "6").header("location").ends_with("done=saved"));
    assert_eq!(shop.stock_of(&mug), 6);
}

#[test]
fn what_is_short_by_its_own_threshold_is_marked() {
    let shop = Shop::start(&[]);
    let price = json!({"amount": 500, "currency": "EUR"});
    for (title, stock, low) in [("Own", 15, json!(20)), ("Few", 2, json!(null))] {
        let variant = json!({"price": price, "stock": stock, "low_stock_at": low});
        shop.add_product(&json!({"title": title, "status": "active", "variants": [variant]}));
    }
    let html = owners(&shop).get("/admin/stock?at_most=3").text();
    assert!(html.contains("3 pieces or fewer, or is under a threshold of its own."), "{html}");
    assert_eq!(html.matches("its own threshold").count(), 1, "{html}");
    assert!(after(&html, ">Own</a>").contains("15 <span class=\"quiet\">its own threshold</span>"), "{html}");
}

#[test]
fn prices_that_are_seldom_meant_are_told() {
    let shop = Shop::start(&[]);
    let (mug, id) = shop.product(700, 10);
    let pages = owners(&shop);
    let html = pages.get("/admin/products").text();
    assert!(!html.contains(">free</span>"), "{html}");
    let names = ["name", "version", "price-was", "stock-was", "stock-as-of"].map(|name| format!("{name}-{id}"));
    let shown = names.each_ref().map(|name| field(&html, name));
    let (price, stock) = (format!("price-{id}"), format!("stock-{id}"));
    let mut fields: Vec<_> = names.iter().map(String::as_str).zip(shown.iter().map(String::as_str)).collect();
    fields.extend([(price.as_str(), "0"), (stock.as_str(), "10")]);
    let saved = pages.post("/admin/products", "/admin/products/quick", &fields).header("location");
    assert!(saved.ends_with("done=free"), "{saved}");
    let html = pages.get(&saved).text();
    assert!(html.contains("is free now") && html.contains(">free</span>"), "{html}");
    let page = format!("/admin/products/{}", text(&mug["id"]));
    assert!(pages.get(&page).text().contains("is free: its price is EUR 0.00."));
    let variant = format!("/v1/admin/variants/{id}");
    let euros = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let patch = json!({"price": euros(900), "compare_at_price": euros(900)});
    shop.owner().patch(&variant, &patch).send().expect(200);
    let html = pages.get(&page).text();
    assert!(html.contains("the price before, EUR 9.00, is no reduction") && !html.contains("is free"), "{html}");
    let patch = json!({"compare_at_price": euros(901)});
    shop.owner().patch(&variant, &patch).send().expect(200);
    assert!(!pages.get(&page).text().contains("is no reduction"));
}

#[test]
fn only_a_draft_gets_a_day_on_which_it_goes_on_sale() {
    let shop = Shop::shared();
    let price = json!({"amount": 500, "currency": "EUR"});
    let title = unique_name("Soon");
    let draft = shop.add_product(&json!({"title": title, "status": "draft", "variants": [{"price": price}]}));
    let pages = owners(&shop);
    let page = format!("/admin/products/{}", text(&draft["id"]));
    let save = |status: &str, day: &str| {
        let html = pages.get(&page).text();
        let (version, variant) = (field(&html, "version"), field(&html, "v0-id"));
        let fields = [
            ("version", version.as_str()),
            ("title", title.as_str()),
            ("product-status", status),
            ("extras", "1"),
            ("publish_on", day),
            ("v0-present", "1"),
            ("v0-id", variant.as_str()),
            ("v0-price", "5.00"),
        ];
        pages.post(&page, &page, &fields)
    };
    for (status, day, told) in [
        ("active", "2090-05-05", "only a draft goes on sale by itself"),
        ("archived", "2090-05-05", "only a draft goes on sale by itself"),
        ("draft", "2020-05-05", "must be a day that is still to come"),
    ] {
        let refused = save(status, day);
        assert_eq!(refused.status, 422, "{status}");
        let html = refused.text();
        assert!(after(&html, "id=\"publish_on\"").contains("field-error") && html.contains(told), "{html}");
        assert!(html.contains("Goes on sale by itself on: "), "{html}");
    }
    assert_eq!(save("draft", "2090-05-05").status, 303);
    // The day is still in the form when the product is put on sale before it.
    assert_eq!(save("active", "2090-05-05").status, 303);
    let now = product(&shop, &draft["id"]);
    assert_eq!((&now["status"], &now["publish_at"]), (&json!("active"), &json!(null)));
}
