//! The whole way through the dashboard: from the first start to an order that was shipped, and every page on it.

use std::{fs, time::Duration};

use crate::{
    browser::{Browser, ENTER},
    watched::prove_quiet,
};
use proof::harness::{
    client::Client,
    server::{Launch, Server},
    shop::{OWNER, PASSWORD},
    within,
};

const ODD: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>";

/// A shop that has just been set up, with its owner signed in.
fn first_start(browser: &Browser) -> (tempfile::TempDir, Launch, Server, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate", "--languages", "en,de", "--currencies", "USD"]);
    let server = launch.start();
    let link = within(Duration::from_secs(5), "the set-up link in the output", || {
        let log = server.log();
        let begin = log.find(&format!("http://{}/setup", launch.address))?;
        let end = log[begin..].find(|c: char| c.is_whitespace() || c == '"' || c == '\u{1b}')?;
        Some(log[begin..begin + end].to_owned())
    });
    browser.open(&link);
    browser.fill("#name", "Olive Owner");
    browser.fill("#email", OWNER);
    browser.fill("#password", PASSWORD);
    browser.to_another_page(|| browser.click("form button"));
    browser.fill("#email", OWNER);
    browser.fill("#password", PASSWORD);
    browser.to_another_page(|| browser.press(ENTER));
    browser.arrives_at("/admin/welcome");
    let origin = format!("http://{}", launch.address);
    (folder, launch, server, origin)
}

/// Sends the form that this button belongs to.
fn send(browser: &Browser, css: &str) {
    browser.to_another_page(|| browser.click(css));
}

/// A picture of 8 by 8 pixels.
fn picture(folder: &std::path::Path) -> String {
    // A bitmap's worth of red as PNG would take a deflater; a GIF of one colour takes none.
    const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
    let path = folder.join("red.gif");
    fs::write(&path, GIF).expect("a file");
    path.to_string_lossy().into_owned()
}

