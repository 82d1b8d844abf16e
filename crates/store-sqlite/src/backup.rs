//! Copies of a live database: made under another name, checked, synced, and only then given their own.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    time::Duration,
};

use file_owner::folder_of;
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};

use crate::{
    connection,
    error::OpenError,
    neighbour::{self, NotCopied},
    open::check_ours,
};

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
    refuse_existing(to)?;
    match neighbour::ask_for_copy(from) {
        Ok(copy) => take(copy.path(), to),
        Err(not_copied) => copy_instead(from, to, not_copied),
    }
}

/// Copies the database at `from`, which may be in use, into the new file `to`.
///
/// # Errors
/// Nothing is left at `to`.
pub(crate) fn copy_database(from: &Path, to: &Path) -> Result<(), OpenError> {
    make(to, |file| copy_at_once(from, file))
}

/// The same where a shop has the database open and did not do it.
pub(crate) fn copy_instead(from: &Path, to: &Path, not_copied: NotCopied) -> Result<(), OpenError> {
    match not_copied {
        NotCopied::NobodyIsThere => {}
        // Orders need what there is.
        NotCopied::NoRoom if is_on_one_disk(from, folder_of(to)) => {
            return Err(failed(to, "there is no room for it beside what the shop needs to go on"));
        }
        NotCopied::NoRoom => tell("there is no room for it beside the database"),
        NotCopied::Failed(why) => tell(&why),
    }
    copy_database(from, to)
}

fn tell(why: &str) {
    tracing::warn!(
        why,
        "the running shop does not make the copy: it is made beside it, and the shop's log grows meanwhile"
    );
}

/// Makes of the whole copy of a shop, which is nobody else's, the new file `to`.
///
/// # Errors
/// Nothing is left at `to`.
pub(crate) fn take(copy: &Path, to: &Path) -> Result<(), OpenError> {
    if is_on_one_disk(copy, folder_of(to)) {
        finish(copy)?;
        keep_for_oneself(copy);
        refuse_existing(to)?;
        match fs::rename(copy, to) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
            renamed => return renamed.map_err(|error| failed(to, error)).and_then(|()| sync_folder(to)),
        }
    }
    make(to, |file| {
        let carry = || io::copy(&mut File::open(copy)?, &mut File::options().write(true).open(file)?);
        carry().map(drop).map_err(|error| failed(file, error))
    })
}

fn is_on_one_disk(one: &Path, other: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).map(|file| file.dev());
    matches!((device(one), device(other)), (Ok(one), Ok(other)) if one == other)
}

/// What the shop has made is its own user's; root's backups are root's.
fn keep_for_oneself(copy: &Path) {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    if user.is_root() {
        let _ = chown(copy, Some(user.as_raw()), Some(group.as_raw()));
    }
}

fn refuse_existing(to: &Path) -> Result<(), OpenError> {
    if to.exists() {
        return Err(failed(to, "a file of this name exists already; name another one, or move it away"));
    }
    Ok(())
}

/// Makes an empty file, has it filled, and gives it the name `to` once it is checked and synced.
fn make(to: &Path, fill: impl FnOnce(&Path) -> Result<(), OpenError>) -> Result<(), OpenError> {
    refuse_existing(to)?;
    let unfinished = beside(to, ".unfinished");
    // Held until the end, so that two do not write to one file.
    let lock = File::options().write(true).create(true).truncate(false).mode(0o600).open(&unfinished);
    let lock = lock.map_err(|error| failed(&unfinished, error))?;
    lock.try_lock().map_err(|_| failed(to, "another copy of this name is being made"))?;
    let make = || {
        // What one left that was cut off.
        let reset = lock.set_len(0).and_then(|()| lock.set_permissions(Permissions::from_mode(0o600)));
        reset.map_err(|error| failed(&unfinished, error))?;
        fill(&unfinished)?;
        finish(&unfinished)?;
        refuse_existing(to)?;
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

/// Checks that the copy is a whole shop, and makes it durable.
fn finish(copy: &Path) -> Result<(), OpenError> {
    let sqlite = |error: rusqlite::Error| failed(copy, error);
    let conn = connection::copy(copy).map_err(sqlite)?;
    // To SQLite an empty file is a sound database.
    if check_ours(&conn, copy, i64::MAX)? == 0 {
        return Err(failed(copy, "the copy is empty"));
    }
    // One file without a WAL beside it: that is what can be carried elsewhere.
    conn.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).map_err(sqlite)?;
    let wrong = integrity_check(&conn).map_err(sqlite)?;
    conn.close().map_err(|(_, error)| sqlite(error))?;
    match wrong.first() {
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
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
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
