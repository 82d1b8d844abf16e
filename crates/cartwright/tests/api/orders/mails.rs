//! The mails about an order, and what cannot get into them

use serde_json::json;

use crate::support::{Mail, PASSWORD, Shop, address, line, new_key, text, unique_email, unique_name};

#[test]
fn each_step_is_told_to_the_buyer_in_html_and_text() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(145_000, 9);
    let order = shop.order(&buyer, &[line(&variant, 2)]);
    let number = text(&order["number"]);
    let path = format!("/v1/admin/orders/{}/transitions", text(&order["id"]));
    let tracking = json!({"number": "00340434161094021501", "carrier": "DHL", "url": "https://dhl.example/track?id=1"});
    shop.owner().post(&path, &json!({"to": "confirmed", "note": "Packed today."})).send().expect(200);
    shop.owner().post(&path, &json!({"to": "shipped", "tracking": tracking})).send().expect(200);
    shop.advance(&order, "delivered");

    let placed = shop.mail(&buyer.email, &format!("We have your order {number}"));
    let confirmed = shop.mail(&buyer.email, &format!("Your order {number} is confirmed"));
    let shipped = shop.mail(&buyer.email, &format!("Your order {number} is on its way"));
    let delivered = shop.mail(&buyer.email, &format!("Your order {number} was delivered"));
    for mail in [&placed, &confirmed, &shipped, &delivered] {
        for body in [&mail.text, &mail.html] {
            for expected in [&number, &text(&product["title"]), "EUR 2,900.00"] {
                assert!(body.contains(expected), "{} lacks {expected}:\n{body}", mail.subject);
            }
        }
        assert!(mail.html.contains("viewport"), "legible on a phone");
        check_loads_nothing(mail);
    }
    assert!(confirmed.text.contains("Packed today.") && confirmed.html.contains("Packed today."));
    // In HTML the slashes of an address may be written as references.
    for body in [&shipped.text, &shipped.html.replace("&#x2f;", "/")] {
        assert!(body.contains("00340434161094021501") && body.contains("DHL"), "{body}");
        assert!(body.contains("https://dhl.example/track?id=1"), "{body}");
    }
    assert!(placed.text.contains("Lindenstrasse 1"));
    let templates = shop.templates_to(&buyer.email);
    assert_eq!(templates, ["verify_email", "order_placed", "order_confirmed", "order_shipped", "order_delivered"]);
}

#[test]
fn a_cancellation_is_told_whoever_did_it() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1450, 9);
    let (own, by_staff) = (shop.order(&buyer, &[line(&variant, 1)]), shop.order(&buyer, &[line(&variant, 1)]));
    buyer.client.post(&format!("/v1/orders/{}/cancel", text(&own["id"])), &json!({})).send().expect(200);
    shop.advance(&by_staff, "cancelled");
    for order in [own, by_staff] {
        shop.mail(&buyer.email, &format!("Your order {} was cancelled", text(&order["number"])));
    }
}

#[test]
fn a_refused_move_sends_nothing() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1450, 9);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let path = format!("/v1/admin/orders/{}/transitions", text(&order["id"]));
    shop.owner().post(&path, &json!({"to": "delivered"})).send().refused(409, "transition_not_allowed");
    assert_eq!(shop.templates_to(&buyer.email), ["verify_email", "order_placed"]);
}

#[test]
fn html_and_quotes_in_names_are_text_in_mails() {
    let shop = Shop::shared();
    let email = unique_email("nasty");
    let name = "\"<img src=x onerror=alert(1)>\" O'Neil & {{ shop.name }}";
    let body = json!({"email": email, "password": PASSWORD, "name": name});
    shop.stranger().post("/v1/auth/signup", &body).send().expect(202);
    let mail = shop.mail(&email, "Your code");
    check_is_tame(&mail);
    let code = mail.code();
    let signed_in = shop
        .stranger()
        .post("/v1/auth/verify-email", &json!({"email": email, "password": PASSWORD, "code": code}))
        .send()
        .expect(200);
    assert_eq!(signed_in["account"]["name"], name);
    let buyer = shop.person(&signed_in);

    let title = unique_name("<b>Bold</b><script>alert(2)</script> & \"Co\"");
    let product = json!({"title": title, "status": "active", "variants": [{"price": {"amount": 100, "currency": "EUR"}, "stock": 5}]});
    let product = shop.add_product(&product);
    let mut ship_to = address();
    for field in ["name", "line1", "line2", "city", "region"] {
        ship_to[field] = json!("<img src=x onerror=alert(3)> \"x\" {{ 4321 * 9876 }}");
    }
    let body = json!({"lines": [line(&text(&product["variants"][0]["id"]), 1)], "ship_to": ship_to});
    let order = buyer.client.post("/v1/orders", &body).key(&new_key()).send().expect(201);
    let path = format!("/v1/admin/orders/{}/transitions", text(&order["id"]));
    let note = json!({"to": "confirmed", "note": "<script>alert(4)</script>\n{{ 4321 * 9876 }}\n.\nQUIT"});
    shop.owner().post(&path, &note).send().expect(200);
    let tracking =
        json!({"number": "<i>1</i>", "carrier": "\"><script>", "url": "https://x.example/\"onmouseover=alert(5)//<b>"});
    shop.owner().post(&path, &json!({"to": "shipped", "tracking": tracking})).send().expect(200);
    for subject in ["We have your order", "is confirmed", "is on its way"] {
        let mail = shop.mail(&email, subject);
        check_is_tame(&mail);
        assert!(mail.text.contains("{{ 4321 * 9876 }}") && !mail.text.contains("42674196"), "{}", mail.text);
        assert!(mail.html.contains("&lt;"), "{}", mail.html);
    }
}

#[test]
fn nothing_in_a_tracking_link_can_run() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1450, 9);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    shop.advance(&order, "confirmed");
    let path = format!("/v1/admin/orders/{}/transitions", text(&order["id"]));
    for url in
        ["javascript:alert(1)", "data:text/html,x", "ftp://x.example/", "https://x.example/\r\nBcc: eve@example.com"]
    {
        let body = json!({"to": "shipped", "tracking": {"number": "1", "url": url}});
        shop.owner().post(&path, &body).send().invalid("/tracking/url");
    }
    let body = json!({"to": "shipped", "tracking": {"number": "1\r\nBcc: eve@example.com"}});
    shop.owner().post(&path, &body).send().invalid("/tracking/number");
}

/// Nothing that was typed has become markup, a header, or a second recipient.
#[track_caller]
fn check_is_tame(mail: &Mail) {
    let html = mail.html.to_lowercase();
    for markup in ["<script", "<img src=x", "onerror=alert(1)>", "<b>bold", "<i>1</i>", "\"onmouseover"] {
        assert!(!html.contains(markup), "{markup} in {}", mail.html);
    }
    check_loads_nothing(mail);
    for name in ["Bcc", "Cc"] {
        assert!(mail.headers.iter().all(|(header, _)| !header.eq_ignore_ascii_case(name)), "{:?}", mail.headers);
    }
    assert_eq!(mail.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case("to")).count(), 1);
    assert!(!mail.to.contains("<img") || mail.to.starts_with('"'), "{}", mail.to);
}

#[track_caller]
fn check_loads_nothing(mail: &Mail) {
    for loading in ["src=\"http", "<link", "<iframe", "<object", "url(http"] {
        assert!(!mail.html.to_lowercase().contains(loading), "{loading} in {}", mail.html);
    }
}
