//! Opening a database: what is refused, and what is brought up to date.

use std::{path::Path, time::Duration};

use file_owner::{folder_of, hand_over};
use rusqlite::{Connection, ErrorCode};

use crate::{
    backup,
    connection::{self, pragma},
    error::OpenError,
    migrate,
    wal::{MustStay, copy_alone},
};

/// Marks the file as ours in its header: `CWsh`.
pub(crate) const APPLICATION_ID: i64 = 0x4357_7368;

/// 3.51.3: earlier versions can lose commits when the WAL is reset while another connection checkpoints.
const SQLITE_MIN: i32 = 3_051_003;

/// How the engine works. The defaults suit a small server.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many connections read. At least 1.
    pub readers: usize,
    /// How many jobs may wait for the writer; beyond that they are refused as [`store::StoreError::Busy`].
    pub queue_limit: usize,
    /// How many jobs are committed together at most.
    pub group_max: usize,
    /// Whether a commit reaches the disk before it is acknowledged. Without it a power failure loses the last moments.
    pub synchronous_full: bool,
    /// How long to wait for another process that writes.
    pub busy_timeout: Duration,
    /// How large the WAL grows before it is copied back, in bytes.
    pub wal_limit_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            readers: (cores + 2).min(8),
            queue_limit: 2048,
            group_max: 256,
            synchronous_full: true,
            busy_timeout: Duration::from_secs(5),
            wal_limit_bytes: 16 * 1024 * 1024,
        }
    }
}

/// What a database must be to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Anything of ours: it is made if there is none, and migrated.
    Shop,
    /// A shop with this program's schema: nothing is made and nothing migrated.
    ShopAsItIs,
}

/// Opens the database at `path`. Gives the connection that writes.
///
/// # Errors
/// See [`OpenError`].
pub(crate) fn open_writer(path: &Path, options: &Options, wanted: Wanted) -> Result<Connection, OpenError> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(OpenError::OldSqlite(rusqlite::version()));
    }
    if wanted == Wanted::Shop {
        create_private(path)?;
    }
    let failed = |error: rusqlite::Error| OpenError::from_sqlite(path, &error);
    copy_what_had_to_stay(path, options);
    let mut conn = connection::writer(path, options).map_err(failed)?;
    let version = check_ours(&conn, path, migrate::latest())?;
    // A shop that cannot take an order must not look open. Whoever only looks may do so.
    if wanted == Wanted::Shop {
        conn = connection::that_writes(conn).map_err(failed)?;
    }
    let name = || path.display().to_string();
    match wanted {
        Wanted::ShopAsItIs if version == 0 => return Err(OpenError::Empty(name())),
        Wanted::ShopAsItIs if version < migrate::latest() => {
            return Err(OpenError::Older { path: name(), found: version, known: migrate::latest() });
        }
        _ => {}
    }
    use_wal(&conn, path, options)?;
    if version < migrate::latest() {
        migrate::run(&mut conn, path, migrate::MIGRATIONS)?;
    }
    Ok(conn)
}

/// Copies back a log that had to stay as it was, unless somebody still has it open: then it stays on.
pub(crate) fn copy_what_had_to_stay(path: &Path, options: &Options) {
    let must_stay = MustStay::of(path);
    if !must_stay.get() {
        return;
    }
    match copy_alone(path, options, &must_stay) {
        Ok(true) => match must_stay.forget() {
            Ok(()) => {
                tracing::info!("the write-ahead log, of which a copy had broken off, is copied back from its beginning")
            }
            Err(error) => tracing::error!(%error, "the write-ahead log is copied back, and cannot be marked as such"),
        },
        Ok(false) => tracing::error!("the write-ahead log, of which a copy had broken off, cannot be copied back yet"),
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log, of which a copy had broken off, stays as it is for now")
        }
    }
}

/// The file holds what customers entrusted to the shop: only its owner may read it.
fn create_private(path: &Path) -> Result<(), OpenError> {
    match backup::create_private(path) {
        Err(_) if path.exists() => Ok(()),
        Err(error) => Err(OpenError::Unreadable { path: path.display().to_string(), reason: error.to_string() }),
        Ok(_) => {
            hand_over(path, folder_of(path));
            Ok(())
        }
    }
}

/// Refuses files of other programs and of newer versions of this one; gives the schema version (0 when empty).
pub(crate) fn check_ours(conn: &Connection, path: &Path, known: i64) -> Result<i64, OpenError> {
    let header = || -> rusqlite::Result<(i64, i64, i64)> {
        // One snapshot: another process may be making the same database at this moment.
        conn.execute_batch("BEGIN")?;
        let tables = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0));
        let header =
            tables.and_then(|tables| Ok((tables, pragma(conn, "application_id")?, pragma(conn, "user_version")?)));
        conn.execute_batch("COMMIT")?;
        header
    };
    let (tables, application_id, version) = header().map_err(|error| OpenError::from_sqlite(path, &error))?;
    let name = || path.display().to_string();
    if tables == 0 && application_id == 0 && version == 0 {
        return Ok(0);
    }
    if application_id != APPLICATION_ID || version < 1 {
        return Err(OpenError::NotOurs(name()));
    }
    if version > known {
        return Err(OpenError::Newer { path: name(), found: version, known });
    }
    Ok(version)
}

/// Puts the file into WAL mode, which it then remembers. SQLite does not wait here when another process does the same.
fn use_wal(conn: &Connection, path: &Path, options: &Options) -> Result<(), OpenError> {
    let pause = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        let mode = conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(mode) => {
                let reason = format!("its file system does not allow WAL mode (it stays in {mode} mode)");
                return Err(OpenError::Unreadable { path: path.display().to_string(), reason });
            }
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waited < options.busy_timeout =>
            {
                std::thread::sleep(pause);
                waited += pause;
            }
            Err(error) => return Err(OpenError::from_sqlite(path, &error)),
        }
    }
}
