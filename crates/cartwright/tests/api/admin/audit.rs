//! The audit log, API keys and settings.

use model::Timestamp;
use serde_json::{Value, json};

use crate::support::{Pages, Person, Shop, field, line, new_key, text, unique_name};

/// What the log says about a subject, newest first.
fn log(shop: &Shop, subject: &str) -> Vec<Value> {
    let found = shop.owner().get(&format!("/v1/admin/audit-log?subject_id={subject}")).send().expect(200);
    found["items"].as_array().expect("entries").clone()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().unwrap_or_default()).collect()
}

#[test]
fn what_the_staff_change_is_in_the_log_with_who_and_from_where() {
    let shop = Shop::shared();
    let staff = shop.staff(&["catalogue", "orders"]);
    let title = unique_name("Bowl");
    let body = json!({"title": title, "status": "active", "variants": [{"price": {"amount": 900, "currency": "EUR"}, "stock": 4}]});
    let product = staff.client.post("/v1/admin/products", &body).key(&new_key()).send().expect(201);
    let (id, variant) = (text(&product["id"]), text(&product["variants"][0]["id"]));
    staff.client.patch(&format!("/v1/admin/products/{id}"), &json!({"vendor": "Moss"})).send().expect(200);
    let price = json!({"price": {"amount": 950, "currency": "EUR"}});
    staff.client.patch(&format!("/v1/admin/variants/{variant}"), &price).send().expect(200);
    let entries = log(&shop, &id);
    assert_eq!(actions(&entries), ["product.changed", "product.changed", "product.created"]);
    assert_eq!((&entries[0]["actor_id"], &entries[0]["address"]), (&staff.account["id"], &json!("127.0.0.1")));
    assert_eq!(entries[1]["changes"], json!(["vendor: nothing → Moss"]));
    assert!(entries[0]["changes"][0].as_str().unwrap_or_default().ends_with("EUR 9.00 → EUR 9.50"), "{entries:?}");
    // The same request again is the same deed.
    let key = new_key();
    let stock = json!({"delta": 3, "reason": "delivery"});
    for _ in 0..2 {
        staff.client.post(&format!("/v1/admin/variants/{variant}/stock"), &stock).key(&key).send().expect(200);
    }
    assert_eq!(actions(&log(&shop, &variant)), ["stock.moved", "stock.moved"], "the first stock, and the delivery");
    // What is refused is not in it.
    staff.client.patch(&format!("/v1/admin/products/{id}"), &json!({"title": ""})).send().invalid("/title");
    assert_eq!(log(&shop, &id).len(), 3);
    // An order's moves; and what customers do is theirs.
    let ann = shop.customer();
    let order = text(&shop.order(&ann, &[line(&variant, 1)])["id"]);
    assert!(log(&shop, &order).is_empty());
    let confirm = json!({"to": "confirmed", "note": "soon"});
    staff.client.post(&format!("/v1/admin/orders/{order}/transitions"), &confirm).key(&new_key()).send().expect(200);
    assert_eq!(log(&shop, &order)[0]["changes"], json!(["with a note"]));
    // The log is for those who are trusted with the settings.
    staff.client.get("/v1/admin/audit-log").send().refused(403, "forbidden");
}

