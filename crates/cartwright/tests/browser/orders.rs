//! The staff's pages for orders and reviews: from a new order to a shipped one, by clicks and by keyboard alone.

use serde_json::{Value, json};

use crate::{
    browser::{Browser, ENTER, TAB},
    watched::prove_quiet,
};
use proof::harness::{
    client::Client,
    load::{Fate, order},
    program::{create_owner, create_owner_called},
    server::Launch,
    shop::{OWNER, PASSWORD, Shop, text},
};

/// A customer whose name is a trick.
const NAME: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";

fn place(shop: &Shop, number: usize, name: &str) -> String {
    let key = format!("order-{number}");
    let mut body = shop.order(&key, number);
    body["ship_to"]["name"] = name.into();
    match order(&Client::new(shop.address), shop, key, 0, body).fate {
        Fate::Acknowledged(order) => order.number,
        other => panic!("not acknowledged: {other:?}"),
    }
}

pub(crate) fn sign_in(browser: &Browser, origin: &str) {
    browser.open(&format!("{origin}/admin"));
    browser.arrives_at("/staff/sign-in");
    browser.fill("#email", OWNER);
    browser.fill("#password", PASSWORD);
    browser.click("form button");
    browser.arrives_at("/admin");
    browser.open(&format!("{origin}/admin/orders"));
}

#[test]
fn an_order_is_confirmed_shipped_and_delivered() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    create_owner_called("clerk@example.com", &launch.data, None);
    let server = launch.start();
    let origin = format!("http://{}", launch.address);
    let browser = Browser::start();
    sign_in(&browser, &origin);
    assert!(browser.page_text().contains("No orders yet"), "{}", browser.page_text());
    browser.pictures("orders-empty");

    let shop = Shop::fill(launch.address, 1);
    let tricky = place(&shop, 0, NAME);
    for number in 1..6 {
        place(&shop, number, "Ann Example");
    }
    browser.open(&format!("{origin}/admin/orders"));
    assert_eq!(browser.count("table.list tbody tr"), 6);
    browser.pictures("orders");
    browser.has_no_dialog();

    // Found by its number, and by what nobody has.
    browser.fill("#q", "nothing like this");
    browser.to_another_page(|| browser.press(ENTER));
    assert!(browser.page_text().contains("Nothing found"), "{}", browser.page_text());
    // What has another status than the one that is shown is not said to be nowhere.
    browser.open(&format!("{origin}/admin/orders?status=cancelled&q={tricky}"));
    assert!(browser.page_text().contains("Only those under “Cancelled” were looked at"), "{}", browser.page_text());
    browser.to_another_page(|| browser.follow("look in all of them"));
    assert_eq!(browser.count("table.list tbody tr"), 1);
    browser.fill("#q", &tricky.to_lowercase());
    browser.to_another_page(|| browser.press(ENTER));
    assert_eq!(browser.count("table.list tbody tr"), 1);
    browser.to_another_page(|| browser.follow(&tricky));
    let page = browser.path();
    assert!(browser.page_text().contains(NAME), "the name is to be read, not to be run");
    assert!(!browser.has("img[src=x]"));
    browser.has_no_dialog();
    browser.pictures("order");

    browser.fill("#note-confirmed", "We pack it tomorrow.");
    browser.to_another_page(|| browser.click("[aria-labelledby=move-confirmed] button"));
    assert!(browser.text("[role=status]").contains("confirmed"));
    assert_eq!(browser.text("h1 .badge"), "To ship");
    // A tracking page that is none is told beside what was typed.
    browser.fill("#number", "LX 4410");
    browser.script("document.querySelector('#url').type = 'text'");
    browser.fill("#url", "javascript:alert(1)");
    browser.to_another_page(|| browser.click("[aria-labelledby=move-shipped] button"));
    assert!(browser.text("[role=alert]").contains("tracking page"), "{}", browser.page_text());
    assert_eq!(browser.script("return document.querySelector('#number').value"), "LX 4410");
    browser.pictures("order-wrong");
    browser.script("document.querySelector('#url').type = 'text'");
    browser.fill("#url", "https://track.example.com/LX4410");
    browser.fill("#carrier", "An Post");
    browser.to_another_page(|| browser.click("[aria-labelledby=move-shipped] button"));
    assert!(browser.text("[role=status]").contains("on its way"));
    assert!(browser.has("a[href='https://track.example.com/LX4410']"));
    assert!(!browser.has("[aria-labelledby=move-cancelled]"), "what has left cannot be cancelled");
    // The mails that went out are there, one a move.
    assert_eq!(browser.count("[aria-labelledby=mails] li"), 3);
    browser.pictures("order-shipped");
    browser.to_another_page(|| browser.click("[aria-labelledby=move-delivered] button"));
    assert_eq!(browser.text("h1 .badge"), "Delivered");
    assert_eq!(browser.count("[aria-labelledby=history] li"), 4);

    several_at_once(&browser, &origin);
    by_keyboard_alone(&browser, &origin);
    two_at_once(&browser, &origin, &shop);
    a_wrong_address(&browser, &origin, &shop);
    prove_quiet(&browser, &origin, &["409", "422"]);
    nobody_else(&browser, &origin, &page, &shop);
    server.stop();
}

