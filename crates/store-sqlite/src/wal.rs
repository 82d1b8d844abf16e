//! Copying the write-ahead log back into the database.
//!
//! A thread of its own copies most of it, beside the writer. What was written meanwhile is little, and the writer copies
//! it between two groups: only with all of it copied is the log's beginning used again.
//!
//! A copy that broke off is the last one. SQLite syncs the database once all of the log is copied, and counts what was copied before that
//! as done; when that sync fails, the system may have dropped any of it, and the next sync would say that all is well. The log has it
//! all. So it is kept, and grows, until every connection of every process is closed: whoever opens the database alone after that
//! copies it from its beginning. A file beside the log, [`MustStay`], tells the others of it: a command that is run beside the shop, or
//! a shop that is started again while one still reads.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, ErrorCode};

use crate::{
    checkpointer::{Checkpointer, State},
    connection,
    open::Options,
};

/// At this multiple of the limit, the writer waits for readers rather than let the log grow.
const PATIENCE: u64 = 3;
/// How long it then waits. Readers are done in milliseconds, but for a backup.
const WAIT: Duration = Duration::from_millis(200);

/// How large the log is and may become, in pages.
pub(crate) struct Wal {
    limit: u64,
    /// The size at which the next try is due: a reader may stand in the way of one, and trying again with every commit
    /// would cost a sync each.
    due_at: u64,
    /// `None` when the system gave no thread: the writer then copies by itself.
    helper: Option<Checkpointer>,
    /// Whether a copy broke off.
    must_stay: MustStay,
}

/// Whether the log must be kept as it is, because the database lacks what nobody knows.
#[derive(Clone, Debug)]
pub(crate) struct MustStay {
    /// A copy broke off in this process.
    is_set: Arc<AtomicBool>,
    /// A file that is there when one did in any. It need not outlive a loss of power: neither does what counts pages as copied.
    marker: PathBuf,
}

impl MustStay {
    /// Of the log of the database at `path`.
    pub(crate) fn of(path: &Path) -> Self {
        let mut marker = path.as_os_str().to_owned();
        marker.push("-keep-log");
        Self { is_set: Arc::default(), marker: marker.into() }
    }

    /// Whether this process knows of it already: for every commit, so without a look at the file.
    fn is_known(&self) -> bool {
        self.is_set.load(Ordering::Acquire)
    }

    /// Whether it must, as far as any process knows. The answer is remembered: the file stays while this process has the log open.
    pub(crate) fn get(&self) -> bool {
        if !self.is_known() && self.marker.exists() {
            self.is_set.store(true, Ordering::Release);
        }
        self.is_known()
    }

    fn set(&self) {
        if self.is_set.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::error!(
            "the disk failed while the write-ahead log was copied back. Nothing is lost, and orders go on, but the log grows until the \
             program is started again: look at the disk, then stop all that has the database open, and start it"
        );
        let why = "A copy of the write-ahead log broke off. The log is kept until the database is opened by one process alone.\n";
        if let Err(error) = fs::write(&self.marker, why) {
            tracing::error!(%error, marker = %self.marker.display(), "other processes cannot be told: run no command beside the shop");
        }
    }

    /// The log was copied from its beginning.
    pub(crate) fn forget(&self) -> io::Result<()> {
        fs::remove_file(&self.marker)
    }
}

/// What a checkpoint found and did.
pub(crate) struct Checkpointed {
    /// Pages in the log.
    pub(crate) pages: u64,
    /// How many of them are in the database.
    copied: u64,
    is_busy: bool,
}

impl Checkpointed {
    fn is_complete(&self) -> bool {
        !self.is_busy && self.left() == 0
    }

    /// Pages that are in the log alone.
    pub(crate) const fn left(&self) -> u64 {
        self.pages.saturating_sub(self.copied)
    }
}

impl Wal {
    /// The log of the database at `path`.
    pub(crate) fn new(path: &Path, options: &Options) -> Self {
        let limit = (options.wal_limit_bytes / 4096).max(16);
        let must_stay = MustStay::of(path);
        Self { limit, due_at: limit, helper: Checkpointer::start(path, options, must_stay.clone()), must_stay }
    }

