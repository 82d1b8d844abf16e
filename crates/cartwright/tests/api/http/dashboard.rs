//! Who gets to see which page of the dashboard.

use serde_json::{Value, json};

use crate::support::{NO_ID, PASSWORD, Pages, Shop, field, line, new_key, pick, text, unique_email, unique_name};

/// The paths of the dashboard, as the program has them, with something that is not there in their holes.
fn paths() -> Vec<String> {
    let source = include_str!("../../../../web/src/routes/pages/mod.rs");
    let quoted = source.split('"').filter(|text| text.starts_with("/admin") || text.starts_with("/mailbox"));
    let paths: Vec<_> = quoted.map(|path| path.replace("{id}", NO_ID).replace("{name}", "nothing")).collect();
    assert!(paths.len() > 45, "only {} paths", paths.len());
    paths
}

/// What everybody who works in the shop sees, whatever they may do there.
const FOR_ALL_STAFF: [&str; 4] = ["/admin", "/admin/search", "/admin/account", "/admin/keys"];

#[test]
fn strangers_are_led_to_sign_in() {
    let shop = Shop::shared();
    let stranger = Pages::new(shop.address());
    for path in paths() {
        let seen = stranger.get(&path);
        let is_form_alone = seen.status == 405;
        if !is_form_alone {
            assert_eq!(seen.status, 303, "{path}: {}", seen.text());
            assert!(seen.header("location").starts_with("/staff/sign-in"), "{path}");
        }
        let sent = stranger.post_raw(&path, &[("csrf", "nonsense"), ("name", "x")]);
        assert!(matches!(sent.status, 303 | 403 | 405), "{path}: {}", sent.status);
        if let Some(location) = sent.find_header("location") {
            assert!(location.starts_with("/staff/sign-in"), "{path} leads to {location}");
            // A form leads back to the page that it stands on.
            let next = location.split_once("?next=").and_then(|(_, next)| next.split_once("%23unsaved&unsaved=1"));
            let (page, _) = next.unwrap_or_else(|| panic!("{path} leads to {location}"));
            assert_eq!(stranger.get(page).status, 303, "{path} leads back to {page}");
        }
    }
}

#[test]
fn a_permission_opens_its_own_pages() {
    let shop = Shop::shared();
    let areas = [
        ("catalogue", "products|categories|collections|attributes|stock|reviews|import|export"),
        ("orders", "orders|news"),
        ("customers", "customers|mails|mailbox"),
        ("settings", "staff|audit|settings|welcome"),
    ];
    let granted = areas.into_iter().map(|(granted, _)| vec![granted]).chain([vec![]]);
    for granted in granted {
        let staff = shop.staff(&granted);
        let pages = Pages::new(shop.address());
        assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
        for path in paths() {
            // The stream of news goes on for most of a minute.
            if path == "/admin/news" && granted == ["orders"] {
                continue;
            }
            let area = path.trim_start_matches("/admin/").trim_start_matches('/').split('/').next().unwrap_or_default();
            let needed =
                areas.iter().find(|(_, nouns)| nouns.split('|').any(|noun| noun == area)).map(|(name, _)| *name);
            let is_open =
                FOR_ALL_STAFF.iter().any(|open| path == *open || (path.starts_with(open) && *open != "/admin"));
            assert!(needed.is_some() || is_open, "who sees {path}?");
            let status = pages.get(&path).status;
            let is_refused = status == 403;
            if status != 405 {
                let may = is_open || needed.is_some_and(|needed| granted.contains(&needed));
                assert_eq!(is_refused, !may, "{path} with {granted:?}: {status}");
            }
            // A form that our page did not send does nothing, whoever sends it.
            let sent = pages.post_raw(&path, &[("csrf", "nonsense"), ("name", "x"), ("act", "delete")]).status;
            assert!(matches!(sent, 400 | 403 | 405), "{path} with {granted:?}: {sent}");
        }
    }
}

