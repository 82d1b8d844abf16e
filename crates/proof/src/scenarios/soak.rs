//! Hours of everything at once: the write-ahead log, memory and open files stay where they were.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::ground::Ground;
use crate::{
    harness::{
        OnDrop,
        client::Client,
        load::{Fate, Load},
        measure::memory_kib,
        program::run_on,
        server::Launch,
        shop::{STOCK, Shop, text},
    },
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// How large the write-ahead log may become.
const WAL_MAX: u64 = 64 * 1024 * 1024;
/// How much memory may be added from the second third to the last.
const GROWTH_MAX_KIB: u64 = 24 * 1024;
/// How many open files may be added.
const FILES_MAX: u64 = 16;
const BUYERS: usize = 4;
/// Products, so that an export or a backup reads for a while: of seconds, and of hours.
const PRODUCTS: (usize, usize) = (300, 20_000);
/// In a run of more than two hours buyers rest after each order, so that the shop and its copy fit on a disk: 8 hours are 3 million orders
/// at most, and 30 GB.
const WITHOUT_REST: Duration = Duration::from_secs(2 * 3_600);
const REST: Duration = Duration::from_millis(35);
/// Access tokens live for ten minutes; a part of the load is shorter.
const PART: Duration = Duration::from_secs(300);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "soak",
    injects: "orders, lists, searches, exports of a large catalogue, backups and checks of the whole database without pause",
    holds: "the log under 64 MiB, memory and open files flat, A B E",
    engines: &[Engine::Sqlite],
    alone: Alone::Never,
    parts: 1,
    run: |run| soak(run, Duration::from_secs(run.count(9, 28_800)), None),
    control: Control {
        without: "copying the log back",
        finds: &["the write-ahead log"],
        is_above_engines: false,
        run: |run| soak(run, Duration::from_secs(40), Some("guard.checkpoint=return")),
    },
};

/// What the process has at a moment.
#[derive(Clone, Copy, Debug)]
struct Look {
    memory_kib: u64,
    files: u64,
    wal: u64,
}

fn soak(run: &Run, time: Duration, lifted: Option<&str>) -> Outcome {
    let mut ground = Ground::new(run, &[]);
    import_products(&ground, run.choose(PRODUCTS));
    ground.launch.set_faults(lifted.map(str::to_owned));
    let server = ground.launch.start();
    let mut shop = Shop::fill(ground.launch.address, BUYERS);
    let mut outcome = Outcome::default();
    let (mut looks, mut acknowledged) = (Vec::new(), HashMap::new());
    let rest = if time > WITHOUT_REST { REST } else { Duration::ZERO };
    let begin = Instant::now();
    let mut part = 0;
    // Without its guard the log is not copied back; how soon it is too large is a matter of the machine.
    let is_enough = |looks: &[Look]| lifted.is_some() && looks.last().is_some_and(|look| look.wal > WAL_MAX);
    let is_done = AtomicBool::new(false);
    let (loaded, backups) = thread::scope(|scope| {
        // One may take longer than a part of the load.
        let backups = lifted.is_none().then(|| scope.spawn(|| back_up(&ground, &is_done)));
        // Also when something panics: otherwise they would go on for ever.
        let done = OnDrop(&is_done);
        while begin.elapsed() < time && !is_enough(&looks) {
            part += 1;
            let is_over = AtomicBool::new(false);
            let until = (begin.elapsed() + PART).min(time);
            let load = Load::new(&shop, &format!("part-{part}")).undeterred().resting(rest);
            let (sent, ()) = load.during(BUYERS, || {
                thread::scope(|scope| {
                    scope.spawn(|| read(&shop, &is_over));
                    scope.spawn(|| export(&shop, &is_over));
                    // Also when a look panics: otherwise they would go on for ever.
                    let _over = OnDrop(&is_over);
                    while begin.elapsed() < until && !is_enough(&looks) {
                        looks.push(Look::at(server.id(), &ground.launch));
                        thread::sleep(Duration::from_millis(100));
                    }
                });
            });
            for sent in &sent {
                outcome.answered(&sent.key, sent.took);
                match &sent.fate {
                    Fate::Acknowledged(told) => {
                        acknowledged.insert(bytes_of(&told.id), (told.total, fingerprint(lines_of(&sent.body))));
                    }
                    fate => outcome.violate(format!("the order {} came to {fate:?}", sent.key)),
                }
            }
            outcome.runs += sent.len() as u64;
            tell(begin.elapsed().as_secs(), time.as_secs(), &outcome.violations);
            shop.renew_tokens();
        }
        let loaded = begin.elapsed();
        drop(done);
        (loaded, backups.map(|backups| backups.join().expect("backups")))
    });
    server.stop();
    ground.check();
    compare(&ground.launch, &shop, acknowledged, &mut outcome);
    judge(&looks, loaded, &mut outcome);
    if let Some(backups) = backups {
        backups.judge(&mut outcome);
    }
    outcome
}

