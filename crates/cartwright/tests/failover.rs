//! The database server dies, freezes, or throws everybody out; the shop goes on with the one that takes its place, and loses
//! nothing that it acknowledged.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use proof::harness::{
    audit::Audit,
    client::Client,
    load::{Fate, Load, Sent, order},
    program::{check_in, create_owner_in},
    server::Launch,
    shop::Shop,
};
use test_postgres::{Server, Settings, execute};

const THREADS: usize = 8;
/// From the promotion of the standby to the first order after it.
const RESUMED_MAX: Duration = Duration::from_secs(5);
/// How long anybody may wait for an answer, good or bad.
const ANSWER_MAX: Duration = Duration::from_secs(9);

#[test]
fn the_primary_is_killed() {
    fail_over(|primary| primary.kill());
}

#[test]
fn the_primary_is_stopped_at_once() {
    fail_over(|primary| primary.stop_immediately());
}

#[test]
fn the_primary_freezes() {
    fail_over(Server::freeze);
}

/// Load, an end of the primary, a promotion, and the question what became of every order.
fn fail_over(end: impl FnOnce(&mut Server)) {
    let settings = Settings::default();
    let mut primary = Server::start(&settings);
    execute(&primary.url("postgres"), "CREATE DATABASE shop").expect("a database");
    let standby = primary.start_standby(&settings);
    let url = format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/shop", primary.port(), standby.port());
    let folder = tempfile::tempdir().expect("a folder");
    let mails = folder.path().join("mails");
    let arguments = ["--signup", "immediate", "--database", &url, "--mail-dir", mails.to_str().expect("UTF-8")];
    let launch = Launch::new(folder.path(), &arguments);
    create_owner_in(&launch.data, Some(&url));
    let server = launch.start();
    let shop = Shop::fill(launch.address, 4);
    let load = Load::new(&shop, "order").undeterred();
    let (sent, (ended_at, promoted_at)) = load.during(THREADS, || {
        thread::sleep(Duration::from_secs(1));
        let ended_at = Instant::now();
        end(&mut primary);
        thread::sleep(Duration::from_millis(1500));
        standby.promote();
        let promoted_at = Instant::now();
        thread::sleep(RESUMED_MAX + Duration::from_secs(1));
        (ended_at, promoted_at)
    });

    let is_placed = |sent: &&Sent| matches!(sent.fate, Fate::Acknowledged(_));
    assert!(sent.iter().any(|sent| is_placed(&sent) && sent.at < ended_at), "there was load before");
    let resumed = sent.iter().filter(is_placed).map(|sent| sent.at + sent.took).filter(|at| *at > promoted_at).min();
    let resumed = resumed.unwrap_or_else(|| panic!("no order after the promotion:\n{}", server.log())) - promoted_at;
    assert!(resumed < RESUMED_MAX, "orders were placed again {resumed:?} after the promotion only");
    let refused = sent.iter().filter(|sent| !is_placed(sent)).count();
    assert!(refused > 0, "nobody noticed anything");
    let worst = sent.iter().map(|sent| sent.took).max().unwrap_or_default();
    assert!(worst < ANSWER_MAX, "somebody waited {worst:?} for an answer");
    let journal = settle(&shop, sent);
    compare(&shop, &journal);
    println!("orders {resumed:?} after the promotion; the longest wait for an answer was {worst:?}");
    server.stop();
    let left = format!("postgres://postgres@127.0.0.1:{}/shop", standby.port());
    check_in(&launch.data, Some(&left));
}

/// What was refused may have been stored, when it broke off at the commit: repeated with its key, it is what it was.
fn settle(shop: &Shop, sent: Vec<Sent>) -> Vec<Sent> {
    let client = Client::new(shop.address);
    let settle = |mut sent: Sent| {
        match &sent.fate {
            Fate::Acknowledged(_) => {}
            Fate::Refused(503) => {
                sent.fate = order(&client, shop, sent.key.clone(), sent.buyer, sent.body.clone()).fate;
            }
            other => panic!("{} was answered with {other:?}", sent.key),
        }
        sent
    };
    sent.into_iter().map(settle).collect()
}

fn compare(shop: &Shop, journal: &[Sent]) {
    let audit = Audit::of(shop);
    assert_eq!(audit.compare(journal), Vec::<String>::new());
    assert_eq!(audit.count(), journal.len());
    audit.compare_stock(shop);
}

#[test]
fn connections_are_ended_at_random() {
    let database = test_postgres::Database::fresh();
    let folder = tempfile::tempdir().expect("a folder");
    let url = database.url();
    let launch = Launch::new(folder.path(), &["--signup", "immediate", "--database", &url]);
    create_owner_in(&launch.data, Some(&url));
    let server = launch.start();
    let shop = Shop::fill(launch.address, 4);
    let is_over = AtomicBool::new(false);
    let load = Load::new(&shop, "order").undeterred();
    let (sent, ended) = load.during(THREADS, || {
        thread::scope(|scope| {
            let reading = scope.spawn(|| read(&shop, &is_over));
            let until = Instant::now() + Duration::from_secs(5);
            let mut ended = 0;
            while Instant::now() < until {
                database.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                     AND application_name = 'cartwright' ORDER BY random() LIMIT 2",
                );
                ended += 1;
                thread::sleep(Duration::from_millis(20));
            }
            is_over.store(true, Ordering::Release);
            reading.join().expect("reads are answered with 200 or 503");
            ended
        })
    });
    let placed = sent.iter().filter(|sent| matches!(sent.fate, Fate::Acknowledged(_))).count();
    assert!(ended > 50 && placed > 100, "{ended} rounds, {placed} orders");
    let journal = settle(&shop, sent);
    compare(&shop, &journal);
    server.stop();
    check_in(&launch.data, Some(&url));
}

/// Reads until it is over: what is there, or that it cannot be read now and when to come back.
fn read(shop: &Shop, is_over: &AtomicBool) {
    let client = Client::new(shop.address);
    while !is_over.load(Ordering::Acquire) {
        for (token, path) in [("", "/v1/products"), (shop.owner.as_str(), "/v1/admin/orders?limit=2")] {
            let reply = client.get_as(token, path).expect("a reply");
            assert!(reply.status == 200 || (reply.status == 503 && reply.retry_after.is_some()), "{reply:?}");
        }
    }
}