#[test]
fn pages_are_pages_for_people_and_problems_for_programs() {
    let shop = Shop::shared();
    let lost = Pages::new(shop.address()).get("/admin/nowhere");
    assert_eq!((lost.status, lost.media_type()), (404, "text/html"));
    shop.stranger().get("/admin/nowhere").send_outside_the_contract().refused(404, "not_found");
    // Where a form goes there is no page to load again.
    for path in [format!("/admin/orders/{NO_ID}/move"), "/staff/sign-out".to_owned()] {
        let form = Pages::new(shop.address()).get(&path);
        assert_eq!((form.status, form.media_type(), form.header("allow")), (405, "text/html", "POST".to_owned()));
        assert!(form.text().contains("This address is no page to open"), "{}", form.text());
        shop.stranger().get(&path).send_outside_the_contract().refused(405, "method_not_allowed");
    }
    let policy = Pages::new(shop.address()).get("/staff/sign-in").header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
}

#[test]
fn customers_can_have_all_that_the_shop_knows_of_them() {
    let shop = Shop::shared();
    let (ann, staff) = (shop.customer(), shop.staff(&["customers", "orders"]));
    let (_, variant) = shop.product(700, 5);
    let order = shop.order(&ann, &[line(&variant, 1)]);
    let (product, _) = shop.product(700, 5);
    let (product_id, (_, sold_out)) = (text(&product["id"]), shop.product(700, 0));
    ann.client.request("PUT", &format!("/v1/account/wishlist/items/{product_id}")).send().expect(200);
    ann.client.request("PUT", &format!("/v1/account/stock-alerts/{sold_out}")).send().expect(200);
    let reviews = format!("/v1/products/{product_id}/reviews");
    let review = ann.client.post(&reviews, &json!({"rating": 4})).send().expect(201);
    let review = text(&review["id"]);
    shop.owner().patch(&format!("/v1/admin/reviews/{review}"), &json!({"status": "approved"})).send().expect(200);
    shop.customer().client.post_empty(&format!("/v1/reviews/{review}/report")).expect(204);
    // Mails went to the address that the account had then.
    let email = unique_email("moved");
    ann.client.post("/v1/account/email", &json!({"new_email": email, "password": PASSWORD})).send().expect(202);
    let code = shop.mail(&email, "Your code to change your e-mail address").code();
    ann.client.post("/v1/account/email/confirm", &json!({"code": code})).send().expect(200);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
    let of_order = format!("/admin/orders/{}", text(&order["id"]));
    assert_eq!(pages.post(&of_order, &format!("{of_order}/note"), &[("text", "rang twice")]).status, 303);
    let reply = pages.get(&format!("/admin/customers/{}/export", ann.id()));
    let all = reply.expect(200);
    assert_eq!(all["order_notes"][0]["order"], order["number"]);
    assert_eq!(all["order_notes"][0]["notes"][0]["text"], "rang twice");
    assert_eq!((reply.media_type(), reply.header("cache-control").as_str()), ("application/json", "no-store"));
    assert_eq!((&all["account"]["email"], &all["orders"][0]["id"]), (&json!(email), &order["id"]));
    assert_eq!(all["sessions"].as_array().map(Vec::len), Some(1), "{all}");
    let mails = pick(&all["mails"], "template");
    assert!(mails.contains(&&json!("order_placed")) && mails.contains(&&json!("verify_email")), "{all}");
    assert_eq!(all["wishlist"][0]["product_id"], json!(product_id));
    assert_eq!(all.get("wishlist_share_token"), Some(&json!(null)), "it is not shared");
    assert_eq!(all["stock_alerts"][0]["variant_id"], json!(sold_out));
    assert_eq!(all["left_out"], json!(null));
    // It is for the customer, who must not learn who reported them.
    assert_eq!((&all["reviews"][0]["rating"], &all["reviews"][0]["content"]["reported_by"]), (&json!(4), &json!([])));
    // Whoever may not look at orders does not get them this way.
    let others = signed_in(&shop, &["customers"]);
    let without = others.get(&format!("/admin/customers/{}/export", ann.id())).expect(200);
    assert_eq!((&without["account"]["email"], &without["orders"]), (&json!(email), &json!(null)));
    assert_eq!(without["order_notes"], json!([]));
    assert!(without["left_out"].as_str().is_some_and(|text| text.contains("orders")), "{without}");
}

/// The browser of somebody who works here with these permissions.
fn signed_in(shop: &Shop, permissions: &[&str]) -> Pages {
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&shop.staff(permissions).email, PASSWORD).status, 303);
    pages
}

