//! Putting a backup in the place of a database.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use file_owner::{folder_of, hand_over};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{
    backup::{self, beside, failed},
    connection,
    error::OpenError,
    migrate,
    open::check_ours,
};

/// What stands behind the name of a database that was replaced, before the time.
const KEPT: &str = ".before-restore-";

/// How many links may lead from one to the other to a database.
const LINKS_MAX: usize = 8;

/// Puts the backup `from` in the place of the database `db`, which no process may have open; where that is a link, in the place of the file
/// that it leads to. The database that was there is kept beside it, as its name with `.before-restore-{seconds since 1970}`.
///
/// # Errors
/// The database is then as it was.
pub fn restore(from: &Path, db: &Path) -> Result<(), OpenError> {
    verify(from)?;
    let db = &place(db)?;
    let incoming = beside(db, ".restoring");
    remove_if_there(&incoming)?;
    // Through SQLite rather than byte by byte, so that a database with a WAL beside it may be named as well.
    let restored = backup::copy_database(from, &incoming).and_then(|()| {
        hand_over(&incoming, if db.exists() { db } else { folder_of(db) });
        swap(&incoming, db)
    });
    if restored.is_err() {
        // The error that is reported is the one that matters.
        let _ = fs::remove_file(&incoming);
    }
    restored
}

/// Where the database itself is or shall be, whatever links lead there: what belongs to it lies beside it. A link to nothing leads to where
/// a database shall be as well.
///
/// # Errors
/// A link is another user's: whoever may make links in the shop's folder must not choose which file root replaces.
fn place(db: &Path) -> Result<PathBuf, OpenError> {
    let own = rustix::process::geteuid().as_raw();
    let mut place = db.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(link) = fs::symlink_metadata(&place) else { break };
        if !link.is_symlink() {
            return fs::canonicalize(&place).map_err(|error| failed(&place, error));
        }
        if link.uid() != own {
            return Err(failed(&place, "it is a link of another user; name the file that it leads to"));
        }
        let target = fs::read_link(&place).map_err(|error| failed(&place, error))?;
        place = folder_of(&place).join(target);
    }
    Ok(place)
}

/// Refuses what is no sound backup of a shop, or one of a newer program.
fn verify(from: &Path) -> Result<(), OpenError> {
    let name = || from.display().to_string();
    if !from.is_file() {
        return Err(OpenError::Unreadable { path: name(), reason: "there is no such file".to_owned() });
    }
    let sqlite = |error: rusqlite::Error| OpenError::from_sqlite(from, &error);
    let conn = connection::reader(from, Duration::from_secs(5)).map_err(sqlite)?;
    if check_ours(&conn, from, migrate::latest())? == 0 {
        return Err(OpenError::NotOurs(name()));
    }
    let wrong = backup::integrity_check(&conn).map_err(sqlite)?;
    match wrong.into_iter().next() {
        None => Ok(()),
        Some(reason) => Err(OpenError::Damaged { path: name(), reason }),
    }
}

fn swap(incoming: &Path, db: &Path) -> Result<(), OpenError> {
    if !db.exists() {
        // What a database that is gone left beside it must not be taken for the new one's.
        for part in PARTS {
            remove_if_there(&beside(db, part))?;
        }
        return backup::put_in_place(incoming, db);
    }
    let lock = lock_out_others(db)?;
    remove_other_names(db)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let kept = beside(db, &format!("{KEPT}{seconds}"));
    if kept.exists() {
        return Err(failed(&kept, "a file of this name exists already; try again in a second"));
    }
    let placed = keep(db, &kept).and_then(|()| {
        // What belongs to the old one must not be taken for the new one's.
        move_parts(db, &kept)?;
        backup::put_in_place(incoming, db)
    });
    if placed.is_err() {
        put_back(&kept, db);
    }
    drop(lock);
    placed
}

