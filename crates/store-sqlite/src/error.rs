//! From SQLite's errors to the seam's.

use std::path::Path;

use rusqlite::ErrorCode;
use store::StoreError;
use thiserror::Error;

/// What went wrong inside this crate: SQLite said so, or a row cannot be what it claims to be.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite's own error.
    Sqlite(rusqlite::Error),
    /// Already in the words of the seam.
    Store(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How far an error reaches beyond its statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// The statement alone: what its member wrote can be undone, if it wrote anything.
    Statement,
    /// All that the group has written so far: a member wrote, must not have, and had no savepoint.
    Group,
    /// SQLite may have rolled back the whole transaction.
    Transaction,
    /// What the connection believes about the file can no longer be trusted.
    Connection,
}

impl Fault {
    /// How far it reaches.
    pub(crate) fn reach(&self) -> Reach {
        match self {
            Self::Sqlite(error) => reach(error),
            Self::Store(_) => Reach::Statement,
        }
    }

    /// In the words of the seam.
    pub(crate) fn into_store(self) -> StoreError {
        match self {
            Self::Sqlite(error) => store_error(&error),
            Self::Store(error) => error,
        }
    }
}

fn reach(error: &rusqlite::Error) -> Reach {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::InternalMalfunction,
        ) => Reach::Connection,
        Some(
            ErrorCode::DiskFull
            | ErrorCode::OutOfMemory
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OperationInterrupted
            | ErrorCode::OperationAborted,
        ) => Reach::Transaction,
        _ => Reach::Statement,
    }
}

/// SQLite's error in the words of the seam.
pub(crate) fn store_error(error: &rusqlite::Error) -> StoreError {
    use rusqlite::Error as E;
    match error {
        E::FromSqlConversionFailure(..) | E::IntegralValueOutOfRange(..) | E::Utf8Error(..) => {
            return StoreError::Broken(error.to_string());
        }
        E::InvalidColumnType(..) => return StoreError::Broken(error.to_string()),
        _ => {}
    }
    let text = || error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::ConstraintViolation) => StoreError::Constraint(text()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Broken(text()),
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted
            | ErrorCode::FileLockingProtocolFailed,
        ) => StoreError::Unavailable(text()),
        _ => StoreError::Internal(text()),
    }
}

/// Below this much room, a failed write is blamed on the full disk: SQLite reports some of them (a grown shared-memory
/// file, a delayed allocation) as plain I/O errors and keeps the reason to itself.
const ROOM_MIN_BYTES: u64 = 256 * 1024;

/// Whether the file system of `path` has no room to speak of.
pub(crate) fn is_disk_full(path: &Path) -> bool {
    room(path).is_some_and(|bytes| bytes < ROOM_MIN_BYTES)
}

/// How much room the file system of `path` has for its owner, in bytes, if it tells.
pub(crate) fn room(path: &Path) -> Option<u64> {
    rustix::fs::statvfs(path).ok().map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize))
}

/// Why a database could not be opened, migrated or restored. Each says what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The database was written by a newer program.
    #[error(
        "{path} has schema version {found}, this program knows version {known}; start the newer program again, or restore the copy that it made before it changed the database"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The database was written by an older program, and is only to be looked at.
    #[error(
        "{path} has schema version {found}, this program works with version {known}; `cartwright serve` brings it there"
    )]
    Older {
        /// The file.
        path: String,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// There is no shop in the file.
    #[error("{0} is empty: there is no shop in it; name the right file with --data or --database")]
    Empty(String),
    /// The file is something else.
    #[error("{0} is not a Cartwright database; name another file, or move this one away to start a new shop")]
    NotOurs(String),
    /// Somebody holds the file.
    #[error("{0} is locked by another program; stop that one (or wait for its import to end) and try again")]
    Locked(String),
    /// SQLite has bugs that could lose data.
    #[error("this program was built with SQLite {0}, which can lose data; build it with 3.51.3 or later")]
    OldSqlite(&'static str),
    /// The file cannot be opened.
    #[error("cannot open {path}: {reason}; check that the folder exists and may be read and written")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The file can only be read.
    #[error(
        "{0} can be read and not written; check whose it is (what root put there is given back with `chown`) and that its disk is not mounted read-only"
    )]
    ReadOnly(String),
    /// There is no room for opening or migrating.
    #[error("cannot open {0}: the disk is full; make room and try again")]
    Full(String),
    /// The file is damaged.
    #[error("{path} is damaged: {reason}; restore a backup")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A migration failed; the database is as it was.
    #[error("cannot bring {path} to schema version {version}: {reason}; the database was left as it was")]
    Migration {
        /// The file.
        path: String,
        /// The version that was not reached.
        version: i64,
        /// What went wrong.
        reason: String,
    },
    /// A copy could not be made or put in place.
    #[error("cannot copy {path}: {reason}")]
    Copy {
        /// The file that was to be written.
        path: String,
        /// What went wrong.
        reason: String,
    },
    /// The system gave no thread.
    #[error("cannot start the writer thread: {0}; raise the limit on threads")]
    Thread(String),
}

impl OpenError {
    /// SQLite's error while opening `path`.
    pub(crate) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let name = path.display().to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotOurs(name),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(name),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path: name, reason: error.to_string() },
            Some(ErrorCode::DiskFull) => Self::Full(name),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly(name),
            _ => Self::Unreadable { path: name, reason: error.to_string() },
        }
    }
}