#[test]
fn what_the_pages_change_is_in_the_log_too() {
    let shop = Shop::start(&[]);
    let staff = shop.staff(&["catalogue"]);
    let (product, _) = shop.product(1500, 3);
    let id = text(&product["id"]);
    let pages = signed_in(&shop, &staff);
    let page = format!("/admin/products/{id}");
    let html = pages.get(&page).text();
    let variant = field(&html, "v0-id");
    let version = field(&html, "version");
    let fields = [
        ("version", version.as_str()),
        ("title", "Mug <b>&\" two"),
        ("product-status", "active"),
        ("v0-present", "1"),
        ("v0-id", variant.as_str()),
        ("v0-price", "16.50"),
        ("v0-tracked", "1"),
    ];
    assert_eq!(pages.post(&page, &page, &fields).status, 303);
    let entries = log(&shop, &id);
    assert_eq!((actions(&entries)[0], &entries[0]["actor_id"]), ("product.changed", &staff.account["id"]));
    let shown = pages.get(&page).text();
    assert!(shown.contains("Mug &lt;b&gt;&amp;&quot; two") && !shown.contains("<b>&"), "{shown}");
    // The page that was open elsewhere meanwhile is told what changed, and keeps what was typed.
    let (csrf, read_at) = (field(&html, "csrf"), field(&html, "read_at"));
    let mine = fields.map(|(name, value)| (name, if name == "title" { "Mine" } else { value }));
    let sent: Vec<_> = [("csrf", csrf.as_str()), ("read_at", read_at.as_str())].into_iter().chain(mine).collect();
    let late = pages.post_raw(&page, &sent);
    let html = late.text();
    assert_eq!(late.status, 409);
    assert!(html.contains("value=\"Mine\"") && html.contains("title: ") && html.contains("Save mine"), "{html}");
    // A form without the token, or with another's, changes nothing.
    for csrf in ["", "0000"] {
        let fields: Vec<_> = [("csrf", csrf)].into_iter().chain(fields).collect();
        assert_eq!(pages.post_raw(&page, &fields).status, 403);
    }
    assert_eq!(log(&shop, &id).len(), 2);
}

fn signed_in(shop: &Shop, person: &Person) -> Pages {
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&person.email, crate::support::PASSWORD).status, 303);
    pages
}

#[test]
fn a_key_opens_what_it_names_until_it_is_ended() {
    let shop = Shop::start(&[]);
    let staff = shop.staff(&["catalogue", "orders"]);
    let pages = signed_in(&shop, &staff);
    let password = ("password", crate::support::PASSWORD);
    let wrong = [("name", "x"), ("permission", "orders"), ("days", "30"), ("password", "wrong")];
    let wrong = pages.post("/admin/keys", "/admin/keys", &wrong);
    assert_eq!(wrong.status, 422, "a session alone makes no key");
    assert!(wrong.text().contains("password"), "{}", wrong.text());
    let more = [("name", "x"), ("permission", "settings"), ("days", "30"), password];
    let more = pages.post("/admin/keys", "/admin/keys", &more);
    assert_eq!(more.status, 422, "nobody gives what they do not have");
    let made = pages.post(
        "/admin/keys",
        "/admin/keys",
        &[("name", "robot"), ("permission", "orders"), ("days", "30"), password],
    );
    let html = made.text();
    let start = html.find("cwk_").unwrap_or_else(|| panic!("{html}"));
    let secret: String = html[start..].chars().take_while(|c| c.is_alphanumeric() || "_-".contains(*c)).collect();
    assert!(!pages.get("/admin/keys").text().contains(&secret), "it is shown once");
    let robot = shop.stranger().with_token(&secret);
    robot.get("/v1/admin/orders").send().expect(200);
    robot.get("/v1/admin/products").send().refused(403, "forbidden");
    robot.get("/v1/account").send().refused(401, "not_authenticated");
    for other in [&secret[..secret.len() - 1], "cwk_", "cwk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        shop.stranger().with_token(other).get("/v1/admin/orders").send().refused(401, "not_authenticated");
    }
    let (_, variant) = shop.product(700, 5);
    let order = text(&shop.order(&shop.customer(), &[line(&variant, 1)])["id"]);
    let confirm = json!({"to": "confirmed"});
    robot.post(&format!("/v1/admin/orders/{order}/transitions"), &confirm).key(&new_key()).send().expect(200);
    let entry = &log(&shop, &order)[0];
    assert_eq!((&entry["key"], &entry["actor_id"]), (&json!("robot"), &staff.account["id"]));
    // Who made it can no longer be used: neither can it.
    let path = format!("/v1/admin/accounts/{}", staff.id());
    shop.owner().patch(&path, &json!({"disabled": true})).send().expect(200);
    robot.get("/v1/admin/orders").send().refused(401, "not_authenticated");
    shop.owner().patch(&path, &json!({"disabled": false})).send().invalid("/current_password");
    shop.set_access(&staff, json!({"disabled": false})).expect(200);
    robot.get("/v1/admin/orders").send().expect(200);
    let pages = signed_in(&shop, &staff);
    let html = pages.get("/admin/keys").text();
    let rest = html.split_once("/admin/keys/").expect("a key").1;
    let end = format!("/admin/keys/{}", rest.split('"').next().unwrap_or_default());
    assert_eq!(pages.post("/admin/keys", &end, &[]).status, 303);
    robot.get("/v1/admin/orders").send().refused(401, "not_authenticated");
}