/// A variant and how many pieces of it, as a line has them.
type Line = ([u8; 16], i64);

/// A and B: what was acknowledged is what is there, with the same lines at the same price, and what was not sold is in stock. Millions
/// of orders are not read over the API, and not kept whole.
fn compare(launch: &Launch, shop: &Shop, mut acknowledged: HashMap<[u8; 16], (i64, u64)>, outcome: &mut Outcome) {
    let conn = rusqlite::Connection::open(launch.data.join("shop.db")).expect("the database");
    let mut left: HashMap<[u8; 16], i64> = shop.variants.iter().map(|id| (bytes_of(id), STOCK)).collect();
    let mut orders = conn.prepare("SELECT id, total, number FROM orders").expect("a table of orders");
    let mut lines = conn
        .prepare("SELECT variant_id, quantity FROM order_lines WHERE order_number = ?1 ORDER BY position")
        .expect("a table of their lines");
    let mut rows = orders.query([]).expect("rows");
    let mut unknown = 0;
    while let Some(row) = rows.next().expect("a row") {
        let (id, total) = (row.get::<_, [u8; 16]>(0).expect("an id"), row.get::<_, i64>(1).expect("a total"));
        let lines: Vec<Line> = lines
            .query_map([row.get::<_, i64>(2).expect("a number")], |line| Ok((line.get(0)?, line.get(1)?)))
            .and_then(Iterator::collect)
            .expect("its lines");
        for (variant, quantity) in &lines {
            *left.entry(*variant).or_default() -= quantity;
        }
        unknown += u64::from(acknowledged.remove(&id) != Some((total, fingerprint(lines))));
    }
    if unknown > 0 || !acknowledged.is_empty() {
        let lost = acknowledged.len();
        outcome
            .violate(format!("{lost} acknowledged orders are gone, and {unknown} are there that nobody was told of"));
    }
    for (variant, left) in left {
        let stock: i64 = conn
            .query_row("SELECT stock FROM stock_levels WHERE variant_id = ?1", [variant], |row| row.get(0))
            .expect("its stock");
        if stock != left {
            outcome.violate(format!("{} has {stock} pieces instead of {left}", uuid::Uuid::from_bytes(variant)));
        }
    }
}

fn bytes_of(id: &str) -> [u8; 16] {
    id.parse::<uuid::Uuid>().expect("an id").into_bytes()
}

/// The lines of an order that was sent.
fn lines_of(body: &Value) -> impl Iterator<Item = Line> {
    let line = |line: &Value| (bytes_of(&text(&line["variant_id"])), line["quantity"].as_i64().expect("a quantity"));
    body["lines"].as_array().into_iter().flatten().map(line)
}

/// What tells some lines from others.
fn fingerprint(lines: impl IntoIterator<Item = Line>) -> u64 {
    let mut hasher = DefaultHasher::new();
    lines.into_iter().for_each(|line| line.hash(&mut hasher));
    hasher.finish()
}

/// Fills the catalogue.
fn import_products(ground: &Ground, products: usize) {
    let mut file = String::from("Handle,Title,Body (HTML),Variant SKU,Variant Price,Variant Inventory Qty,Status\n");
    for number in 0..products {
        let words = "A cup for tea made by hand. ".repeat(20);
        let _ = writeln!(file, "cup-{number},Cup {number},{words},CUP-{number},12.50,5,active");
    }
    let path = ground.folder.path().join("products.csv");
    fs::write(&path, file).expect("a file");
    let command = ["import", "products", path.to_str().expect("UTF-8")];
    run_on(&ground.launch.data, &command).expect_success();
}

