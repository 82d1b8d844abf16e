//! The database file of the server, read beside it: what was really stored, and a copy for the raw limit.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, params};

/// The database in the data folder: the file that begins as SQLite's do.
pub(crate) fn find(data: &Path) -> Result<PathBuf, String> {
    let entries = fs::read_dir(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.find(|path| is_database(path)).ok_or_else(|| format!("{} has no database", data.display()))
}

fn is_database(path: &Path) -> bool {
    let mut head = [0; 16];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && &head == b"SQLite format 3\0"
}

/// How many rows `from` has: a table, with or without a condition.
pub(crate) fn count(path: &Path, from: &str) -> Result<u64, String> {
    let count = || -> rusqlite::Result<u64> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let sql = format!("SELECT count(*) FROM {from}");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    };
    count().map_err(|error| format!("{}: {error}", path.display()))
}

/// Copies the database, what is in its WAL included.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let copy = || -> rusqlite::Result<()> {
        let connection = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute("VACUUM INTO ?", params![to.to_string_lossy()]).map(drop)
    };
    copy().map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}