fn several_at_once(browser: &Browser, origin: &str) {
    browser.open(&format!("{origin}/admin/orders?status=pending"));
    assert_eq!(browser.count("td.mark input"), 5);
    for place in [1, 2] {
        browser.click(&format!("tbody tr:nth-child({place}) td.mark input"));
    }
    browser.pictures("orders-marked");
    browser.to_another_page(|| browser.click("form[action='/admin/orders/move'] .act-row button"));
    assert_eq!(browser.text("[role=status]"), "2 orders moved on. The customers get a mail.");
    assert_eq!(browser.count("td.mark input"), 3);
    // What cannot be undone is asked for once more, with how many are meant.
    browser.open(&format!("{origin}/admin/orders?status=confirmed"));
    for place in [1, 2] {
        browser.click(&format!("tbody tr:nth-child({place}) td.mark input"));
    }
    browser.click("form[action='/admin/orders/move'] .act-row button");
    let asked = browser.answer(false);
    assert!(asked.starts_with("Mark 2 orders as shipped, without tracking?"), "{asked}");
}

/// To the first order that has to be confirmed, and confirmed, without a mouse.
fn by_keyboard_alone(browser: &Browser, origin: &str) {
    browser.open(&format!("{origin}/admin/orders?status=pending"));
    let until = |what: &str| {
        for _ in 0..40 {
            browser.press(TAB);
            if browser.script(&format!("return document.activeElement.matches(\"{what}\")")) == true {
                let outline = browser.script("return getComputedStyle(document.activeElement).outlineStyle");
                assert_ne!(outline, "none", "{what} does not show that it has the focus");
                return;
            }
        }
        panic!("the Tab key never reaches {what}");
    };
    until("table.list td a");
    browser.to_another_page(|| browser.press(ENTER));
    until("[aria-labelledby=move-confirmed] button");
    browser.to_another_page(|| browser.press(ENTER));
    assert_eq!(browser.text("h1 .badge"), "To ship");
    browser.open(&format!("{origin}/admin/orders?status=pending"));
    assert_eq!(browser.count("td.mark input"), 2);
}

/// Somebody else moves the order while it is looked at: the second sees what is there now.
fn two_at_once(browser: &Browser, origin: &str, shop: &Shop) {
    browser.open(&format!("{origin}/admin/orders?status=pending"));
    browser.to_another_page(|| browser.click("table.list td a"));
    let id = browser.path().rsplit('/').next().expect("an id").to_owned();
    let path = format!("/v1/admin/orders/{id}/transitions");
    let moved = Client::new(shop.address).post(&shop.owner, &path, "", &json!({"to": "confirmed"}));
    moved.expect("a reply").expect(200);
    browser.to_another_page(|| browser.click("[aria-labelledby=move-confirmed] button"));
    assert!(browser.text("[role=alert]").contains("Somebody else changed this order"), "{}", browser.page_text());
    assert_eq!(browser.text("h1 .badge"), "To ship");
    // Cancelling asks first.
    browser.click("[aria-labelledby=move-cancelled] summary");
    browser.fill("#note-cancelled", "The last one broke.");
    browser.to_another_page(|| browser.click("[aria-labelledby=move-cancelled] button"));
    assert!(browser.text("[role=status]").contains("cancelled"));
    browser.pictures("order-cancelled");
}

/// A street is corrected before the parcel leaves, and the parcel's number comes after.
fn a_wrong_address(browser: &Browser, origin: &str, shop: &Shop) {
    let number = place(shop, 40, "Ann Exampel");
    browser.open(&format!("{origin}/admin/orders?q={number}"));
    browser.to_another_page(|| browser.follow(&number));
    browser.click("[aria-labelledby=to] summary");
    browser.fill("#ship_to-name", "Ann Example");
    browser.fill("#ship_to-postal_code", "");
    browser.to_another_page(|| browser.click("[aria-labelledby=to] button"));
    assert!(browser.text("[role=alert]").contains("Postal code"), "{}", browser.page_text());
    browser.pictures("order-address-wrong");
    browser.fill("#ship_to-postal_code", "10969");
    browser.to_another_page(|| browser.click("[aria-labelledby=to] button"));
    assert!(browser.text("address").contains("Ann Example"), "{}", browser.page_text());
    for to in ["confirmed", "shipped"] {
        browser.to_another_page(|| browser.click(&format!("[aria-labelledby=move-{to}] button")));
    }
    browser.click("[aria-labelledby=to] summary");
    browser.fill("#tracking-number", "LX 4411");
    browser.pictures("order-tracking");
    browser.to_another_page(|| browser.click("[aria-labelledby=to] button"));
    assert!(browser.text("[aria-labelledby=to]").contains("LX 4411"), "{}", browser.page_text());
    assert_eq!(browser.text("[role=status]"), "The tracking is saved. The customer gets a mail.");
    browser.click("[aria-labelledby=to] summary");
    browser.to_another_page(|| browser.click("[aria-labelledby=to] button[name=remove]"));
    assert!(!browser.text("[aria-labelledby=to]").contains("LX 4411"), "{}", browser.page_text());
}