#[test]
fn a_shop_is_set_up_sells_and_ships() {
    let browser = Browser::start();
    let (folder, launch, server, origin) = first_start(&browser);
    let open = |path: &str| browser.open(&format!("{origin}{path}"));
    // Three steps lead to the first product; each can be left out.
    browser.pictures("welcome-shop");
    browser.fill("#name", "Alder & Ink");
    browser.choose("#country", "DE");
    browser.choose("#currency", "CHF");
    browser.fill("#contact_email", "nobody");
    browser.script("document.querySelector('#contact_email').type = 'text'");
    send(&browser, "main .act button");
    assert!(browser.has("#contact_email-error"), "what is wrong is said beside its field:\n{}", browser.page_text());
    assert_eq!(browser.script("return document.querySelector('#name').value"), "Alder & Ink");
    browser.pictures("welcome-complaint");
    browser.fill("#contact_email", "hello@example.com");
    send(&browser, "main .act button");
    browser.arrives_at("/admin/welcome/mail");
    assert_eq!(browser.text("a.brand"), "Alder & Ink");
    browser.pictures("welcome-mail");
    send(&browser, "main form button");
    browser.says("The test mail is on its way");
    send(&browser, "main .act .button");
    browser.pictures("welcome-products");
    send(&browser, "[name=next][value='']");
    browser.arrives_at("/admin");
    browser.pictures("overview-empty");
    assert!(browser.page_text().contains("No mail server is configured"), "{}", browser.page_text());

    // Settings: the shop window, and where customers write to.
    open("/admin/settings");
    browser.fill("#contact_email", "nobody");
    browser.script("document.querySelector('#contact_email').type = 'text'");
    send(&browser, "p.act.save button");
    assert!(browser.has(".field-error"), "what is wrong is said beside its field:\n{}", browser.page_text());
    browser.fill("#contact_email", "hello@example.com");
    browser.choose("#currency", "EUR");
    browser.fill("#terms", "Be kind.");
    browser.click("[name=shop_window]");
    send(&browser, "p.act.save button");
    assert!(browser.text("[role=status]").contains("Saved"));
    browser.pictures("settings");

    // The first product: refused, mended, with options and a picture.
    open("/admin/products");
    browser.pictures("products-empty");
    send(&browser, "a.button");
    browser.fill("#title", ODD);
    browser.fill("[name=v0-price]", "a lot");
    send(&browser, "p.act.save button");
    assert!(browser.text("[role=alert]").contains("price"), "{}", browser.page_text());
    browser.pictures("product-new");
    browser.fill("[name=v0-price]", "19.90");
    browser.fill("[name=v0-stock]", "7");
    browser.fill("[name=v0-sku]", "MUG-1");
    assert_eq!(browser.script("return document.querySelector('#product-status').value"), "draft");
    browser.choose("#product-status", "active");
    send(&browser, "p.act.save button");
    assert!(browser.text("h1").contains(ODD), "an odd name is only a name");
    browser.fill("#o0-name", "Colour");
    browser.fill("#o0-values", "Red, Blue");
    send(&browser, "[aria-labelledby=options] button");
    browser.says("The variants are there");
    assert_eq!(browser.count("table.grid tbody tr"), 2, "the plain one is the first of them:\n{}", browser.page_text());
    browser.fill("#title", "Mug");
    browser.fill("[name=v0-price]", "21");
    browser.fill("[name=v0-sale]", "15.50");
    browser.script("document.querySelector('#sale_until').value = '2090-01-01'");
    send(&browser, "p.act.save button");
    // A sale is there until it is taken away, whatever else is saved.
    send(&browser, "p.act.save button");
    assert_eq!(browser.script("return document.querySelector('[name=v0-sale]').value"), "15.50");
    assert_eq!(browser.script("return document.querySelector('#sale_until').value"), "2090-01-01");
    browser.fill("[name=v0-sale]", "");
    send(&browser, "p.act.save button");
    assert_eq!(browser.script("return document.querySelector('[name=v0-sale]').value"), "");
    browser.fill("#file", &picture(folder.path()));
    browser.to_another_page(|| browser.click("[aria-labelledby=add-pictures] button"));
    browser.says("The pictures are there");
    let product = browser.path();
    browser.pictures("product");
    browser.has_no_dialog();

    // Its stock, with a reason.
    send(&browser, "table.grid tbody a");
    browser.choose("#kind", "received");
    browser.fill("#delta", "12");
    browser.fill("#reason", "delivery of May");
    send(&browser, "[aria-labelledby=change] button");
    assert!(browser.text("h1").starts_with("19 pieces"), "{}", browser.page_text());
    browser.pictures("ledger");

    // Categories: made, ordered, hung elsewhere.
    open("/admin/categories");
    for name in ["Kitchen", "Cups", "Plates"] {
        browser.fill("#name", name);
        send(&browser, "[aria-labelledby=new] button");
    }
    browser.pictures("categories");

    collections(&browser, &origin);
    attributes(&browser, &origin, &product);

    // A customer comes to the shop window, in the same browser.
    open("/");
    browser.says("Mug");
    browser.pictures("window");
    browser.click(".goods a");
    browser.says("Put into the basket");
    browser.pictures("window-product");
    browser.click("main form button");
    browser.says("It is in the basket");
    // As if it had been put there before its price went up.
    browser.script(
        "const lines = JSON.parse(localStorage.getItem('shop-basket')); lines[0].price.amount -= 100; \
         localStorage.setItem('shop-basket', JSON.stringify(lines));",
    );
    open("/checkout");
    browser.says("Who is ordering?");
    browser.pictures("window-sign-in");
    browser.fill("#new-name", "Ann Example");
    browser.fill("#new-email", "ann@example.com");
    browser.fill("#new-password", "a quiet garden in May");
    browser.press(ENTER);
    browser.says("Where shall it go?");
    let asked = browser.text("main table");
    assert!(asked.contains("Mug") && asked.contains("Together"), "what is ordered stands above the button: {asked}");
    let fill_address = || {
        browser.choose("#country", "DE");
        for (field, text) in
            [("#name", ODD), ("#line1", "Lindenstrasse 1"), ("#postal_code", "10969"), ("#city", "Berlin")]
        {
            browser.fill(field, text);
        }
    };
    fill_address();
    browser.pictures("window-checkout");
    let total = browser.text("main table tfoot");
    browser.press(ENTER);
    browser.says("A price has changed");
    let total_now = browser.text("main table tfoot");
    assert_ne!(total_now, total, "what it costs now stands where the sum was");
    let line_now = browser.text("main table tbody tr:first-child td:last-child");
    assert_eq!(line_now.trim(), browser.text("main table tfoot td:last-child").trim(), "the lines come to the sum");
    // Who leaves and comes back finds the prices of now.
    open("/basket");
    browser.says("To the checkout");
    assert_eq!(browser.text("main table tfoot td:last-child").trim(), line_now.trim());
    open("/checkout");
    browser.says("Where shall it go?");
    assert_eq!(browser.text("main table tfoot"), total_now);
    fill_address();
    browser.press(ENTER);
    browser.says("Thank you");
    let variant = browser.text("main table tbody td");
    assert!(variant.contains("Mug, "), "the order names the variant, as the basket did: {variant}");
    browser.pictures("window-order");
    browser.has_no_dialog();
    // Signing out ends the session, and not only what the browser knows of it.
    open("/my-orders");
    browser.says("Your orders");
    let kept = || browser.script("return JSON.parse(localStorage.getItem('shop-tokens'))");
    let refresh = serde_json::json!({"refresh_token": kept()["refresh_token"]});
    browser.click("main p button.plain");
    within(Duration::from_secs(5), "the end of the session", || kept().is_null().then_some(()));
    let client = Client::new(launch.address);
    client.post("", "/v1/auth/refresh", "", &refresh).expect("a reply").expect(401);

    // It is in the dashboard: found from anywhere, confirmed, noted, shipped; its mails went out.
    open("/admin");
    browser.pictures("overview");
    assert!(browser.page_text().contains("to confirm"));
    by_keyboard_alone(&browser);
    browser.fill("#text", "wants a ribbon");
    send(&browser, "[aria-labelledby=notes] button");
    assert!(browser.page_text().contains("wants a ribbon"));
    browser.fill("#number", "LX 4410");
    send(&browser, "[aria-labelledby=move-shipped] button");
    assert_eq!(browser.text("h1 .badge"), "Shipped");
    assert_eq!(browser.count("[aria-labelledby=mails] li"), 3, "placed, confirmed, shipped");
    let lines = "[aria-labelledby=lines] tbody";
    let (wide, narrow) = (browser.text(lines), browser.on_a_phone(|| browser.text(lines)));
    assert!(wide.matches("EUR").count() == 2 && narrow.matches("EUR").count() == 1, "{wide}\n{narrow}");
    browser.pictures("order-shipped");
    send(&browser, ".head-row .button");
    assert!(browser.text("h1").contains("Quay") || browser.page_text().contains("Packing slip"));
    for slip in [browser.on_paper(|| browser.text("tbody")), browser.on_a_phone(|| browser.text("tbody"))] {
        assert!(slip.contains("Mug") && slip.contains("MUG-1"), "nobody can pack by this: {slip}");
    }
    browser.pictures("packing-slip");
    browser.has_no_dialog();

    rest(&browser, &origin, &product);
    prove_quiet(&browser, &origin, &["422", "409"]);
    server.stop();
}

