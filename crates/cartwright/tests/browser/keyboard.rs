//! The whole way from the first start to a shipped order without a mouse: nothing here clicks, and nothing is filled in that the
//! TAB key does not lead to.

use std::time::Duration;

use crate::{
    browser::{Browser, ENTER, SPACE},
    watched::prove_quiet,
};
use proof::harness::{
    program::check,
    server::Launch,
    shop::{OWNER, PASSWORD},
    within,
};

/// Goes to a field with TAB and writes into it.
#[track_caller]
fn write(browser: &Browser, css: &str, text: &str) {
    browser.tab_to(css);
    browser.press(text);
}

/// Goes to a button or link with TAB and presses it.
#[track_caller]
fn press(browser: &Browser, css: &str) {
    browser.tab_to(css);
    browser.to_another_page(|| browser.press(ENTER));
}

#[test]
fn the_whole_way_needs_no_mouse() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    let server = launch.start();
    let origin = format!("http://{}", launch.address);
    let link = within(Duration::from_secs(5), "the set-up link in the output", || {
        let log = server.log();
        let begin = log.find(&format!("{origin}/setup"))?;
        let end = log[begin..].find(|c: char| c.is_whitespace() || c == '"' || c == '\u{1b}')?;
        Some(log[begin..begin + end].to_owned())
    });
    let browser = Browser::start();

    // The owner, and the three steps of setting up.
    browser.open(&link);
    write(&browser, "#name", "Olive Owner");
    write(&browser, "#email", OWNER);
    write(&browser, "#password", PASSWORD);
    browser.to_another_page(|| browser.press(ENTER));
    browser.press(OWNER);
    write(&browser, "#password", PASSWORD);
    browser.to_another_page(|| browser.press(ENTER));
    browser.arrives_at("/admin/welcome");
    assert_eq!(browser.script("return document.activeElement.id"), "name", "the first field has the focus");
    browser.press("Alder & Ink");
    write(&browser, "#country", "Portug");
    press(&browser, "main .act button");
    browser.arrives_at("/admin/welcome/mail");
    press(&browser, "main .act .button");
    write(&browser, "[name=shop_window]", SPACE);
    press(&browser, "[name=next][value=add]");

    // The first product.
    browser.arrives_at("/admin/products/new");
    write(&browser, "#title", "Mug");
    write(&browser, "#product-status", "For");
    write(&browser, "[name=v0-price]", "19.90");
    write(&browser, "[name=v0-stock]", "3");
    press(&browser, "p.act.save button");
    browser.says("The product is there");

    // A customer buys it in the window.
    browser.open(&origin);
    browser.says("Mug");
    assert_eq!(browser.text("h1"), "Alder & Ink");
    browser.tab_to(".goods a");
    browser.press(ENTER);
    browser.says("Put into the basket");
    browser.tab_to("main form button");
    browser.press(ENTER);
    browser.says("It is in the basket");
    browser.tab_to("main [role=status] a");
    browser.press(ENTER);
    browser.says("To the checkout");
    browser.tab_to("main a.button");
    browser.press(ENTER);
    browser.says("Who is ordering?");
    write(&browser, "#new-name", "Ann Example");
    write(&browser, "#new-email", "ann@example.com");
    write(&browser, "#new-password", "a quiet garden in May");
    browser.press(ENTER);
    browser.says("Where shall it go?");
    for (field, text) in
        [("#name", "Ann Example"), ("#line1", "Rua Um 1"), ("#postal_code", "1000-001"), ("#city", "Lisboa")]
    {
        write(&browser, field, text);
    }
    let country = browser.script("return document.querySelector('#country').value");
    assert_eq!(country, "PT", "the shop's own country stands there already");
    browser.press(ENTER);
    browser.says("Thank you");

    // It is confirmed and shipped.
    browser.open(&format!("{origin}/admin"));
    press(&browser, "a.tile[href*='status=pending']");
    press(&browser, "table.list tbody a");
    press(&browser, "[aria-labelledby=move-confirmed] button");
    assert_eq!(browser.text("h1 .badge"), "To ship");
    write(&browser, "#number", "LX 4410");
    press(&browser, "[aria-labelledby=move-shipped] button");
    assert_eq!(browser.text("h1 .badge"), "Shipped");
    prove_quiet(&browser, &origin, &[]);
    server.stop();
    check(&launch.data);
}
