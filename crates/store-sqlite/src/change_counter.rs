//! Noticing commits, by whichever process.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::Connection;

use crate::{connection, error::OpenError};

/// A connection that writes nothing and so is told by SQLite whenever anybody else did.
pub(crate) struct ChangeCounter {
    seen: Mutex<Seen>,
}

struct Seen {
    conn: Connection,
    /// SQLite's number, which says only "another one than before".
    version: i64,
    counter: u64,
}

impl ChangeCounter {
    /// Watches the database at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let conn = connection::reader(path, Duration::from_secs(1));
        let conn = conn.map_err(|error| OpenError::from_sqlite(path, &error))?;
        Ok(Self { seen: Mutex::new(Seen { conn, version: -1, counter: 0 }) })
    }

    /// A number that grows when anything was committed since it was asked for last; `None` when SQLite does not say.
    pub(crate) fn get(&self) -> Option<u64> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let version = data_version(&seen.conn).ok()?;
        if version != seen.version {
            seen.version = version;
            seen.counter += 1;
        }
        Some(seen.counter)
    }
}

fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