#[test]
fn a_key_is_good_for_as_long_as_was_chosen() {
    let shop = Shop::shared();
    let staff = shop.staff(&["orders"]);
    let pages = signed_in(&shop, &staff);
    let make = |days: &str| {
        let name = format!("for {days}");
        let password = ("password", crate::support::PASSWORD);
        let fields = [("name", name.as_str()), ("permission", "orders"), ("days", days), password];
        pages.post("/admin/keys", "/admin/keys", &fields)
    };
    for days in ["30", "90", "365", "0"] {
        assert_eq!(make(days).status, 200, "{days}");
    }
    for days in ["7", "-30", "36500", "soon", ""] {
        let refused = make(days);
        assert_eq!(refused.status, 422, "{days}");
        assert!(refused.text().contains("Choose for how long the key is good."), "{days}: {}", refused.text());
    }
    let html = pages.get("/admin/keys").text();
    assert_eq!(html.matches("<strong>for ").count(), 4, "{html}");
    // When it was made, and until when it is good.
    let times = |days: i64| {
        let row = html.split_once(&format!("<strong>for {days}</strong>")).unwrap_or_else(|| panic!("{html}")).1;
        let row = row.split("</tr>").next().unwrap_or_default();
        let times = row.split("<time datetime=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
        times.map(|time| time.parse::<Timestamp>().expect("a time").as_second()).collect::<Vec<_>>()
    };
    for days in [30, 90, 365] {
        let times = times(days);
        assert_eq!(times, [times[0], times[0] + days * 24 * 3600], "{days}");
    }
    assert_eq!(times(0).len(), 1, "it is good until it is ended");
}

#[test]
fn the_settings_are_kept_versioned_and_followed() {
    let shop = Shop::start(&[]);
    let read = shop.owner().get("/v1/admin/settings").send();
    let mut settings = read.expect(200);
    let etag = read.header("etag");
    let (_, variant) = shop.product(700, 5);
    let ann = shop.customer();
    let key = new_key();
    let body = json!({"lines": [{"variant_id": variant, "quantity": 1}], "ship_to": {
        "name": "Ann", "line1": "Street 1", "city": "Berlin", "postal_code": "10969", "country": "DE"}});
    let order = ann.client.post("/v1/orders", &body).key(&key).send().expect(201);
    settings["countries"] = json!(["at", "FR"]);
    settings["contact_email"] = json!("hello@example.com");
    settings["legal"]["terms"] = json!("Be kind.");
    let changed = shop.owner().put("/v1/admin/settings", &settings).header("if-match", &etag).send().expect(200);
    assert_eq!(changed["countries"], json!(["AT", "FR"]));
    shop.owner().put("/v1/admin/settings", &settings).header("if-match", &etag).send().refused(412, "version_mismatch");
    let read = shop.stranger().get("/v1/shop").send();
    let public = read.expect(200);
    assert_eq!(read.header("cache-control"), "public, no-cache", "it is the same for everybody");
    assert_eq!(
        (&public["legal"]["terms"], &public["contact_email"]),
        (&json!("Be kind."), &json!("hello@example.com"))
    );
    let refused = ann.client.post("/v1/orders", &body).key(&new_key()).send().invalid("/ship_to/country");
    assert_eq!(refused["errors"][0]["code"], "not_shipped_to");
    // What was ordered before is still answered the same.
    assert_eq!(ann.client.post("/v1/orders", &body).key(&key).send().expect(201), order);
    settings["countries"] = json!([]);
    settings["takes_orders"] = json!(false);
    settings["closed_text"] = json!("Back on Monday.");
    shop.owner().put("/v1/admin/settings", &settings).send().expect(200);
    // What changed is told with what it was: by the first who set anything, from what a shop begins with.
    let entries = shop.owner().get("/v1/admin/audit-log?limit=2").send().expect(200);
    let told = |at: usize| {
        let changes = entries["items"][at]["changes"].as_array().expect("changes").clone();
        changes.iter().map(text).filter(|change| !change.starts_with("currency")).collect::<Vec<_>>()
    };
    assert_eq!(
        told(1),
        ["contact_email: nothing → hello@example.com", "countries: nothing → AT, FR", "legal: changed"]
    );
    assert_eq!(
        told(0),
        ["closed_text: nothing → Back on Monday.", "countries: AT, FR → nothing", "takes_orders: true → false"]
    );
    // A reply that was kept is not given any more.
    let again = shop.stranger().get("/v1/shop").header("if-none-match", &read.header("etag")).send().expect(200);
    assert_eq!(again["closed_text"], "Back on Monday.");
    let closed = ann.client.post("/v1/orders", &body).key(&new_key()).send().expect(422);
    assert_eq!(closed["errors"][0]["message"], "Back on Monday.");
    settings["low_stock_at"] = json!(-1);
    shop.owner().put("/v1/admin/settings", &settings).send_outside_the_contract().invalid("/low_stock_at");
    ann.client.get("/v1/admin/settings").send().refused(403, "forbidden");
}

#[test]
fn the_shop_goes_by_the_name_and_currency_that_are_set() {
    let shop = Shop::start(&[]);
    let mut settings = shop.owner().get("/v1/admin/settings").send().expect(200);
    assert_eq!((&settings["name"], &settings["currency"]), (&json!(""), &json!(null)));
    settings["name"] = json!("  Alder & Ink ");
    settings["country"] = json!("pt");
    settings["currency"] = json!("CHF");
    let set = shop.owner().put("/v1/admin/settings", &settings).send().expect(200);
    assert_eq!((&set["name"], &set["country"]), (&json!("Alder & Ink"), &json!("PT")));
    let public = shop.stranger().get("/v1/shop").send().expect(200);
    assert_eq!(
        (&public["name"], &public["country"], &public["currency"], &public["currencies"]),
        (&json!("Alder & Ink"), &json!("PT"), &json!("CHF"), &json!(["CHF"]))
    );
    // The pages for staff price new products in it, and mails are from the shop by its name.
    let staff = shop.staff(&["catalogue", "customers"]);
    let pages = signed_in(&shop, &staff);
    assert!(pages.get("/admin/products/new").text().contains("Price in CHF"));
    assert!(pages.get("/admin/mails").text().contains("Work with us in Alder &amp; Ink"));
    // Once there is a product, its currency stays; the rest can be changed.
    let price = json!({"amount": 700, "currency": "CHF"});
    shop.add_product(&json!({"title": "Mug", "status": "active", "variants": [{"price": price}]}));
    settings["currency"] = json!("USD");
    shop.owner().put("/v1/admin/settings", &settings).send().invalid("/currency");
    settings["currency"] = json!(null);
    settings["name"] = json!("");
    let set = shop.owner().put("/v1/admin/settings", &settings).send().expect(200);
    assert_eq!((&set["name"], &set["currency"]), (&json!(""), &json!("CHF")));
    for (field, wrong) in [("country", "XX"), ("name", "two\nlines")] {
        let mut settings = settings.clone();
        settings[field] = json!(wrong);
        shop.owner().put("/v1/admin/settings", &settings).send().invalid(&format!("/{field}"));
    }
}
