//! How connections are set up.

use std::{path::Path, time::Duration};

use parking_lot::ReentrantMutex;
use rusqlite::{Connection, OpenFlags, config::DbConfig, ffi};

use crate::open::Options;

/// More than there are statements in this crate, but a bound: the lists put theirs together.
const STATEMENTS_MAX: usize = 256;
/// The writer's page cache, in KiB. It is filled by what a group touches. Larger is not faster: after a group that split
/// pages, SQLite looks at each page in it.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// A reader's page cache, in KiB.
const READER_CACHE_KIB: i64 = 6 * 1024;
/// What is left of the WAL file when it was copied back, in bytes.
const WAL_KEPT_BYTES: i64 = 64 * 1024 * 1024;

/// The writer's connection, lent to what else its thread has begun: a transaction, which must be something that could be sent to another
/// thread, and a copy that is being made. Nobody ever waits for it.
pub(crate) type Shared = ReentrantMutex<Connection>;

/// The connection that writes; makes the file if there is none.
pub(crate) fn writer(path: &Path, options: &Options) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = open(path, flags, options.busy_timeout, WRITER_CACHE_KIB)?;
    let_write(&conn, options)?;
    Ok(conn)
}

/// A connection that writes and is the only one. Whatever is asked of it first fails with `SQLITE_BUSY` when it is not.
pub(crate) fn alone(path: &Path, options: &Options) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    // Before the file is looked at, which some of the other settings do: afterwards the lock would come too late.
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    set_up(&conn, Duration::ZERO, WRITER_CACHE_KIB)?;
    let_write(&conn, options)?;
    Ok(conn)
}

fn let_write(conn: &Connection, options: &Options) -> rusqlite::Result<()> {
    conn.pragma_update(None, "synchronous", if options.synchronous_full { "FULL" } else { "NORMAL" })?;
    // On macOS a plain fsync leaves the data in the drive's cache; elsewhere this does nothing.
    conn.pragma_update(None, "fullfsync", true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // The writer decides when to copy the WAL back.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)
}

/// The connection, unless it can only read: where a file cannot be written, as on a disk that the system made read-only after errors,
/// SQLite opens it all the same.
pub(crate) fn that_writes(conn: Connection) -> rusqlite::Result<Connection> {
    if conn.is_readonly("main")? {
        return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None));
    }
    Ok(conn)
}

/// A connection that reads.
pub(crate) fn reader(path: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open(path, flags, busy_timeout, READER_CACHE_KIB)
}

/// A connection that looks at everything and changes nothing. Of a file that is opened to be read alone SQLite does not know the CHECK
/// constraints, and its integrity check passes over them.
pub(crate) fn inspector(path: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = open(path, flags, busy_timeout, READER_CACHE_KIB)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// The same for a copy that is lent: it becomes one file without a log beside it, which would be left when the copy is removed. No link is
/// followed, for whoever lent it may be another user.
pub(crate) fn inspector_of_copy(copy: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let conn = Connection::open_with_flags(copy, flags)?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    conn.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    set_up(&conn, Duration::ZERO, READER_CACHE_KIB)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// A connection to a copy that is not finished: should it be cut off, it is thrown away, so that it needs neither a journal nor a sync until
/// it is whole. The file must be there.
pub(crate) fn copy(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    // Nobody else has a use for it: waiting for a lock would be for nothing, and orders may wait meanwhile.
    conn.busy_timeout(Duration::ZERO)?;
    conn.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(conn)
}

fn open(path: &Path, flags: OpenFlags, busy_timeout: Duration, cache_kib: i64) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, flags)?;
    set_up(&conn, busy_timeout, cache_kib)?;
    Ok(conn)
}

fn set_up(conn: &Connection, busy_timeout: Duration, cache_kib: i64) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    conn.busy_timeout(busy_timeout)?;
    conn.pragma_update(None, "cache_size", -cache_kib)?;
    // Without this, binding a value makes SQLite prepare many of the kept statements anew, in case another plan suits the
    // value better: four fifths of the time of a point read.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // The writer copies the log back, or leaves it alone because of a disk that failed: not whoever happens to be the last to close.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Sorting must not need room on a disk that may be full.
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "trusted_schema", false)
}

/// The number in the one row that `PRAGMA name` gives.
pub(crate) fn pragma(conn: &Connection, name: &str) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, name, |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use rusqlite::ErrorCode;

    use super::*;

    #[test]
    fn what_looks_at_a_file_knows_its_constraints_changes_nothing_and_leaves_nothing_beside_a_copy() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, copied) = (folder.path().join("shop.db"), folder.path().join("copy"));
        let conn = writer(&path, &Options::default()).expect("opens");
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).expect("WAL mode");
        conn.execute_batch(
            "CREATE TABLE t (x CHECK (x > 0)); PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (-1)",
        )
        .expect("a row that must not be");
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("copied back");
        std::fs::copy(&path, &copied).expect("copied");
        let found = |conn: &Connection| conn.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
        for looking in [inspector(&path, Duration::ZERO), inspector_of_copy(&copied)] {
            let looking = looking.expect("opens");
            assert_eq!(found(&looking).as_deref(), Ok("CHECK constraint failed in t"));
            assert!(looking.execute_batch("INSERT INTO t VALUES (8)").is_err(), "it looks and no more");
        }
        let names =
            std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        assert_eq!(names.filter(|name| name.to_string_lossy().starts_with("copy")).count(), 1);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&copied, &link).expect("a link");
        inspector_of_copy(&link).and_then(|conn| found(&conn)).expect_err("a link is followed");
    }

    #[test]
    fn one_that_can_only_read_is_none_that_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shop.db");
        that_writes(writer(&path, &Options::default()).expect("opens")).expect("it can");
        let read_only = reader(&path, Duration::ZERO).and_then(that_writes).expect_err("it cannot");
        assert_eq!(read_only.sqlite_error_code(), Some(ErrorCode::ReadOnly));
    }
}
