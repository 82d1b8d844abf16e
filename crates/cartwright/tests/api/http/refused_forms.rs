//! What the forms of the dashboard say and keep when they are refused, and what they ask before.

use serde_json::{Value, json};

use super::forms::{after, is_checked, owners, product, save, shown};
use crate::support::{
    PASSWORD, Pages, Reply, Shop, address, exchange, field, line, new_key, request, text, unique_name,
};

/// What a page says that has this status.
#[track_caller]
fn told(reply: &Reply, status: u16) -> String {
    assert_eq!(reply.status, status, "{}", reply.text());
    reply.text()
}

/// Where a reply leads to.
#[track_caller]
fn led(reply: &Reply) -> String {
    assert_eq!(reply.status, 303, "{}", reply.text());
    reply.header("location")
}

/// The fields of a form, borrowed.
fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// What the first link with this in front of its end leads to, from its `name` on.
fn parameter(html: &str, mark: &str, name: &str) -> String {
    after(after(html, mark), &format!("{name}=")).split(['"', '&']).next().unwrap_or_default().to_owned()
}

#[test]
fn a_typo_in_the_list_of_products_saves_nothing_and_keeps_all_of_it() {
    let mut shop = Shop::start(&[]);
    let oldest: Vec<(Value, String)> = (0..5).map(|_| shop.product(1000, 5)).collect();
    (0..50).for_each(|_| drop(shop.product(1000, 5)));
    let pages = owners(&shop);
    let cursor = parameter(&pages.get("/admin/products").text(), "class=\"more\"", "cursor");
    let page = format!("/admin/products?cursor={cursor}");
    let html = pages.get(&page).text();
    let form = |html: &str, prices: [&str; 5], stock: &str| {
        let mut fields = vec![("cursor".to_owned(), cursor.clone()), ("once".to_owned(), field(html, "once"))];
        for ((_, id), price) in oldest.iter().zip(prices) {
            for name in ["name", "version", "price-was", "stock-was", "stock-as-of"] {
                fields.push((format!("{name}-{id}"), field(html, &format!("{name}-{id}"))));
            }
            fields.extend([(format!("price-{id}"), price.to_owned()), (format!("stock-{id}"), stock.to_owned())]);
        }
        fields
    };
    let send = |fields: &[(String, String)]| pages.post(&page, "/admin/products/quick", &borrowed(fields));
    let prices = || -> Vec<Value> {
        let price = |(one, _): &(Value, String)| product(&shop, &one["id"])["variants"][0]["price"]["amount"].clone();
        oldest.iter().map(price).collect()
    };
    let as_before = vec![json!(1000); 5];
    let wrong = ["11.00", "12,3x", "13.00", "14.00", "15.00"];
    let again = told(&send(&form(&html, wrong, "5")), 422);
    assert_eq!(prices(), as_before);
    assert!(after(&again, "role=\"alert\"").contains(", Price: must be a price such as 19.99."), "{again}");
    assert_eq!(field(&again, "cursor"), cursor);
    for (((_, id), typed), is_wrong) in oldest.iter().zip(wrong).zip([false, true, false, false, false]) {
        assert_eq!(shown(&again, &format!("price-{id}")), typed);
        assert_eq!(again.contains(&format!("name=\"price-{id}\" aria-invalid=\"true\"")), is_wrong, "{again}");
    }
    // What the shop refuses is found before anything is written, too, and each row of it is told.
    let right = ["11.00", "12.30", "13.00", "14.00", "15.00"];
    let mut fields = form(&again, right, "6");
    let (second, third) = (&oldest[1].1, &oldest[2].1);
    fields.iter_mut().filter(|(name, _)| *name == format!("version-{second}")).for_each(|field| field.1 = "9".into());
    fields.iter_mut().filter(|(name, _)| *name == format!("stock-{third}")).for_each(|field| field.1 = "-1".into());
    let again = told(&send(&fields), 422);
    assert_eq!(prices(), as_before);
    let alert = after(&again, "role=\"alert\"").split("</p>").next().unwrap_or_default();
    assert!(alert.contains("Price: somebody else changed") && alert.contains("Stock: must be 0 to"), "{alert}");
    assert!(again.contains(&format!("name=\"stock-{third}\" aria-invalid=\"true\"")), "{again}");
    assert_eq!(field(&again, &format!("version-{second}")), "1", "the version that whoever was told goes on from");
    // Right at last, one stays on the page; and sent once more, it counts once.
    let fields = form(&again, right, "6");
    let saved = led(&send(&fields));
    assert!(saved.contains(&format!("cursor={cursor}&")) && saved.ends_with("done=saved"), "{saved}");
    assert!(pages.get(&saved).text().contains(&oldest[0].1));
    assert_eq!(prices(), [1100, 1230, 1300, 1400, 1500].map(|amount| json!(amount)));
    assert!(led(&send(&fields)).ends_with("done=before"));
    assert_eq!(shop.stock_of(&oldest[0].0), 6);
    shop.stop();
}

