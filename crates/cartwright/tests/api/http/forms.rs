//! What the forms of the dashboard keep as it was typed, and as it was.

use serde_json::{Value, json};

use crate::support::{OWNER, PASSWORD, Pages, Reply, Shop, field, line, text, unique_email, unique_name};

pub(super) fn owners(shop: &Shop) -> Pages {
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(OWNER, PASSWORD).status, 303);
    pages
}

pub(super) fn product(shop: &Shop, id: &Value) -> Value {
    shop.owner().get(&format!("/v1/admin/products/{}", text(id))).send().expect(200)
}

/// What stands in the field of this name.
pub(super) fn shown(html: &str, name: &str) -> String {
    let input = html.split_once(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no field {name} in {html}")).1;
    let input = input.split('>').next().unwrap_or_default();
    input.split_once("value=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// What a page says after this.
pub(super) fn after<'h>(html: &'h str, mark: &str) -> &'h str {
    html.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {html}")).1
}

/// Whether the first box with this in front of its end is checked.
pub(super) fn is_checked(html: &str, mark: &str) -> bool {
    after(html, mark).split('>').next().is_some_and(|rest| rest.contains("checked"))
}

/// Saves the form of a product with one variant as it is shown, but for these fields.
pub(super) fn save(pages: &Pages, id: &str, changed: &[(&str, &str)]) {
    let page = format!("/admin/products/{id}");
    let html = pages.get(&page).text();
    let names = ["version", "title", "slug", "tags", "v0-id", "v0-price", "v0-sale", "sale_from", "sale_until"];
    let shown: Vec<_> = names.into_iter().map(|name| (name, shown(&html, name))).collect();
    let is_changed = |name: &str| changed.iter().any(|(known, _)| *known == name);
    let same = shown.iter().filter(|(name, _)| !is_changed(name)).map(|(name, value)| (*name, value.as_str()));
    let always = [("v0-present", "1"), ("v0-tracked", "1"), ("product-status", "active")];
    let always = always.into_iter().filter(|(name, _)| !is_changed(name));
    let fields: Vec<_> = always.chain(same).chain(changed.iter().copied()).collect();
    let saved = pages.post(&page, &page, &fields);
    assert_eq!(saved.status, 303, "{}", saved.text());
}

#[test]
fn a_password_is_taken_as_it_is_typed_with_its_spaces() {
    const ODD: &str = " tall violet engine 77 ";
    let shop = Shop::shared();
    let staff = shop.staff(&["orders"]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
    let page = "/admin/account";
    let change = |old: &str, new: &str| {
        pages.post(page, "/admin/account/password", &[("password", old), ("new_password", new)]).status
    };
    assert_eq!(change(PASSWORD, ODD), 303);
    assert_eq!(Pages::new(shop.address()).sign_in(&staff.email, ODD).status, 303);
    assert_eq!(Pages::new(shop.address()).sign_in(&staff.email, ODD.trim()).status, 401);
    assert_eq!(change(ODD.trim(), PASSWORD), 422);
    assert_eq!(change(ODD, PASSWORD), 303);
    // The same again is none, and is told beside its field.
    let same = [("password", PASSWORD), ("new_password", PASSWORD)];
    let told = pages.post(page, "/admin/account/password", &same).text();
    assert!(told.contains("field-error\">must be another one than the current password"), "{told}");
}

#[test]
fn a_customer_who_is_locked_can_be_erased() {
    let shop = Shop::shared();
    let customer = shop.customer();
    let (pages, page) = (owners(&shop), format!("/admin/customers/{}", customer.id()));
    let version = field(&pages.get(&page).text(), "version");
    assert_eq!(pages.post(&page, &page, &[("act", "lock"), ("version", &version)]).status, 303);
    let erased = pages.post(&page, &page, &[("act", "erase"), ("email", &customer.email)]);
    assert_eq!((erased.status, erased.header("location").as_str()), (303, "/admin/customers?done=erased"));
    assert!(!pages.get(&page).text().contains(&customer.email));
}

#[test]
fn what_cannot_stand_in_an_address_breaks_no_form() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    for query in ["a\u{1}b\u{7f}", "\0", "q=\r\nSet-Cookie: x=y", "status=pending#x"] {
        let fields = [("name", "Mine"), ("query", query)];
        let reply = pages.post("/admin/orders", "/admin/orders/views", &fields);
        assert_eq!(reply.status, 303, "{query:?}: {}", reply.text());
        assert_eq!(reply.find_header("set-cookie"), None);
    }
    pages.post("/admin/orders", "/admin/orders/views", &[("name", "Mine"), ("act", "remove")]);
}

#[test]
fn the_list_of_products_leaves_prices_in_their_currency() {
    let shop = Shop::start(&["--currencies", "USD"]);
    let draft = json!({"title": "Plain mug", "status": "active", "variants": [{"price": {"amount": 1000, "currency": "USD"}, "stock": 5}]});
    let mug = shop.add_product(&draft);
    let pages = owners(&shop);
    let id = text(&mug["variants"][0]["id"]);
    let list = pages.get("/admin/products").text();
    let name = |name: &str| format!("{name}-{id}");
    let shown = ["version", "price-was", "stock-was", "stock-as-of"].map(|one| (name(one), field(&list, &name(one))));
    let price = name("price");
    let stock = (name("stock"), shown[2].1.clone());
    let fields = shown.iter().chain([&stock]).map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<_> = fields.chain([(price.as_str(), "11.00")]).collect();
    assert!(pages.post("/admin/products", "/admin/products/quick", &fields).header("location").ends_with("done=saved"));
    let now = product(&shop, &mug["id"]);
    assert_eq!(now["variants"][0]["price"], json!({"amount": 1100, "currency": "USD"}));
}

#[test]
fn a_form_keeps_what_nobody_changed() {
    let shop = Shop::start(&["--currencies", "USD"]);
    let pages = owners(&shop);
    let (starts, ends) = ("2090-11-29T08:21:59Z", "2090-11-30T09:21:59Z");
    let sale = json!({"prices": [{"amount": 3000, "currency": "EUR"}, {"amount": 3300, "currency": "USD"}], "starts_at": starts, "ends_at": ends});
    let draft = json!({"title": "Mug", "status": "active", "tags": ["red, white", "new"], "variants": [{
        "price": {"amount": 4000, "currency": "EUR"}, "stock": 5, "sale": sale,
        "other_prices": [{"price": {"amount": 4400, "currency": "USD"}}]}]});
    let mug = shop.add_product(&draft);
    let id = text(&mug["id"]);
    let kept = [("v0-price-USD", "44.00")];
    // The price alone: the times stay, to the second, and the other currency.
    save(&pages, &id, &[&kept[..], &[("v0-sale", "29.00")]].concat());
    let now = product(&shop, &mug["id"]);
    let cheaper = json!({"prices": [{"amount": 2900, "currency": "EUR"}, {"amount": 3300, "currency": "USD"}], "starts_at": starts, "ends_at": ends});
    assert_eq!(now["variants"][0]["sale"], cheaper);
    assert_eq!(now["tags"], json!(["red, white", "new"]));
    // The end alone.
    save(&pages, &id, &[&kept[..], &[("sale_until", "2090-12-24")]].concat());
    let later = product(&shop, &mug["id"])["variants"][0]["sale"].clone();
    assert_eq!((text(&later["starts_at"]), text(&later["ends_at"])), (starts.into(), "2090-12-24T00:00:00Z".into()));
    // A list that was changed is read with its commas.
    save(&pages, &id, &[&kept[..], &[("tags", "red, white, old")]].concat());
    assert_eq!(product(&shop, &mug["id"])["tags"], json!(["red", "white", "old"]));
    save(&pages, &id, &[&kept[..], &[("v0-sale", "")]].concat());
    assert_eq!(product(&shop, &mug["id"])["variants"][0]["sale"], Value::Null);
}

#[test]
fn mails_lead_to_the_shop_window_where_there_is_one() {
    let mut shop = Shop::start(&[]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.get("/products/linen-shirt").status, 404);
    let mut settings = shop.owner().get("/v1/admin/settings").send().expect(200);
    settings["shop_window"] = json!(true);
    shop.owner().put("/v1/admin/settings", &settings).send().expect(200);
    let led = pages.get("/products/linen-shirt");
    assert_eq!((led.status, led.header("location").as_str()), (303, "/shop/linen-shirt"));
    assert_eq!(pages.get("/shop/linen-shirt").status, 200);
    shop.stop();
}

#[test]
fn a_wrong_password_takes_no_box_away() {
    let mut shop = Shop::start(&[]);
    let staff = shop.staff(&["catalogue"]);
    let pages = owners(&shop);
    let (orders, catalogue) = ("name=\"permission\" value=\"orders\"", "name=\"permission\" value=\"catalogue\"");
    let wrong = ("password", "not the one");
    let email = unique_email("new");
    let invitation = [("name", "New"), ("email", email.as_str()), ("permission", "orders"), wrong];
    let html = pages.post("/admin/staff", "/admin/staff", &invitation).text();
    let form = after(&html, "id=\"invite\"");
    assert!(is_checked(form, orders) && !is_checked(form, catalogue), "{form}");
    let access = [("act", "save"), ("permission", "orders"), wrong];
    let html = pages.post("/admin/staff", &format!("/admin/staff/{}", staff.id()), &access).text();
    let form = after(&html, &format!("id=\"p-{}\"", staff.id()));
    assert!(is_checked(form, orders) && !is_checked(form, catalogue), "{form}");
    let key = [("name", "robot"), ("permission", "orders"), ("days", "365"), wrong];
    let html = pages.post("/admin/keys", "/admin/keys", &key).text();
    let form = after(&html, "id=\"new\"");
    assert!(is_checked(form, orders) && !is_checked(form, catalogue), "{form}");
    assert!(form.contains("value=\"365\" selected"), "{form}");
    // Nobody is invited to do nothing.
    let nothing = [("name", "New"), ("email", email.as_str()), ("password", PASSWORD)];
    let refused = pages.post("/admin/staff", "/admin/staff", &nothing);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("at least one area"), "{}", refused.text());
    assert!(shop.templates_to(&email).is_empty());
    shop.stop();
}

