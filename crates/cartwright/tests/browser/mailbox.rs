//! The mailbox: what was written to whom, and who may read it.

use serde_json::json;

use crate::{browser::Browser, watched::prove_quiet};
use proof::harness::{
    client::Client,
    load::{Fate, order},
    program::create_owner,
    server::Launch,
    shop::{OWNER, PASSWORD, Shop, text},
};

/// A customer whose name is a trick.
const NAME: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";

/// An order by the customer with the tricky name, of a product with a tricky title.
fn order_with_tricks(shop: &mut Shop) {
    let client = Client::new(shop.address);
    let body = json!({"email": "tricky@example.com", "password": PASSWORD, "name": NAME});
    let signed_in = client.post("", "/v1/auth/signup", "", &body).expect("a reply").expect(201);
    let price = json!({"amount": 1999, "currency": "EUR"});
    let product = json!({"title": NAME, "status": "active", "variants": [{"price": price, "stock": 9}]});
    let product = client.post(&shop.owner, "/v1/admin/products", "", &product).expect("a reply").expect(201);
    let mut body = shop.order("tricky", 0);
    body["lines"] = json!([{"variant_id": product["variants"][0]["id"], "quantity": 2}]);
    for field in ["name", "line1", "line2", "city"] {
        body["ship_to"][field] = NAME.into();
    }
    shop.buyers.push(text(&signed_in["access_token"]));
    let sent = order(&client, shop, "tricky".to_owned(), shop.buyers.len() - 1, body);
    assert!(matches!(sent.fate, Fate::Acknowledged(_)), "{sent:?}");
}

fn sign_in(browser: &Browser, origin: &str) {
    browser.open(&format!("{origin}/staff/sign-in?next=/mailbox"));
    browser.fill("#email", OWNER);
    browser.fill("#password", PASSWORD);
    browser.click("form button");
    browser.arrives_at("/mailbox");
}

#[test]
fn staff_read_mails_send_them_again_and_nobody_else_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let server = launch.start();
    let origin = format!("http://{}", launch.address);
    let browser = Browser::start();
    sign_in(&browser, &origin);
    browser.pictures("mailbox-empty");

    let mut shop = Shop::fill(launch.address, 1);
    let client = Client::new(launch.address);
    for number in 0..24 {
        let key = format!("order-{number}");
        let body = shop.order(&key, number);
        order(&client, &shop, key, 0, body);
    }
    order_with_tricks(&mut shop);

    browser.open(&format!("{origin}/mailbox"));
    assert!(browser.page_text().contains("No mail server is configured"), "{}", browser.page_text());
    assert_eq!(browser.text(".mails li:first-child .to"), "tricky@example.com");
    browser.pictures("mailbox");
    filter(&browser, &origin);
    read_a_mail(&browser, &origin);
    prove_quiet(&browser, &origin, &[]);

    // Every mail is reachable, page by page.
    browser.open(&format!("{origin}/mailbox"));
    let mut found = browser.count(".mails li");
    while browser.has(".more a") {
        browser.click(".more a");
        found += browser.count(".mails li");
    }
    let all = shop.all(&shop.owner, "/v1/admin/mails?").len();
    assert_eq!(found, all, "the list should have every mail once");

    leave(&browser, &origin);
    server.stop();
}

fn filter(browser: &Browser, origin: &str) {
    browser.follow("Failed");
    assert!(browser.script("return location.search").as_str().is_some_and(|search| search.contains("failed")));
    assert_eq!(browser.count(".mails li"), 0);
    assert!(browser.page_text().contains("Nothing here"), "{}", browser.page_text());
    assert_eq!(browser.text(".tabs a[aria-current]"), "Failed");
    browser.pictures("mailbox-filtered-empty");
    // Without a mail server nothing is called sent.
    browser.follow("Kept here");
    assert!(browser.count(".mails li") > 0);
    assert_eq!(browser.count(".mails li"), browser.count(".mails .badge.quiet"));
    browser.open(&format!("{origin}/mailbox"));
}

fn read_a_mail(browser: &Browser, origin: &str) {
    browser.click(".mails li:first-child a");
    let page = browser.path();
    assert!(browser.page_text().contains("tricky@example.com"), "{}", browser.page_text());
    let sandbox = browser.attribute("iframe", "sandbox").expect("a sandbox");
    assert!(!sandbox.contains("allow-scripts") && !sandbox.contains("allow-same-origin"), "{sandbox}");
    browser.in_frame(|| {
        let shown = browser.page_text();
        assert!(shown.contains("<script>alert(1)</script>"), "the name is to be read, not to be run:\n{shown}");
        assert!(shown.contains("39.98") || shown.contains("39,98"), "{shown}");
        assert!(!browser.has("script") && !browser.has("img[src=x]") && !browser.has("img[onerror]"));
    });
    browser.has_no_dialog();
    browser.pictures("mail-html");

    browser.follow("Text");
    let shown = browser.text("pre.mail");
    assert!(shown.contains("<script>alert(1)</script>") && shown.contains("CW-"), "{shown}");
    browser.pictures("mail-text");
    browser.follow("Source");
    let shown = browser.text("pre.mail");
    assert!(shown.contains("Message-ID: <") && shown.contains("multipart/alternative"), "{shown}");
    browser.pictures("mail-source");
    browser.has_no_dialog();

    browser.open(&format!("{origin}{page}"));
    let tries = |browser: &Browser| {
        let facts = "return [...document.querySelectorAll('dl.facts dt')].find(dt => dt.textContent === 'Tries')\
            .nextElementSibling.textContent";
        browser.script(facts).as_str().and_then(|tries| tries.trim().parse::<i64>().ok()).expect("a number of tries")
    };
    assert_eq!(tries(browser), 1);
    browser.click(".act-row button");
    assert!(browser.text("[role=status]").len() > 5, "it says what happened");
    browser.pictures("mail-sent-again");
    proof::harness::within(std::time::Duration::from_secs(10), "the second sending", || {
        browser.open(&format!("{origin}{page}"));
        (browser.text(".badge") == "Kept here").then_some(())
    });
}

fn leave(browser: &Browser, origin: &str) {
    browser.open(&format!("{origin}/mailbox"));
    browser.click(".mails li:first-child a");
    let mail = browser.path();
    browser.click("header.bar form button");
    browser.arrives_at("/staff/sign-in");
    for path in ["/mailbox", &mail, &format!("{mail}/html")] {
        browser.open(&format!("{origin}{path}"));
        assert_eq!(browser.path(), "/staff/sign-in", "{path} can be read by strangers");
        assert!(!browser.page_text().contains("tricky"), "{path}");
    }
    // Neither does going back show what was there.
    browser.script("history.go(-2)");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(!browser.page_text().contains("tricky@example.com"), "{}", browser.page_text());
}