#[test]
fn a_form_that_was_refused_still_knows_what_it_was_filled_in_about() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let (mug, _) = shop.product(1000, 5);
    let id = text(&mug["id"]);
    let page = format!("/admin/products/{id}");
    let html = pages.get(&page).text();
    let names = ["version", "v0-id", "slug"].map(|name| (name, shown(&html, name)));
    let send = |version: &str, price: &str| {
        let own = [
            ("version", version),
            ("read_at", "2020-02-01T00:00:00Z"),
            ("title", "Mine"),
            ("product-status", "active"),
            ("slug", names[2].1.as_str()),
            ("v0-present", "1"),
            ("v0-id", names[1].1.as_str()),
            ("v0-price", price),
            ("v0-tracked", "1"),
        ];
        pages.post(&page, &page, &own)
    };
    save(&pages, &id, &[("title", "Theirs")]);
    let again = told(&send(&names[0].1, "abc"), 422);
    assert_eq!(field(&again, "version"), names[0].1);
    assert_eq!(field(&again, "read_at"), "2020-02-01T00:00:00Z");
    // Mended, it is still about what was there before the other one saved.
    let conflict = told(&send(&field(&again, "version"), "12.00"), 409);
    assert!(conflict.contains("Somebody else changed this") && conflict.contains("Theirs"), "{conflict}");
    assert_eq!(product(&shop, &mug["id"])["title"], "Theirs");
    // Whoever was told of it may put it in its place, and loses that by no slip.
    let slip = told(&send(&field(&conflict, "version"), "abc"), 422);
    led(&send(&field(&slip, "version"), "12.00"));
    assert_eq!(product(&shop, &mug["id"])["title"], "Mine");
}

#[test]
fn a_form_that_comes_when_nobody_is_signed_in_says_so_and_leads_back() {
    let shop = Shop::shared();
    let pages = Pages::new(shop.address());
    let elsewhere = [("Referer", "https://evil.example/admin/orders")];
    let turned = led(&pages.post_with(&elsewhere, "/admin/products/17/options?next=//evil.example", &[("csrf", "x")]));
    assert_eq!(turned, "/staff/sign-in?next=/admin/products/17%23unsaved&unsaved=1");
    let html = pages.get(&turned).text();
    assert!(html.contains("You were signed out; nothing was saved."), "{html}");
    let staff = shop.staff(&["catalogue"]);
    let signed_in = [("email", staff.email.as_str()), ("password", PASSWORD), ("next", "/admin/products/17#unsaved")];
    assert_eq!(led(&pages.post(&turned, "/staff/sign-in", &signed_in)), "/admin/products/17#unsaved");
    // A page that was only looked at was no form.
    let stranger = Pages::new(shop.address());
    let turned = led(&stranger.get("/admin/products?q=mug"));
    assert_eq!(turned, "/staff/sign-in?next=/admin/products%3Fq%3Dmug");
    assert!(!stranger.get(&turned).text().contains("nothing was saved"));
    // A part of a page is no place to sign in at: the whole page goes there.
    let asked = request("GET", "/admin/products?q=mug", &[("Accept", "text/html"), ("HX-Request", "true")], b"");
    let part = exchange(shop.address(), &asked);
    assert_eq!((part.status, part.header("hx-redirect")), (204, turned));
}