#[test]
fn an_order_leads_to_its_customer_and_is_addressed_as_in_the_country() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let (_, variant) = shop.product(700, 5);
    let page = format!("/admin/orders/{}", text(&shop.order(&ann, &[line(&variant, 1)])["id"]));
    let customer = format!("href=\"/admin/customers/{}\"", ann.id());
    for (permissions, leads) in [(&["orders"][..], false), (&["orders", "customers"][..], true)] {
        let pages = signed_in(&shop, permissions);
        let html = pages.get(&page).text();
        assert_eq!(html.contains(&customer), leads, "{permissions:?}: {html}");
        assert!(html.contains(&ann.email) && html.contains("All orders of this customer"), "{html}");
        for seen in [html, pages.get(&format!("{page}/slip")).text()] {
            assert!(seen.contains("Lindenstrasse 1<br>10969 Berlin<br>Germany<br>"), "{seen}");
        }
    }
    let refused = signed_in(&shop, &["customers"]).get(&page);
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("This takes the permission “Orders”."), "{}", refused.text());
}

#[test]
fn a_packing_slip_says_when_nothing_is_to_be_sent() {
    let shop = Shop::shared();
    let pages = signed_in(&shop, &["orders"]);
    let (_, variant) = shop.product(700, 5);
    let buyer = shop.customer();
    let [sent, cancelled] = [(); 2].map(|()| shop.order(&buyer, &[line(&variant, 1)]));
    let slip = |order: &Value| pages.get(&format!("/admin/orders/{}/slip", text(&order["id"]))).text();
    let is_warned = |order: &Value| slip(order).contains("do not send");
    assert!(!is_warned(&sent) && !is_warned(&cancelled));
    shop.advance(&cancelled, "cancelled");
    assert!(slip(&cancelled).contains("CANCELLED – do not send"), "{}", slip(&cancelled));
    for (to, warning) in [("confirmed", ""), ("shipped", "ALREADY SHIPPED"), ("delivered", "ALREADY DELIVERED")] {
        shop.advance(&sent, to);
        assert!(slip(&sent).contains(warning), "{}", slip(&sent));
        assert_eq!(is_warned(&sent), !warning.is_empty(), "{to}");
    }
}

#[test]
fn only_what_was_taken_out_of_stock_can_be_kept_out_of_it() {
    let shop = Shop::shared();
    let pages = signed_in(&shop, &["orders"]);
    let price = json!({"amount": 500, "currency": "EUR"});
    let voucher = json!({"title": unique_name("Voucher"), "status": "active", "variants": [{"price": price, "track_stock": false}]});
    let voucher = text(&shop.add_product(&voucher)["variants"][0]["id"]);
    let (_, mug) = shop.product(700, 5);
    for (lines, is_offered) in [(vec![line(&voucher, 1)], false), (vec![line(&voucher, 1), line(&mug, 1)], true)] {
        let order = shop.order(&shop.customer(), &lines);
        let html = pages.get(&format!("/admin/orders/{}", text(&order["id"]))).text();
        assert!(html.contains("Cancel the order"), "{html}");
        assert_eq!(html.contains("lost or broken"), is_offered, "{html}");
        assert_eq!(html.contains("Its pieces go back into stock"), is_offered, "{html}");
    }
}

#[test]
fn the_page_of_an_order_says_where_its_mails_go() {
    let shop = Shop::shared();
    let pages = signed_in(&shop, &["orders", "customers"]);
    let (ann, new) = (shop.customer(), unique_email("moved"));
    let (_, variant) = shop.product(700, 5);
    let page = format!("/admin/orders/{}", text(&shop.order(&ann, &[line(&variant, 1)])["id"]));
    assert!(!pages.get(&page).text().contains("Its mails go to"));
    let body = json!({"new_email": new, "password": PASSWORD});
    ann.client.post("/v1/account/email", &body).send().expect(202);
    let code = shop.mail(&new, "Your code to change your e-mail address").code();
    ann.client.post("/v1/account/email/confirm", &json!({"code": code})).send().expect(200);
    let html = pages.get(&page).text();
    assert!(html.contains(&ann.email) && html.contains(&format!("Its mails go to {new}")), "{html}");
    // The order alone does not say which address that is.
    let html = signed_in(&shop, &["orders"]).get(&page).text();
    assert!(html.contains(&ann.email) && html.contains("Its mails go to another address"), "{html}");
    let local = new.split('@').next().expect("a name");
    assert!(!html.contains(local) && !html.contains("All orders of this customer"), "{html}");
}

