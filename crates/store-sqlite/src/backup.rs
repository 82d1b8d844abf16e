//! Copies of a live database: made under another name, checked, synced, and only then given their own.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use file_owner::folder_of;
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use rustix::fs::{Mode, OFlags};
use uuid::Uuid;

use crate::{
    connection,
    error::{OpenError, room},
    neighbour::{self, Lent},
    open::check_ours,
};

/// How long a copy waits for a lock before it gives up.
const WAIT: Duration = Duration::from_secs(10);
/// What must be left for orders beside a copy, in bytes: as much as the log may become.
pub(crate) const LEFT_MIN_BYTES: u64 = 64 * 1024 * 1024;

const EXISTS: &str = "a file of this name exists already; name another one, or move it away";

/// Who made a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// The process that has the shop open, a piece at a time.
    Shop,
    /// Whoever asked for it, in one read transaction: the log of a shop that has the database open grew meanwhile.
    Reader,
}

/// Copies the shop in the file at `from`, which may be in use, and of an earlier or later version, as it is into the new file `to`. The
/// process that has the shop open does it, if there is one that [answers](store::Maintenance::answer_commands).
///
/// # Errors
/// Nothing is left at `to`.
pub fn backup(from: &Path, to: &Path) -> Result<Maker, OpenError> {
    let conn = connection::reader(from, WAIT).map_err(|error| OpenError::from_sqlite(from, &error))?;
    if check_ours(&conn, from, i64::MAX)? == 0 {
        return Err(OpenError::Empty(from.display().to_string()));
    }
    drop(conn);
    refuse_unusable(to)?;
    // What lies beside it lies beside the file itself, whatever leads there.
    let from = fs::canonicalize(from).map_err(|error| failed(from, error))?;
    let asked = neighbour::ask_for_copy(&from);
    take_or_read(&from, to, asked.as_ref().map(|lent| lent.as_ref().map(Lent::path)))
}

/// Makes the new file `to` of the copy that a shop made beside its database `from`; or of the database, if there is no shop, or no copy that
/// can be used: why, `copy` says then.
///
/// # Errors
/// Nothing is left at `to`.
pub(crate) fn take_or_read(from: &Path, to: &Path, copy: Result<Option<&Path>, &String>) -> Result<Maker, OpenError> {
    let why = match copy {
        Ok(Some(copy)) => match take(copy, to) {
            Ok(()) => return Ok(Maker::Shop),
            Err(NotTaken::Target(error)) => return Err(error),
            Err(NotTaken::Copy(why)) => Some(why),
        },
        Ok(None) => None,
        Err(why) => Some(why.clone()),
    };
    let size = fs::metadata(from).map_err(|error| failed(from, error))?.len();
    let needed = size.saturating_add(if why.is_some() { LEFT_MIN_BYTES } else { 0 });
    let folder = folder_of(to);
    if is_on_one_disk(from, folder) && room(folder).is_some_and(|room| room < needed) {
        return Err(failed(to, "there is no room for it beside what the shop needs to go on"));
    }
    if let Some(why) = why {
        tracing::warn!(why, "the copy is not made by the running shop: if there is one, its log grows meanwhile");
    }
    copy_database(from, to).map(|()| Maker::Reader)
}

/// Why the copy of a shop was not taken.
enum NotTaken {
    /// It cannot be used.
    Copy(String),
    /// It can, and it cannot be kept where it shall.
    Target(OpenError),
}

/// Makes the new file `to` of the copy of a shop.
fn take(copy: &Path, to: &Path) -> Result<(), NotTaken> {
    let unusable = |error: &dyn std::fmt::Display| NotTaken::Copy(error.to_string());
    // What is a link belongs to whoever made the link, and what is another user's may be changed by them: it is read, once, from the file
    // that was looked at.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(copy, flags, Mode::empty()).map_err(|error| unusable(&error))?);
    let found = file.metadata().map_err(|error| unusable(&error))?;
    if !found.is_file() {
        return Err(unusable(&"what the shop names is no file"));
    }
    if found.uid() == rustix::process::geteuid().as_raw() && is_on_one_disk(copy, folder_of(to)) {
        finish(copy).map_err(|error| unusable(&error))?;
        match give_name(copy, to) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
            named => {
                let named = named.map_err(|error| not_named(to, &error));
                return named.and_then(|()| sync_folder(to)).map_err(NotTaken::Target);
            }
        }
    }
    let carry = |target: &Path| {
        let mut target_file = File::options().write(true).open(target).map_err(|error| failed(target, error))?;
        io::copy(&mut &file, &mut target_file).map(drop).map_err(|error| failed(target, error))
    };
    make(to, carry).map_err(NotTaken::Target)
}

/// Copies the database at `from`, which may be in use, into the new file `to`.
///
/// # Errors
/// Nothing is left at `to`.
pub(crate) fn copy_database(from: &Path, to: &Path) -> Result<(), OpenError> {
    make(to, |file| copy_at_once(from, file))
}

fn is_on_one_disk(one: &Path, other: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).map(|file| file.dev());
    matches!((device(one), device(other)), (Ok(one), Ok(other)) if one == other)
}

/// Before a long copy is made for nothing.
fn refuse_unusable(to: &Path) -> Result<(), OpenError> {
    if to.symlink_metadata().is_ok() {
        return Err(failed(to, EXISTS));
    }
    fs::metadata(folder_of(to)).map(drop).map_err(|error| failed(to, error))
}

/// Makes an empty file, has it filled, and gives it the name `to` once it is checked and synced.
fn make(to: &Path, fill: impl FnOnce(&Path) -> Result<(), OpenError>) -> Result<(), OpenError> {
    refuse_unusable(to)?;
    // A name that nobody knows, and a file that nobody has made before: two may copy to one name at once, and others may write in the folder.
    let unfinished = beside(to, &format!(".unfinished-{}", Uuid::now_v7().simple()));
    create_private(&unfinished).map_err(|error| failed(&unfinished, error))?;
    let made = fill(&unfinished).and_then(|()| finish(&unfinished)).and_then(|()| {
        give_name(&unfinished, to).map_err(|error| not_named(to, &error))?;
        sync_folder(to)
    });
    if made.is_err() {
        // The error that is reported is the one that matters.
        let _ = fs::remove_file(&unfinished);
    }
    made
}

/// Gives a file the new name `to`.
///
/// # Errors
/// Also when there is a file of that name.
fn give_name(file: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(file, to) {
        Ok(()) => fs::remove_file(file),
        Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::CrossesDevices) => {
            Err(error)
        }
        // Not every file system knows links.
        Err(_) if to.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(file, to),
    }
}

fn not_named(to: &Path, error: &io::Error) -> OpenError {
    if error.kind() == io::ErrorKind::AlreadyExists { failed(to, EXISTS) } else { failed(to, error) }
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
