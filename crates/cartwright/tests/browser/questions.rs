//! What the dashboard asks before something is gone.

use serde_json::{Value, json};

use crate::{
    browser::{Browser, ENTER},
    orders::sign_in,
    watched::prove_quiet,
};
use proof::harness::{
    client::Client,
    program::{create_owner, create_owner_called},
    server::Launch,
    shop::{OWNER, PASSWORD, Shop, text},
};

/// Somebody else of the staff.
const CLERK: &str = "clerk@example.com";

/// What saves a product.
const SAVE: &str = "p.act.save button";

/// What stands in a field.
fn value(browser: &Browser, css: &str) -> Value {
    browser.script(&format!("return document.querySelector({}).value", json!(css)))
}

#[test]
fn nothing_is_thrown_away_without_a_yes() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    create_owner_called(CLERK, &launch.data, None);
    let server = launch.start();
    let origin = format!("http://{}", launch.address);
    let browser = Browser::start();
    sign_in(&browser, &origin);
    let shop = Shop::fill(launch.address, 1);
    let price = json!({"amount": 2000, "currency": "EUR"});
    let bowl = json!({"title": "Bowl", "status": "active", "variants": [{"price": price, "stock": 3}]});
    let bowl = Client::new(launch.address).post(&shop.owner, "/v1/admin/products", "a bowl", &bowl);
    let bowl = text(&bowl.expect("a reply").expect(201)["id"]);

    searching_the_list(&browser, &origin);
    another_form_of_the_editor(&browser, &format!("{origin}/admin/products/{bowl}"));
    removing(&browser, &origin);
    boxes_that_ask(&browser, &origin, &format!("{origin}/admin/products/{bowl}"));
    signed_out_meanwhile(&browser, &format!("{origin}/admin/products/{bowl}"));
    somebody_else_signs_in(&browser, &format!("{origin}/admin/products/{bowl}"));
    two_forms_for_one_place(&browser, &origin);
    prove_quiet(&browser, &origin, &[]);
    server.stop();
}

/// A search replaces the list, and with it the prices that were typed there.
fn searching_the_list(browser: &Browser, origin: &str) {
    const PRICE: &str = "td.quick input[name^='price-']:not([type=hidden])";
    let search = |words: &str| {
        let typed = "q.dispatchEvent(new Event('input', {bubbles: true}))";
        browser.script(&format!("const q = document.querySelector('#q'); q.value = {}; {typed}", json!(words)));
    };
    browser.open(&format!("{origin}/admin/products"));
    browser.fill(PRICE, "1.00");
    search("nothing like this");
    assert!(browser.answer(false).contains("not saved"));
    assert_eq!(value(browser, PRICE), "1.00");
    search("none of them");
    assert!(browser.answer(true).contains("not saved"));
    browser.says("Nothing found");
    // Nothing is left to ask about.
    search("bowl");
    browser.says("Bowl");
    assert_eq!(value(browser, PRICE), "20.00");
}

/// The editor has several forms, and sending one loads the page anew.
fn another_form_of_the_editor(browser: &Browser, page: &str) {
    let make_variants = || {
        browser.fill("#o0-name", "Colour");
        browser.fill("#o0-values", "Red, Blue");
        browser.click("[aria-labelledby=options] button");
    };
    browser.open(page);
    browser.fill("#description", "A long story.");
    make_variants();
    assert!(browser.answer(false).contains("not saved"));
    assert_eq!(value(browser, "#description"), "A long story.");
    // Its own button asks about the options alone, which are another form's.
    browser.to_another_page(|| {
        browser.click("p.act.save button");
        assert!(browser.answer(true).contains("not saved"));
    });
    browser.says("Saved.");
    browser.fill("#description", "Another one.");
    browser.to_another_page(|| {
        make_variants();
        browser.answer(true);
    });
    browser.says("The variants are there");
    assert_eq!(value(browser, "#description"), "A long story.");
}

/// What takes something away has a question of its own.
fn removing(browser: &Browser, origin: &str) {
    browser.open(&format!("{origin}/admin/categories"));
    browser.fill("#name", "Kitchen");
    browser.to_another_page(|| browser.click("[aria-labelledby=new] button"));
    browser.click(".tree summary");
    browser.click(".tree [value=delete]");
    assert!(browser.answer(false).starts_with("Remove Kitchen?"));
    browser.to_another_page(|| {
        browser.click(".tree [value=delete]");
        browser.answer(true);
    });
    browser.says("The category is gone");
}