/// Strangers, and staff who are trusted with something else, see none of it; and no form of another site does anything.
fn nobody_else(browser: &Browser, origin: &str, page: &str, shop: &Shop) {
    let forged = format!(
        "const form = document.createElement('form'); form.method = 'post'; form.action = '{page}/move'; \
         form.innerHTML = '<input name=to value=confirmed><input name=csrf value=nonsense>'; \
         document.body.append(form); form.submit();"
    );
    browser.to_another_page(|| {
        browser.script(&forged);
    });
    assert!(browser.page_text().contains("The form is too old or came from elsewhere"), "{}", browser.page_text());
    browser.open(&format!("{origin}/admin/orders"));
    browser.click("header.bar form button");
    browser.arrives_at("/staff/sign-in");
    for path in ["/admin", "/admin/orders", page, "/admin/reviews"] {
        browser.open(&format!("{origin}{path}"));
        assert_eq!(browser.path(), "/staff/sign-in", "{path} can be read by strangers");
    }
    // A clerk who looks after the catalogue.
    shop.demote("clerk@example.com", &["catalogue"]);
    browser.open(&format!("{origin}/staff/sign-in"));
    browser.fill("#email", "clerk@example.com");
    browser.fill("#password", PASSWORD);
    browser.click("form button");
    browser.arrives_at("/admin");
    assert!(!browser.page_text().contains("Orders"), "{}", browser.page_text());
    for path in ["/admin/orders", page, "/mailbox"] {
        browser.open(&format!("{origin}{path}"));
        assert!(browser.page_text().contains("This takes the permission"), "{path}: {}", browser.page_text());
    }
}

#[test]
fn reviews_are_looked_at_and_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let server = launch.start();
    let origin = format!("http://{}", launch.address);
    let browser = Browser::start();
    sign_in(&browser, &origin);
    browser.click("details.menu summary");
    browser.to_another_page(|| browser.click("details.menu [href='/admin/reviews']"));
    assert!(browser.page_text().contains("Nothing to look at"), "{}", browser.page_text());
    browser.pictures("reviews-empty");

    let shop = Shop::fill(launch.address, 2);
    let client = Client::new(launch.address);
    let product: Value = client.get("/v1/products").expect("a reply").expect(200)["items"][0].clone();
    let path = format!("/v1/products/{}/reviews", text(&product["id"]));
    for (buyer, (rating, words)) in
        shop.buyers.iter().zip([(5, "Holds a large coffee.\nAnd keeps it warm."), (1, NAME)])
    {
        let body = json!({"rating": rating, "title": "A mug", "text": words, "author": NAME});
        client.post(buyer, &path, "", &body).expect("a reply").expect(201);
    }
    browser.open(&format!("{origin}/admin/reviews"));
    assert_eq!(browser.count("article.review"), 2);
    assert!(browser.page_text().contains(NAME) && !browser.has("img[src=x]"));
    browser.has_no_dialog();
    browser.pictures("reviews");
    // The newest stands first: that with one star.
    browser.to_another_page(|| browser.click("article.review:nth-of-type(1) button[value=reject]"));
    assert!(browser.text("[role=status]").contains("hidden"));
    browser.to_another_page(|| browser.click("article.review:nth-of-type(1) button[value=approve]"));
    assert!(browser.text("[role=status]").contains("everybody"));
    assert!(browser.page_text().contains("Nothing to look at"));
    browser.to_another_page(|| browser.follow("Approved"));
    browser.click("article.review summary");
    browser.fill("article.review textarea", "Thank you! <b>Enjoy</b> it.");
    browser.to_another_page(|| browser.click("button[value=reply]"));
    assert!(browser.text("blockquote").contains("<b>Enjoy</b>"), "{}", browser.page_text());
    browser.pictures("review-answered");
    let read = client.get(&format!("/v1/products/{}", text(&product["slug"]))).expect("a reply").expect(200);
    assert_eq!(read["rating"], json!({"average": 5.0, "count": 1}));
    let shown = client.get(&path).expect("a reply").expect(200);
    assert_eq!(shown["items"][0]["reply"]["text"], "Thank you! <b>Enjoy</b> it.");
    // Another customer finds that it should not be there.
    let report = format!("/v1/reviews/{}/report", text(&shown["items"][0]["id"]));
    client.post(&shop.buyers[1], &report, "", &json!({})).expect("a reply");
    browser.to_another_page(|| browser.follow("Reported"));
    assert!(browser.page_text().contains("reported by 1"), "{}", browser.page_text());
    browser.pictures("review-reported");
    browser.to_another_page(|| browser.click("button[value=dismiss]"));
    assert!(browser.page_text().contains("No reports"), "{}", browser.page_text());
    prove_quiet(&browser, &origin, &[]);
    server.stop();
}
