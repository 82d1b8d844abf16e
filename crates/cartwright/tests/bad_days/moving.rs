//! Moving a shop from one database to another, and what gets in the way of it.

use std::{path::Path, thread, time::Duration};

use serde_json::{Value, json};
use test_postgres::Database;

use proof::harness::{
    client::Client,
    load::{Fate, Load, Sent, order},
    program::{Ended, check_in, create_owner, program, run, run_on},
    server::Launch,
    shop::{PASSWORD, Shop, text},
    within,
};

/// One shop, wherever it is: tokens name it.
const SHOP: [&str; 4] = ["--signup", "immediate", "--public-url", "http://shop.test"];

fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("shop.db").display())
}

fn copy(folder: &Path, from: &str, to: &str) -> Ended {
    run_on(folder, &["copy", "--from", from, "--to", to])
}

/// What a copy says that it copied.
fn copied(ended: Ended) -> String {
    let said = ended.expect_success();
    let (_, counts) = said.rsplit_once(": ").expect("counts");
    assert!(counts.contains("Counts and checksums agree"), "{said}");
    counts.to_owned()
}

/// A shop in which a little of everything happened, and the orders that were placed.
fn lived_in(launch: &Launch) -> (Shop, Vec<Sent>) {
    let shop = Shop::fill(launch.address, 4);
    let client = Client::new(launch.address);
    let post = |token: &str, path: &str, body: &Value| client.post(token, path, "", body).expect("a reply");
    let above = post(&shop.owner, "/v1/admin/categories", &json!({"name": "Zubehör"})).expect(201);
    let below = json!({"name": "Cups", "parent_id": above["id"]});
    post(&shop.owner, "/v1/admin/categories", &below).expect(201);
    let price = json!({"amount": 500, "currency": "EUR"});
    let endless =
        json!({"title": "Gift card", "status": "active", "variants": [{"price": price, "track_stock": false}]});
    let endless = post(&shop.owner, "/v1/admin/products", &endless).expect(201);
    let load = Load::new(&shop, "order");
    let (sent, ()) = load.during(8, || thread::sleep(Duration::from_millis(500)));
    let placed = |at: usize| match &sent[at].fate {
        Fate::Acknowledged(order) => order.id.clone(),
        other => panic!("an order was not placed: {other:?}"),
    };
    post(&shop.buyers[sent[0].buyer], &format!("/v1/orders/{}/cancel", placed(0)), &json!({})).expect(200);
    for status in ["confirmed", "shipped"] {
        let path = format!("/v1/admin/orders/{}/transitions", placed(1));
        post(&shop.owner, &path, &json!({"to": status})).expect(200);
    }
    let mut card = sent[2].body.clone();
    card["lines"] = json!([{"variant_id": endless["variants"][0]["id"], "quantity": 2}]);
    client.post(&shop.buyers[0], "/v1/orders", "card", &card).expect("a reply").expect(201);
    assert_eq!(post("", "/v1/auth/password/forgot", &json!({"email": "buyer-1@example.com"})).status, 202);
    assert_eq!(post(&shop.buyers[3], "/v1/auth/logout", &json!({})).status, 204);
    (shop, sent)
}

#[test]
fn a_shop_moves_to_a_server_and_back_with_everything_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = Launch::new(folder.path(), &SHOP);
    create_owner(&here.data);
    let server = here.start();
    let (mut shop, sent) = lived_in(&here);
    server.stop();
    let database = Database::fresh();
    let there = copied(copy(folder.path(), &sqlite(&here.data), &database.url()));
    check_in(folder.path(), Some(&database.url()));

    // Everybody stays signed in, is known by the same password, and a repeated order is the same order.
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    let launch = Launch::new(&elsewhere, &[&SHOP[..], &["--database", &database.url()]].concat());
    let server = launch.start();
    let early = copy(folder.path(), &database.url(), &sqlite(&folder.path().join("early")));
    assert!(early.code == Some(1) && early.stderr.contains("the shop is open"), "{early:?}");
    shop.address = launch.address;
    still_the_same(&launch, &shop, &sent, "on the server");
    server.stop();

    let third = folder.path().join("third");
    let back = third.join("data");
    let again = copied(copy(folder.path(), &database.url(), &sqlite(&back)));
    assert_ne!(there, again, "something happened in between");
    check_in(&back, None);
    let third = Launch::new(&third, &SHOP);
    let server = third.start();
    shop.address = third.address;
    still_the_same(&third, &shop, &sent, "back");
    server.stop();

    // A copy of a copy, with nothing in between, is the same.
    let empty = Database::fresh();
    let first = copied(copy(folder.path(), &sqlite(&back), &empty.url()));
    let second = copied(copy(folder.path(), &empty.url(), &sqlite(&folder.path().join("last"))));
    // The secrets are a value of the database on a server, and a file beside the other.
    assert_eq!(first.replace(", 2 values", ", 1 values"), second);
}

