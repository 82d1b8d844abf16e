//! The documentation.

use crate::{browser::Browser, watched::prove_quiet};
use proof::harness::{program::create_owner, server::Launch};

#[test]
fn the_documentation_shows_every_operation_and_loads_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let server = launch.start();
    let origin = format!("http://{}", launch.address);
    let browser = Browser::start();

    browser.open(&format!("{origin}/docs"));
    browser.text(".opblock-summary-path");
    let documented = browser.script(
        "return fetch('/openapi.json').then(reply => reply.json()).then(document => \
         Object.values(document.paths).flatMap(path => Object.keys(path))\
         .filter(key => ['get', 'post', 'put', 'patch', 'delete'].includes(key)).length)",
    );
    assert!(documented.as_u64() > Some(40), "{documented}");
    proof::harness::within(std::time::Duration::from_secs(10), "every operation", || {
        (u64::try_from(browser.count(".opblock")).ok() == documented.as_u64()).then_some(())
    });
    browser.pictures_of_others("docs");
    // One of them opens, with its example.
    browser.script("document.querySelector('[id$=place_order] .opblock-summary-control').click()");
    let shown = browser.text("[id$=place_order] .opblock-body");
    assert!(shown.contains("Idempotency-Key") && shown.contains("variant_id"), "{shown}");
    prove_quiet(&browser, &origin, &[]);

    browser.open(&format!("{origin}/docs/problems"));
    assert!(browser.page_text().contains("out_of_stock"), "{}", browser.page_text());
    browser.pictures("docs-problems");
    browser.open(&format!("{origin}/"));
    browser.pictures("home");
    prove_quiet(&browser, &origin, &[]);
    server.stop();
}
