//! `demo`

use serde_json::json;

use crate::support::Place;

#[test]
fn the_demo_is_a_whole_shop_whose_password_is_shown_once() {
    let place = Place::new();
    let server = place.start(&["demo"]);
    let products = server.get("/v1/products?limit=100");
    let products = products["items"].as_array().expect("a list").clone();
    assert_eq!(products.len(), 24);
    let picture = products[0]["images"][0]["url"].as_str().expect("a picture").to_owned();
    let mut reply = ureq::get(server.url(&picture)).call().expect("the picture is served");
    assert!(reply.body_mut().read_to_string().expect("text").starts_with("<svg"));
    // Such a picture is a document: looked at by itself, it may do nothing.
    let policy = reply.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("; sandbox;"), "{policy}");
    // On loopback the mailbox needs no sign-in.
    assert_eq!(ureq::get(server.url("/mailbox")).call().expect("open").status(), 200);

    let url = server.url("/v1/auth/login");
    let (stdout, log) = server.stop();
    let password = stdout.split("password ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let password = password.expect("a password").to_owned();
    assert_eq!(password.len(), 20);
    assert!(stdout.contains("/docs") && stdout.contains("/mailbox") && stdout.contains(&url[..20]), "{stdout}");
    assert!(log.iter().all(|line| !line.contains(&password)));

    let server = place.start(&["demo"]);
    let body = json!({"email": "owner@example.com", "password": password}).to_string();
    let request = ureq::post(server.url("/v1/auth/login")).content_type("application/json");
    assert_eq!(request.send(body).expect("signed in").status(), 200);
    assert_eq!(server.get("/v1/products?limit=100")["items"].as_array().expect("a list").len(), 24);
    let (stdout, _) = server.stop();
    assert!(!stdout.contains(&password) && stdout.contains("as shown at the first start"), "{stdout}");
    assert!(place.path("cartwright-demo/shop.db").exists());
}

#[test]
fn the_sample_prices_are_euros() {
    Place::new().run(&["demo", "--currency", "JPY", "--listen", "127.0.0.1:0"]).fails(2, &["EUR", "currency"]);
}