#[test]
fn what_was_typed_for_one_move_of_an_order_is_not_sent_with_another() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let (_, variant) = shop.product(700, 5);
    let page = format!("/admin/orders/{}", text(&shop.order(&shop.customer(), &[line(&variant, 1)])["id"]));
    let cancelling = [("to", "cancelled"), ("version", "99"), ("note", "The last one broke."), ("lost", "1")];
    let refused = pages.post(&page, &format!("{page}/move"), &cancelling);
    let html = refused.text();
    assert_eq!(refused.status, 409, "{html}");
    let (confirming, cancelling) = (after(&html, "id=\"move-confirmed\""), after(&html, "id=\"move-cancelled\""));
    assert_eq!(shown(confirming, "note"), "");
    assert_eq!(shown(cancelling, "note"), "The last one broke.");
    assert!(cancelling.contains("<details open>") && is_checked(cancelling, "name=\"lost\""), "{cancelling}");
    // Nothing is open or filled in on the page as it is.
    let html = pages.get(&page).text();
    assert!(!html.contains("<details open>") && !html.contains("The last one broke."), "{html}");
}

#[test]
fn the_page_of_an_order_corrects_its_address_and_later_its_tracking() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let (_, variant) = shop.product(700, 5);
    let order = shop.order(&shop.customer(), &[line(&variant, 1)]);
    let page = format!("/admin/orders/{}", text(&order["id"]));
    let town = unique_name("Neustadt").replace(' ', "");
    let is_found = || pages.get(&format!("/admin/orders?q={town}")).text().contains(&page);
    assert!(!is_found());
    let html = pages.get(&page).text();
    let form = after(&html, "Correct the address");
    assert_eq!((shown(form, "line1"), shown(form, "city")), ("Lindenstrasse 1".to_owned(), "Berlin".to_owned()));
    assert!(form.contains("<option value=\"DE\" selected>") && !html.contains("Add tracking"), "{html}");
    let fields = |version: &'static str, postal_code: &'static str| {
        let address = [("name", "Ann <b>"), ("line1", "Lindenstrasse 11"), ("city", town.as_str())];
        [&address[..], &[("postal_code", postal_code), ("country", "DE"), ("version", version)]].concat()
    };
    let send = |fields: &[(&str, &str)]| pages.post(&page, &format!("{page}/address"), fields);
    let refused = send(&fields("1", ""));
    let html = refused.text();
    assert_eq!(refused.status, 422, "{html}");
    assert!(after(&html, "role=\"alert\"").starts_with(">Postal code: must be given"), "{html}");
    assert!(html.contains("id=\"ship_to-postal_code-error\">must be given"), "{html}");
    let form = after(&html, "Correct the address");
    assert_eq!((shown(form, "line1"), shown(form, "version")), ("Lindenstrasse 11".to_owned(), "1".to_owned()));
    assert_eq!(shown(form, "name"), "Ann &lt;b&gt;");
    // Without a country none is chosen for whoever does not look.
    let mut nowhere = fields("1", "10969");
    nowhere[4].1 = "";
    let html = send(&nowhere).text();
    assert!(html.contains("<option value=\"\" selected>Choose</option>"), "{html}");
    let corrected = send(&fields("1", "10969"));
    assert!(corrected.header("location").ends_with("done=readdressed"), "{}", corrected.text());
    let html = pages.get(&page).text();
    assert!(html.contains(&format!("Lindenstrasse 11<br>10969 {town}<br>")), "{html}");
    assert!(html.contains("<strong>Corrected</strong>") && html.contains("address corrected"), "{html}");
    // It is found by where it goes now, although it was looked for before.
    assert!(is_found());
    // Somebody else was quicker.
    let stale = send(&fields("1", "10969"));
    assert_eq!((stale.status, shown(after(&stale.text(), "Correct the address"), "version")), (409, "2".to_owned()));

    for to in ["confirmed", "shipped"] {
        shop.advance(&order, to);
    }
    // What was typed for the address is not taken for a parcel, and the page says what became of it.
    let late = send(&fields("2", "10969"));
    let html = late.text();
    assert_eq!(late.status, 409, "{html}");
    assert!(html.contains("The parcel has left: its address can no longer be corrected."), "{html}");
    assert!(html.contains("Add tracking") && !html.contains("<details open>"), "{html}");
    let html = pages.get(&page).text();
    assert!(html.contains("Add tracking") && !html.contains("Correct the address"), "{html}");
    assert!(html.contains("once more, with the number."), "{html}");
    let follow = |number: &str, version: &str| {
        let fields = [("number", number), ("carrier", "An Post"), ("url", ""), ("version", version)];
        pages.post(&page, &format!("{page}/tracking"), &fields)
    };
    let refused = follow("", "4");
    let html = refused.text();
    assert_eq!((refused.status, shown(after(&html, "Add tracking"), "carrier")), (422, "An Post".to_owned()), "{html}");
    assert!(html.contains("id=\"tracking-number-error\""), "{html}");
    let saved = |reply: Reply| pages.get(&reply.header("location")).text();
    let html = saved(follow("LX 4410", "4"));
    assert!(html.contains("The tracking is saved. The customer gets a mail."), "{html}");
    assert!(html.contains("Tracking: LX 4410, An Post") && html.contains("Correct the tracking"), "{html}");
    assert!(!html.contains("once more, with the number."), "{html}");
    let html = saved(follow("LX 4411", "5"));
    assert!(html.contains("The tracking is saved. The customer gets no mail about it."), "{html}");
    // A form for the address that was open all along does not empty the tracking.
    let html = send(&fields("2", "10969")).text();
    let form = after(&html, "Correct the tracking");
    assert_eq!((shown(form, "number"), shown(form, "carrier")), ("LX 4411".to_owned(), "An Post".to_owned()));
    assert!(!html.contains("<details open>"), "{html}");
    // Somebody else was quicker: what was typed is still there.
    let stale = follow("LX 4412", "5");
    let form = after(&stale.text(), "Correct the tracking").to_owned();
    assert_eq!(
        (stale.status, shown(&form, "number"), shown(&form, "version")),
        (409, "LX 4412".to_owned(), "6".to_owned())
    );
    let removing = [("number", ""), ("remove", "1"), ("version", "6")];
    let html = saved(pages.post(&page, &format!("{page}/tracking"), &removing));
    assert!(html.contains("The tracking is removed.") && html.contains("Add tracking"), "{html}");
    assert!(html.contains("The customer is not told.") && !html.contains("LX 4411"), "{html}");
}

