//! `import mongodump`, with files that the real encoder wrote.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::support::{Done, Place, Server};

const PASSWORD: &str = "an old password of 2019";
const HASH_2B: &str = "$2b$10$CN5XJLD1nIMesp4Vs3bFqONx2SmZLXQWwGVuhYA2Pmy4S81nulcIS";
const HASH_2A: &str = "$2a$04$KVhR1R/BUvNS1GpaK.lgGujC2Kq0vuCmLpXR1uMMeuspCa5Qavg0q";

/// A place with the dumps of a shop, what its orders cost together in cents, and what it has in stock.
fn dumped() -> (Place, String, String) {
    let place = Place::new();
    let python = std::env::var("CARTWRIGHT_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/mongo_dump.py");
    let written = Command::new(&python).arg(script).arg(place.path("old")).args([HASH_2B, HASH_2A]).output();
    let written = written.unwrap_or_else(|error| panic!("{python}: {error}"));
    let said = String::from_utf8_lossy(&written.stdout).into_owned();
    assert!(
        written.status.success(),
        "this test needs Python with pymongo: run `{python} -m pip install pymongo`, or set CARTWRIGHT_TEST_PYTHON: {}",
        String::from_utf8_lossy(&written.stderr)
    );
    let (cents, stock) = said.trim().split_once(' ').expect("two numbers");
    let (whole, rest) = cents.split_at(cents.len() - 2);
    (place, format!("EUR {whole}.{rest}"), stock.to_owned())
}