fn still_the_same(launch: &Launch, shop: &Shop, sent: &[Sent], key: &str) {
    let client = Client::new(launch.address);
    for sent in sent.iter().take(20).filter(|sent| sent.buyer != 3) {
        let again = order(&client, shop, sent.key.clone(), sent.buyer, sent.body.clone());
        assert_eq!(again.fate, sent.fate, "{} was answered in another way", sent.key);
    }
    client.get_as(&shop.buyers[3], "/v1/account").expect("a reply").expect_problem(401, "not_authenticated");
    let login = json!({"email": "buyer-3@example.com", "password": PASSWORD});
    client.post("", "/v1/auth/login", "", &login).expect("a reply").expect(200);
    // The next order has the next number.
    let newest = |client: &Client| {
        let page = client.get_as(&shop.owner, "/v1/admin/orders?limit=1").expect("a reply").expect(200);
        let number = text(&page["items"][0]["number"]);
        number.trim_start_matches("CW-").parse::<i64>().expect("a number")
    };
    let before = newest(&client);
    let placed = client.post(&shop.buyers[0], "/v1/orders", key, &sent[2].body).expect("a reply").expect(201);
    assert_eq!(placed["number"], format!("CW-{}", before + 1));
}

/// Its program may be running, and could not be started again once its database is of this one.
#[test]
fn a_shop_of_an_older_program_on_a_server_stays_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &SHOP);
    create_owner(&launch.data);
    let [lived_in, opened] = [Database::fresh(), Database::fresh()];
    copied(copy(folder.path(), &sqlite(&launch.data), &lived_in.url()));
    // Nothing is in this one yet, but somebody has it open.
    let beside = folder.path().join("beside");
    std::fs::create_dir(&beside).expect("a folder");
    let server = Launch::new(&beside, &[&SHOP[..], &["--database", &opened.url()]].concat()).start();
    for database in [&lived_in, &opened] {
        database.execute("UPDATE schema_version SET version = version - 1");
        // Had the first brought it to this program's schema, the second would say something else.
        for _ in 0..2 {
            let ended = copy(folder.path(), &sqlite(&launch.data), &database.url());
            assert!(ended.code == Some(1) && ended.stderr.contains("works with version"), "{ended:?}");
        }
    }
    server.stop();
}

/// Whoever has an empty shop open would go on with keys that are no longer its own. And a shop sells, whatever its URL calls it.
#[test]
fn an_open_shop_is_neither_copied_nor_copied_into() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &SHOP);
    create_owner(&launch.data);
    let refused = |from: &str, to: &str| {
        let ended = copy(folder.path(), from, to);
        let says = |words: &str| ended.stderr.contains(words);
        let is_refused =
            ended.code == Some(1) && says("the shop is open") && says("stop `cartwright serve` and start again");
        assert!(is_refused, "{from} to {to}: {ended:?}");
    };
    let beside = |name: &str| {
        let beside = folder.path().join(name);
        std::fs::create_dir(&beside).expect("a folder");
        beside
    };

    let empty = Launch::new(&beside("empty"), &SHOP);
    let server = empty.start();
    refused(&sqlite(&launch.data), &sqlite(&empty.data));
    server.stop();
    check_in(&empty.data, None);

    let database = Database::fresh();
    let named = format!("{}?application_name=corner-shop", database.url());
    for url in [named, database.url()] {
        let name = if url.contains("corner-shop") { "named" } else { "plain" };
        let there = Launch::new(&beside(name), &[&SHOP[..], &["--database", &url]].concat());
        let server = there.start();
        refused(&sqlite(&launch.data), &database.url());
        refused(&database.url(), &sqlite(&beside(&format!("out-of-{name}"))));
        server.stop();
    }
    // On a server the sessions of a process that has ended go when the server notices.
    within(Duration::from_secs(20), "the copy to succeed", || {
        (copy(folder.path(), &sqlite(&launch.data), &database.url()).code == Some(0)).then_some(())
    });
    check_in(folder.path(), Some(&database.url()));
}

