//! Hours of everything at once: the write-ahead log, memory and open files stay where they were.
//!
//! A long run in parts (`--book`) is one shop all the same: it is kept in the folder of the run, and each part opens it again as the part
//! before left it.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::PathBuf,
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
/// In a run of more than two hours, or in parts, buyers rest after each order, so that the shop and its copy fit on a disk: 8 hours are
/// 3 million orders at most, and 30 GB.
const WITHOUT_REST: Duration = Duration::from_secs(2 * 3_600);
const REST: Duration = Duration::from_millis(35);
/// Access tokens live for ten minutes; a part of the load is shorter.
const PART: Duration = Duration::from_secs(300);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "soak",
    injects: "orders, lists, searches, exports of a large catalogue, backups and checks of the whole database without pause",
    holds: "the embedded engine's log under 64 MiB, memory and open files flat, A B E",
    engines: &[Engine::Sqlite, Engine::Postgres],
    // Its parts follow each other.
    alone: Alone::Long,
    parts: 8,
    run: |run| soak(run, Duration::from_secs(run.count(9, 28_800)), None),
    control: Control {
        without: "copying the log back",
        finds: &["the write-ahead log"],
        on_one_engine: true,
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
    let kept = is_in_parts(run).then(|| keep(run, &mut ground.launch));
    let is_new = run.part.0 == 0 || kept.is_none();
    if is_new {
        import_products(&ground, run.choose(PRODUCTS));
    }
    ground.launch.set_faults(lifted.map(str::to_owned));
    let mut acknowledged = if is_new { Orders::new() } else { orders_in(&ground) };
    let server = ground.launch.start();
    let open = if is_new { Shop::fill } else { Shop::find };
    let mut shop = open(ground.launch.address, BUYERS);
    let mut outcome = Outcome::default();
    let mut looks = Vec::new();
    let rest = if kept.is_some() || time > WITHOUT_REST { REST } else { Duration::ZERO };
    // Keys that no part before this one had.
    let label = format!("after-{}", acknowledged.len());
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
            let load = Load::new(&shop, &format!("{label}-{part}")).undeterred().resting(rest);
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
                        acknowledged.insert(bytes_of(&told.id), (told.total, fingerprint(&lines_of(&sent.body))));
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
    compare(&ground, &shop, acknowledged, &mut outcome);
    judge(&looks, loaded, run.engine, &mut outcome);
    if let Some(backups) = backups {
        backups.judge(&mut outcome);
    }
    let is_last = run.part.0 + 1 == run.part.1;
    if let Some(kept) = kept.filter(|_| is_last && outcome.violations.is_empty()) {
        fs::remove_dir_all(kept).expect("the shop is removed");
    }
    outcome
}

/// Whether it is one part of a shop that the others go on with. A PostgreSQL of ours goes with the run: there each part has a new one.
fn is_in_parts(run: &Run) -> bool {
    run.part.1 > 1 && run.engine == Engine::Sqlite
}

/// Has the shop's data where the next part finds them; the first part begins anew.
fn keep(run: &Run, launch: &mut Launch) -> PathBuf {
    let kept = run.folder.join(format!("soak-{}", run.seed - run.part.0));
    if run.part.0 == 0 {
        drop(fs::remove_dir_all(&kept));
        fs::rename(&launch.data, &kept).expect("the shop is moved to where it is kept");
    }
    assert!(kept.join("shop.db").exists(), "the shop of the part before is gone from {}", kept.display());
    launch.data.clone_from(&kept);
    kept
}

/// A variant and how many pieces of it, as a line has them.
type Line = ([u8; 16], i64);

/// Orders by their ids: the total, and what tells its lines from others. Millions of them are not read over the API, and not kept whole.
type Orders = HashMap<[u8; 16], (i64, u64)>;