fn judge(looks: &[Look], loaded: Duration, outcome: &mut Outcome) {
    let wal = looks.iter().map(|look| look.wal).max().unwrap_or(0);
    if wal > WAL_MAX {
        outcome.violate(format!("the write-ahead log grew to {} MiB", wal >> 20));
    }
    let third = looks.len() / 3;
    let peak = |looks: &[Look], of: fn(&Look) -> u64| looks.iter().map(of).max().unwrap_or(0);
    let (middle, last) = (&looks[third..2 * third], &looks[2 * third..]);
    let grown = peak(last, |look| look.memory_kib).saturating_sub(peak(middle, |look| look.memory_kib));
    if grown > GROWTH_MAX_KIB {
        outcome.violate(format!("memory grew by {} KiB", thousands(grown)));
    }
    let files = peak(last, |look| look.files).saturating_sub(peak(middle, |look| look.files));
    if files > FILES_MAX {
        outcome.violate(format!("{files} more files are open"));
    }
    let memory = peak(looks, |look| look.memory_kib);
    outcome.injected = format!(
        "{} min {} s of load; the log {} MiB at most, memory {} MiB, {grown} KiB more",
        loaded.as_secs() / 60,
        loaded.as_secs() % 60,
        wal >> 20,
        memory >> 10
    );
}

impl Look {
    fn at(pid: u32, launch: &Launch) -> Self {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).expect("its open files").count() as u64;
        // There is none before the first order and after the last.
        let wal = fs::metadata(launch.data.join("shop.db-wal")).map_or(0, |wal| wal.len());
        let memory_kib = memory_kib(pid);
        assert!(memory_kib > 0 && files > 0, "nothing can be seen of the server");
        Self { memory_kib, files, wal }
    }
}

/// Lists and searches, as shoppers and staff read them.
fn read(shop: &Shop, is_over: &AtomicBool) {
    let client = Client::new(shop.address);
    while !is_over.load(Ordering::Acquire) {
        for (token, path) in [
            ("", "/v1/products"),
            ("", "/v1/search?q=mug"),
            (shop.owner.as_str(), "/v1/admin/orders?limit=50"),
            (shop.owner.as_str(), "/v1/admin/mails?limit=50"),
        ] {
            let reply = client.get_as(token, path).expect("a reply");
            assert_eq!(reply.status, 200, "{path}");
        }
    }
}

/// Copies of the whole database, and checks.
#[derive(Default)]
struct Backups {
    made: u64,
    longest: Duration,
    /// Those that the shop left to the command, whose reading keeps the log from being emptied.
    left: u64,
}

/// Copies the whole database, as shops do while they sell, and has all of it checked: each reads for as long as the database is large.
fn back_up(ground: &Ground, is_over: &AtomicBool) -> Backups {
    let copy = ground.folder.path().join("copy.db");
    let mut backups = Backups::default();
    while !is_over.load(Ordering::Acquire) {
        drop(fs::remove_file(&copy));
        let begin = Instant::now();
        let told = run_on(&ground.launch.data, &["backup", copy.to_str().expect("UTF-8")]).expect_success();
        backups.longest = backups.longest.max(begin.elapsed());
        backups.made += 1;
        backups.left += u64::from(!told.contains("The running shop made it"));
        let checked = run_on(&ground.launch.data, &["check"]);
        backups.left += u64::from(checked.stderr.contains("its log grows"));
        checked.expect_success();
        thread::sleep(Duration::from_millis(500));
    }
    backups
}

impl Backups {
    fn judge(&self, outcome: &mut Outcome) {
        if self.left > 0 {
            outcome.violate(format!("{} copies were not made by the shop itself", self.left));
        }
        let longest = self.longest.as_millis().div_ceil(1_000);
        let _ =
            write!(outcome.injected, "; {} backups, of {longest} s at most, and as many checks", thousands(self.made));
    }
}

/// The longest reads that the API has.
fn export(shop: &Shop, is_over: &AtomicBool) {
    let client = Client::new(shop.address);
    while !is_over.load(Ordering::Acquire) {
        for kind in ["catalogue", "products", "prices"] {
            let reply = client.get_as(&shop.owner, &format!("/v1/admin/exports/{kind}")).expect("a reply");
            assert_eq!(reply.status, 200, "{kind}");
        }
        thread::sleep(Duration::from_millis(50));
    }
}
