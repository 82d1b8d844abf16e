//! Copying the write-ahead log back into the database.
//!
//! A thread of its own copies most of it, beside the writer. What was written meanwhile is little, and the writer copies
//! it between two groups: only with all of it copied is the log's beginning used again.

use std::{path::Path, time::Duration};

use rusqlite::Connection;

use crate::{
    checkpointer::{Checkpointer, State},
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
        Self { limit, due_at: limit, helper: Checkpointer::start(path, options) }
    }

    /// Has the log copied back when it is due. Its beginning is then used again by the next commit.
    pub(crate) fn keep_bounded(&mut self, conn: &Connection) {
        if faults::is_lifted("guard.checkpoint") {
            return;
        }
        let Some(log) = checkpoint(conn, "NOOP") else { return };
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
        if let Some(after) = with_patience(conn, WAIT, || checkpoint(conn, mode)) {
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
        with_patience(conn, WAIT, || checkpoint(conn, "TRUNCATE"));
        self.due_at = self.limit;
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

/// A failed checkpoint loses nothing: the log has it all. The next one tries again.
pub(crate) fn checkpoint(conn: &Connection, mode: &str) -> Option<Checkpointed> {
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
            None
        }
    }
}
