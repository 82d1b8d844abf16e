//! A SQLite file system (VFS) that keeps a list of what is written, cut, synced and removed below one folder, in order.
//!
//! It does its work with the system's own file system and changes nothing about it, except that files below the folder are never
//! synced for real: what a power loss would leave of them is played from the list, so a real sync would only cost time. A sync can be
//! made to fail as well.
//!
//! [`install`] makes it the default of the process; files elsewhere are passed through. Tools for proving only: see
//! <https://sqlite.org/vfs.html>.

#![deny(unsafe_code)]

#[expect(unsafe_code, reason = "SQLite calls its file systems by C's rules")]
mod shim;

use std::{
    collections::{HashMap, VecDeque},
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Something that happened to a file, or was put on the list by [`Recorder::mark`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bytes were written.
    Write {
        /// Where.
        path: PathBuf,
        /// From which byte on.
        offset: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// The file was cut, or grew, to this many bytes.
    Truncate {
        /// Which.
        path: PathBuf,
        /// Bytes that it has now.
        size: u64,
    },
    /// All that was written to the file before is on the disk.
    Sync {
        /// Which.
        path: PathBuf,
    },
    /// A sync was refused: what was written since the last one may be on the disk or not, and nobody will try again.
    SyncFailed {
        /// Which.
        path: PathBuf,
    },
    /// The file was removed.
    Delete {
        /// Which.
        path: PathBuf,
        /// Whether its folder was synced afterwards.
        is_synced: bool,
    },
    /// The caller's own mark: an acknowledgement, say.
    Mark(u64),
}

/// The list.
#[derive(Debug, Default)]
pub struct Recorder {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    folder: Option<PathBuf>,
    events: Vec<Event>,
    syncs: u64,
    /// The numbers of the syncs that fail, ascending.
    failing: VecDeque<u64>,
    /// Syncs of one file that fail besides.
    aimed: Option<Aimed>,
    /// Failures are kept from whoever asked for the sync.
    is_silent: bool,
    /// How often a sync of each file failed.
    failures: HashMap<PathBuf, u64>,
}

#[derive(Debug)]
struct Aimed {
    path: PathBuf,
    /// How many there were.
    syncs: u64,
    /// The numbers of those that fail.
    failing: Vec<u64>,
}

/// Makes the recording file system the one that SQLite uses in this process, and gives its list. Nothing is recorded before
/// [`Recorder::begin`].
///
/// # Panics
/// When SQLite does not take it.
pub fn install() -> &'static Recorder {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(shim::register);
    recorder()
}

fn recorder() -> &'static Recorder {
    static RECORDER: OnceLock<Recorder> = OnceLock::new();
    RECORDER.get_or_init(Recorder::default)
}

impl Recorder {
    /// Forgets what was recorded, and records what happens below `folder` from now on.
    pub fn begin(&self, folder: &Path) {
        *self.lock() = State { folder: Some(folder.to_owned()), ..State::default() };
    }

    /// Ends the recording and gives the list.
    pub fn end(&self) -> Vec<Event> {
        std::mem::take(&mut *self.lock()).events
    }

    /// The list up to now.
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// Puts a mark on the list.
    pub fn mark(&self, mark: u64) {
        self.lock().events.push(Event::Mark(mark));
    }

    /// How many syncs there were.
    pub fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    /// Lets the syncs with these numbers fail, counted from the beginning of the recording, from 1. With `is_silent` nobody is told:
    /// as a program would go on that does not look.
    pub fn fail_syncs(&self, mut numbers: Vec<u64>, is_silent: bool) {
        numbers.sort_unstable();
        let mut state = self.lock();
        (state.failing, state.is_silent) = (numbers.into(), is_silent);
    }

    /// Lets syncs of this file fail besides: those with these numbers, counted from now, from 1.
    pub fn fail_syncs_of(&self, path: &Path, failing: Vec<u64>) {
        self.lock().aimed = Some(Aimed { path: path.to_owned(), syncs: 0, failing });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path of a file that is recorded.
    fn watches(&self, name: &[u8]) -> Option<PathBuf> {
        let path = Path::new(OsStr::from_bytes(name));
        let state = self.lock();
        state.folder.as_ref().is_some_and(|folder| path.starts_with(folder)).then(|| path.to_owned())
    }

    fn record(&self, path: &Path, event: Event) {
        let mut state = self.lock();
        // A connection may outlive the recording that it was opened in.
        if state.folder.as_ref().is_some_and(|folder| path.starts_with(folder)) {
            state.events.push(event);
        }
    }

    /// How often a sync of this file failed so far: whoever opens it now hears of later ones alone.
    fn failures(&self, path: &Path) -> u64 {
        self.lock().failures.get(path).copied().unwrap_or_default()
    }

    /// Notes a sync by somebody who has heard of so many failures; whether it succeeds. As on Linux, what could not be written is told to all
    /// who have the file open, once each, with their next sync, though that one writes what is theirs (`fsync(2)`, since 4.13).
    fn sync(&self, path: &Path, heard: &mut u64) -> bool {
        let mut state = self.lock();
        if state.folder.as_ref().is_none_or(|folder| !path.starts_with(folder)) {
            return true;
        }
        state.syncs += 1;
        let number = state.syncs;
        while state.failing.front().is_some_and(|due| *due < number) {
            state.failing.pop_front();
        }
        let mut fails = state.failing.front() == Some(&number);
        if let Some(aimed) = state.aimed.as_mut().filter(|aimed| aimed.path == path) {
            aimed.syncs += 1;
            fails |= aimed.failing.contains(&aimed.syncs);
        }
        let path = path.to_owned();
        let failures = state.failures.entry(path.clone()).or_default();
        *failures += u64::from(fails);
        let is_told = std::mem::replace(heard, *failures) < *failures;
        state.events.push(if fails { Event::SyncFailed { path } } else { Event::Sync { path } });
        !is_told || state.is_silent
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_failed_sync_is_told_to_all_who_have_the_file_open_and_to_nobody_else() {
        let recorder = install();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().canonicalize().expect("a folder").join("some.db");
        recorder.begin(path.parent().expect("a folder"));
        let open = || {
            let conn = Connection::open(&path).expect("a database");
            conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
                .expect("settings");
            conn
        };
        let (ann, bob) = (open(), open());
        ann.execute_batch("CREATE TABLE t (x)").expect("a table");
        let write = |conn: &Connection| conn.execute_batch("INSERT INTO t VALUES (1)").is_ok();
        assert!(write(&ann) && write(&bob));
        recorder.fail_syncs(vec![recorder.syncs() + 1], false);
        assert!(!write(&ann), "whose sync it was");
        let late = open();
        assert!(write(&late), "who came later");
        assert!(!write(&bob), "who had it open");
        assert!(write(&ann) && write(&bob), "once each");
        let failed = recorder.end().into_iter().filter(|event| matches!(event, Event::SyncFailed { .. })).count();
        assert_eq!(failed, 1);
    }
}