    /// Has the log copied back when it is due. Its beginning is then used again by the next commit.
    pub(crate) fn keep_bounded(&mut self, conn: &Connection) {
        if faults::is_lifted("guard.checkpoint") {
            return;
        }
        if self.must_stay.is_known() {
            return;
        }
        let Some(log) = checkpoint(conn, "NOOP", &self.must_stay) else { return };
        if log.pages < self.limit {
            self.due_at = self.limit;
        }
        match self.helper.as_ref().map(Checkpointer::state) {
            Some(State::Copying) => {}
            Some(State::Idle) if log.pages >= self.due_at => {
                if let Some(helper) = &self.helper {
                    helper.copy();
                }
            }
            Some(State::Copied) => {
                self.finish(conn, log.pages);
                if let Some(helper) = &self.helper {
                    helper.rest();
                }
            }
            None if log.pages >= self.due_at => self.finish(conn, log.pages),
            _ => {}
        }
    }

    /// Copies what is left.
    fn finish(&mut self, conn: &Connection, pages: u64) {
        let mode = if pages >= self.limit * PATIENCE { "RESTART" } else { "PASSIVE" };
        if let Some(after) = with_patience(conn, WAIT, || checkpoint(conn, mode, &self.must_stay)) {
            if mode == "RESTART" && !after.is_complete() {
                tracing::warn!(pages = after.pages, "a long read keeps the write-ahead log from being emptied");
            }
            self.due_at = after.pages + self.limit / 4;
        }
    }

    /// Waits for the helper, and does without it from then on.
    pub(crate) fn stop_helper(&mut self) {
        self.helper = None;
    }

    /// Copies all of the log back, shortens its file to nothing, and gives memory back: for quiet moments and the end.
    pub(crate) fn empty(&mut self, conn: &Connection) {
        // While the helper copies, nobody knows yet whether that will break off.
        let is_copying = self.helper.as_ref().is_some_and(|helper| helper.state() == State::Copying);
        if !is_copying && !self.must_stay.get() {
            with_patience(conn, WAIT, || checkpoint(conn, "TRUNCATE", &self.must_stay));
            self.due_at = self.limit;
        }
        if let Err(error) = conn.release_memory() {
            tracing::debug!(%error, "memory could not be given back");
        }
    }
}

/// Runs `work` with another busy time-out.
fn with_patience<T>(conn: &Connection, wait: Duration, work: impl FnOnce() -> T) -> T {
    let before = conn.pragma_query_value(None, "busy_timeout", |row| row.get::<_, i64>(0));
    let _ = conn.busy_timeout(wait);
    let done = work();
    let millis = before.ok().and_then(|millis| u64::try_from(millis).ok()).unwrap_or(5000);
    let _ = conn.busy_timeout(Duration::from_millis(millis));
    done
}

/// A failed checkpoint loses nothing: the log has it all. After one that the disk failed there must be no other, in any process.
pub(crate) fn checkpoint(conn: &Connection, mode: &str, must_stay: &MustStay) -> Option<Checkpointed> {
    // That one copies nothing.
    if mode != "NOOP" && must_stay.get() {
        return None;
    }
    copy_back(conn, mode, must_stay)
}

/// Copies a log from its beginning of which a part may count as copied and not be on the disk, if no other connection is open. Gives
/// whether that is done.
pub(crate) fn copy_alone(path: &Path, options: &Options, must_stay: &MustStay) -> rusqlite::Result<bool> {
    let conn = connection::alone(path, options)?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    // Alone, SQLite keeps the index of the log in its own memory, and makes it anew: nothing counts as copied.
    let is_from_the_beginning = checkpoint(&conn, "NOOP", must_stay).is_some_and(|log| log.copied == 0);
    Ok(is_from_the_beginning && copy_back(&conn, "TRUNCATE", must_stay).is_some_and(|after| after.is_complete()))
}

