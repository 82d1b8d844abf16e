//! `cartwright demo`.

use std::{
    fs::File,
    process::{Child, Stdio},
    time::Duration,
};

use crate::{browser::Browser, watched::prove_quiet};
use proof::harness::{client::Client, program::program, within};
use test_postgres::free_address;

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_demo_shows_its_mailbox_to_whoever_runs_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = free_address();
    let log = folder.path().join("log");
    let file = File::create(&log).expect("a log");
    let demo = program()
        .args(["demo", "--listen", &address.to_string(), "--bcrypt-cost", "10", "--data"])
        .arg(folder.path().join("data"))
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a second handle"))
        .stderr(file)
        .spawn();
    let _demo = Demo(demo.expect("the program starts"));
    let client = Client::new(address);
    within(Duration::from_secs(30), "the demo", || {
        client.get("/readyz").is_ok_and(|reply| reply.status == 200).then_some(())
    });
    let said = within(Duration::from_secs(5), "the links", || {
        std::fs::read_to_string(&log).ok().filter(|said| said.contains("/mailbox"))
    });
    let origin = format!("http://{address}");
    assert!(said.contains(&format!("{origin}/mailbox")) && said.contains(&format!("{origin}/docs")), "{said}");

    let browser = Browser::start();
    browser.open(&format!("{origin}/mailbox"));
    assert_eq!(browser.path(), "/mailbox");
    assert_eq!(browser.text("h1"), "Mailbox");
    browser.pictures("demo-mailbox");
    browser.open(&origin);
    // The shop window draws itself once the page is there.
    browser.text(".goods a");
    browser.pictures("demo-home");
    prove_quiet(&browser, &origin, &[]);

    let products = client.get("/v1/products?limit=100").expect("a reply").expect(200);
    let products = products["items"].as_array().expect("a list");
    assert_eq!(products.len(), 24);
    for product in products {
        let url = product["images"][0]["url"].as_str().unwrap_or_else(|| panic!("no picture: {product}"));
        browser.open(&if url.starts_with('/') { format!("{origin}{url}") } else { url.to_owned() });
        let width = browser.script(
            "const svg = document.documentElement, img = document.querySelector('img'); \
            return svg.tagName === 'svg' ? svg.getBoundingClientRect().width : img ? img.naturalWidth : 0",
        );
        assert!(width.as_f64() > Some(100.0), "{url} is no picture: {width}");
    }
    // From elsewhere than this machine the mailbox is none of anybody's business; here that is a foreign Host.
    let reply = ureq::get(format!("{origin}/mailbox"))
        .header("host", "shop.example.com")
        .config()
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .call();
    let status = reply.expect("a reply").status().as_u16();
    assert_ne!(status, 200, "a page elsewhere could read the mailbox through a name that points here");
}
