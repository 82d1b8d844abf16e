//! The power goes at any moment: what was acknowledged is on the disk all the same, and the database opens.
//!
//! The engine works on a file system that writes down what it does (`cartwright-recording-vfs`). Then the disk is put together as it may
//! have been left at moments all over that list, and a judge that knows nothing of the engine opens what is there.

mod disk;
mod judge;
mod work;

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use disk::{Disk, Image};
use recording_vfs::Event;
use work::{Promise, Work};

use crate::{
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// After so many crash points of one recording another is made.
const POINTS_OF_ONE: u64 = 5_000;
/// After so many crash points the engine itself opens what was left, checks it and places an order.
const OPEN_EVERY: u64 = 50;
/// Of so many crash points of a run at which something does not hold, what was left is kept.
const KEPT_MAX: usize = 3;
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
        on_one_engine: false,
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
        on_one_engine: false,
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
    let mut keep = Keep::new(run, what);
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
        play(&recording, part, &mut chance, &mut keep, &mut outcome);
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
fn play(
    recording: &work::Recording,
    points: u64,
    chance: &mut fastrand::Rng,
    keep: &mut Keep<'_>,
    outcome: &mut Outcome,
) {
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
        let image = disk.after_loss(chance);
        outcome.runs += 1;
        let is_opened = outcome.runs.is_multiple_of(OPEN_EVERY);
        let promises = &recording.promises[..promised];
        let wrong = judge::judge(|| place.fill(&image), promises, recording.stock, is_opened);
        if wrong.is_empty() {
            continue;
        }
        let kept = keep.keep(outcome.runs, &image, &events[..moment], promises);
        for what in wrong {
            outcome.violate(format!("after event {moment} of {}: {what}{kept}", events.len()));
        }
    }
}

/// Keeps what was left where something does not hold: no other run makes it again, since threads take turns as they like.
struct Keep<'a> {
    folder: &'a Path,
    /// What its own folders begin with.
    name: String,
    left: usize,
}

impl<'a> Keep<'a> {
    /// What a careless engine loses nobody needs.
    fn new(run: &'a Run, what: &Work) -> Self {
        let scenario = if what.failures > 0 { "sync-error" } else { "power-loss" };
        let left = if what.is_careless() { 0 } else { KEPT_MAX };
        Self { folder: &run.folder, name: format!("{scenario}-seed-{}", run.seed), left }
    }

    /// Says where it is, as the end of a sentence; nothing when there are enough.
    fn keep(&mut self, point: u64, image: &Image<'_>, events: &[Event], promises: &[Promise]) -> String {
        if self.left == 0 {
            return String::new();
        }
        self.left -= 1;
        let folder = self.folder.join(format!("{}-point-{point}", self.name));
        match write_down(&folder, image, events, promises) {
            Ok(()) => format!("; what was left is in {}", folder.display()),
            Err(error) => format!("; what was left could not be kept: {error}"),
        }
    }
}

/// Writes down the files, and what was done to them before.
fn write_down(folder: &Path, image: &Image<'_>, events: &[Event], promises: &[Promise]) -> io::Result<()> {
    // Of an earlier run.
    drop(fs::remove_dir_all(folder));
    fs::create_dir_all(folder)?;
    write_files(folder, image)?;
    let mut promises = promises.iter();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut text = String::new();
    for event in events {
        let _ = match event {
            Event::Write { path, offset, bytes } => writeln!(text, "write {} {offset} {}", name(path), bytes.len()),
            Event::Truncate { path, size } => writeln!(text, "cut {} {size}", name(path)),
            Event::Sync { path } => writeln!(text, "sync {}", name(path)),
            Event::SyncFailed { path } => writeln!(text, "sync failed {}", name(path)),
            Event::Delete { path, is_synced: true } => writeln!(text, "remove and sync {}", name(path)),
            Event::Delete { path, is_synced: false } => writeln!(text, "remove {}", name(path)),
            Event::Mark(number) => writeln!(text, "promise {number} {:?}", promises.next()),
        };
    }
    fs::write(folder.join("events.txt"), text)
}

fn write_files(folder: &Path, image: &Image<'_>) -> io::Result<()> {
    for (path, content) in image {
        fs::write(folder.join(path.file_name().expect("a file's name")), content)?;
    }
    Ok(())
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

    /// Puts the files together, and gives the path of the database among them.
    fn fill(&mut self, image: &Image<'_>) -> PathBuf {
        // What is left of it goes with the whole.
        drop(fs::remove_dir_all(self.folder()));
        self.number += 1;
        fs::create_dir(self.folder()).expect("a folder");
        write_files(&self.folder(), image).expect("room for small files");
        self.folder().join(work::NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Size;

    #[test]
    fn what_was_left_where_something_does_not_hold_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = Run {
            engine: Engine::Sqlite,
            seed: 7,
            size: Size::Short,
            runs: None,
            part: (0, 1),
            folder: folder.path().to_owned(),
        };
        let path = PathBuf::from("/somewhere/shop.db");
        let events =
            [Event::Write { path: path.clone(), offset: 4, bytes: vec![1, 2] }, Event::Sync { path: path.clone() }];
        let image = vec![(path.as_path(), vec![0, 0, 0, 0, 1, 2])];
        let mut keep = Keep::new(&run, &Work::default());
        let said = keep.keep(3, &image, &events, &[]);
        let kept = folder.path().join("power-loss-seed-7-point-3");
        assert!(said.ends_with(&kept.display().to_string()), "{said}");
        assert_eq!(fs::read(kept.join("shop.db")).expect("the database"), image[0].1);
        let told = fs::read_to_string(kept.join("events.txt")).expect("the list");
        assert_eq!(told, "write shop.db 4 2\nsync shop.db\n");
        let more = (4..20).filter(|point| !keep.keep(*point, &image, &events, &[]).is_empty());
        assert_eq!(more.count(), KEPT_MAX - 1, "the first few");
        let careless = Work { synchronous: false, ..Work::default() };
        assert_eq!(Keep::new(&run, &careless).keep(3, &image, &events, &[]), "", "a control keeps nothing");
    }
}