fn copy_back(conn: &Connection, mode: &str, must_stay: &MustStay) -> Option<Checkpointed> {
    let sql = match mode {
        "NOOP" => "PRAGMA wal_checkpoint(NOOP)",
        "PASSIVE" => "PRAGMA wal_checkpoint(PASSIVE)",
        "RESTART" => "PRAGMA wal_checkpoint(RESTART)",
        _ => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let result = conn.prepare_cached(sql).and_then(|mut statement| {
        statement.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
    });
    match result {
        Ok((busy, pages, copied)) => {
            let [pages, copied] = [pages, copied].map(|count| u64::try_from(count).unwrap_or(0));
            Some(Checkpointed { pages, copied, is_busy: busy != 0 })
        }
        Err(error) => {
            tracing::warn!(%error, mode, "a checkpoint failed");
            // No room is no such failure: what was written is still there, and is written again.
            if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
                must_stay.set();
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use recording_vfs::Event;

    use super::*;
    use crate::open::copy_what_had_to_stay;

    /// Copies some of the log while a reader stands in the way of the rest; that is not synced yet. Then the sync after the rest fails.
    #[test]
    fn a_copy_that_broke_off_is_the_last() {
        let recorder = recording_vfs::install();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().canonicalize().expect("a folder").join("shop.db");
        let syncs =
            |events: &[Event]| events.iter().filter(|event| **event == Event::Sync { path: path.clone() }).count();
        recorder.begin(path.parent().expect("a folder"));
        let options = Options { wal_limit_bytes: 0, ..Options::default() };
        let conn = connection::writer(&path, &options).expect("a database");
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).expect("WAL mode");
        conn.execute_batch("CREATE TABLE t (x TEXT)").expect("a table");
        let mut wal = Wal::new(&path, &options);
        wal.stop_helper();
        wal.empty(&conn);
        let synced_before = syncs(&recorder.events());
        let fill = |rows: u32| {
            let sql = format!(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO t SELECT hex(zeroblob(1000)) FROM n"
            );
            conn.execute_batch(&sql).expect("rows");
        };
        fill(100);
        let reader = connection::reader(&path, Duration::ZERO).expect("a reader");
        reader.execute_batch("BEGIN; SELECT count(*) FROM t").expect("a snapshot");
        fill(100);
        wal.keep_bounded(&conn);
        let copied = checkpoint(&conn, "NOOP", &wal.must_stay).expect("an answer");
        assert!(copied.copied > 0 && copied.left() > 0, "some of it must have been copied");
        reader.execute_batch("COMMIT").expect("its end");
        assert_eq!(syncs(&recorder.events()), synced_before, "and not synced");

        recorder.fail_syncs_of(&path, vec![1]);
        wal.empty(&conn);
        let failed_at = recorder.events().len();
        assert!(recorder.events().contains(&Event::SyncFailed { path: path.clone() }));
        // Another process: it has not seen what happened.
        let other = connection::writer(&path, &options).expect("a connection");
        let mut other_wal = Wal::new(&path, &options);
        other_wal.stop_helper();
        for _ in 0..3 {
            fill(100);
            for (wal, conn) in [(&mut wal, &conn), (&mut other_wal, &other)] {
                wal.due_at = 0;
                wal.keep_bounded(conn);
                wal.empty(conn);
            }
        }
        copy_what_had_to_stay(&path, &options);
        assert!(wal.must_stay.marker.exists(), "a third one is not alone either");
        drop((other, other_wal));
        let touches =
            |event: &&Event| matches!(event, Event::Write { path: at, .. } | Event::Sync { path: at } if *at == path);
        let events = recorder.end();
        assert_eq!(events[failed_at..].iter().find(touches).map(|_| "the database was touched"), None);

        // Whoever opens it when everybody has left copies all of it, from the beginning.
        drop((reader, conn));
        copy_what_had_to_stay(&path, &options);
        let conn = connection::writer(&path, &options).expect("a database");
        assert!(!wal.must_stay.marker.exists());
        let log = checkpoint(&conn, "NOOP", &MustStay::of(&path)).expect("an answer");
        assert_eq!(log.pages, 0);
        let rows: i64 = conn.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).expect("a count");
        assert_eq!(rows, 500);
    }
}