#[test]
fn what_a_customer_ordered_is_for_those_who_work_with_orders() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let (_, variant) = shop.product(1_234_500, 5);
    let number = text(&shop.order(&ann, &[line(&variant, 1)])["number"]);
    let page = format!("/admin/customers/{}", ann.id());
    let html = signed_in(&shop, &["customers", "orders"]).get(&page).text();
    assert!(html.contains(&number) && !html.contains("takes the permission"), "{html}");
    let html = signed_in(&shop, &["customers"]).get(&page).text();
    assert!(html.contains(&ann.email) && html.contains("To see them takes the permission “Orders”."), "{html}");
    assert!(!html.contains(&number) && !html.contains("12,345.00"), "{html}");
}

#[test]
fn mails_are_found_by_whom_they_went_to() {
    let shop = Shop::shared();
    let (ann, bob) = (shop.customer(), shop.customer());
    let pages = signed_in(&shop, &["customers"]);
    let page = pages.get(&format!("/admin/customers/{}", ann.id())).text().replace("&#x2f;", "/");
    let link = page.split("href=\"").find(|rest| rest.starts_with("/mailbox?q=")).expect("a link");
    let link = &link[..link.find('"').expect("an end")];
    let found = pages.get(link).text();
    assert!(found.contains(&ann.email) && !found.contains(&bob.email), "{found}");
    let none = pages.get(&format!("{link}&status=failed")).text();
    assert!(none.contains("No mail with this status went to"), "{none}");
    let part = pages.get(&format!("/mailbox?q={}", &ann.email[..4])).text();
    assert!(part.contains("It takes the whole address") && !part.contains(&bob.email), "{part}");
}

#[test]
fn what_was_reported_and_what_failed_is_to_do() {
    let shop = Shop::shared();
    let html = signed_in(&shop, &["catalogue", "customers"]).get("/admin").text().replace("&#x2f;", "/");
    assert!(html.contains("/admin/reviews?show=reported") && html.contains("reviews reported"), "{html}");
    assert!(html.contains("mails that failed in 14 days"), "{html}");
}

#[test]
fn the_log_leads_from_a_note_to_whom_it_is_about() {
    let shop = Shop::start(&[]);
    let ann = shop.customer();
    let (_, variant) = shop.product(700, 5);
    let order = shop.order(&ann, &[line(&variant, 1)]);
    let (id, number) = (text(&order["id"]), text(&order["number"]));
    let pages = signed_in(&shop, &["orders", "customers", "settings"]);
    let (of_order, of_ann) = (format!("/admin/orders/{id}"), format!("/admin/customers/{}", ann.id()));
    assert_eq!(pages.post(&of_order, &format!("{of_order}/note"), &[("text", "rang twice")]).status, 303);
    assert_eq!(pages.post(&of_ann, &of_ann, &[("act", "note"), ("text", "kind")]).status, 303);
    let log = pages.get("/admin/audit?noun=notes").text().replace("&#x2f;", "/");
    assert!(log.contains(&format!("<strong>Note written</strong> <a href=\"{of_order}\">{number}</a>")), "{log}");
    assert!(log.contains(&format!("<strong>Note written</strong> <a href=\"{of_ann}\">")), "{log}");
    assert!(!log.contains("rang twice"), "{log}");
    // Whose name is forgotten has no page any more.
    let erase = [("act", "erase"), ("email", ann.email.as_str())];
    assert_eq!(pages.post(&of_ann, &of_ann, &erase).status, 303);
    assert!(!pages.get("/admin/audit?noun=notes").text().replace("&#x2f;", "/").contains(&of_ann));
}

#[test]
fn a_mailbox_gets_only_so_many_test_mails_and_each_is_in_the_log() {
    let shop = Shop::start(&[]);
    let pages = signed_in(&shop, &["settings", "customers"]);
    let send = |page: &str, to: &str| pages.post(page, page, &[("to", to)]);
    let test = |to: &str| pages.post("/admin/settings", "/admin/settings/test-mail", &[("to", to)]);
    for _ in 0..10 {
        assert_eq!(test("somebody@example.com").header("location"), "/admin/settings?done=tested");
    }
    for refused in [test("somebody@example.com"), send("/admin/welcome/mail", "somebody@example.com")] {
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("This mailbox got several test mails just now"), "{}", refused.text());
    }
    assert_eq!(send("/admin/welcome/mail", "another@example.com").status, 303);
    let log = pages.get("/admin/audit?noun=mail").text();
    assert_eq!(log.matches("Test mail sent").count(), 11, "{log}");
    assert!(!log.contains("somebody@example.com"), "{log}");
}

