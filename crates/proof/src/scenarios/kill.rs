//! `kill -9` under load, again and again: nothing that was acknowledged is lost, nothing is done twice, and the next start is
//! quick.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::siege::{End, Siege, Tally};
use crate::{
    harness::{program::program, server::Server},
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

const CLIENTS: usize = 64;
/// From the start of the process to the first good reply.
const READY_MAX: Duration = Duration::from_secs(1);
/// How often one shop is killed before everything is compared, and a new one takes its place: what is lost stays lost.
const CAMPAIGN: u64 = 100;
/// How often it is killed without its guard, at most: it is compared each time, and the first loss is the end.
const CONTROL_KILLS: u64 = 20;
/// How long after the load began the server is killed, in milliseconds.
const KILL_AFTER_MS: std::ops::Range<u64> = 1..500;
/// In one round of so many `cartwright backup` has the shop copy itself meanwhile, on the embedded engine.
const BACKUP_EVERY: u64 = 4;
/// How long the shop of the next start may take to remove what was not finished of a copy.
const TIDY_MAX: Duration = Duration::from_secs(5);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "kill",
    injects: "kill -9 at a random moment, with 64 clients who ask again until they are answered, some during a backup",
    holds: "A B C D E; ready in under 1 s",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Always,
    parts: 50,
    run: |run| {
        let short = if run.engine == Engine::Sqlite { 8 } else { 5 };
        kill(run, run.count(short, 10_000), None)
    },
    control: Control {
        without: "commit before reply",
        finds: &["is not what is there"],
        on_one_engine: false,
        run: |run| kill(run, CONTROL_KILLS, Some("guard.commit=return")),
    },
};

fn kill(run: &Run, kills: u64, faults: Option<&str>) -> Outcome {
    let mut chance = run.chance();
    let (mut total, mut tally) = (Outcome::default(), Tally::default());
    let (mut done, mut backups) = (0, 0);
    while done < kills {
        let part = CAMPAIGN.min(kills - done);
        let (siege, mut server) = Siege::begin(run, "kill", CLIENTS);
        let mut siege = siege.ready_within(READY_MAX);
        for _ in 0..part {
            let delay = Duration::from_millis(chance.u64(KILL_AFTER_MS));
            if let Some(faults) = faults {
                server = siege.arm(server, faults);
            }
            let is_copied = run.engine == Engine::Sqlite && chance.u64(0..BACKUP_EVERY) == 0;
            let data = siege.launch().data.clone();
            let mut backup = None;
            server = siege.round(|| {
                backup = is_copied.then(|| Backup::begin(&data));
                kill_after(server, delay)
            });
            if let Some(backup) = backup {
                backups += 1;
                backup.end(&mut siege.outcome);
            }
            if faults.is_some() {
                siege.audit();
            }
        }
        let (outcome, part_tally) = siege.end(server);
        total.add(outcome);
        tally += part_tally;
        done += part;
        total.runs = done;
        tell(done, kills, &total.violations);
    }
    if tally.is_idle() && faults.is_none() {
        total.violate(format!("too few kills met anybody's request: {tally}"));
    }
    if tally.is_nothing_cancelled() && faults.is_none() {
        total.violate(format!("nobody cancelled anything: {tally}"));
    }
    total.injected = tally.to_string();
    if run.engine == Engine::Sqlite {
        total.injected += &format!("; {backups} backups meanwhile");
    }
    total
}

/// A backup under whose feet the shop ends that makes it. Then the command makes it, and nothing is left of what the shop had.
struct Backup {
    command: Child,
    data: PathBuf,
    copy: PathBuf,
    /// How many orders there were when it began: all that were acknowledged before.
    orders: i64,
}

impl Backup {
    fn begin(data: &Path) -> Self {
        let copy = data.join("copy-of-a-busy-shop.db");
        drop(fs::remove_file(&copy));
        let orders = orders_in(&data.join("shop.db")).expect("the orders of the shop");
        let mut command = program();
        command.arg("backup").arg(&copy).arg("--data").arg(data).stdout(Stdio::null()).stderr(Stdio::piped());
        Self { command: command.spawn().expect("the program"), data: data.to_owned(), copy, orders }
    }

    fn end(self, outcome: &mut Outcome) {
        let ended = self.command.wait_with_output().expect("its end");
        if !ended.status.success() {
            let why = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
            outcome.violate(format!("a backup failed under whose feet the shop ended: {why}"));
        }
        match (is_whole(&self.copy), orders_in(&self.copy)) {
            (Ok(true), Ok(copied)) if copied >= self.orders => {}
            (whole, copied) => outcome.violate(format!(
                "the backup of a shop that ended meanwhile is none: whole {whole:?}, {copied:?} orders of {} at least",
                self.orders
            )),
        }
        let begin = Instant::now();
        while let Some(left) = unfinished(&self.data) {
            if begin.elapsed() > TIDY_MAX {
                return outcome.violate(format!("{left} was left, and not removed by the next start"));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// How many orders there are in a database.
fn orders_in(db: &Path) -> rusqlite::Result<i64> {
    rusqlite::Connection::open(db)?.query_row("SELECT count(*) FROM orders", [], |row| row.get(0))
}

/// Whether all of a database can be read and its indexes agree with it, by SQLite's own word.
fn is_whole(db: &Path) -> rusqlite::Result<bool> {
    let told: String = rusqlite::Connection::open(db)?.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    Ok(told == "ok")
}

/// A file that shall become a copy, if there is one.
fn unfinished(data: &Path) -> Option<String> {
    let names = fs::read_dir(data).expect("the data").map(|entry| entry.expect("an entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).find(|name| name.contains(".copying-"))
}

fn kill_after(server: Server, delay: Duration) -> End {
    thread::sleep(delay);
    let at = Instant::now();
    server.kill();
    End { at, not_before: at }
}