/// Gives each order of the database, with its total and its lines.
fn each_order(ground: &Ground, mut take: impl FnMut([u8; 16], i64, &[Line]) + Send) {
    const LINES: &str = "SELECT o.id, o.total, l.variant_id, l.quantity FROM orders o \
        JOIN order_lines l ON l.order_number = o.number ORDER BY o.number, l.position";
    let (mut order, mut lines) = (None, Vec::<Line>::new());
    ground.each_row(LINES, |row| {
        let next = (row.id(0), row.number(1));
        if order != Some(next) {
            order.replace(next).into_iter().for_each(|(id, total)| take(id, total, &lines));
            lines.clear();
        }
        lines.push((row.id(2), row.number(3)));
    });
    order.into_iter().for_each(|(id, total)| take(id, total, &lines));
}

/// What the parts before this one left, which must stay as it is.
fn orders_in(ground: &Ground) -> Orders {
    let mut all = Orders::new();
    each_order(ground, |id, total, lines| {
        all.insert(id, (total, fingerprint(lines)));
    });
    all
}

/// A and B: what was acknowledged is what is there, with the same lines at the same price, and what was not sold is in stock.
fn compare(ground: &Ground, shop: &Shop, mut acknowledged: Orders, outcome: &mut Outcome) {
    let mut left: HashMap<[u8; 16], i64> = shop.variants.iter().map(|id| (bytes_of(id), STOCK)).collect();
    let mut unknown = 0;
    each_order(ground, |id, total, lines| {
        for (variant, quantity) in lines {
            *left.entry(*variant).or_default() -= quantity;
        }
        unknown += u64::from(acknowledged.remove(&id) != Some((total, fingerprint(lines))));
    });
    if unknown > 0 || !acknowledged.is_empty() {
        let lost = acknowledged.len();
        outcome
            .violate(format!("{lost} acknowledged orders are gone, and {unknown} are there that nobody was told of"));
    }
    ground.each_row("SELECT variant_id, stock FROM stock_levels", |row| {
        let (variant, stock) = (row.id(0), row.number(1));
        if let Some(left) = left.remove(&variant).filter(|left| *left != stock) {
            outcome.violate(format!("{} has {stock} pieces instead of {left}", uuid::Uuid::from_bytes(variant)));
        }
    });
    for variant in left.into_keys() {
        outcome.violate(format!("{} has no stock", uuid::Uuid::from_bytes(variant)));
    }
}

fn bytes_of(id: &str) -> [u8; 16] {
    id.parse::<uuid::Uuid>().expect("an id").into_bytes()
}

/// The lines of an order that was sent.
fn lines_of(body: &Value) -> Vec<Line> {
    let line = |line: &Value| (bytes_of(&text(&line["variant_id"])), line["quantity"].as_i64().expect("a quantity"));
    body["lines"].as_array().into_iter().flatten().map(line).collect()
}

/// What tells some lines from others.
fn fingerprint(lines: &[Line]) -> u64 {
    let mut hasher = DefaultHasher::new();
    lines.hash(&mut hasher);
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
    ground.command(&command);
}

fn judge(looks: &[Look], loaded: Duration, engine: Engine, outcome: &mut Outcome) {
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
    let log = if engine == Engine::Sqlite { format!("the log {} MiB at most, ", wal >> 20) } else { String::new() };
    outcome.injected = format!(
        "{} min {} s of load; {log}memory {} MiB, {grown} KiB more",
        loaded.as_secs() / 60,
        loaded.as_secs() % 60,
        memory >> 10
    );
}

impl Look {
    fn at(pid: u32, launch: &Launch) -> Self {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).expect("its open files").count() as u64;
        // There is none before the first order and after the last, and none of PostgreSQL.
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
        let (told, _) = ground.command(&["backup", copy.to_str().expect("UTF-8")]);
        backups.longest = backups.longest.max(begin.elapsed());
        backups.made += 1;
        let (_, complaint) = ground.command(&["check"]);
        // PostgreSQL's are made by its own tools, and read as long as they like.
        if ground.database.is_none() {
            backups.left += u64::from(!told.contains("The running shop made it"));
            backups.left += u64::from(complaint.contains("its log grows"));
        }
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