#[test]
fn nobody_is_told_of_a_parcel_whose_account_is_gone() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let (_, variant) = shop.product(700, 5);
    let buyer = shop.customer();
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    for to in ["confirmed", "shipped"] {
        shop.advance(&order, to);
    }
    buyer.client.delete_account().send().expect(204);
    let page = format!("/admin/orders/{}", text(&order["id"]));
    let html = pages.get(&page).text();
    let form = after(&html, "Add tracking");
    assert!(form.contains("The customer is not told.") && !html.contains("once more, with the number."), "{html}");
    let version = shown(form, "version");
    let fields = [("number", "LX 4413"), ("version", version.as_str())];
    let saved = pages.post(&page, &format!("{page}/tracking"), &fields).header("location");
    let html = pages.get(&saved).text();
    assert!(html.contains("The tracking is saved. The customer gets no mail about it."), "{html}");
}

#[test]
fn a_reply_is_kept_when_the_review_is_approved() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let (product, _) = shop.product(700, 5);
    let path = format!("/v1/products/{}/reviews", text(&product["id"]));
    let body = json!({"rating": 4, "title": "Fine", "text": "Does what it should."});
    let review = shop.customer().client.post(&path, &body).send().expect(201);
    let approve = |reply: &str| {
        let fields = [("act", "approve"), ("show", "pending"), ("reply", reply)];
        pages.post("/admin/reviews", &format!("/admin/reviews/{}", text(&review["id"])), &fields).header("location")
    };
    let read = || shop.stranger().get(&path).send().expect(200)["items"][0]["reply"].clone();
    assert!(approve("Thank you!").ends_with("done=answered"));
    let reply = read();
    assert_eq!(reply["text"], "Thank you!");
    // The field of the form shows the reply that is there, and an empty one takes nothing away.
    for same in ["Thank you!", ""] {
        assert!(approve(same).ends_with("done=approved"), "{same}");
        assert_eq!(read(), reply);
    }
}

