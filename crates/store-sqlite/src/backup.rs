//! Copies of a live database: made beside the target, checked, synced, and only then given their name.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use file_owner::folder_of;
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};

use crate::{connection, error::OpenError, neighbour, open::check_ours};

/// How long a copy waits for a lock before it gives up.
const WAIT: Duration = Duration::from_secs(10);

/// Copies the shop in the file at `from`, which may be in use, and of an earlier or later version, as it is into the new file `to`. The
/// process that has the shop open does it, if there is one that [answers](store::Maintenance::answer_commands).
///
/// # Errors
/// Nothing is left at `to`.
pub fn backup(from: &Path, to: &Path) -> Result<(), OpenError> {
    let conn = connection::reader(from, WAIT).map_err(|error| OpenError::from_sqlite(from, &error))?;
    if check_ours(&conn, from, i64::MAX)? == 0 {
        return Err(OpenError::Empty(from.display().to_string()));
    }
    drop(conn);
    copy_of_a_shop(from, to, |file| neighbour::ask_for_copy(from, file))
}

/// Why a shop did not fill a copy of itself.
#[derive(Debug)]
pub(crate) enum NotFilled {
    /// Nobody has it open.
    NobodyIsThere,
    /// Somebody has, and could not do it.
    Failed(String),
}

/// Copies the database at `from`, which a shop may have open, into the new file `to`. `ask` has the shop fill an empty file; when it does not,
/// the database is read here.
///
/// # Errors
/// Nothing is left at `to`.
pub(crate) fn copy_of_a_shop(
    from: &Path,
    to: &Path,
    ask: impl FnOnce(&Path) -> Result<(), NotFilled>,
) -> Result<(), OpenError> {
    make_copy(to, |file| {
        let Err(not_filled) = ask(file) else { return Ok(()) };
        if let NotFilled::Failed(why) = not_filled {
            tracing::warn!(
                why,
                "the running shop does not make the copy: it is made beside it, and the shop's log grows meanwhile"
            );
            // A new file: whoever began to fill this one may still be at it.
            remove_if_there(file)?;
            create_private(file)?;
        }
        copy_at_once(from, file)
    })
}

/// Copies the database at `from`, which may be in use, into the new file `to`.
///
/// # Errors
/// Nothing is left at `to`.
pub(crate) fn copy_database(from: &Path, to: &Path) -> Result<(), OpenError> {
    make_copy(to, |file| copy_at_once(from, file))
}

/// Makes an empty file, has it filled, and gives it the name `to` once it is checked and synced.
fn make_copy(to: &Path, fill: impl FnOnce(&Path) -> Result<(), OpenError>) -> Result<(), OpenError> {
    if to.exists() {
        return Err(failed(to, "a file of this name exists already; name another one, or move it away"));
    }
    let unfinished = beside(to, ".unfinished");
    let make = || {
        remove_if_there(&unfinished)?;
        create_private(&unfinished)?;
        fill(&unfinished)?;
        finish(&unfinished)?;
        put_in_place(&unfinished, to)
    };
    let made = make();
    if made.is_err() {
        // The error that is reported is the one that matters.
        let _ = fs::remove_file(&unfinished);
    }
    made
}

/// All pages in one read transaction, so that writers do not make it begin again.
fn copy_at_once(from: &Path, to: &Path) -> Result<(), OpenError> {
    let copy = || -> rusqlite::Result<()> {
        let source = connection::reader(from, WAIT)?;
        let mut target = connection::copy(to)?;
        let backup = Backup::new(&source, &mut target)?;
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
    };
    copy().map_err(|error| failed(to, error))
}

/// Checks the copy, and makes it durable.
fn finish(copy: &Path) -> Result<(), OpenError> {
    let check = || -> rusqlite::Result<Vec<String>> {
        let conn = connection::copy(copy)?;
        // One file without a WAL beside it: that is what can be carried elsewhere.
        conn.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        let wrong = integrity_check(&conn)?;
        conn.close().map_err(|(_, error)| error)?;
        Ok(wrong)
    };
    match check().map_err(|error| failed(copy, error))?.first() {
        None => sync_file(copy),
        Some(first) => Err(failed(copy, format_args!("the copy does not pass its check ({first})"))),
    }
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

pub(crate) fn remove_if_there(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, error)),
        _ => Ok(()),
    }
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