#[test]
fn large_sums_are_grouped_wherever_they_stand() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let variant = |(size, price): (&str, i64)| json!({"option_values": [size], "price": {"amount": price, "currency": "EUR"}, "stock": 5});
    let variants = [("S", 123_456), ("L", 99_999_900)].map(variant);
    let body =
        json!({"title": unique_name("Piano"), "status": "active", "options": [{"name": "Size"}], "variants": variants});
    let product = shop.add_product(&body);
    let order = shop.order(&ann, &[line(&text(&product["variants"][0]["id"]), 1)]);
    let pages = signed_in(&shop, &["catalogue", "customers", "orders"]);
    for (path, sum) in [
        (format!("/admin/orders/{}", text(&order["id"])), "EUR 1,234.56"),
        (format!("/admin/orders?q={}", text(&order["number"])), "EUR 1,234.56"),
        (format!("/admin/customers/{}", ann.id()), "EUR 1,234.56"),
        ("/admin/products?q=piano".to_owned(), "EUR 1,234.56 – 999,999.00"),
    ] {
        let html = pages.get(&path).text();
        assert!(html.contains(sum), "{path}: {html}");
    }
}

#[test]
fn each_line_of_a_note_reads_in_its_own_direction() {
    let shop = Shop::shared();
    let (_, variant) = shop.product(700, 5);
    let order = shop.order(&shop.customer(), &[line(&variant, 1)]);
    let id = text(&order["id"]);
    let moved = json!({"to": "confirmed", "note": "مرحبا\nHello (1)"});
    shop.owner().post(&format!("/v1/admin/orders/{id}/transitions"), &moved).send().expect(200);
    let (pages, page) = (signed_in(&shop, &["orders"]), format!("/admin/orders/{id}"));
    assert_eq!(pages.post(&page, &format!("{page}/note"), &[("text", "שלום\r\nand more")]).status, 303);
    let html = pages.get(&page).text();
    for line in ["مرحبا", "Hello (1)", "שלום", "and more"] {
        assert!(html.contains(&format!("<span class=\"line\" dir=\"auto\">{line}</span>")), "{line}: {html}");
    }
}

#[test]
fn digits_find_the_order_of_this_number_and_those_with_this_postal_code() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let (_, variant) = shop.product(700, 5);
    let first = shop.order(&ann, &[line(&variant, 1)]);
    let (number, first) = (text(&first["number"]), text(&first["id"]));
    let digits = number.trim_start_matches("CW-");
    let ship_to = json!({
        "name": "Ann Example", "line1": "Lindenstrasse 1", "city": "Berlin", "postal_code": digits, "country": "DE",
    });
    let body = json!({"lines": [line(&variant, 1)], "ship_to": ship_to});
    let second = text(&ann.client.post("/v1/orders", &body).key(&new_key()).send().expect(201)["id"]);
    let pages = signed_in(&shop, &["orders"]);
    for page in ["orders", "search"] {
        let place = |wanted: &str, id: &str| {
            let html = pages.get(&format!("/admin/{page}?q={wanted}")).text().replace("&#x2f;", "/");
            html.find(&format!("/admin/orders/{id}\""))
        };
        let (by_number, by_town) = (place(digits, &first), place(digits, &second));
        assert!(by_number.is_some() && by_number < by_town, "{page}: {by_number:?}, {by_town:?}");
        // Who writes it as the number of an order means no town.
        assert!(place(&number, &first).is_some() && place(&number, &second).is_none(), "{page}");
    }
}

