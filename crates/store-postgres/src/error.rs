//! PostgreSQL's errors in the words of the seam.

use std::fmt::Display;

use deadpool_postgres::{PoolError, TimeoutType};
use store::StoreError;
use thiserror::Error;
use tokio_postgres::error::SqlState;

/// What a failure means for the transaction that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Repeating it would fail again.
    None,
    /// Another transaction was in the way; the same work may succeed now.
    Repeat,
    /// The connection is of no use any more; the same work may succeed on another one.
    Reconnect,
    /// So is every other connection to that server; the same work may succeed on another one.
    Leave,
    /// Every connection to that server is of no use any more, and the caller has waited long enough.
    GiveUp,
}

impl Remedy {
    /// Whether the connection must not be used again.
    pub(crate) const fn is_connection_lost(self) -> bool {
        matches!(self, Self::Reconnect | Self::Leave | Self::GiveUp)
    }
}

/// Why a statement failed.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// In the words of the seam.
    pub(crate) error: StoreError,
    /// What may help.
    pub(crate) remedy: Remedy,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self { error, remedy: Remedy::None }
    }
}

/// What the schema's own checks report with: see `expect_rows` in the first migration.
const UNEXPECTED_ROWS: &str = "CW001";

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            // A value that cannot be encoded or decoded is a fault of the data; everything else is the connection's.
            return if is_lost(&error) {
                Self::lost(text(&error))
            } else {
                Self::from(StoreError::Internal(text(&error)))
            };
        };
        let code = db.code();
        let text = format!("{} ({})", db.message(), code.code());
        let (error, remedy) = match code {
            // The last one when a statement waited for one lock after the other: the server lives.
            &SqlState::T_R_SERIALIZATION_FAILURE
            | &SqlState::T_R_DEADLOCK_DETECTED
            | &SqlState::LOCK_NOT_AVAILABLE
            | &SqlState::QUERY_CANCELED => (StoreError::Busy, Remedy::Repeat),
            // Somebody stored the same at this moment: seen anew, the operation decides otherwise.
            &SqlState::UNIQUE_VIOLATION => (StoreError::Constraint(text), Remedy::Repeat),
            &SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => {
                (StoreError::Unavailable(text), Remedy::Reconnect)
            }
            &SqlState::CANNOT_CONNECT_NOW | &SqlState::READ_ONLY_SQL_TRANSACTION => {
                (StoreError::Unavailable(text), Remedy::Leave)
            }
            &SqlState::DISK_FULL => (StoreError::Full, Remedy::None),
            &SqlState::TOO_MANY_CONNECTIONS | &SqlState::OUT_OF_MEMORY => (StoreError::Unavailable(text), Remedy::None),
            other => (by_class(other, text), Remedy::None),
        };
        if error_is_connection_class(code) { Self::lost(error.to_string()) } else { Self { error, remedy } }
    }
}

/// Whether it is the connection that broke, where the server said nothing.
pub(crate) fn is_lost(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

pub(crate) fn error_is_connection_class(code: &SqlState) -> bool {
    code.code().starts_with("08")
}

fn by_class(code: &SqlState, text: String) -> StoreError {
    match code.code() {
        UNEXPECTED_ROWS => StoreError::Broken(text),
        code if code.starts_with("23") => StoreError::Constraint(text),
        // A right that was taken away; whoever did so can give it back.
        code if code == SqlState::INSUFFICIENT_PRIVILEGE.code() => StoreError::Unavailable(text),
        code if code.starts_with("53") || code.starts_with("58") => StoreError::Unavailable(text),
        code if code.starts_with("XX") => StoreError::Broken(text),
        _ => StoreError::Internal(text),
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self { error: StoreError::Unavailable(text(&error)), remedy: Remedy::None },
            PoolError::Timeout(TimeoutType::Create) => Self::timed_out(),
            PoolError::Timeout(_) => StoreError::Busy.into(),
            error => StoreError::Unavailable(error.to_string()).into(),
        }
    }
}

impl Fault {
    /// The connection broke.
    pub(crate) fn lost(what: impl Display) -> Self {
        Self { error: StoreError::Unavailable(what.to_string()), remedy: Remedy::Reconnect }
    }

