//! Bodies that come late: whoever may no longer do what they began does not do it

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Pages, Shop, address, line, new_key, request, text};

/// Longer than an answer to who may is good for, and shorter than a body may take.
const PAUSE: Duration = Duration::from_millis(400);

/// The reply to a request of which the last bytes come only after something else was done.
fn interrupted(shop: &Shop, bytes: &[u8], meanwhile: impl FnOnce()) -> String {
    let mut stream = TcpStream::connect(shop.address()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(15))).expect("a timeout");
    let (first, last) = bytes.split_at(bytes.len() - 3);
    stream.write_all(first).expect("sent");
    thread::sleep(PAUSE);
    meanwhile();
    stream.write_all(last).expect("sent");
    let mut received = Vec::new();
    stream.read_to_end(&mut received).expect("a reply");
    String::from_utf8_lossy(&received).into_owned()
}

/// The status of a reply.
fn status(reply: &str) -> u16 {
    let status = reply.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no reply: {reply}"))
}

fn sent_by(client: &Client, method: &str, target: &str, body: &Value) -> Vec<u8> {
    let (token, key) = (format!("Bearer {}", client.token()), new_key());
    let headers =
        [("Authorization", token.as_str()), ("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
    request(method, target, &headers, body.to_string().as_bytes())
}

#[test]
fn who_is_locked_while_a_body_comes_changes_nothing() {
    let shop = Shop::shared();
    let (product, variant) = shop.product(100, 9);
    let price = || {
        let now = shop.owner().get(&format!("/v1/admin/products/{}", text(&product["id"]))).send().expect(200);
        now["variants"][0]["price"]["amount"].clone()
    };
    let path = format!("/v1/admin/variants/{variant}");
    let body = |amount: i64| json!({"price": {"amount": amount, "currency": "EUR"}});
    let staff = shop.staff(&["catalogue"]);
    let change = |amount| sent_by(&staff.client, "PATCH", &path, &body(amount));
    assert_eq!(status(&interrupted(&shop, &change(200), || {})), 200, "whoever is only slow may be");
    let lock = || drop(shop.set_access(&staff, json!({"disabled": true})).expect(200));
    assert_eq!(status(&interrupted(&shop, &change(300), lock)), 401);
    assert_eq!(price(), json!(200));

    // Whoever may do less by now is signed out, too.
    let other = shop.staff(&["catalogue"]);
    let deprive = || drop(shop.set_access(&other, json!({"permissions": ["orders"]})).expect(200));
    let change = sent_by(&other.client, "PATCH", &path, &body(400));
    assert_eq!(status(&interrupted(&shop, &change, deprive)), 401);
    assert_eq!(price(), json!(200));
}

#[test]
fn who_is_signed_out_while_an_order_comes_has_not_ordered() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (product, variant) = shop.product(100, 9);
    let body = json!({"lines": [line(&variant, 1)], "ship_to": address()});
    let order = || sent_by(&buyer.client, "POST", "/v1/orders", &body);
    assert_eq!(status(&interrupted(&shop, &order(), || {})), 201, "whoever is only slow may be");
    let sign_out = || drop(buyer.client.post_empty("/v1/auth/logout-everywhere").expect(204));
    assert_eq!(status(&interrupted(&shop, &order(), sign_out)), 401);
    assert_eq!(shop.stock_of(&product), 8);
}

#[test]
fn who_is_locked_while_a_form_comes_is_led_to_sign_in() {
    let shop = Shop::shared();
    let staff = shop.staff(&["orders"]);
    let (product, variant) = shop.product(100, 9);
    let order = shop.order(&shop.customer(), &[line(&variant, 2)]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
    let page = format!("/admin/orders/{}", text(&order["id"]));
    let form = format!("csrf={}&to=cancelled&version=1&note=late", pages.csrf(&page));
    let cookie = pages.cookies();
    let headers = [("Cookie", cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    let bytes = request("POST", &format!("{page}/move"), &headers, form.as_bytes());
    let lock = || drop(shop.set_access(&staff, json!({"disabled": true})).expect(200));
    let turned = interrupted(&shop, &bytes, lock);
    // Elsewhere than where a move that was done leads to.
    assert!(status(&turned) == 303 && turned.contains("\r\nlocation: /staff/sign-in?next="), "{turned}");
    let now = shop.owner().get(&format!("/v1/admin/orders/{}", text(&order["id"]))).send().expect(200);
    assert_eq!((&now["status"], shop.stock_of(&product)), (&json!("pending"), 7));
}
