//! Copies of a live database: made beside the target, checked, synced, and only then given their name.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use file_owner::folder_of;
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use crate::{connection, error::OpenError, open::check_ours};

/// How long a copy waits for a lock before it gives up.
const WAIT: Duration = Duration::from_secs(10);

/// Copies the shop in the file at `from`, which may be in use, and of an earlier or later version, as it is into the new file `to`.
///
/// # Errors
/// Nothing is left at `to`.
pub fn backup(from: &Path, to: &Path) -> Result<(), OpenError> {
    let conn = connection::reader(from, WAIT).map_err(|error| OpenError::from_sqlite(from, &error))?;
    if check_ours(&conn, from, i64::MAX)? == 0 {
        return Err(OpenError::Empty(from.display().to_string()));
    }
    drop(conn);
    copy_database(from, to)
}

/// Copies the database at `from`, which may be in use, into the new file `to`.
///
/// # Errors
/// Nothing is left at `to`.
pub(crate) fn copy_database(from: &Path, to: &Path) -> Result<(), OpenError> {
    if to.exists() {
        return Err(failed(to, "a file of this name exists already; name another one, or move it away"));
    }
    let unfinished = beside(to, ".unfinished");
    let copied = copy_and_check(from, &unfinished).and_then(|()| put_in_place(&unfinished, to));
    if copied.is_err() {
        // The error that is reported is the one that matters.
        let _ = fs::remove_file(&unfinished);
    }
    copied
}

fn copy_and_check(from: &Path, to: &Path) -> Result<(), OpenError> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(to, error)),
        _ => {}
    }
    create_private(to)?;
    let copy = || -> rusqlite::Result<Vec<String>> {
        let source = connection::reader(from, WAIT)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut target = Connection::open_with_flags(to, flags)?;
        copy_pages(&source, &mut target)?;
        drop(source);
        // One file without a WAL beside it: that is what can be carried elsewhere.
        target.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        let wrong = integrity_check(&target)?;
        target.close().map_err(|(_, error)| error)?;
        Ok(wrong)
    };
    let wrong = copy().map_err(|error| failed(to, error))?;
    match wrong.first() {
        None => sync_file(to),
        Some(first) => Err(failed(to, format_args!("the copy does not pass its check ({first})"))),
    }
}

/// All pages in one read transaction, so that writers do not make it begin again.
fn copy_pages(source: &Connection, target: &mut Connection) -> rusqlite::Result<()> {
    let backup = Backup::new(source, target)?;
    let pause = Duration::from_millis(50);
    let mut waited = Duration::ZERO;
    while backup.step(-1)? != StepResult::Done {
        if waited >= WAIT {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(rusqlite::Error::SqliteFailure(busy, None));
        }
        std::thread::sleep(pause);
        waited += pause;
    }
    Ok(())
}

/// What SQLite's own check finds, at most 100 things.
pub(crate) fn integrity_check(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare("PRAGMA integrity_check")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Gives the finished file its name, durably.
pub(crate) fn put_in_place(finished: &Path, name: &Path) -> Result<(), OpenError> {
    fs::rename(finished, name).map_err(|error| failed(name, error))?;
    sync_folder(name)
}

/// `path` with `suffix` behind its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes the empty file `path` that only its owner may read.
pub(crate) fn create_private(path: &Path) -> Result<(), OpenError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| failed(path, error))
}

pub(crate) fn sync_file(path: &Path) -> Result<(), OpenError> {
    File::options().write(true).open(path).and_then(|file| file.sync_all()).map_err(|error| failed(path, error))
}

/// A new name survives a power failure once its folder is synced.
pub(crate) fn sync_folder(path: &Path) -> Result<(), OpenError> {
    let folder = folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(folder, error))
}

pub(crate) fn failed(path: &Path, reason: impl std::fmt::Display) -> OpenError {
    OpenError::Copy { path: path.display().to_string(), reason: reason.to_string() }
}
