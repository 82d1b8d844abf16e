//! The shop window: how its customers come in again, what they are told, and their basket.

use std::{fs, path::Path, time::Duration};

use serde_json::{Value, json};

use crate::{
    browser::{ARROW_UP, Browser, ENTER},
    orders::sign_in,
    watched::prove_quiet,
};
use proof::harness::{
    client::Client,
    program::create_owner,
    server::{Launch, Server},
    shop::{OWNER, PASSWORD, Shop, text},
    within,
};

const ANN: &str = "ann@example.com";
/// The field with the pieces of the first line of the basket.
const PIECES: &str = "main table tbody tr:first-child input";

/// An empty shop with its owner, whose mails go into `folder/mails`.
fn launch(folder: &Path, signup: &str) -> (Launch, Server, String) {
    let mails = folder.join("mails");
    let launch = Launch::new(folder, &["--signup", signup, "--mail-dir", mails.to_str().expect("UTF-8")]);
    create_owner(&launch.data);
    let server = launch.start();
    let origin = format!("http://{}", launch.address);
    (launch, server, origin)
}

/// Opens the shop window; with a word to its customers, it takes no orders.
fn open_window(client: &Client, owner: &str, closed: Option<&str>) {
    let settings = json!({
        "low_stock_at": 5, "low_stock_mail": false, "takes_orders": closed.is_none(), "closed_text": closed.unwrap_or_default(),
        "shop_window": true, "require_second_factor": false,
    });
    let bearer = format!("Bearer {owner}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let reply = client.call("PUT", "/v1/admin/settings", &headers, settings.to_string().as_bytes());
    reply.expect("a reply").expect(200);
}

fn owner(client: &Client) -> String {
    let body = json!({"email": OWNER, "password": PASSWORD});
    text(&client.post("", "/v1/auth/login", "", &body).expect("a reply").expect(200)["access_token"])
}

/// The mails that were sent to somebody, oldest first.
fn mails_to(folder: &Path, email: &str) -> Vec<String> {
    let files = fs::read_dir(folder.join("mails")).into_iter().flatten().flatten().map(|file| file.path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    files.sort();
    let mails = files.iter().filter_map(|path| fs::read_to_string(path).ok());
    mails.filter(|mail| mail.contains(email)).collect()
}

/// The codes that were mailed to somebody, once there are so many.
fn codes(folder: &Path, email: &str, count: usize) -> Vec<String> {
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    within(Duration::from_secs(10), "the codes", || {
        let mails = mails_to(folder, email);
        let codes = mails.iter().filter_map(|mail| Some(mail.lines().map(str::trim).find(is_code)?.to_owned()));
        Some(codes.collect::<Vec<_>>()).filter(|codes| codes.len() == count)
    })
}

/// Fills in the sign-up, wherever the window asks for it.
fn sign_up(browser: &Browser, email: &str) {
    browser.says("I am new here");
    for (field, typed) in [("#new-name", "Ann Example"), ("#new-email", email), ("#new-password", PASSWORD)] {
        browser.fill(field, typed);
    }
    browser.press(ENTER);
}

#[test]
fn whoever_left_without_the_code_or_lost_the_password_comes_in_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (launch, server, origin) = launch(folder.path(), "verify");
    let client = Client::new(launch.address);
    open_window(&client, &owner(&client), None);
    let browser = Browser::start();
    browser.open(&format!("{origin}/my-orders"));
    sign_up(&browser, ANN);
    browser.says("We have sent six digits");
    browser.pictures("window-code");
    // Gone from the page of the code, and back.
    browser.open(&format!("{origin}/my-orders"));
    browser.fill("#email", ANN);
    browser.fill("#password", PASSWORD);
    browser.press(ENTER);
    browser.says("Your address is not proven yet");
    let first = codes(folder.path(), ANN, 1);
    browser.click("main p.act-row button");
    browser.says("a mail is on its way");
    let newest = codes(folder.path(), ANN, 2).into_iter().find(|code| *code != first[0]).expect("another code");
    browser.fill("#code", &newest);
    browser.press(ENTER);
    browser.says("No orders yet");
    assert!(!browser.page_text().contains("Is this your address?"), "it was proven a moment ago");

    browser.click("main p button.plain");
    browser.arrives_at("/");
    browser.open(&format!("{origin}/my-orders"));
    browser.click("main summary");
    browser.fill("#forgotten-email", ANN);
    browser.press(ENTER);
    browser.says("a link is on its way");
    browser.says("If none comes, ask again in a quarter of an hour");
    browser.pictures("window-forgotten");
    within(Duration::from_secs(10), "the link", || {
        mails_to(folder.path(), ANN).iter().any(|mail| mail.contains("/reset-password?token")).then_some(())
    });
    prove_quiet(&browser, &origin, &["403"]);
    server.stop();
}

#[test]
fn customers_are_told_what_is_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (launch, server, origin) = launch(folder.path(), "immediate");
    let (client, shop) = (Client::new(launch.address), Shop::fill(launch.address, 0));
    open_window(&client, &shop.owner, None);
    let price = json!({"amount": 1900, "currency": "EUR"});
    let body = json!({"title": "Bowl", "status": "active", "variants": [{"price": price, "stock": 5}]});
    client.post(&shop.owner, "/v1/admin/products", "a bowl", &body).expect("a reply").expect(201);
    let browser = Browser::start();
    let open = |path: &str| browser.open(&format!("{origin}{path}"));

    // The lowest of several prices, wherever it stands among them; one price alone stands for itself.
    open("/");
    let of = |slug: &str| browser.text(&format!(".goods a[href='/shop/{slug}']"));
    let (mug, bowl) = (of("mug"), of("bowl"));
    assert!(mug.contains("from") && mug.contains("3.99") && !mug.contains("14.50"), "{mug}");
    assert!(bowl.contains("19.00") && !bowl.contains("from"), "{bowl}");

    open("/shop/bowl");
    browser.click("main form button");
    browser.says("It is in the basket");
    basket(&browser, &origin);

    // More than there is: the shop says of what, and how many there are.
    browser.script(&format!(
        "const field = document.querySelector('{PIECES}'); field.value = 9; field.dispatchEvent(new Event('change'))"
    ));
    browser.click("main a.button");
    sign_up(&browser, ANN);
    browser.says("Where shall it go?");
    browser.choose("#country", "DE");
    for (field, typed) in
        [("#name", "Ann Example"), ("#line1", "Lindenstrasse 1"), ("#postal_code", "10969"), ("#city", "Berlin")]
    {
        browser.fill(field, typed);
    }
    browser.press(ENTER);
    browser.says("Of Bowl you want 9, and there are 5 left.");

    let token = || text(&browser.script("return JSON.parse(localStorage.getItem('shop-tokens')).access_token"));
    // A session that has ended is no dead end: whoever signs in again finds the address.
    let bearer = format!("Bearer {}", token());
    let ended = client.call("POST", "/v1/auth/logout", &[("authorization", bearer.as_str())], b"");
    assert_eq!(ended.expect("a reply").status, 204);
    browser.click("main form button");
    browser.says("You were signed out meanwhile");
    browser.fill("#email", ANN);
    browser.fill("#password", PASSWORD);
    browser.press(ENTER);
    browser.says("Where shall it go?");
    for (field, kept) in [("#city", "Berlin"), ("#country", "DE")] {
        assert_eq!(browser.script(&format!("return document.querySelector('{field}').value")), kept);
    }
    let ann = token();
    orders(&browser, &origin, &client, &shop, &ann);
    // Signed in at once, the address is proven where the orders are.
    browser.says("Is this your address?");
    browser.fill("#code", &codes(folder.path(), ANN, 1)[0]);
    browser.fill("#password", PASSWORD);
    browser.press(ENTER);
    within(Duration::from_secs(10), "the end of the question", || {
        let asks = browser.page_text().contains("Is this your address?");
        (!asks && browser.page_text().contains("Your orders")).then_some(())
    });
    let account = client.get_as(&ann, "/v1/account").expect("a reply").expect(200);
    assert_eq!(account["email_verified"], true);

    // A closed shop says so, and leads nobody to a checkout that would refuse them.
    open_window(&client, &shop.owner, Some("Back on Monday."));
    open("/");
    browser.says("Back on Monday.");
    browser.pictures("window-closed");
    for path in ["/basket", "/checkout"] {
        open(path);
        browser.says("Back on Monday.");
        assert!(browser.has(PIECES) && !browser.has("main a.button"), "{}", browser.page_text());
    }
    prove_quiet(&browser, &origin, &["409", "401"]);
    server.stop();
}