/// The line of the table that begins so, as its numbers.
fn row(done: &Done, name: &str) -> Vec<String> {
    let line = done.stdout.lines().find(|line| line.starts_with(&format!("{name} ")));
    let line = line.unwrap_or_else(|| panic!("no line {name} in\n{}\n{}", done.stdout, done.stderr));
    line[name.len()..].split("  ").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn post(server: &Server, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent = ureq::Agent::new_with_config(config);
    let request = agent.post(server.url(path)).header("authorization", format!("Bearer {token}"));
    let mut reply = request.content_type("application/json").send(body.to_string()).expect("a reply");
    let text = reply.body_mut().read_to_string().expect("text");
    (reply.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}

fn get(server: &Server, path: &str, token: &str) -> Value {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent = ureq::Agent::new_with_config(config);
    let mut reply =
        agent.get(server.url(path)).header("authorization", format!("Bearer {token}")).call().expect("a reply");
    serde_json::from_str(&reply.body_mut().read_to_string().expect("text")).expect("JSON")
}

fn sign_in(server: &Server, email: &str, password: &str) -> (u16, Value) {
    post(server, "/v1/auth/login", "", &json!({"email": email, "password": password}))
}

#[test]
fn a_shop_comes_over_whole_and_a_second_run_changes_nothing() {
    let (place, value, stock) = dumped();
    place.create_owner("user3@old.example");
    let dump = place.path("old/dump");
    let import = ["import", "mongodump", dump.to_str().expect("UTF-8")];
    let first = place.run(&import).fails(1, &["3 things were left out"]);
    for told in [
        "users 64f000010000000000000384: has the e-mail address user7@old.example of 64f00001",
        "users 64f000010000000000000385: email \"nonsense\" is no e-mail address",
        "users 64f000010000000000000386: has no bcrypt password",
        "users 64f000010000000000000001: isAdmin becomes a customer",
        "products 64f000030000000000000384: the quantity -4 is below zero",
        "products 64f000030000000000000385: price \"ask us\" is no price",
        "products 64f000030000000000000385: is in the category",
        "orders 64f000040000000000000384: was placed by the user",
        "orders 64f000040000000000000384: names the product",
        "wishlists 64f000050000000000000384: belongs to the user",
    ] {
        assert!(first.stderr.contains(told), "{told}:\n{}", first.stderr);
    }
    assert_eq!(row(&first, "users"), ["123", "120", "1", "2"], "one was here: the owner");
    assert_eq!(row(&first, "categories"), ["4", "4", "0", "0"]);
    assert_eq!(row(&first, "products"), ["42", "42", "0", "0"]);
    assert_eq!(row(&first, "reviews"), ["60", "60", "0", "0"]);
    assert_eq!(row(&first, "orders"), ["152", "152", "0", "0"]);
    assert_eq!(row(&first, "wishlists"), ["31", "30", "0", "1"]);
    assert_eq!(row(&first, "stock of new products"), [stock.as_str(), stock.as_str()]);
    assert_eq!(row(&first, "all orders"), [value.as_str(), value.as_str()]);
    place.run(&["check"]).expect(0);
    // The same shop as JSON, and once more: all of it is here.
    for folder in ["old/json", "old/dump/shop"] {
        let folder = place.path(folder);
        let again =
            place.run(&["import", "mongodump", folder.to_str().expect("UTF-8")]).fails(1, &["3 things were left out"]);
        assert_eq!(row(&again, "users"), ["123", "0", "121", "2"]);
        assert_eq!(row(&again, "products"), ["42", "0", "42", "0"]);
        assert_eq!(row(&again, "reviews"), ["60", "0", "60", "0"]);
        assert_eq!(row(&again, "orders"), ["152", "0", "152", "0"]);
        assert_eq!(row(&again, "all orders"), [value.as_str(), value.as_str()]);
    }
    place.run(&["check"]).expect(0);

    let server = place.start(&["serve"]);
    for (number, hash) in [(7, "$2b"), (8, "$2a")] {
        let email = format!("user{number}@old.example");
        let (status, signed_in) = sign_in(&server, &email, PASSWORD);
        assert_eq!(status, 200, "{hash}: {signed_in}");
        assert_eq!(sign_in(&server, &email, "another password of 2019").0, 401);
        // The password was hashed anew, and still is the right one.
        assert_eq!(sign_in(&server, &email, PASSWORD).0, 200);
        let token = signed_in["access_token"].as_str().expect("a token");
        let orders = get(&server, "/v1/orders?limit=100", token);
        // The seventh has the orders of the second one with the same address, too.
        let expected = if number == 7 { 3 } else { 2 };
        assert_eq!(orders["items"].as_array().map(Vec::len), Some(expected), "{orders}");
        let addresses = get(&server, "/v1/account/addresses", token);
        assert_eq!(addresses["items"].as_array().map(Vec::len), Some(1), "{addresses}");
        assert_eq!(addresses["items"][0]["line1"], format!("{number} High Street, 1234{number} Springfield"));
        let list = get(&server, "/v1/account/wishlist", token);
        assert_eq!(list["items"].as_array().map(Vec::len), Some(number % 5), "{list}");
    }
    let (status, unproven) = sign_in(&server, "user10@old.example", PASSWORD);
    assert_eq!((status, &unproven["code"]), (403, &json!("email_not_verified")));
    assert_eq!(sign_in(&server, "odd@old.example", "plain text").0, 401);
    let product = server.get("/v1/products/product-3");
    assert_eq!((&product["rating"]["count"], &product["category"]["name"]), (&json!(3), &json!("Category 3")));
    assert_eq!(product["description"], "<p>What it is.</p>");
    let reduced = server.get("/v1/products/product-10");
    let variant = &reduced["variants"][0];
    assert_eq!((&variant["price"]["amount"], &variant["compare_at_price"]["amount"]), (&json!(999), &json!(2050)));
    server.stop();
}

/// What is new in a later dump comes too; what its owner changed here since stays.
#[test]
fn a_later_dump_adds_what_is_new() {
    let (place, ..) = dumped();
    let folder = place.path("old/json");
    let import = ["import", "mongodump", folder.to_str().expect("UTF-8")];
    place.run(&import).fails(1, &["3 things were left out"]);
    let server = place.start(&["serve"]);
    let token = sign_in(&server, "user4@old.example", PASSWORD).1["access_token"].as_str().expect("a token").to_owned();
    let list = get(&server, "/v1/account/wishlist", &token);
    let first = list["items"][0]["product"]["id"].as_str().expect("an id").to_owned();
    let agent = ureq::Agent::new_with_defaults();
    let gone = agent.delete(server.url(&format!("/v1/account/wishlist/items/{first}")));
    gone.header("authorization", format!("Bearer {token}")).call().expect("taken off");
    server.stop();
    let add = |name: &str, line: &str| {
        let path = folder.join(name);
        fs::write(&path, fs::read_to_string(&path).expect("read") + line + "\n").expect("written");
    };
    add(
        "users.json",
        r#"{"_id":{"$oid":"64f00001000000000000ffff"},"name":"Late","email":"late@old.example","password":"x"}"#,
    );
    add(
        "orders.json",
        r#"{"_id":{"$oid":"64f00004000000000000ffff"},"buyer":{"$oid":"64f00001000000000000ffff"},"products":[{"productId":"64f000030000000000000001","quantity":{"$numberInt":"1"}}],"totalprice":{"$numberDouble":"11.5"},"status":"pending","address":"x"}"#,
    );
    let again = place.run(&import).fails(1, &["3 things were left out"]);
    assert_eq!(
        (row(&again, "users"), row(&again, "orders")),
        (["124", "1", "121", "2"].map(str::to_owned).to_vec(), ["153", "1", "152", "0"].map(str::to_owned).to_vec())
    );
    assert_eq!(row(&again, "wishlists"), ["31", "0", "30", "1"]);
    let server = place.start(&["serve"]);
    let token = sign_in(&server, "user4@old.example", PASSWORD).1["access_token"].as_str().expect("a token").to_owned();
    let list = get(&server, "/v1/account/wishlist", &token);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(3), "what was taken off came back: {list}");
    server.stop();
    place.run(&["check"]).expect(0);
}

#[test]
fn a_shop_comes_over_to_postgresql_too() {
    let (place, value, stock) = dumped();
    let (dump, database) = (place.path("old/dump"), test_postgres::Database::fresh());
    let url = database.url();
    let import = ["import", "mongodump", dump.to_str().expect("UTF-8"), "--database", &url];
    for (new, known) in [("121", "0"), ("0", "121")] {
        let done = place.run(&import).fails(1, &["3 things were left out"]);
        assert_eq!(row(&done, "users"), ["123", new, known, "2"]);
        assert_eq!(row(&done, "all orders"), [value.as_str(), value.as_str()]);
        if new != "0" {
            assert_eq!(row(&done, "stock of new products"), [stock.as_str(), stock.as_str()]);
        }
    }
    place.run(&["check", "--database", &url]).expect(0);
}

#[test]
fn admins_stay_admins_when_that_is_wanted() {
    let (place, ..) = dumped();
    let dump = place.path("old/dump/shop");
    place.run(&["import", "mongodump", dump.to_str().expect("UTF-8"), "--keep-admins"]).fails(1, &["left out"]);
    let server = place.start(&["serve"]);
    let (status, signed_in) = sign_in(&server, "user1@old.example", PASSWORD);
    assert_eq!((status, &signed_in["account"]["role"]), (200, &json!("staff")), "{signed_in}");
    let orders = get(&server, "/v1/admin/orders?limit=1", signed_in["access_token"].as_str().expect("a token"));
    assert_eq!(orders["items"].as_array().map(Vec::len), Some(1));
    server.stop();
}

#[test]
fn folders_that_are_no_dump_are_refused() {
    let (place, ..) = dumped();
    place.run(&["import", "mongodump", "/nowhere/at/all"]).fails(1, &["/nowhere/at/all"]);
    fs::create_dir(place.path("empty")).expect("made");
    let empty = place.path("empty");
    place.run(&["import", "mongodump", empty.to_str().expect("UTF-8")]).fails(1, &["no files such as users.bson"]);
    let broken = place.path("old/dump/shop");
    let products = broken.join("products.bson");
    let bytes = fs::read(&products).expect("read");
    fs::write(&products, &bytes[..bytes.len() - 3]).expect("written");
    place
        .run(&["import", "mongodump", broken.to_str().expect("UTF-8")])
        .fails(1, &["products.bson", "breaks off in document 42"]);
    assert!(!place.path("cartwright-data").exists(), "nothing is begun that cannot be ended");
}

/// A file that was forgotten is told before anything is written; where somebody goes without all the same, the whole dump mends it.
#[test]
fn what_a_first_dump_lacked_comes_with_the_whole_one() {
    let (place, _, stock) = dumped();
    let (dump, kept) = (place.path("old/dump/shop"), place.path("kept"));
    let import = ["import", "mongodump", dump.to_str().expect("UTF-8")];
    fs::create_dir(&kept).expect("made");
    for name in ["users.bson", "products.bson"] {
        fs::rename(dump.join(name), kept.join(name)).expect("moved");
    }
    fs::create_dir(dump.join("users.bson")).expect("made");
    place.run(&import).fails(1, &["users.bson", "is no file"]);
    fs::remove_dir(dump.join("users.bson")).expect("removed");
    let refused = place.run(&import).fails(1, &["has no users and no products", "--keep-going"]);
    assert!(refused.stderr.contains("no file of users, products"), "{}", refused.stderr);
    assert!(!place.path("cartwright-data").exists(), "nothing is begun that cannot be ended");
    place.run(&[&import[..], &["--keep-going"]].concat());
    for name in ["users.bson", "products.bson"] {
        fs::rename(kept.join(name), dump.join(name)).expect("moved back");
    }
    let whole = place.run(&import).fails(1, &["3 things were left out"]);
    assert_eq!(row(&whole, "users"), ["123", "121", "0", "2"]);
    assert_eq!(row(&whole, "products"), ["42", "42", "0", "0"]);
    assert_eq!(row(&whole, "stock of new products"), [stock.as_str(), stock.as_str()]);
    place.run(&["check"]).expect(0);
    let server = place.start(&["serve"]);
    assert_eq!(sign_in(&server, "user7@old.example", PASSWORD).0, 200);
    assert_eq!(server.get("/v1/products/product-10")["variants"][0]["price"]["amount"], json!(999));
    server.stop();
}

/// What a file is says its own name, and not that of its folder.
#[test]
fn a_folder_may_be_called_as_somebody_likes() {
    let (place, ..) = dumped();
    fs::rename(place.path("old/json"), place.path("my.bson dumps")).expect("renamed");
    let folder = place.path("my.bson dumps");
    let done = place.run(&["import", "mongodump", folder.to_str().expect("UTF-8")]);
    assert_eq!(row(&done, "products"), ["42", "42", "0", "0"]);
}