#[test]
fn a_product_that_is_refused_keeps_its_boxes_and_names_its_cells() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let price = json!({"amount": 4000, "currency": "EUR"});
    let variants = ["S", "M", "L"].map(|size| json!({"option_values": [size], "price": price, "stock": 5}));
    let options = json!([{"name": "Size", "values": ["S", "M", "L"]}]);
    let draft = json!({"title": unique_name("Shirt"), "status": "active", "options": options, "variants": variants});
    let shirt = shop.add_product(&draft);
    let page = format!("/admin/products/{}", text(&shirt["id"]));
    let version = field(&pages.get(&page).text(), "version");
    // What the form itself finds wrong, and what the shop finds, for which the row that goes does not count.
    for (low, said) in [("few", "L, Low from: must be a whole number."), ("-1", "L, Low from: must be 0 to")] {
        let ids = [0, 1, 2].map(|at| text(&shirt["variants"][at]["id"]));
        let own = [
            ("version", version.as_str()),
            ("title", "Shirt"),
            ("product-status", "active"),
            ("v0-present", "1"),
            ("v0-id", ids[0].as_str()),
            ("v0-price", "40.00"),
            ("v0-remove", "1"),
            ("v1-present", "1"),
            ("v1-id", ids[1].as_str()),
            ("v1-price", "40.00"),
            ("v2-present", "1"),
            ("v2-id", ids[2].as_str()),
            ("v2-price", "40.00"),
            ("v2-low", low),
        ];
        let refused = pages.post(&page, &page, &own);
        let html = refused.text();
        assert_eq!(refused.status, 422, "{html}");
        assert!(html.contains(said), "{html}");
        assert!(html.contains("name=\"v2-low\" aria-invalid=\"true\""), "{html}");
        assert!(!html.contains("name=\"v1-low\" aria-invalid"), "{html}");
        // What is wrong stands beside the cell too, and the cell says where.
        assert!(html.contains("aria-describedby=\"variants-2-low-wrong\""), "{html}");
        assert!(after(&html, "id=\"variants-2-low-wrong\"").starts_with(">must be "), "{html}");
        assert!(is_checked(&html, "name=\"v0-remove\"") && !is_checked(&html, "name=\"v1-remove\""), "{html}");
    }
}