/// Fields of the shop's own, and a product with values of them.
fn attributes(browser: &Browser, origin: &str, product: &str) {
    browser.open(&format!("{origin}/admin/attributes"));
    browser.pictures("attributes-empty");
    for (label, kind, choices) in
        [("Material", "choices", "Clay\nGlass"), ("Volume", "number", ""), ("Dishwasher", "boolean", "")]
    {
        browser.fill("#label", label);
        browser.choose("#kind", kind);
        browser.fill("#choices", choices);
        send(browser, "[aria-labelledby=new] button");
        browser.says("The attribute is there");
    }
    browser.click(".tree summary");
    browser.pictures("attributes");
    browser.open(&format!("{origin}{product}"));
    browser.click("[name=a-material][value=Clay]");
    browser.fill("[name=a-volume]", "lots");
    browser.fill("#t-de-title", "Becher");
    send(browser, "p.act.save button");
    assert_eq!(browser.text("[aria-labelledby=attributes] .field-error"), "must be a whole number");
    browser.fill("[name=a-volume]", "300");
    send(browser, "p.act.save button");
    browser.says("Saved");
    browser.pictures("product-full");
}

/// A collection by hand, and one by a rule.
fn collections(browser: &Browser, origin: &str) {
    let open = || browser.open(&format!("{origin}/admin/collections"));
    open();
    browser.pictures("collections-empty");
    browser.fill("#title", "Gifts");
    send(browser, "[aria-labelledby=new] button");
    browser.fill("#find", "mug");
    send(browser, "form.find button");
    browser.click("[aria-labelledby=put-in] [name=product]");
    send(browser, "[aria-labelledby=put-in] [value=add]");
    assert_eq!(browser.count("[aria-labelledby=products] tbody tr"), 1);
    browser.click("[name=is_active]");
    browser.fill("#slug", "Not A Slug!");
    send(browser, "[value=save]");
    assert!(browser.has(".field-error"), "{}", browser.page_text());
    browser.fill("#slug", "presents");
    browser.click("[name=is_active]");
    browser.click("[name=is_active]");
    send(browser, "[value=save]");
    browser.says("Saved");
    assert_eq!(browser.text(".head-row .badge"), "Shoppers see it");
    browser.pictures("collection-by-hand");
    open();
    browser.fill("#title", "Small things");
    browser.click("[name=kind][value=rule]");
    send(browser, "[aria-labelledby=new] button");
    assert_eq!(browser.text("#passing"), "What passes it", "the rule says nothing yet");
    browser.fill("#price_max", "a lot");
    send(browser, "[value=save]");
    assert!(browser.has(".field-error"), "{}", browser.page_text());
    browser.fill("#price_max", "30");
    send(browser, "[value=save]");
    assert_eq!(browser.text("#passing"), "1 product for sale passes it");
    browser.pictures("collection-by-rule");
    open();
    assert_eq!(browser.count("table.list tbody tr"), 2);
    browser.pictures("collections");
}

