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
    // Through a tunnel or a proxy on this machine come others.
    let agent: ureq::Agent = ureq::Agent::config_builder().max_redirects(0).build().into();
    for header in ["x-forwarded-for", "forwarded", "x-real-ip", "via"] {
        let request = agent.get(server.url("/mailbox")).header(header, "127.0.0.1");
        assert_eq!(request.call().expect("an answer").status(), 303, "{header}");
    }

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

const ELSEWHERE: [&str; 5] = ["demo", "--data", "cartwright-data", "--listen", "127.0.0.1:0"];

#[test]
fn a_shop_of_somebodys_is_left_alone() {
    let place = Place::new();
    place.create_owner("olive@example.com");
    place.run(&ELSEWHERE).fails(1, &["not a demonstration", "cartwright-data", "--data"]);
    let database = format!("sqlite:{}", place.path("cartwright-data/shop.db").display());
    let done = place.run(&["demo", "--database", &database, "--listen", "127.0.0.1:0"]);
    done.fails(1, &["not a demonstration", "shop.db", "--database"]);
    let server = place.start(&["serve"]);
    assert_eq!(server.get("/v1/products")["items"].as_array().expect("a list").len(), 0);
    server.stop();
    assert!(!place.path("cartwright-data/pictures").exists());
}

#[test]
fn products_without_an_owner_are_somebodys_too() {
    let place = Place::new();
    let csv = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\nmug,Mug,M-1,12.50,3\n";
    let file = place.write("shop.csv", csv);
    place.run(&["import", "products", file.to_str().expect("UTF-8")]).expect(0);
    place.run(&ELSEWHERE).fails(1, &["not a demonstration"]);
}

#[test]
fn a_demo_that_an_earlier_program_made_goes_on() {
    let place = Place::new();
    place.start(&["demo"]).stop();
    let database = place.path("cartwright-demo/shop.db");
    let conn = rusqlite::Connection::open(&database).expect("opened");
    assert_eq!(conn.execute("DELETE FROM meta WHERE key = 'demo'", []).expect("removed"), 1);
    drop(conn);
    place.start(&["demo"]).stop();
    // Somebody else may look after it by now, and it may have been served as any shop.
    place.start(&["serve", "--data", "cartwright-demo"]).stop();
    let conn = rusqlite::Connection::open(&database).expect("opened");
    assert_eq!(conn.execute("UPDATE accounts SET email = 'ola@example.com'", []).expect("changed"), 1);
    drop(conn);
    let (stdout, _) = place.start(&["demo"]).stop();
    assert!(stdout.contains("ola@example.com") && !stdout.contains("owner@example.com"), "{stdout}");
}