#[test]
fn a_form_that_is_sent_twice_makes_one_product_and_one_note() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let (title, blank) = (unique_name("Twice"), "/admin/products/new");
    let number = field(&pages.get(blank).text(), "once");
    let add = |once: &str, price: &str, description: &str| {
        let fields = [
            ("once", once),
            ("title", title.as_str()),
            ("product-status", "draft"),
            ("v0-present", "1"),
            ("v0-price", price),
            ("description", description),
        ];
        let reply = pages.post(blank, blank, &fields);
        assert_eq!(reply.status, 303, "{}", reply.text());
        let led = reply.header("location");
        let (page, done) = led.split_once("?done=").unwrap_or_else(|| panic!("no notice: {led}"));
        (page.to_owned(), done.to_owned())
    };
    let (made, done) = add(&number, "5.00", "Blue.");
    assert_eq!(done, "created");
    assert!(pages.get(&format!("{made}?done=created")).text().contains("The product is there."));
    let again = add(&number, "5.00", "Blue.");
    assert_eq!(again, (made.clone(), "before".to_owned()), "the second time it leads to the same product");
    assert!(pages.get(&format!("{made}?done=before")).text().contains("This form was sent twice."));
    // Filled in otherwise, in whatever field, or anew, it is another one.
    let anew = field(&pages.get(blank).text(), "once");
    for (once, price, description) in [(&number, "6.00", "Blue."), (&number, "5.00", "Red."), (&anew, "5.00", "Blue.")]
    {
        let (other, done) = add(once, price, description);
        assert!(other != made && done == "created", "{other}?done={done}");
    }

    let customer = shop.customer();
    let (_, variant) = shop.product(700, 5);
    let order = shop.order(&customer, &[line(&variant, 1)]);
    let of_order = format!("/admin/orders/{}", text(&order["id"]));
    let of_customer = format!("/admin/customers/{}", customer.id());
    for (page, path) in [(&of_order, format!("{of_order}/note")), (&of_customer, of_customer.clone())] {
        let number = field(&pages.get(page).text(), "once");
        let note = |text: &str| {
            let fields = [("once", number.as_str()), ("act", "note"), ("text", text)];
            assert!(pages.post(page, &path, &fields).header("location").ends_with("done=noted"), "{path}");
        };
        ["Calls back", "Calls back", "Called"].into_iter().for_each(note);
        let html = pages.get(page).text();
        assert_eq!((html.matches(">Calls back<").count(), html.matches(">Called<").count()), (1, 1), "{html}");
    }
}

#[test]
fn a_view_in_the_place_of_another_says_so() {
    let shop = Shop::shared();
    let pages = owners(&shop);
    let name = unique_name("View");
    let save = |name: &str, act: &str| {
        let fields = [("name", name), ("query", "status=pending"), ("act", act)];
        pages.post("/admin/orders", "/admin/orders/views", &fields).header("location")
    };
    assert!(save(&name, "save").ends_with("done=view"));
    let replaced = save(&name.to_uppercase(), "save");
    assert!(replaced.ends_with("done=view-replaced"), "{replaced}");
    assert!(pages.get(&replaced).text().contains("The view was replaced."));
    assert!(save(&name, "remove").ends_with("done=view"));
}

#[test]
fn the_list_of_prices_says_what_is_not_in_it() {
    let shop = Shop::start(&[]);
    let pages = owners(&shop);
    let page = || pages.get("/admin/import").text();
    assert!(!page().contains("no SKU"));
    shop.product(700, 5);
    assert!(page().contains("1 variant has no SKU and is not in it"), "{}", page());
    shop.product(700, 5);
    assert!(page().contains("2 variants have no SKU and are not in it"), "{}", page());
}