/// Finds the order with `/`, opens it and confirms it without a mouse.
fn by_keyboard_alone(browser: &Browser) {
    browser.press("/");
    assert_eq!(browser.script("return document.activeElement.id"), "everywhere");
    browser.press("cw-10001");
    browser.to_another_page(|| browser.press(ENTER));
    browser.pictures("search");
    browser.tab_to(".hits a");
    browser.to_another_page(|| browser.press(ENTER));
    browser.tab_to("[aria-labelledby=move-confirmed] button");
    browser.to_another_page(|| browser.press(ENTER));
    assert_eq!(browser.text("h1 .badge"), "To ship");
}

/// The pages that are not on the way of an order.
fn rest(browser: &Browser, origin: &str, product: &str) {
    let open = |path: &str| browser.open(&format!("{origin}{path}"));
    // Prices and stock, right in the list.
    open("/admin/products");
    browser.pictures("products");
    open("/admin/stock?at_most=100");
    browser.pictures("stock");

    open("/admin/customers");
    browser.fill("#q", "ann");
    browser.says("ann@example.com");
    browser.pictures("customers");
    browser.to_another_page(|| browser.follow("Ann Example"));
    browser.fill("#text", "kind");
    send(browser, "[aria-labelledby=notes] button");
    let orders = browser.on_a_phone(|| browser.text("[aria-labelledby=orders] tbody"));
    assert!(orders.contains("CW-10001") && orders.contains("EUR"), "an order has its total: {orders}");
    browser.pictures("customer");

    open("/admin/staff");
    browser.fill("#name", "Stan Staff");
    browser.fill("#email", "stan@example.com");
    browser.click("[aria-labelledby=invite] [value=orders]");
    browser.fill("#password", "wrong");
    send(browser, "[aria-labelledby=invite] button");
    assert!(browser.text("[role=alert]").contains("password"));
    assert!(browser.has("[aria-labelledby=invite] [value=orders]:checked"), "what was checked stays so");
    browser.fill("#password", PASSWORD);
    send(browser, "[aria-labelledby=invite] button");
    assert!(browser.page_text().contains("has not answered the invitation yet"), "{}", browser.page_text());
    browser.pictures("staff");

    open("/admin/keys");
    browser.fill("#name", "robot");
    browser.click("[name=permission]");
    browser.fill("#password", PASSWORD);
    send(browser, "[aria-labelledby=new] button");
    assert!(browser.text("pre.secret").starts_with("cwk_"));
    browser.pictures("keys");

    open("/admin/account");
    browser.pictures("account");
    open("/admin/mails");
    browser.pictures("mails");
    browser.to_another_page(|| browser.follow("Work with us in Alder & Ink"));
    assert!(browser.in_frame(|| browser.page_text()).contains("Choose a password"));
    browser.pictures("mail-sample");

    // A file comes in, and is reported on.
    open("/admin/import");
    let file = std::env::temp_dir().join(format!("prices-{}.csv", std::process::id()));
    fs::write(&file, "SKU,Price\nNOBODY-HAS-THIS,12.00\n").expect("a file");
    browser.choose("#kind", "set_prices");
    browser.fill("#file", &file.to_string_lossy());
    browser.click("[aria-labelledby=in] [value=look]");
    browser.says("no variant has the SKU");
    open("/admin/import");
    fs::write(&file, "Handle,Title,Variant Price,Variant Inventory Qty\noversold,Oversold,5,-7\n").expect("a file");
    browser.choose("#kind", "import_products");
    browser.fill("#file", &file.to_string_lossy());
    browser.click("[aria-labelledby=in] [value=look]");
    browser.says("-7 is below zero; the variant has 0");
    open("/admin/import");
    fs::write(&file, "SKU,Price\nMUG-1,12.00\n").expect("a file");
    browser.choose("#kind", "set_prices");
    browser.fill("#file", &file.to_string_lossy());
    browser.click("[aria-labelledby=in] [value=look]");
    browser.says("1 would change");
    let seen = browser.text("[aria-labelledby=preview]");
    assert!(seen.contains("1 would change") && seen.contains("MUG-1 price: EUR 21.00 → EUR 12.00"), "{seen}");
    browser.pictures("import-preview");
    // The file is still chosen.
    send(browser, "[aria-labelledby=in] [value=go]");
    browser.says("Done");
    open("/admin/import");
    fs::write(&file, "SKU,Price\nNOBODY-HAS-THIS,12.00\n").expect("a file");
    browser.choose("#kind", "set_prices");
    browser.fill("#file", &file.to_string_lossy());
    send(browser, "[aria-labelledby=in] [value=go]");
    browser.says("no variant has the SKU");
    assert_eq!(browser.text("h1 .badge"), "Nothing was changed", "the page follows the work without being loaded anew");
    browser.pictures("job");
    fs::remove_file(&file).expect("removed");
    open("/admin/import");
    browser.pictures("import");

    // Two who edit one product: the second is told, and chooses.
    open(product);
    browser.script(
        "const form = document.querySelector('#product'), data = new URLSearchParams(new FormData(form)); \
         data.set('vendor', 'Theirs'); const request = new XMLHttpRequest(); request.open('POST', form.action, false); \
         request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded'); request.send(data.toString())",
    );
    browser.fill("#vendor", "Mine");
    send(browser, "p.act.save button");
    let told = browser.text("[role=alert]");
    assert!(told.contains("Somebody else changed this") && told.contains("vendor: nothing → Theirs"), "{told}");
    assert_eq!(browser.script("return document.querySelector('#vendor').value"), "Mine");
    browser.pictures("product-conflict");
    send(browser, "p.act.save button");
    assert!(browser.text("[role=status]").contains("Saved"));

    // All of it is in the log.
    open("/admin/audit");
    let log = browser.page_text();
    for done in ["Product changed", "Stock moved", "Order shipped", "Settings changed", "API key made", "Olive Owner"] {
        assert!(log.contains(done), "`{done}` is not in the log:\n{log}");
    }
    browser.pictures("audit");
    open("/admin/nowhere");
    assert!(browser.page_text().contains("Not here"), "{}", browser.page_text());
    browser.log("browser");
}

#[test]
fn a_new_order_is_announced_on_an_open_page() {
    let browser = Browser::start();
    let (_folder, launch, server, origin) = first_start(&browser);
    browser.open(&format!("{origin}/admin/orders"));
    assert!(!browser.page_text().contains("new order"));
    let shop = proof::harness::shop::Shop::fill(launch.address, 1);
    let body = shop.order("news-1", 0);
    let client = Client::new(shop.address);
    let placed = proof::harness::load::order(&client, &shop, "news-1".to_owned(), 0, body);
    assert!(matches!(placed.fate, proof::harness::load::Fate::Acknowledged(_)));
    browser.says("new order");
    assert_eq!(browser.text("[data-news] a"), "1 new order. Show it");
    browser.pictures("orders-news");
    browser.to_another_page(|| browser.click("[data-news] a"));
    assert_eq!(browser.count("table.list tbody tr"), 1);
    prove_quiet(&browser, &origin, &[]);
    server.stop();
}
