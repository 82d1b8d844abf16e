//! Several processes on one PostgreSQL are one shop.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
    thread,
    time::Duration,
};

use mailparse::MailHeaderMap as _;
use proof::harness::{
    client::Client,
    program::{check_in, create_owner_in},
    server::Launch,
    shop::{Shop, text},
    within,
};
use serde_json::{Value, json};

const PROCESSES: usize = 3;
const PIECES: usize = 30;
const ORDERS: usize = 90;

#[test]
fn three_processes_sell_what_is_there_send_each_mail_once_and_end_sessions_for_all() {
    let database = test_postgres::Database::fresh();
    let url = database.url();
    let folder = tempfile::tempdir().expect("a folder");
    let mails = folder.path().join("mails");
    let arguments = ["--signup", "immediate", "--public-url", "http://shop.test", "--database", &url, "--mail-dir"];
    let arguments: Vec<&str> = arguments.into_iter().chain([mails.to_str().expect("UTF-8")]).collect();
    let launches: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let place = folder.path().join(number.to_string());
            fs::create_dir(&place).expect("a folder");
            Launch::new(&place, &arguments)
        })
        .collect();
    // All at once, on an empty database: one of them makes the schema and the secrets, the others wait for it.
    let servers: Vec<_> = launches.iter().map(Launch::spawn).collect();
    for launch in &launches {
        let client = Client::new(launch.address);
        within(Duration::from_secs(30), "a process to be ready", || {
            client.get("/readyz").ok().filter(|reply| reply.status == 200)
        });
    }
    create_owner_in(&launches[0].data, Some(&url));
    let shop = Shop::fill(launches[0].address, 4);
    let clients: Vec<_> = launches.iter().map(|launch| Client::new(launch.address)).collect();

    let variant = rare(&clients[1], &shop.owner);
    let statuses = race(&launches, &shop, &variant);
    assert_eq!(statuses, HashMap::from([(201, PIECES), (409, ORDERS - PIECES)]));

    let leaving = &shop.buyers[0];
    for client in &clients {
        client.get_as(leaving, "/v1/account").expect("a reply").expect(200);
    }
    assert_eq!(clients[1].post(leaving, "/v1/auth/logout", "", &json!({})).expect("a reply").status, 204);
    let get_account = |client: &Client| client.get_as(leaving, "/v1/account").expect("a reply");
    get_account(&clients[1]).expect_problem(401, "not_authenticated");
    for client in &clients {
        within(Duration::from_secs(1), "the session to end everywhere", || {
            (get_account(client).status == 401).then_some(())
        });
        get_account(client).expect_problem(401, "not_authenticated");
    }

    within(Duration::from_secs(30), "all mails to be sent", || {
        let waiting = clients[2].get_as(&shop.owner, "/v1/admin/mails?status=pending").expect("a reply").expect(200);
        waiting["items"].as_array().is_some_and(Vec::is_empty).then_some(())
    });
    each_mail_left_once(&mails, &shop.all(&shop.owner, "/v1/admin/mails?"));
    for server in servers {
        server.stop();
    }
    check_in(&launches[0].data, Some(&url));
}

/// A product with few pieces; gives its variant.
fn rare(client: &Client, owner: &str) -> String {
    let price = json!({"amount": 1900, "currency": "EUR"});
    let product = json!({"title": "Last ones", "status": "active", "variants": [{"price": price, "stock": PIECES}]});
    let made = client.post(owner, "/v1/admin/products", "last-ones", &product).expect("a reply").expect(201);
    text(&made["variants"][0]["id"])
}

/// Everybody wants it, at every process at once. Gives how often which status was the answer.
fn race(launches: &[Launch], shop: &Shop, variant: &str) -> HashMap<u16, usize> {
    let ship_to =
        json!({"name": "Ann", "line1": "Lindenstrasse 1", "city": "Berlin", "postal_code": "10969", "country": "DE"});
    let body = json!({"lines": [{"variant_id": variant, "quantity": 1}], "ship_to": ship_to});
    let buy = |number: usize| {
        let client = Client::new(launches[number % launches.len()].address);
        let buyer = &shop.buyers[number % shop.buyers.len()];
        client.post(buyer, "/v1/orders", &format!("rare-{number}"), &body).expect("a reply").status
    };
    let statuses = thread::scope(|scope| {
        let buy = &buy;
        let threads: Vec<_> =
            (0..9).map(|first| scope.spawn(move || (first..ORDERS).step_by(9).map(buy).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no thread panics")).collect::<Vec<_>>()
    });
    statuses.into_iter().fold(HashMap::new(), |mut counts, status| {
        *counts.entry(status).or_default() += 1;
        counts
    })
}

/// The folder has each mail once, and no other.
fn each_mail_left_once(folder: &Path, mails: &[Value]) {
    let ids = fs::read_dir(folder).expect("the folder").map(|entry| {
        let bytes = fs::read(entry.expect("an entry").path()).expect("a mail");
        let (headers, _) = mailparse::parse_headers(&bytes).expect("headers");
        headers.get_first_value("Message-ID").expect("a Message-ID")
    });
    let ids: Vec<String> = ids.collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "a mail left twice");
    assert_eq!(ids.len(), mails.len(), "as many mails as the outbox has");
    let placed = mails.iter().filter(|mail| mail["template"] == "order_placed").count();
    assert_eq!(placed, PIECES, "a mail for each order");
}