/// What SQLite may have beside a database, and what belongs to it. Who has locked a database out of WAL mode, and writes nothing, has none
/// of it.
const PARTS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Removes the second name that a restore left which was killed while the database had two: it looks like a copy, and is the shop itself.
/// What else such a restore has moved stays, where the database could not be locked: its log, beside the name that is removed.
fn remove_other_names(db: &Path) -> Result<(), OpenError> {
    let Some(name) = db.file_name() else { return Ok(()) };
    let beginning = beside(Path::new(name), KEPT).into_os_string();
    // Never opened: closing a file would give up SQLite's locks on it.
    let file = |path: &Path| fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()));
    let remove = || -> io::Result<()> {
        let own = file(db)?;
        for entry in fs::read_dir(folder_of(db))? {
            let entry = entry?;
            let is_kept = entry.file_name().as_encoded_bytes().starts_with(beginning.as_encoded_bytes());
            if is_kept && file(&entry.path()).is_ok_and(|file| file == own) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(|error| failed(db, error))
}

/// Gives the database that is replaced a second name. It has the first one as well until the new one takes that: whoever is killed in
/// between leaves a shop, the old or the new one.
fn keep(db: &Path, kept: &Path) -> Result<(), OpenError> {
    if fs::hard_link(db, kept).is_ok() {
        return Ok(());
    }
    // Not every file system knows links. Without them there is no database for a moment: a copy would take longer, and reading the file
    // would give up the lock on it.
    fs::rename(db, kept).map_err(|error| failed(kept, error))
}

fn move_parts(from: &Path, to: &Path) -> Result<(), OpenError> {
    for suffix in PARTS {
        let part = beside(from, suffix);
        if part.exists() {
            fs::rename(&part, beside(to, suffix)).map_err(|error| failed(&part, error))?;
        }
    }
    Ok(())
}

/// Makes of the database that was kept the one that counts again. Better the old shop than none; the error that is reported is the one
/// that came before.
fn put_back(kept: &Path, db: &Path) {
    // Where both names are still those of one file, this does nothing.
    if fs::rename(kept, db).is_ok() {
        let _ = fs::remove_file(kept);
        let _ = move_parts(kept, db);
    }
}

/// Whether another process, or another part of this one, has the database open.
#[must_use]
pub fn is_in_use(db: &Path) -> bool {
    matches!(lock_out_others(db), Err(OpenError::Locked(_)))
}

/// Makes sure that nobody else has the database open, copies its WAL back into it, and keeps others out until the
/// connection is dropped. A file so damaged that it cannot be locked is given up as it is: that may be why somebody
/// restores.
fn lock_out_others(db: &Path) -> Result<Option<Connection>, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let lock = || -> rusqlite::Result<Connection> {
        let conn = Connection::open_with_flags(db, flags)?;
        conn.busy_timeout(Duration::ZERO)?;
        // Leaving WAL mode needs the file to oneself: every open connection, even an idle one, stands in the way.
        conn.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        conn.execute_batch("BEGIN EXCLUSIVE")?;
        Ok(conn)
    };
    match lock() {
        Ok(conn) => Ok(Some(conn)),
        Err(error)
            if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) =>
        {
            Err(OpenError::Locked(db.display().to_string()))
        }
        Err(error) => {
            tracing::warn!(%error, "the database that is replaced cannot be read; it is kept as it is");
            Ok(None)
        }
    }
}

fn remove_if_there(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_stays_where_it_is_until_the_new_one_takes_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let (db, kept) = (folder.path().join("shop.db"), folder.path().join("shop.db.before-restore-1"));
        fs::write(&db, "the old shop").expect("written");
        keep(&db, &kept).expect("kept");
        for path in [&db, &kept] {
            assert_eq!(fs::read_to_string(path).expect("there"), "the old shop", "{}", path.display());
        }
    }

    #[test]
    fn what_cannot_be_replaced_is_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = folder.path().join("shop.db");
        fs::write(&db, "no database at all ".repeat(100)).expect("written");
        swap(&folder.path().join("absent"), &db).expect_err("there is nothing to put there");
        assert!(fs::read_to_string(&db).expect("there").starts_with("no database"));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
        // Its log goes with it, and comes back with it.
        let kept = folder.path().join("kept");
        for log in ["-wal", "-journal"] {
            fs::write(beside(&db, log), "its log").expect("written");
        }
        keep(&db, &kept).and_then(|()| move_parts(&db, &kept)).expect("kept");
        for log in ["-wal", "-journal"] {
            assert!(!beside(&db, log).exists() && beside(&kept, log).exists(), "{log}");
        }
        put_back(&kept, &db);
        for log in ["-wal", "-journal"] {
            assert_eq!(fs::read_to_string(beside(&db, log)).expect("there"), "its log", "{log}");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3, "nothing else is left");
    }

    #[test]
    fn what_a_database_that_is_gone_left_is_not_taken_for_the_new_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        let (db, incoming) = (folder.path().join("shop.db"), folder.path().join("incoming"));
        fs::write(&incoming, "the new shop").expect("written");
        for part in ["-wal", "-shm", "-journal"] {
            fs::write(beside(&db, part), "of the old one").expect("written");
        }
        swap(&incoming, &db).expect("in its place");
        assert_eq!(fs::read_to_string(&db).expect("there"), "the new shop");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
    }

    #[test]
    fn a_second_name_that_a_killed_restore_left_is_no_copy_and_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let [db, incoming] = ["shop.db", "incoming"].map(|name| folder.path().join(name));
        let [second_name, copy] = [1, 2].map(|seconds| beside(&db, &format!("{KEPT}{seconds}")));
        fs::write(&db, "no database at all ".repeat(100)).expect("written");
        fs::write(&copy, "a copy").expect("written");
        fs::write(&incoming, "the new shop").expect("written");
        keep(&db, &second_name).expect("two names");
        swap(&incoming, &db).expect("in its place");
        assert_eq!(fs::read_to_string(&db).expect("there"), "the new shop");
        assert!(!second_name.exists() && copy.exists());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3, "and what was there under one name");
    }
}
