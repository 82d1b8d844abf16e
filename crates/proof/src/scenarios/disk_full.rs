//! The disk is full: nothing is acknowledged that is not stored, reading goes on, and so does writing when there is room.

use std::{
    fs,
    ops::Range,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    harness::{
        audit::Audit,
        client::Client,
        disk::SmallDisk,
        journal::Journal,
        load::{Fate, Load, Sent, order},
        program::{check, create_owner},
        server::Launch,
        shop::{OWNER, PASSWORD, Shop},
        within,
    },
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Scenario},
};

/// How long after there is room again the first write must succeed.
const RESUME_MAX: Duration = Duration::from_secs(5);
/// What is left free when the orders begin, so that they fill the disk soon.
const LEFT_BYTES: Range<u64> = 1_000_000..2_500_000;
/// After so many refusals in a row the disk counts as full.
const FULL_WHEN_REFUSED: u32 = 50;
/// How many orders are tried when nobody tells.
const TRIES_WHEN_BLIND: usize = 400;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "disk-full",
    injects: "a disk of 64 MiB that is full, and later is not",
    holds: "A B D E; reads go on; writes resume within 5 s of room",
    engines: &[Engine::Sqlite],
    alone: Alone::Never,
    parts: 10,
    run: |run| {
        let (mut outcome, mut chance) = (Outcome::default(), run.chance());
        let times = run.count(1, 100);
        let mut refused = 0;
        for _ in 0..times {
            refused += fill_up(None, chance.u64(LEFT_BYTES), &mut outcome);
            tell(outcome.runs, times, &outcome.violations);
        }
        outcome.injected = format!("{} orders refused by a full disk", thousands(refused));
        outcome
    },
    control: Control {
        without: "looking at what a commit says",
        finds: &["is not what is there"],
        on_one_engine: false,
        run: |run| {
            let mut outcome = Outcome::default();
            fill_up(Some("guard.commit-error=return"), run.chance().u64(LEFT_BYTES), &mut outcome);
            outcome
        },
    },
};

/// Fills a disk and makes room again; how many orders were refused meanwhile.
fn fill_up(lifted: Option<&str>, left_bytes: u64, outcome: &mut Outcome) -> u64 {
    let Some(disk) = SmallDisk::mount() else { return 0 };
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mails = disk.path.join("mails");
    let arguments = ["--signup", "immediate", "--mail-dir", mails.to_str().expect("UTF-8")];
    let mut launch = Launch::new(&disk.path, &arguments).log_to(elsewhere.path().join("log"));
    create_owner(&launch.data);
    launch.set_faults(lifted.map(str::to_owned));
    let server = launch.start();
    let shop = Shop::fill(launch.address, 4);
    disk.fill_but(left_bytes);

    let written = Journal::new(&elsewhere.path().join("journal"));
    let mut journal = order_until_full(&disk, &shop, &written, lifted.is_some(), outcome);
    let refused = journal.iter().filter(|sent| sent.fate == Fate::Refused(507)).count() as u64;
    if lifted.is_none() {
        prove_refusals(&disk, &shop);
    }
    prove_reads(&shop);
    // Nothing half done: what was acknowledged is there, what was refused is not.
    let orders = Audit::of(&shop);
    assert_eq!(orders.compare(&journal), Vec::<String>::new());
    orders.compare_stock(&shop);

    disk.make_room();
    let freed = Instant::now();
    let client = Client::new(shop.address);
    journal.push(within(RESUME_MAX, "the first order after there is room", || {
        let key = format!("after-{}", freed.elapsed().as_millis());
        let body = shop.order(&key, 0);
        Some(order(&client, &shop, key, 0, body)).filter(|sent| matches!(sent.fate, Fate::Acknowledged(_)))
    }));
    outcome.waited(freed.elapsed());
    repeat_refused(&client, &shop, &mut journal);
    let orders = Audit::of(&shop);
    assert_eq!(orders.compare(&journal), Vec::<String>::new());
    orders.compare_stock(&shop);
    check(&launch.data);

    // The folder of mails is on that disk too.
    within(Duration::from_secs(60), "the mails that had no room", || shop.pending_mails().is_empty().then_some(()));
    prove_mails(&shop, &mails);
    server.stop();
    check(&launch.data);
    outcome.runs += 1;
    refused
}