#[test]
fn a_copy_that_is_killed_leaves_nothing_and_can_be_started_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let server = launch.start();
    let shop = Shop::fill(launch.address, 4);
    Load::new(&shop, "order").during(8, || thread::sleep(Duration::from_secs(3)));
    server.stop();
    let database = Database::fresh();
    let back = folder.path().join("back");
    let ways = [(sqlite(&launch.data), database.url()), (database.url(), sqlite(&back))];
    for (from, to) in &ways {
        let mut killed = 0;
        for pause in [40, 80, 120, 160, 200, 250, 300, 400, 500] {
            let mut child = program();
            child.args(["copy", "--from", from, "--to", to, "--data"]).arg(folder.path());
            let mut child = child.stdout(std::process::Stdio::null()).spawn().expect("the program starts");
            thread::sleep(Duration::from_millis(pause));
            child.kill().expect("a child of ours");
            if child.wait().expect("a child of ours").success() {
                break;
            }
            killed += 1;
            // Whatever is there is a shop without anything in it, or not even that: a file, some of its schema. Or all of it, if the copy
            // had committed and could not say so any more.
            let owner = run_on(folder.path(), &["check", "--database", to]);
            let is_begun = ["there is no", "works with version"].iter().any(|words| owner.stderr.contains(words));
            assert!(owner.code == Some(0) || is_begun, "{owner:?}");
        }
        assert!(killed > 0, "the copy was over before it could be killed");
        // On a server the transaction of a dead process ends when the server notices.
        let ended = within(Duration::from_secs(20), "the copy to succeed", || {
            let ended = copy(folder.path(), from, to);
            (ended.code == Some(0) || ended.stderr.contains("a shop in it already")).then_some(ended)
        });
        if ended.code != Some(0) {
            let counts = |at: &str, name: &str| {
                let told = copied(copy(folder.path(), at, &sqlite(&folder.path().join(name))));
                // The secrets are a value of the database on a server, and a file beside the other.
                told.replace(", 2 values", ", 1 values")
            };
            assert_eq!(counts(from, &format!("{killed}-from")), counts(to, &format!("{killed}-to")), "{ended:?}");
        }
        check_in(&back, Some(to));
    }
}

#[test]
fn a_copy_is_refused_where_something_would_be_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let server = launch.start();
    Shop::fill(launch.address, 4);
    let database = Database::fresh();
    let (from, to) = (sqlite(&launch.data), database.url());

    // The shop is open, although nobody buys.
    let complaint = copy(folder.path(), &from, &to).expect_complaint();
    assert!(complaint.contains("stop `cartwright serve`"), "{complaint}");
    server.stop();
    copied(copy(folder.path(), &from, &to));

    let complaint = copy(folder.path(), &from, &to).expect_complaint();
    assert!(complaint.contains("there is a shop in it already"), "{complaint}");
    let complaint = copy(folder.path(), &from, &from).expect_complaint();
    assert!(complaint.contains("the same database"), "{complaint}");
    let complaint = copy(folder.path(), &sqlite(&folder.path().join("nowhere")), &to).expect_complaint();
    assert!(complaint.contains("there is no database"), "{complaint}");
    let others = folder.path().join("others");
    let mut owner = program();
    owner
        .args(["owner", "create", "--email", "a@example.com", "--name", "A", "--password-stdin", "--data"])
        .arg(&others);
    run(&mut owner, PASSWORD).expect_success();
    let complaint = copy(folder.path(), &to, &sqlite(&others)).expect_complaint();
    assert!(complaint.contains("there is a shop in it already"), "{complaint}");
}