/// The basket, which has one bowl, with the keyboard.
fn basket(browser: &Browser, origin: &str) {
    let value = || browser.script(&format!("return document.querySelector('{PIECES}').value"));
    let type_in = |typed: &str| {
        browser.script(&format!(
            "const field = document.querySelector('{PIECES}'); field.value = '{typed}'; field.dispatchEvent(new Event('change'))"
        ));
    };
    browser.open(&format!("{origin}/basket"));
    browser.says("To the checkout");
    browser.tab_to(PIECES);
    browser.press(ARROW_UP);
    assert_eq!(browser.script(&format!("return document.activeElement.matches('{PIECES}')")), true, "the focus stays");
    assert_eq!(value(), "2");
    for sum in ["main table tbody tr td:last-child", "main table tfoot strong"] {
        assert!(browser.text(sum).contains("38.00"), "{}", browser.page_text());
    }
    // Whole pieces, one at least; what is no number changes nothing.
    for (typed, kept) in [("", "2"), ("0", "2"), ("-3", "2"), ("3.4", "3"), ("1", "1")] {
        type_in(typed);
        assert_eq!(value(), kept, "{typed:?}");
    }
    let kept = browser.script("return JSON.parse(localStorage.getItem('shop-basket')).map((line) => line.quantity)");
    assert_eq!(kept, json!([1]));
    browser.pictures("window-basket");
    browser.script("window.kept = localStorage.getItem('shop-basket')");
    browser.click("main table button");
    browser.says("The basket is empty");
    browser.script("localStorage.setItem('shop-basket', window.kept)");
    browser.open(&format!("{origin}/basket"));
    browser.says("To the checkout");
}