#[test]
fn options_that_are_refused_stay_as_they_were_typed() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let price = json!({"amount": 4000, "currency": "EUR"});
    let variants = ["S", "M", "L"].map(|size| json!({"option_values": [size], "price": price, "stock": 5}));
    let options = json!([{"name": "Size", "values": ["S", "M", "L"]}]);
    let draft = json!({"title": unique_name("Shirt"), "status": "active", "options": options, "variants": variants});
    let shirt = shop.add_product(&draft);
    let page = format!("/admin/products/{}", text(&shirt["id"]));
    let send = |sizes: &str| {
        let typed = [
            ("version", "1"),
            ("o0-name", "Size"),
            ("o0-values", sizes),
            ("o1-name", "Colour"),
            ("o1-values", "Red, Blue"),
            ("sku_prefix", shirt["slug"].as_str().expect("a slug")),
        ];
        pages.post(&page, &format!("{page}/options"), &typed)
    };
    let html = told(&send("S, XL"), 422);
    assert!(html.contains("Option 1, Values: must keep the values that variants have"), "{html}");
    assert!(html.contains("remove these variants first: M, L"), "{html}");
    assert!(html.contains("name=\"o0-values\" aria-invalid=\"true\""), "{html}");
    let typed = ["o0-values", "o1-name", "o1-values", "sku_prefix"].map(|name| shown(&html, name));
    assert_eq!(typed, ["S, XL", "Colour", "Red, Blue", shirt["slug"].as_str().expect("a slug")]);
    // The form of the product beside it shows the product.
    assert_eq!((shown(&html, "title"), shown(&html, "v0-price")), (text(&shirt["title"]), "40.00".to_owned()));
    assert!(led(&send("S, M, L")).ends_with("done=generated"));
    let now = product(&shop, &shirt["id"]);
    assert_eq!(now["variants"].as_array().map(Vec::len), Some(6));
    assert_eq!((&now["variants"][0]["id"], &now["variants"][0]["stock"]), (&shirt["variants"][0]["id"], &json!(5)));
}

