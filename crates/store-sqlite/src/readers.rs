//! The connections that read.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use store::StoreError;

use crate::{
    connection,
    error::{OpenError, Reach},
    sql::{self, Sql},
};

/// A few connections, each used by one query at a time. A thread goes to the same one as long as it is free, so with as
/// many connections as threads nobody waits.
pub(crate) struct Readers {
    path: PathBuf,
    busy_timeout: Duration,
    slots: Box<[Mutex<Connection>]>,
}

static NEXT_HOME: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Where this thread looks first.
    static HOME: usize = NEXT_HOME.fetch_add(1, Ordering::Relaxed);
}

impl Readers {
    /// Opens `count` connections to the database at `path`.
    pub(crate) fn open(path: &Path, count: usize, busy_timeout: Duration) -> Result<Self, OpenError> {
        let open = |_| connection::reader(path, busy_timeout).map(Mutex::new);
        let slots = (0..count.max(1)).map(open).collect::<rusqlite::Result<_>>();
        let slots = slots.map_err(|error| OpenError::from_sqlite(path, &error))?;
        Ok(Self { path: path.to_owned(), busy_timeout, slots })
    }

    /// Runs a query of one statement.
    pub(crate) fn read<T>(&self, query: impl FnOnce(&Connection) -> Sql<T>) -> Result<T, StoreError> {
        let mut conn = self.take();
        if !conn.is_autocommit() {
            // A query that panicked left its transaction open.
            let _ = sql::run(&conn, "ROLLBACK", []);
        }
        query(&conn).map_err(|fault| {
            if fault.reach() == Reach::Connection
                && let Ok(fresh) = connection::reader(&self.path, self.busy_timeout)
            {
                *conn = fresh;
            }
            fault.into_store()
        })
    }

    /// Runs a query of several statements, which see one state of the database.
    pub(crate) fn snapshot<T>(&self, query: impl FnOnce(&Connection) -> Sql<T>) -> Result<T, StoreError> {
        self.read(|conn| in_snapshot(conn, query))
    }

    fn take(&self) -> MutexGuard<'_, Connection> {
        let home = HOME.with(|home| *home);
        let places = (0..self.slots.len()).map(|step| (home + step) % self.slots.len());
        for place in places {
            match self.slots[place].try_lock() {
                Ok(conn) => return conn,
                Err(std::sync::TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(std::sync::TryLockError::WouldBlock) => {}
            }
        }
        self.slots[home % self.slots.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `query` in a read transaction of its own.
pub(crate) fn in_snapshot<T>(conn: &Connection, query: impl FnOnce(&Connection) -> Sql<T>) -> Sql<T> {
    sql::run(conn, "BEGIN", [])?;
    let found = query(conn);
    // Whether it ends one way or the other is the same to a transaction that only reads.
    let ended = sql::run(conn, if found.is_ok() { "COMMIT" } else { "ROLLBACK" }, []);
    let found = found?;
    ended?;
    Ok(found)
}