    /// No answer came in time.
    pub(crate) fn timed_out() -> Self {
        Self {
            error: StoreError::Unavailable("the database server did not answer in time".to_owned()),
            remedy: Remedy::GiveUp,
        }
    }
}

/// The error with its causes: the driver keeps what matters in them.
pub(crate) fn text(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Why a database could not be opened or migrated. Each says what to do, in a line, and none shows the password.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The URL cannot be read.
    #[error("the URL cannot be used: {0}")]
    Url(String),
    /// A file of certificates cannot be read.
    #[error("sslrootcert {path}: {reason}; name a PEM file with the certificate of the server's authority")]
    Certificates {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Nobody answers, or not as asked.
    #[error("cannot connect to {server}: {reason}; check that the server runs and may be reached from here")]
    Unreachable {
        /// Host and port.
        server: String,
        /// What was said.
        reason: String,
    },
    /// The server does not let this user in.
    #[error(
        "{server} does not let the user in: {reason}; check user and password in the URL, and pg_hba.conf on the server"
    )]
    Denied {
        /// Host and port.
        server: String,
        /// What was said.
        reason: String,
    },
    /// A pooler stands in between, which hands out connections as they are.
    #[error(
        "{server} is a pooler that takes no settings for a session ({reason}); add prepare=off to the URL, which also suits its transaction mode"
    )]
    Pooler {
        /// Host and port.
        server: String,
        /// What was said.
        reason: String,
    },
    /// The server has as many connections as it, the database or the user may have.
    #[error(
        "{server} takes no more connections: {reason}; raise the limit of the server, the database or the user, or lower --database-connections"
    )]
    Full {
        /// Host and port.
        server: String,
        /// What was said.
        reason: String,
    },
    /// Nothing can be written there.
    #[error(
        "nothing can be written on {server} ({reason}): what answers there is a standby, or read-only for this user; see that the primary is named, and runs"
    )]
    ReadOnly {
        /// Host and port.
        server: String,
        /// What was said.
        reason: String,
    },
    /// There is no TLS with the server, or not with that one.
    #[error(
        "no TLS with {server}: {reason}; see `sslmode` and `sslrootcert` (the certificate of an authority, which signed that of the server) in docs/postgresql.md"
    )]
    Tls {
        /// Host and port.
        server: String,
        /// What was said.
        reason: String,
    },
    /// There is no such database.
    #[error("{server} has no such database: {reason}; make it with `createdb`")]
    NoDatabase {
        /// Host and port.
        server: String,
        /// What was said.
        reason: String,
    },
    /// The server is too old.
    #[error("{server} is PostgreSQL {found}; version 14 or later is needed")]
    OldServer {
        /// Host and port.
        server: String,
        /// Its version.
        found: String,
    },
    /// The database has another encoding than UTF-8.
    #[error("the database has the encoding {0}; make one with `createdb --encoding=UTF8 --template=template0`")]
    Encoding(String),
    /// The database was written by a newer program.
    #[error(
        "the database has schema version {found}, this program knows version {known}; start the newer program again, or restore a backup from before it changed the database"
    )]
    Newer {
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The database was written by an older program, and is only to be looked at.
    #[error(
        "the database has schema version {found}, this program works with version {known}; `cartwright serve` brings it there"
    )]
    Older {
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A copy could not be made.
    #[error("cannot copy to {path}: {reason}")]
    Copy {
        /// The file that was to be written.
        path: String,
        /// What went wrong.
        reason: String,
    },
    /// There is no shop in the database.
    #[error("the database on {0} is empty: there is no shop in it; name the right one with --database")]
    Empty(String),
    /// The database holds something else.
    #[error(
        "the database holds tables of another program; give the shop an empty one of its own, made with `createdb`"
    )]
    NotOurs,
    /// The user lacks a right.
    #[error("the user lacks a right in the database: {0}; make the user the owner of the database")]
    Rights(String),
    /// The server went away meanwhile.
    #[error(
        "the connection to the database ended: {0}; what was not finished is undone: start again when the server runs"
    )]
    Lost(String),
    /// A migration failed; the database is as it was.
    #[error("cannot bring the database to schema version {version}: {reason}; it was left as it was")]
    Migration {
        /// The version that was not reached.
        version: i64,
        /// What went wrong.
        reason: String,
    },
}