/// The id behind this in an address.
fn id_behind(html: &str, place: &str) -> String {
    after(html, &format!("action=\"{place}/")).split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn a_row_that_is_refused_is_open_and_as_it_was_filled_in() {
    let mut shop = Shop::start(&[]);
    let pages = owners(&shop);
    let page = "/admin/categories";
    led(&pages.post(page, page, &[("name", "Kitchen")]));
    let id = id_behind(&pages.get(page).text(), page);
    let rename = [("act", "rename"), ("version", "1"), ("name", "Cellar"), ("slug", "Not a slug!")];
    let html = told(&pages.post(page, &format!("{page}/{id}"), &rename), 422);
    assert!(html.contains("<details open>") && html.contains("Name in links: must be"), "{html}");
    assert_eq!((shown(&html, "name"), shown(&html, "slug")), ("Cellar".to_owned(), "Not a slug!".to_owned()));
    assert_eq!(shown(after(&html, "id=\"new\""), "name"), "", "the other form says nothing of it");
    let below = [("name", " "), ("parent", id.as_str())];
    let html = told(&pages.post(page, page, &below), 422);
    assert!(!html.contains("<details open>") && html.contains(&format!("value=\"{id}\" selected")), "{html}");

    let page = "/admin/attributes";
    let define = |kind: &str, choices: &str| {
        pages.post(page, page, &[("label", "Material"), ("kind", kind), ("choices", choices), ("owner", "product")])
    };
    let html = told(&define("choice", ""), 422);
    assert!(html.contains("must be 1 to 500 where it holds one or several") && !html.contains("`choice`"), "{html}");
    led(&define("choice", "Linen\nWool"));
    let id = id_behind(&pages.get(page).text(), page);
    let change = [("act", "save"), ("version", "1"), ("label", "Stuff"), ("choices", "Linen\nWool\nLinen")];
    let html = told(&pages.post(page, &format!("{page}/{id}"), &change), 422);
    assert!(html.contains("<details open>") && html.contains("Choices: “Linen” stands there twice."), "{html}");
    assert!(html.contains("Linen\nWool\nLinen</textarea>") && shown(&html, "label") == "Stuff", "{html}");
    shop.stop();
}

#[test]
fn a_mistyped_password_beside_the_boxes_takes_none_of_them_away() {
    let mut shop = Shop::start(&[]);
    let staff = shop.staff(&["orders", "catalogue"]);
    let (pages, page) = (owners(&shop), "/admin/staff");
    let mark = format!("id=\"p-{}\"", staff.id());
    let version = field(after(&pages.get(page).text(), &mark), "version");
    let boxes = |act: &str, more: &[(&str, &str)]| {
        let own = [("act", act), ("version", version.as_str()), ("password", "not the right one")];
        let fields: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
        let html = told(&pages.post(page, &format!("{page}/{}", staff.id()), &fields), 422);
        let permissions = ["catalogue", "orders", "customers", "settings"];
        permissions.map(|one| is_checked(after(&html, &mark), &format!("name=\"permission\" value=\"{one}\"")))
    };
    // The form for all else sends no boxes.
    for act in ["lock", "sign_out", "dismiss"] {
        assert_eq!(boxes(act, &[]), [true, true, false, false], "{act}");
    }
    // What was to be saved is shown as it was filled in.
    assert_eq!(boxes("save", &[("permission", "customers")]), [false, false, true, false]);
    shop.stop();
}

#[test]
fn a_rule_begins_with_nothing_and_keeps_what_was_chosen() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let category = json!({"name": unique_name("Kitchen")});
    let category = shop.owner().post("/v1/admin/categories", &category).key(&new_key()).send().expect(201);
    let category = text(&category["id"]);
    let list = "/admin/collections";
    let made = led(&pages.post(list, list, &[("title", "Summer"), ("kind", "rule")]));
    let page = made.split('?').next().unwrap_or_default();
    let html = pages.get(page).text();
    let choice = after(&html, "id=\"on_sale\"").split("</select>").next().unwrap_or_default();
    assert!(!choice.contains("selected") && html.contains("The rule says nothing yet."), "{html}");
    let send = |more: &[(&str, &str)]| {
        let own = [("act", "save"), ("version", "1"), ("title", "Summer"), ("is_active", "1")];
        pages.post(page, page, &own.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let html = told(&send(&[]), 422);
    assert!(html.contains("The rule: must say something before shoppers see it"), "{html}");
    let html = told(&send(&[("price_min", "20"), ("price_max", "10")]), 422);
    assert!(html.contains("From: must not be above the highest price."), "{html}");
    // Somebody else saves meanwhile: the refused form is still about what was there before.
    let path = format!("/v1{page}");
    shop.owner().patch(&path, &json!({"title": "Theirs"})).send().expect(200);
    let html = told(&send(&[("category", category.as_str()), ("price_min", "abc")]), 422);
    assert!(is_checked(&html, &format!("name=\"category\" value=\"{category}\"")), "{html}");
    assert_eq!(field(&html, "version"), "1");
    let html = told(&send(&[("category", category.as_str()), ("price_min", "20")]), 409);
    assert!(is_checked(&html, &format!("name=\"category\" value=\"{category}\"")), "{html}");
    assert_eq!(field(&html, "version"), "2");
}

#[test]
fn what_cannot_be_taken_back_is_asked_about() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let customer = shop.customer();
    let html = pages.get(&format!("/admin/customers/{}", customer.id())).text();
    assert!(after(&html, "value=\"lock\"").starts_with(" data-confirm=\"Lock this customer?"), "{html}");
    let note = after(&html, "aria-labelledby=\"notes\"").split("</form>").next().unwrap_or_default();
    assert!(note.contains(" data-guard>"), "{note}");
    let (_, variant) = shop.product(700, 5);
    let order = shop.order(&customer, &[line(&variant, 1)]);
    shop.advance(&order, "confirmed");
    shop.advance(&order, "shipped");
    let html = pages.get("/admin/orders?status=shipped").text();
    assert!(html.contains("data-confirm=\"Mark {n} as delivered?"), "{html}");
}

#[test]
fn a_carrier_needs_a_number_and_a_line_leads_to_its_product() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let (product, variant) = shop.product(700, 5);
    let order = shop.order(&shop.customer(), &[line(&variant, 1)]);
    shop.advance(&order, "confirmed");
    let page = format!("/admin/orders/{}", text(&order["id"]));
    let send = |number: &str| {
        let fields = [("to", "shipped"), ("version", "2"), ("number", number), ("carrier", "DHL"), ("note", "Soon!")];
        pages.post(&page, &format!("{page}/move"), &fields)
    };
    let html = told(&send(" "), 422);
    assert!(html.contains("needs a tracking number."), "{html}");
    let shipping = after(&html, "id=\"move-shipped\"");
    assert_eq!((shown(shipping, "carrier"), shown(shipping, "note")), ("DHL".to_owned(), "Soon!".to_owned()));
    led(&send("LX 1"));
    let tracking = shop.owner().get(&format!("/v1{page}")).send().expect(200)["tracking"].clone();
    assert_eq!((&tracking["number"], &tracking["carrier"]), (&json!("LX 1"), &json!("DHL")));
    let link = format!("<a href=\"/admin/products/{}\">", text(&product["id"]));
    assert!(pages.get(&page).text().contains(&link));
    let others = Pages::new(shop.address());
    assert_eq!(others.sign_in(&shop.staff(&["orders"]).email, PASSWORD).status, 303);
    assert!(!others.get(&page).text().contains(&link), "it would lead to a page that they may not see");
}