#[test]
fn orders_are_found_by_what_callers_say() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let mark = unique_name("").trim().to_owned();
    let product = shop.add_product(&json!({
        "title": format!("Teek\u{e4}nnchen{mark} f\u{fc}r zwei"),
        "status": "active",
        "variants": [{"sku": format!("SKU-0{mark}-5"), "price": {"amount": 700, "currency": "EUR"}, "stock": 5}],
    }));
    let ship_to = json!({
        "name": format!("Jos\u{e9} O\u{2019}Neil-M\u{fc}ller{mark}"),
        "line1": "Lindenstrasse 1",
        "city": format!("\u{d6}berdorf{mark}"),
        "postal_code": "10969",
        "country": "DE",
    });
    let body = json!({"lines": [line(&text(&product["variants"][0]["id"]), 1)], "ship_to": ship_to});
    let order = ann.client.post("/v1/orders", &body).key(&new_key()).send().expect(201);
    let (number, id) = (text(&order["number"]), text(&order["id"]));
    let digits = number.trim_start_matches("CW-");
    let pages = signed_in(&shop, &["orders"]);
    let is_found = |wanted: &str| {
        let wanted: String = wanted.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let link = format!("/admin/orders/{id}\"");
        let [list, search] = ["orders", "search"].map(|page| {
            let html = pages.get(&format!("/admin/{page}?q={wanted}")).text().replace("&#x2f;", "/");
            html.contains(&link)
        });
        assert_eq!(list, search, "the search for everything finds what the list of orders does");
        list
    };
    for wanted in [
        digits.to_owned(),
        format!("#{digits}"),
        format!("CW{digits}"),
        format!(" cw {digits} "),
        format!("M\u{dc}LLER{mark}"),
        format!("muller{mark}"),
        format!("O'Neil muller{mark}"),
        format!("jose oneil muller{mark}"),
        format!("\u{d6}BERDORF{mark}"),
        format!("10969 oberdorf{mark}"),
        format!("sku-0{mark}-5"),
        format!("teekannchen{mark}"),
        format!("Fur TEEK\u{c4}NNCHEN{mark}"),
    ] {
        assert!(is_found(&wanted), "{wanted}");
    }
    let parcels = [format!("RR 55 {mark} 9 DE"), format!("rr55{mark}9de")];
    for wanted in [format!("muller{mark} elsewhere"), format!("berdorf{mark}"), parcels[0].clone(), "#".to_owned()] {
        assert!(!is_found(&wanted), "{wanted}");
    }
    let page = format!("/v1/admin/orders/{id}/transitions");
    for step in [json!({"to": "confirmed"}), json!({"to": "shipped", "tracking": {"number": parcels[0]}})] {
        shop.owner().post(&page, &step).send().expect(200);
    }
    for wanted in parcels {
        assert!(is_found(&wanted), "{wanted}");
    }
}

#[test]
fn all_that_is_short_can_be_reached() {
    let shop = Shop::start(&[]);
    let add = |title: &str, sizes: usize, stock: i64| {
        let variant = |size| {
            let price = json!({"amount": 700, "currency": "EUR"});
            json!({"option_values": [format!("Size {size}")], "price": price, "stock": stock})
        };
        let variants: Vec<_> = (0..sizes).map(variant).collect();
        let options = json!([{"name": "Size"}]);
        shop.add_product(&json!({"title": title, "status": "active", "options": options, "variants": variants}));
    };
    add("Gone", 101, 0);
    add("Nearly gone", 2, 3);
    add("Plenty", 2, 50);
    let pages = signed_in(&shop, &["catalogue"]);
    let seen = |path: &str| {
        let html = pages.get(path).text();
        let count = |title: &str| html.matches(&format!(">{title}</a>")).count();
        let next = html.split_once("cursor=").map(|(_, rest)| rest.split('"').next().unwrap_or_default().to_owned());
        (count("Gone"), count("Nearly gone"), count("Plenty"), next)
    };
    let (gone, nearly, plenty, next) = seen("/admin/stock?at_most=3");
    assert_eq!((gone, nearly, plenty), (100, 0, 0));
    let next = next.expect("another page");
    assert_eq!(seen(&format!("/admin/stock?at_most=3&cursor={next}")), (1, 2, 0, None));
    // What can be ordered again in time.
    assert_eq!(seen("/admin/stock?at_most=3&left=1"), (0, 2, 0, None));
    assert_eq!(seen(&format!("/admin/stock?at_most=3&left=1&cursor={next}")), (0, 2, 0, None));
    assert_eq!(seen("/admin/stock?at_most=50&left=1"), (0, 2, 2, None));
    // A cursor of something else begins anew.
    assert_eq!(seen("/admin/stock?at_most=2&left=1&cursor=nonsense"), (0, 0, 0, None));
    assert!(pages.get("/admin/stock?at_most=2&left=1").text().contains("Nothing is running out"));
}