/// A box has a question too: one that is ticked, and one that is not any more.
fn boxes_that_ask(browser: &Browser, origin: &str, product: &str) {
    let tick = |name: &str| browser.script(&format!("document.querySelector('[name=\"{name}\"]').click()"));
    let settings = format!("{origin}/admin/settings");
    for (page, name, question) in [
        (product, "v0-remove", "Remove Red? 3 pieces of it are in stock"),
        (settings.as_str(), "takes_orders", "Shall the shop take no more orders?"),
    ] {
        browser.open(page);
        tick(name);
        browser.click(SAVE);
        let asked = browser.answer(false);
        assert!(asked.starts_with(question), "{asked}");
        // As it was there is nothing to ask.
        tick(name);
        browser.to_another_page(|| browser.click(SAVE));
        browser.says("Saved.");
    }
}

/// Who was signed out before a form was sent finds what was typed into it, as soon as somebody is signed in again.
fn signed_out_meanwhile(browser: &Browser, page: &str) {
    browser.open(&format!("{page}?done=saved"));
    browser.says("Saved.");
    let before = browser.path();
    browser.fill("#description", "A very long story.");
    send_signed_out(browser, SAVE);
    browser.pictures("signed-out");
    browser.fill("#email", OWNER);
    browser.fill("#password", PASSWORD);
    browser.to_another_page(|| browser.press(ENTER));
    browser.arrives_at(&before);
    browser.says("What you typed is still here");
    assert!(!browser.page_text().contains("Saved."), "nothing was: {}", browser.page_text());
    assert_ne!(value(browser, "#description"), "A very long story.");
    browser.pictures("product-unsaved");
    browser.click(".notice button");
    assert_eq!(value(browser, "#description"), "A very long story.");
    browser.to_another_page(|| browser.click("p.act.save button"));
    browser.says("Saved.");
    assert_eq!(value(browser, "#description"), "A very long story.");
    assert!(!browser.page_text().contains("What you typed is still here"));
}

/// A category has a form for its name and one for its place, which both go to the same address.
fn two_forms_for_one_place(browser: &Browser, origin: &str) {
    browser.open(&format!("{origin}/admin/categories"));
    for name in ["Cellar", "Kitchen"] {
        browser.fill("#name", name);
        browser.to_another_page(|| browser.click("[aria-labelledby=new] button"));
    }
    browser.click(".tree summary");
    let parent = ".tree details[open] select[name=parent]";
    let below = value(browser, &format!("{parent} option:last-child"));
    browser.choose(parent, below.as_str().expect("another category"));
    send_signed_out(browser, ".tree details[open] button[value=under]");
    browser.fill("#email", CLERK);
    browser.fill("#password", PASSWORD);
    browser.to_another_page(|| browser.press(ENTER));
    browser.says("What you typed is still here");
    assert!(browser.has(".notice + form select[name=parent]"), "{}", browser.page_text());
    browser.click(".notice button:last-of-type");
}

/// Ends the session behind the page's back, and sends a form of it.
fn send_signed_out(browser: &Browser, button: &str) {
    browser.script(
        "const out = document.querySelector('form[action=\"/staff/sign-out\"]'), request = new XMLHttpRequest(); \
         request.open('POST', out.action, false); \
         request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded'); \
         request.send(new URLSearchParams(new FormData(out)).toString())",
    );
    browser.to_another_page(|| browser.click(button));
    browser.says("nothing was saved");
}

/// What somebody typed is offered to nobody else who signs in afterwards, and to nobody after an hour.
fn somebody_else_signs_in(browser: &Browser, page: &str) {
    let come_back_as = |email: &str| {
        browser.fill("#email", email);
        browser.fill("#password", PASSWORD);
        browser.to_another_page(|| browser.press(ENTER));
        browser.says("Bowl");
    };
    let offered = || browser.page_text().contains("What you typed is still here");
    let kept = || browser.script("return sessionStorage.getItem('unsaved')");
    browser.open(page);
    browser.fill("#description", "For my eyes alone.");
    send_signed_out(browser, SAVE);
    assert!(kept().is_string(), "it waits for its owner");
    come_back_as(CLERK);
    assert!(!offered() && kept().is_null(), "{}", browser.page_text());

    browser.fill("#description", "Of yesterday.");
    send_signed_out(browser, SAVE);
    browser.script(
        "const draft = JSON.parse(sessionStorage.getItem('unsaved')); draft.at -= 3601 * 1000; \
         sessionStorage.setItem('unsaved', JSON.stringify(draft));",
    );
    come_back_as(CLERK);
    assert!(!offered() && kept().is_null(), "{}", browser.page_text());
}