/// More orders than a page has, one of them cancelled and one on its way.
fn orders(browser: &Browser, origin: &str, client: &Client, shop: &Shop, ann: &str) {
    let placed: Vec<Value> = (0..21)
        .map(|number| {
            let key = format!("order-{number}");
            client.post(ann, "/v1/orders", &key, &shop.order(&key, number)).expect("a reply").expect(201)
        })
        .collect();
    let path = |order: &Value| format!("/my-orders/{}", text(&order["id"]));
    let open = |path: &str| browser.open(&format!("{origin}{path}"));
    open(&path(&placed[0]));
    browser.says("Thank you");
    let cancel = format!("/v1/orders/{}/cancel", text(&placed[0]["id"]));
    client.post(ann, &cancel, "", &json!({})).expect("a reply").expect(200);
    open(&path(&placed[0]));
    browser.says("It was cancelled and will not be sent.");
    assert!(!browser.page_text().contains("Thank you"), "{}", browser.page_text());
    let tracking = json!({"number": "LX 4410", "url": "https://track.example.com/LX4410"});
    for body in [json!({"to": "confirmed"}), json!({"to": "shipped", "tracking": tracking})] {
        let move_on = format!("/v1/admin/orders/{}/transitions", text(&placed[1]["id"]));
        client.post(&shop.owner, &move_on, "", &body).expect("a reply").expect(200);
    }
    open(&path(&placed[1]));
    browser.says("The parcel has left us.");
    assert_eq!(browser.text("main a[href='https://track.example.com/LX4410']"), "LX 4410");
    open("/my-orders");
    browser.says(&text(&placed[20]["number"]));
    assert_eq!(browser.count(".hits li"), 20);
    browser.pictures("window-orders");
    browser.follow("Older orders");
    browser.says(&text(&placed[0]["number"]));
    assert_eq!(browser.count(".hits li"), 1);
}

#[test]
fn long_words_make_no_page_wider() {
    let folder = tempfile::tempdir().expect("a folder");
    let (launch, server, origin) = launch(folder.path(), "immediate");
    let (client, shop) = (Client::new(launch.address), Shop::fill(launch.address, 0));
    open_window(&client, &shop.owner, None);
    let email = format!("{}@{}.example.com", "m".repeat(60), "d".repeat(60));
    let body = json!({"email": email, "password": PASSWORD, "name": "A".repeat(100)});
    let ann = client.post("", "/v1/auth/signup", "", &body).expect("a reply").expect(201);
    let (id, ann) = (text(&ann["account"]["id"]), text(&ann["access_token"]));
    let price = json!({"amount": 1900, "currency": "EUR"});
    let variant = json!({"price": price, "stock": 5, "sku": "CUP-1"});
    let body = json!({"title": "W".repeat(120), "status": "active", "variants": [variant]});
    let product = client.post(&shop.owner, "/v1/admin/products", "long", &body).expect("a reply").expect(201);
    let mut body = shop.order("long", 0);
    body["lines"] = json!([{"variant_id": product["variants"][0]["id"], "quantity": 1}]);
    let order = text(&client.post(&ann, "/v1/orders", "long", &body).expect("a reply").expect(201)["id"]);
    client.post(&ann, &format!("/v1/orders/{order}/cancel"), "", &json!({})).expect("a reply").expect(200);
    let review = json!({"rating": 4, "title": "T".repeat(100), "text": "x".repeat(200), "author": "Ann"});
    let path = format!("/v1/products/{}/reviews", text(&product["id"]));
    client.post(&ann, &path, "", &review).expect("a reply").expect(201);

    let browser = Browser::start();
    sign_in(&browser, &origin);
    let slug = text(&product["slug"]);
    for (name, path) in [
        ("long-home", "/".to_owned()),
        ("long-product", format!("/shop/{slug}")),
        ("long-order", format!("/admin/orders/{order}")),
        ("long-customer", format!("/admin/customers/{id}")),
        ("long-reviews", "/admin/reviews".to_owned()),
    ] {
        browser.open(&format!("{origin}{path}"));
        browser.text("main h1");
        browser.pictures(name);
    }
    let style = |css: &str, property: &str| {
        browser.script(&format!("return getComputedStyle(document.querySelector({})).{property}", json!(css)))
    };
    // What is short stays whole, and a badge in a list is one like the others.
    browser.open(&format!("{origin}/admin/customers/{id}"));
    assert_eq!(style("table.list .badge.quiet", "display"), "inline");
    browser.open(&format!("{origin}/admin/orders"));
    assert_eq!(style("table.list:not(.plain-list) thead th", "overflowWrap"), "normal");
    browser.open(&format!("{origin}/admin/orders/{order}/slip"));
    assert_eq!(browser.on_paper(|| style("td.sku", "whiteSpace")), "nowrap");
    prove_quiet(&browser, &origin, &[]);
    server.stop();
}