#[test]
fn open_orders_are_those_that_are_still_to_be_sent() {
    let shop = Shop::shared();
    let pages = signed_in(&shop, &["orders"]);
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    let placed: Vec<Value> = (0..3).map(|_| shop.order(&buyer, &[line(&variant, 1)])).collect();
    for (at, to) in [(1, "confirmed"), (2, "confirmed"), (2, "shipped")] {
        shop.advance(&placed[at], to);
    }
    let html = pages.get(&format!("/admin/orders?status=open&q={}", buyer.email)).text();
    assert!(html.contains("aria-current=\"page\">Open</a>"), "{html}");
    for (order, is_open) in placed.iter().zip([true, true, false]) {
        assert_eq!(html.contains(&text(&order["number"])), is_open, "{html}");
    }
    // What can be done with several of them is not the same for each.
    assert!(!html.contains("name=\"order\""), "{html}");
}

#[test]
fn a_list_of_orders_knows_the_newest_one() {
    let shop = Shop::shared();
    let pages = signed_in(&shop, &["orders"]);
    let (_, variant) = shop.product(1, 9);
    let order = shop.order(&shop.customer(), &[line(&variant, 1)]);
    let number = |text: &str| text.trim_start_matches("CW-").parse::<i64>().expect("a number");
    let placed = number(&text(&order["number"]));
    // Where it is not on the list as well: only what comes later is news.
    for query in ["", "?q=nobody%20at%20all", "?status=delivered"] {
        let html = pages.get(&format!("/admin/orders{query}")).text();
        let (_, seen) = html.split_once("data-seen=\"").expect("what was seen");
        let (seen, _) = seen.split_once('"').expect("its end");
        assert!(number(seen) >= placed, "{query}: {seen} is older than {placed}");
    }
}

#[test]
fn orders_of_some_days_are_called_that_and_stay_so_while_searching() {
    let shop = Shop::shared();
    let pages = signed_in(&shop, &["orders"]);
    let html = pages.get("/admin/orders?status=pending&from=2020-01-01&to=2020-01-31").text();
    assert!(html.contains("Placed from 2020-01-01 to 2020-01-31."), "{html}");
    assert!(html.contains("status=pending\">Show all days</a>"), "{html}");
    assert!(html.contains("No order that has this status was placed from 2020-01-01 to 2020-01-31."), "{html}");
    assert!(html.contains("<details class=\"block\" open>"), "{html}");
    let search = html.split_once("class=\"find\"").and_then(|(_, rest)| rest.split_once("</form>")).expect("a form").0;
    assert_eq!((field(search, "from").as_str(), field(search, "to").as_str()), ("2020-01-01", "2020-01-31"));
    let all = pages.get("/admin/orders").text();
    assert!(!all.contains("Show all days") && !all.contains("<details class=\"block\" open>"), "{all}");
    // To move none of them on is a mistake, and is said to be one.
    let moved = pages.post("/admin/orders", "/admin/orders/move", &[("to", "confirmed"), ("status", "pending")]);
    assert!(pages.get(&moved.header("location")).text().contains("Mark the orders first."));
}

#[test]
fn a_form_that_is_sent_twice_moves_the_stock_once() {
    let shop = Shop::shared();
    let (_, variant) = shop.product(700, 5);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&shop.staff(&["catalogue"]).email, PASSWORD).status, 303);
    let page = format!("/admin/stock/{variant}");
    let shown = || field(&pages.get(&page).text(), "was");
    let html = pages.get(&page).text();
    let (csrf, number) = (field(&html, "csrf"), field(&html, "once"));
    let send = |once: &str, count: &str| {
        let (was, as_of) = (field(&html, "was"), field(&html, "as_of"));
        let fields = [
            ("csrf", csrf.as_str()),
            ("once", once),
            ("was", &was),
            ("as_of", &as_of),
            ("kind", "counted"),
            ("delta", count),
            ("reason", "the shelf"),
        ];
        let reply = pages.post_raw(&page, &fields);
        reply.find_header("location").unwrap_or_default().to_owned()
    };
    assert!(send(&number, "8").ends_with("done=moved"));
    assert!(send(&number, "8").ends_with("done=before"));
    assert_eq!(shown(), "8");
    assert!(pages.get(&format!("{page}?done=before")).text().contains("was changed once"));
    // Other entries are another form, and what was counted about what is no longer so is told.
    assert_eq!(send(&number, "6"), "");
    assert_eq!(shown(), "8");
}

