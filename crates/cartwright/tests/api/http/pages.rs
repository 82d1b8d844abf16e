//! What is for people and machines that run the shop

use std::collections::HashSet;

use crate::support::{Shop, exchange, request};

#[test]
fn the_server_says_how_it_is() {
    let shop = Shop::shared();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(shop.stranger().get(path).send().expect(200)["status"], "ok");
    }
}

#[test]
fn metrics_are_in_prometheus_form_and_count_nobody() {
    let shop = Shop::shared();
    let customer = shop.customer();
    customer.client.get("/v1/account").send().expect(200);
    shop.stranger().get("/v1/orders/0198c2a4-5b6e-7c3d-9f00-00000000beef").send().refused(401, "not_authenticated");
    let reply = shop.stranger().get("/metrics").send();
    assert_eq!((reply.status, reply.media_type()), (200, "text/plain"));
    let text = reply.text();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let value = line.rsplit(' ').next().unwrap_or_default();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(text.contains("# TYPE"), "{text}");
    assert!(text.contains("/v1/account"), "requests are counted by route: {text}");
    for personal in ["example", "0198c2a4", customer.id().as_str()] {
        assert!(!text.contains(personal), "{personal} is counted");
    }
}

#[test]
fn replies_cannot_be_misused_by_browsers() {
    let shop = Shop::shared();
    for path in ["/v1/products", "/v1/account", "/healthz", "/nowhere", "/docs/problems", "/docs/"] {
        let reply = exchange(shop.address(), &request("GET", path, &[], b""));
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert!(reply.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin", "{path}");
    }
    let account = shop.owner().get("/v1/account").send();
    assert_eq!(account.header("cache-control"), "no-store", "what is somebody's own is kept nowhere");
}

#[test]
fn every_request_has_an_id_of_its_own() {
    let shop = Shop::shared();
    let ids: HashSet<String> = (0..50)
        .map(|_| shop.stranger().get("/v1/categories").header("x-request-id", "mine").send().header("x-request-id"))
        .collect();
    assert_eq!(ids.len(), 50);
    assert!(!ids.contains("mine"), "a client cannot write into the log");
}

#[test]
fn the_docs_load_nothing_from_outside() {
    let shop = Shop::shared();
    let moved = shop.stranger().get("/docs").send_outside_the_contract();
    assert!(matches!(moved.status, 200 | 301 | 307 | 308), "{}", moved.status);
    let page = shop.stranger().get("/docs/").send_outside_the_contract();
    assert_eq!((page.status, page.media_type()), (200, "text/html"));
    let html = page.text();
    for attribute in ["src=\"", "href=\""] {
        for target in html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(!target.contains("//"), "the page loads {target}");
            if attribute == "src=\"" {
                let path = format!("/docs/{}", target.trim_start_matches("./"));
                let asset = exchange(shop.address(), &request("GET", &path, &[], b""));
                assert_eq!(asset.status, 200, "{path}");
            }
        }
    }
}

#[test]
fn every_problem_type_is_explained() {
    let shop = Shop::shared();
    let page = shop.stranger().get("/docs/problems").send_outside_the_contract();
    assert_eq!((page.status, page.media_type()), (200, "text/html"));
    let html = page.text();
    let replies = [
        shop.stranger().get("/nowhere").send(),
        shop.stranger().get("/v1/account").send(),
        shop.stranger().get("/v1/products?limit=0").send(),
    ];
    for reply in replies {
        let anchor = reply.json()["type"].as_str().and_then(|uri| uri.split('#').nth(1)).unwrap_or_default().to_owned();
        assert!(html.contains(&format!("id=\"{anchor}\"")), "{anchor} is not explained");
    }
}

#[test]
fn the_log_is_json_and_names_nobody() {
    let shop = Shop::start(&["--log", "debug"]);
    let customer = shop.customer();
    customer.client.get("/v1/orders").send().expect(200);
    // What is in the log by now; dropping the shop looks through all of it again.
    let log = shop.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with('{')).collect();
    assert!(!lines.is_empty(), "nothing was logged:\n{log}");
    for line in lines {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(entry.get("level").is_some() && entry.get("timestamp").is_some(), "{entry}");
    }
    assert!(!log.contains("Ann Example") && !log.contains(&customer.email), "{log}");
}