/// Orders until the disk has been full for a while. Room comes and goes at first: the write-ahead log is used again from
/// its beginning, and mails wait for room of their own.
fn order_until_full(
    disk: &SmallDisk,
    shop: &Shop,
    written: &Journal,
    is_lifted: bool,
    outcome: &mut Outcome,
) -> Vec<Sent> {
    let load = Load::new(shop, "order").noted_in(written);
    let (sent, ()) = load.during(4, || {
        let client = Client::new(shop.address);
        let (mut tries, mut refused_in_a_row, mut was_full) = (0, 0, false);
        within(Duration::from_secs(60), "the disk to be full", || {
            if was_full {
                disk.top_up();
            }
            let key = format!("try-{tries}");
            let body = shop.order(&key, tries);
            let sent = order(&client, shop, key, 0, body);
            written.note(&sent);
            outcome.answered(&sent.key, sent.took);
            was_full |= sent.fate == Fate::Refused(507);
            refused_in_a_row = if sent.fate == Fate::Refused(507) { refused_in_a_row + 1 } else { 0 };
            tries += 1;
            // Who does not look at what a commit says never learns that the disk is full.
            let is_full = refused_in_a_row == FULL_WHEN_REFUSED || is_lifted && tries > TRIES_WHEN_BLIND;
            is_full.then_some(())
        });
    });
    sent.iter().for_each(|sent| outcome.answered(&sent.key, sent.took));
    let journal = written.read();
    if is_lifted {
        return journal;
    }
    let refused = journal.iter().filter(|sent| sent.fate == Fate::Refused(507)).count();
    let acknowledged = journal.iter().filter(|sent| matches!(sent.fate, Fate::Acknowledged(_))).count();
    assert!(acknowledged > 10 && refused > 10, "{acknowledged} and {refused}");
    let other = journal.iter().find(|sent| !matches!(sent.fate, Fate::Acknowledged(_) | Fate::Refused(507)));
    assert!(other.is_none(), "{other:?}");
    journal
}

/// Other writes are refused in the same way. Small ones may fit into what is left of a page, for a while.
fn prove_refusals(disk: &SmallDisk, shop: &Shop) {
    let client = Client::new(shop.address);
    let product = json!({
        "title": "Large", "description": "x".repeat(50_000),
        "variants": [{"price": {"amount": 100, "currency": "EUR"}, "stock": 1}],
    });
    let reply = client.post(&shop.owner, "/v1/admin/products", "while-full", &product).expect("a reply");
    reply.expect_problem(507, "disk_full");
    let sign_in = json!({"email": OWNER, "password": PASSWORD});
    within(Duration::from_secs(20), "a sign-in that does not fit", || {
        disk.top_up();
        let reply = client.post("", "/v1/auth/login", "", &sign_in).expect("a reply");
        if reply.status == 200 {
            return None;
        }
        reply.expect_problem(507, "disk_full");
        Some(())
    });
}

/// Reading goes on, signed in or not, cached or not.
fn prove_reads(shop: &Shop) {
    let client = Client::new(shop.address);
    for page in 0..50 {
        let path = format!("/v1/products?limit={}", page % 20 + 1);
        let list = client.get(&path).expect("a reply").expect(200);
        assert_eq!(list["items"][0]["title"], "Mug");
    }
    for path in ["/v1/orders", "/v1/account", "/v1/account/sessions"] {
        client.get_as(&shop.buyers[0], path).expect("a reply").expect(200);
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(client.get(path).expect("a reply").status, 200, "{path}");
    }
}

/// What was refused is placed when it is sent again with the same key. Some of it: for all there is no room.
fn repeat_refused(client: &Client, shop: &Shop, journal: &mut [Sent]) {
    for sent in journal.iter_mut().filter(|sent| sent.fate == Fate::Refused(507)).take(20) {
        let again = order(client, shop, sent.key.clone(), sent.buyer, sent.body.clone());
        assert!(matches!(again.fate, Fate::Acknowledged(_)), "{again:?}");
        *sent = again;
    }
}

fn prove_mails(shop: &Shop, folder: &Path) {
    let names: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    for mail in shop.all(&shop.owner, "/v1/admin/mails?") {
        assert_eq!(mail["status"], "sent", "{mail}");
        let id = mail["id"].as_str().expect("an id");
        let files = names.iter().filter(|name| name.contains(id) && !name.starts_with('.')).count();
        assert_eq!(files, 1, "the mail {id} should be in the folder once");
    }
}