#[test]
fn the_editor_keeps_languages_currencies_attributes_and_what_goes_with_a_product() {
    let shop = Shop::start(&["--languages", "en,de", "--currencies", "EUR,USD"]);
    let staff = shop.staff(&["catalogue"]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
    let define = |label: &str, kind: &str, choices: &str| {
        let fields = [("label", label), ("kind", kind), ("choices", choices), ("owner", "product"), ("is_facet", "1")];
        pages.post("/admin/attributes", "/admin/attributes", &fields)
    };
    assert_eq!(define("Material", "choices", "Linen\nCotton").status, 303);
    assert_eq!(define("Width (cm)", "number", "").status, 303);
    assert_eq!(define("Washable", "boolean", "").status, 303);
    assert_eq!(define("Fit", "choice", "").status, 422, "a choice needs choices");
    let (shirt, _) = shop.product(3900, 5);
    let (trousers, _) = shop.product(5900, 5);
    let (id, slug) = (shirt["id"].as_str().expect("an id"), trousers["slug"].as_str().expect("a slug"));
    let page = format!("/admin/products/{id}");
    let save = |more: &[(&str, &str)]| {
        let html = pages.get(&page).text();
        let (version, variant) = (field(&html, "version"), field(&html, "v0-id"));
        let own = [
            ("version", version.as_str()),
            ("title", "Shirt"),
            ("product-status", "draft"),
            ("v0-present", "1"),
            ("v0-id", variant.as_str()),
            ("v0-price", "39.00"),
            ("v0-tracked", "1"),
        ];
        let fields: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
        pages.post(&page, &page, &fields)
    };
    let all = [
        ("extras", "1"),
        ("v0-price-USD", "45.00"),
        ("v0-low", "12"),
        ("a-material", "Linen"),
        ("a-material", "Cotton"),
        ("a-width_cm", "52"),
        ("a-washable", "yes"),
        ("t-de-title", "Hemd"),
        ("t-de-description", "<p>Aus Leinen</p>"),
        ("related", slug),
        ("publish_on", "2090-01-01"),
    ];
    let saved = save(&all);
    assert_eq!(saved.status, 303, "{}", saved.text());
    let read = || shop.owner().get(&format!("/v1/admin/products/{id}")).send().expect(200);
    let is_all_there = |product: &serde_json::Value| {
        let variant = &product["variants"][0];
        assert_eq!(variant["other_prices"][0]["price"], json!({"amount": 4500, "currency": "USD"}));
        assert_eq!(variant["low_stock_at"], 12);
        let attributes = json!({"material": ["Linen", "Cotton"], "washable": true, "width_cm": 52});
        assert_eq!(product["attributes"], attributes);
        assert_eq!(product["translations"]["de"]["title"], "Hemd");
        assert_eq!(product["related"], json!([trousers["id"]]));
        assert!(product["publish_at"].as_str().is_some_and(|at| at.starts_with("2090-01-01")));
    };
    is_all_there(&read());
    // What the form shows again is what it was, and saving it changes nothing.
    let html = pages.get(&page).text();
    assert_eq!((field(&html, "v0-price-USD").as_str(), field(&html, "t-de-title").as_str()), ("45.00", "Hemd"));
    assert_eq!(save(&all).status, 303);
    is_all_there(&read());
    // A form from before these fields were there leaves them alone, but for what it shows.
    assert_eq!(save(&[("v0-price-USD", "45.00"), ("v0-low", "12")]).status, 303);
    is_all_there(&read());
    // What is wrong is said beside its field, and nothing is changed.
    for (name, wrong) in [("a-width_cm", "wide"), ("related", "no-such-thing"), ("publish_on", "soon")] {
        let refused = save(&[("extras", "1"), (name, wrong)]);
        assert_eq!(refused.status, 422, "{name}");
        assert!(refused.text().contains("field-error"), "{name}");
    }
    is_all_there(&read());
    assert_eq!(save(&[("extras", "1")]).status, 303);
    let empty = read();
    assert_eq!((&empty["attributes"], &empty["related"], &empty["publish_at"]), (&json!({}), &json!([]), &json!(null)));
    assert_eq!(empty["variants"][0]["other_prices"], json!([]));
}
