//! Copying the write-ahead log back into the database, from the writer between two groups.

use std::time::Duration;

use rusqlite::Connection;

/// At this multiple of the limit, the writer waits for readers rather than let the log grow.
const PATIENCE: u64 = 8;
/// How long it then waits. Readers are done in milliseconds, but for a backup.
const WAIT: Duration = Duration::from_millis(200);

/// How large the log is and may become, in pages.
#[derive(Debug)]
pub(crate) struct Wal {
    limit: u64,
    /// The size at which the next try is due: a reader may stand in the way of one, and trying again with every commit
    /// would cost a sync each.
    due_at: u64,
}

/// What a checkpoint did.
struct Checkpointed {
    /// Pages in the log.
    pages: u64,
    /// Whether all of them are in the database.
    is_complete: bool,
}

impl Wal {
    /// A log that is to be copied back at `limit_bytes`.
    pub(crate) fn new(limit_bytes: u64) -> Self {
        let limit = (limit_bytes / 4096).max(16);
        Self { limit, due_at: limit }
    }

    /// Copies the log back when it is due. Its beginning is then used again by the next commit.
    pub(crate) fn keep_bounded(&mut self, conn: &Connection) {
        let Some(log) = checkpoint(conn, "NOOP") else { return };
        if log.pages < self.limit {
            self.due_at = self.limit;
            return;
        }
        if log.pages < self.due_at {
            return;
        }
        let mode = if log.pages >= self.limit * PATIENCE { "RESTART" } else { "PASSIVE" };
        if let Some(after) = with_patience(conn, WAIT, || checkpoint(conn, mode)) {
            let is_behind = !after.is_complete && mode == "RESTART";
            if is_behind {
                tracing::warn!(pages = after.pages, "a long read keeps the write-ahead log from being emptied");
            }
            self.due_at = after.pages + self.limit / 4;
        }
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
fn checkpoint(conn: &Connection, mode: &str) -> Option<Checkpointed> {
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
            Some(Checkpointed { pages: u64::try_from(pages).unwrap_or(0), is_complete: busy == 0 && pages == copied })
        }
        Err(error) => {
            tracing::warn!(%error, mode, "a checkpoint failed");
            None
        }
    }
}
