//! The power goes at any moment: what was acknowledged is on the disk all the same, and the database opens.
//!
//! The engine works on a file system that writes down what it does (`cartwright-recording-vfs`). Then the disk is put together as it may
//! have been left at moments all over that list, and a judge that knows nothing of the engine opens what is there.

mod disk;
mod judge;
mod work;

use std::{fs, path::PathBuf};

use disk::Disk;
use recording_vfs::Event;
use work::Work;

use crate::{
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// After so many crash points of one recording another is made.
const POINTS_OF_ONE: u64 = 5_000;
/// After so many crash points the engine itself opens the database, checks it and places an order.
const OPEN_EVERY: u64 = 50;
/// How many syncs fail in a recording of `sync-error`.
const FAILURES: usize = 12;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "power-loss",
    injects: "the power goes: what was not synced is lost, kept or torn at 512 B or 4 KiB",
    holds: "A B C D E",
    engines: &[Engine::Sqlite],
    alone: Alone::Never,
    parts: 20,
    run: |run| lose_power(run, run.count(700, 100_000), &Work::default()),
    control: Control {
        without: "a sync with each commit (synchronous=NORMAL)",
        finds: &["is gone"],
        is_above_engines: false,
        run: |run| lose_power(run, 400, &Work { synchronous: false, ..Work::default() }),
    },
};

pub(super) const SYNC_ERROR: Scenario = Scenario {
    name: "sync-error",
    injects: "fdatasync fails, what it should have written is gone, later the power goes too",
    holds: "A B C D E; writes go on",
    engines: &[Engine::Sqlite],
    alone: Alone::Never,
    parts: 10,
    run: |run| lose_power(run, run.count(400, 50_000), &Work { failures: FAILURES, ..Work::default() }),
    control: Control {
        without: "looking at what a sync says",
        finds: &["is gone"],
        is_above_engines: false,
        run: |run| lose_power(run, 400, &Work { failures: FAILURES, is_silent: true, ..Work::default() }),
    },
};

/// Plays so many losses of power.
fn lose_power(run: &Run, points: u64, what: &Work) -> Outcome {
    let mut chance = run.chance();
    let mut outcome = Outcome::default();
    let (mut orders, mut events, mut recordings) = (0, 0, 0);
    // Of the database and of its log.
    let mut failed = [0, 0];
    while outcome.runs < points {
        // At least two recordings where syncs fail: in every other one it is those of the database.
        let most = if what.failures > 0 { POINTS_OF_ONE.min(points.div_ceil(2)) } else { POINTS_OF_ONE };
        let part = most.min(points - outcome.runs);
        recordings += 1;
        let what = Work { is_of_database: recordings % 2 == 0, ..*what };
        let recording = work::record(run, &mut chance, &what);
        orders += recording.promises.len() as u64;
        events += recording.events.len() as u64;
        for event in &recording.events {
            if let Event::SyncFailed { path } = event {
                failed[usize::from(!path.ends_with(work::NAME))] += 1;
            }
        }
        outcome.violations.extend(recording.violations.iter().cloned());
        play(&recording, part, &mut chance, &mut outcome);
        tell(outcome.runs, points, &outcome.violations);
    }
    outcome.injected = format!("{} promises, {} writes and syncs", thousands(orders), thousands(events));
    if what.failures > 0 {
        let [database, log] = failed;
        outcome.injected += &format!(", of which {log} failed of the log and {database} of the database");
        if database == 0 || log == 0 {
            outcome
                .violate(format!("{database} syncs of the database failed, and {log} of its log: that proves nothing"));
        }
    }
    outcome
}

/// Goes through the recording and loses power at random moments.
fn play(recording: &work::Recording, points: u64, chance: &mut fastrand::Rng, outcome: &mut Outcome) {
    let events = &recording.events;
    let mut moments: Vec<usize> = (0..points).map(|_| chance.usize(0..=events.len())).collect();
    moments.sort_unstable();
    let mut disk = Disk::default();
    let (mut done, mut promised) = (0, 0);
    let mut place = Place::new();
    for moment in moments {
        for event in &events[done..moment] {
            disk.apply(event, chance);
            promised += usize::from(matches!(event, Event::Mark(_)));
        }
        done = moment;
        place.fill(&disk, chance);
        outcome.runs += 1;
        let is_opened = outcome.runs.is_multiple_of(OPEN_EVERY);
        for what in judge::judge(&place.database(), &recording.promises[..promised], recording.stock, is_opened) {
            outcome.violate(format!("after event {moment} of {}: {what}", events.len()));
        }
    }
}

/// Where the files are put that a loss of power left, a folder for each: a connection to the one before may still be closing. In
/// memory, when the system has such a place.
struct Place {
    all: tempfile::TempDir,
    number: u64,
}

impl Place {
    fn new() -> Self {
        let memory = PathBuf::from("/dev/shm");
        let all = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { all: all.expect("a folder"), number: 0 }
    }

    fn folder(&self) -> PathBuf {
        self.all.path().join(self.number.to_string())
    }

    fn database(&self) -> PathBuf {
        self.folder().join(work::NAME)
    }

    fn fill(&mut self, disk: &Disk, chance: &mut fastrand::Rng) {
        // What is left of it goes with the whole.
        drop(fs::remove_dir_all(self.folder()));
        self.number += 1;
        fs::create_dir(self.folder()).expect("a folder");
        for (path, content) in disk.after_loss(chance) {
            let name = path.file_name().expect("a file's name");
            fs::write(self.folder().join(name), content).expect("room for a small file");
        }
    }
}