#[test]
fn whoever_works_here_finds_the_way_from_a_new_password_to_signing_in() {
    let shop = Shop::shared();
    for (person, leads) in [(shop.staff(&["orders"]), true), (shop.customer(), false)] {
        shop.stranger().post("/v1/auth/password/forgot", &json!({"email": person.email})).send().expect(202);
        let token = shop.mail(&person.email, "Set a new password").token();
        let fields = [("token", token.as_str()), ("password", "a loud street in November")];
        let done =
            Pages::new(shop.address()).post(&format!("/reset-password?token={token}"), "/reset-password", &fields);
        let html = told(&done, 200).replace("&#x2f;", "/");
        assert!(html.contains("Your password is set"), "{html}");
        assert_eq!(html.contains("href=\"/staff/sign-in\""), leads, "{html}");
    }
}

#[test]
fn the_editor_offers_and_says_what_is_so() {
    let mut shop = Shop::start(&[]);
    let pages = owners(&shop);
    let mut settings = shop.owner().get("/v1/admin/settings").send().expect(200);
    settings["shop_window"] = json!(true);
    shop.owner().put("/v1/admin/settings", &settings).send().expect(200);
    let (mug, variant) = shop.product(1000, 5);
    let id = text(&mug["id"]);
    let page = format!("/admin/products/{id}");
    assert!(pages.get(&page).text().contains(">Preview</a>"));
    save(&pages, &id, &[("product-status", "draft")]);
    assert!(!pages.get(&page).text().contains(">Preview</a>"), "nobody sees a draft");
    save(&pages, &id, &[("product-status", "active")]);
    // Days of a sale that has no price.
    let html = pages.get(&page).text();
    let known = ["version", "v0-id"].map(|name| shown(&html, name));
    let dated = |sale: &str| {
        let own = [
            ("version", known[0].as_str()),
            ("title", "Mug"),
            ("product-status", "active"),
            ("v0-present", "1"),
            ("v0-id", known[1].as_str()),
            ("v0-price", "10.00"),
            ("v0-tracked", "1"),
            ("v0-sale", sale),
            ("sale_until", "2090-01-01"),
        ];
        pages.post(&page, &page, &own)
    };
    let html = told(&dated(""), 422);
    assert!(html.contains("End of the sale: a sale needs a price"), "{html}");
    assert_eq!(shown(&html, "sale_until"), "2090-01-01");
    // A number that is too large is not left out.
    let heavy = [
        ("version", known[0].as_str()),
        ("title", "Mug"),
        ("product-status", "active"),
        ("v0-present", "1"),
        ("v0-id", known[1].as_str()),
        ("v0-price", "10.00"),
        ("v0-tracked", "1"),
        ("v0-weight", "3000000000"),
    ];
    let html = told(&pages.post(&page, &page, &heavy), 422);
    assert!(html.contains("must be 0 to 1000000000 grams"), "{html}");
    led(&dated("8.00"));
    // One that was ordered stays, and that is said.
    shop.order(&shop.customer(), &[line(&variant, 1)]);
    let remove = |id: &str| led(&pages.post(&page, &format!("/admin/products/{id}/delete"), &[("sure", "1")]));
    let (archived, removed) = (remove(&id), remove(&text(&shop.product(1000, 5).0["id"])));
    assert!(archived.ends_with("done=archived") && removed.ends_with("done=deleted"), "{archived} {removed}");
    assert!(pages.get(&archived).text().contains("it is archived and not removed"));
    assert!(pages.get(&removed).text().contains("The product is removed."));
    shop.stop();
}

#[test]
fn a_key_is_made_once_however_often_its_page_is_loaded() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let page = "/admin/keys";
    let (name, once) = (unique_name("robot"), field(&pages.get(page).text(), "once"));
    let own = [("once", once.as_str()), ("name", name.as_str()), ("days", "30"), ("password", PASSWORD)];
    let html = told(&pages.post(page, page, &own), 422);
    assert!(html.contains("May work with: must name at least one area"), "{html}");
    let own: Vec<_> = own.into_iter().chain([("permission", "orders")]).collect();
    let made = told(&pages.post(page, page, &own), 200);
    assert!(made.contains("cwk_") && made.contains("It is shown now and never again"), "{made}");
    let again = led(&pages.post(page, page, &own));
    let html = pages.get(&again).text();
    assert!(again.ends_with("done=before") && html.contains("One key was made, and shown once."), "{html}");
    assert_eq!(html.matches(&format!("<strong>{name}</strong>")).count(), 1, "{html}");
}

#[test]
fn pages_say_what_they_show() {
    let mut shop = Shop::start(&["--currencies", "USD"]);
    let pages = owners(&shop);
    let price = json!({"amount": 1000, "currency": "USD"});
    let mug =
        shop.add_product(&json!({"title": "Mug", "status": "active", "variants": [{"price": price, "stock": 5}]}));
    let lines = json!([line(&text(&mug["variants"][0]["id"]), 1)]);
    let body = json!({"lines": lines, "ship_to": address()});
    shop.customer().client.post("/v1/orders", &body).key(&new_key()).send().expect(201);
    let html = pages.get("/admin").text();
    assert!(html.contains("and USD 10.00 in 1 order</p>"), "{html}");
    assert!(!html.contains("Those days are no range"), "{html}");
    let html = pages.get("/admin?from=2026-02-01&to=2026-01-01").text();
    assert!(html.contains("Those days are no range"), "{html}");
    // What a search found is said to those who do not see it.
    for (path, found) in [
        ("/admin/products?q=mug", "1 found"),
        ("/admin/orders?q=nobody+at+all", "0 found"),
        ("/admin/customers?q=ann", "1 found"),
        ("/admin/products", ""),
    ] {
        let html = pages.get(path).text();
        let said = after(&html, "id=\"found\" class=\"hidden\" role=\"status\">").split("</p>").next();
        assert_eq!(said, Some(found), "{path}");
    }
    let html = pages.get("/admin/mails").text();
    assert!(html.contains("<code>templates</code>") && !html.contains("--mail-templates"), "{html}");
    shop.stop();
}
