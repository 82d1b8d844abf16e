//! Copying the database while the shop works.
//!
//! Who copies in one read transaction keeps the write-ahead log from beginning anew, so that it grows by all that is written meanwhile. The
//! writer can do it without: through its own connection a piece at a time, between two groups. SQLite carries what that connection
//! changes into the part that is copied already (<https://www.sqlite.org/backup.html>), and no transaction outlasts a piece. The copy is the
//! database as it is at the end.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, ErrorCode,
    backup::{Backup, StepResult},
};
use tokio::sync::oneshot;

use crate::{backup::LEFT_MIN_BYTES, connection, error::room, neighbour::STOPPED};

/// Pages that are copied between two looks at the clock.
const STEP: i32 = 16;
/// How long a piece takes at most: an order waits for it.
const PIECE: Duration = Duration::from_millis(1);
/// How many steps a piece has at most. With the pause that is 60 MiB a second: where the disk writes less than it is given, the system
/// has whoever writes wait for it, and that is the writer.
const PIECE_STEPS: u32 = 4;
/// How long others go on after each.
const PAUSE: Duration = Duration::from_millis(3);
/// How large a page is.
const PAGE_BYTES: u64 = 4096;
/// When another process writes, or a group is rolled back after it wrote, SQLite begins anew. After so many times all pages that is given
/// up.
const ROUNDS_MAX: u64 = 4;

const NO_ROOM: &str = "there is no room for it beside the database";

/// A copy that somebody waits for.
pub(crate) struct LiveCopy {
    /// An empty file beside the database: a disk that makes the writer wait for it is one that orders wait for anyway.
    to: PathBuf,
    reply: oneshot::Sender<Result<(), String>>,
}

impl LiveCopy {
    /// One into the empty file `to`, and where it will be told that it is made. When whoever waits there leaves, the copy is given up.
    pub(crate) fn new(to: PathBuf) -> (Self, oneshot::Receiver<Result<(), String>>) {
        let (reply, done) = oneshot::channel();
        (Self { to, reply }, done)
    }

    /// Makes it from `source`, whose other work goes on in `others`, for the time that it is told; when that gives `false`, there is no more
    /// to be had from `source`.
    pub(crate) fn make(self, source: &Connection, mut others: impl FnMut(Duration) -> bool) {
        let Self { to, reply } = self;
        if reply.is_closed() {
            return;
        }
        let made = copy(source, &to, |time| {
            if reply.is_closed() {
                return Err("nobody waits for it any more".to_owned());
            }
            if others(time) { Ok(()) } else { Err(STOPPED.to_owned()) }
        });
        // Whoever left needs no answer.
        let _ = reply.send(made);
    }
}

fn copy(source: &Connection, to: &Path, mut others: impl FnMut(Duration) -> Result<(), String>) -> Result<(), String> {
    let mut target = connection::copy(to).map_err(not_copied)?;
    let backup = Backup::new(source, &mut target).map_err(not_copied)?;
    let mut steps = 0;
    loop {
        let until = Instant::now() + PIECE;
        for _ in 0..PIECE_STEPS {
            steps += 1;
            match backup.step(STEP).map_err(not_copied)? {
                StepResult::Done => return Ok(()),
                StepResult::More if Instant::now() < until => {}
                // Or another process has it for a moment.
                _ => break,
            }
        }
        let progress = backup.progress();
        let [pages, left] = [progress.pagecount, progress.remaining].map(|pages| u64::try_from(pages).unwrap_or(0));
        if room(to).is_some_and(|room| room < left * PAGE_BYTES + LEFT_MIN_BYTES) {
            return Err(NO_ROOM.to_owned());
        }
        if steps * u64::from(STEP.unsigned_abs()) > ROUNDS_MAX * pages.max(1_000) {
            return Err("the database changes in ways that make it begin anew all the time".to_owned());
        }
        let until = Instant::now() + PAUSE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            others(left)?;
        }
    }
}

fn not_copied(error: rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => NO_ROOM.to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        open::Options,
        wal::{MustStay, Wal, checkpoint},
    };

    /// Rows of about a page each.
    const ROWS: u32 = 6_000;

    struct Busy {
        folder: tempfile::TempDir,
        conn: Connection,
        wal: Wal,
        writes: u32,
    }

    impl Busy {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("shop.db");
            let options = Options { wal_limit_bytes: 512 * 1024, synchronous_full: false, ..Options::default() };
            let conn = connection::writer(&path, &options).expect("a database");
            conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).expect("WAL mode");
            let fill = format!(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, x BLOB NOT NULL); \
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) \
                 INSERT INTO t SELECT i, 0, randomblob(3800) FROM n"
            );
            conn.execute_batch(&fill).expect("rows");
            conn.pragma_update(None, "cache_size", 100).expect("a small cache");
            let mut wal = Wal::new(&path, &options);
            wal.stop_helper();
            wal.empty(&conn);
            Self { folder, conn, wal, writes: 0 }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn empty_file(&self) -> PathBuf {
            fs::write(self.path("copy"), "").expect("a file");
            self.path("copy")
        }
    }

    /// Sets some rows, from the first to the last and over again.
    fn write(conn: &Connection, writes: &mut u32) {
        *writes += 1;
        let set = "UPDATE t SET version = ?1, x = randomblob(3800) WHERE id BETWEEN ?2 AND ?2 + 19";
        conn.execute(set, [*writes, *writes * 20 % ROWS]).expect("set");
    }

    fn sum_of(conn: &Connection) -> (i64, i64, String) {
        let sql = "SELECT count(*), sum(version), group_concat(hex(substr(x, 1, 4)), '') FROM t";
        conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("a sum")
    }

    #[test]
    fn what_is_written_meanwhile_is_in_it_and_the_log_stays_short() {
        let mut shop = Busy::new();
        let (copy, mut done) = LiveCopy::new(shop.empty_file());
        let must_stay = MustStay::of(&shop.path("shop.db"));
        let mut longest = 0;
        let (conn, wal, writes) = (&shop.conn, &mut shop.wal, &mut shop.writes);
        copy.make(conn, |_| {
            write(conn, writes);
            longest = longest.max(checkpoint(conn, "NOOP", &must_stay).expect("an answer").pages);
            wal.keep_bounded(conn);
            if *writes == 20 {
                // Larger than what is kept in memory, so that some of it is in the log already. SQLite begins the copy anew.
                let undone = "BEGIN; UPDATE t SET x = randomblob(3800), version = -1 WHERE id < 500; ROLLBACK";
                conn.execute_batch(undone).expect("undone");
            }
            true
        });
        done.try_recv().expect("an answer").expect("a copy");
        let written = shop.writes * 20;
        assert!(written > 1_000, "hardly anything was written meanwhile: {written} pages");
        assert!(longest < 400, "the log grew to {longest} pages");
        let copied = Connection::open(shop.path("copy")).expect("opens");
        assert_eq!(sum_of(&copied), sum_of(&shop.conn));
    }

    fn why_not(mut done: oneshot::Receiver<Result<(), String>>) -> String {
        done.try_recv().expect("an answer").expect_err("no copy")
    }

    #[test]
    fn it_is_given_up_when_the_database_is_lost_or_nobody_waits() {
        let shop = Busy::new();
        let (copy, done) = LiveCopy::new(shop.empty_file());
        copy.make(&shop.conn, |_| false);
        let why = why_not(done);
        assert!(why.contains("lost its database"), "{why}");

        let (copy, done) = LiveCopy::new(shop.empty_file());
        let mut waiting = Some(done);
        let mut pieces = 0;
        copy.make(&shop.conn, |time| {
            std::thread::sleep(time);
            pieces += 1;
            if pieces == 2 {
                waiting = None;
            }
            true
        });
        assert_eq!(pieces, 2);

        // Whoever asked left while it waited for others: not even a shop that is one piece is written any more.
        let small = connection::writer(&shop.path("small.db"), &Options::default()).expect("a database");
        small.execute_batch("CREATE TABLE t (x INTEGER)").expect("a table");
        let (copy, done) = LiveCopy::new(shop.empty_file());
        drop(done);
        copy.make(&small, |_| true);
        assert_eq!(fs::metadata(shop.path("copy")).expect("the file").len(), 0);
    }

    #[test]
    fn it_is_given_up_when_others_write_all_the_time() {
        let shop = Busy::new();
        let other = connection::writer(&shop.path("shop.db"), &Options::default()).expect("opens");
        let (copy, done) = LiveCopy::new(shop.empty_file());
        let mut writes = 0;
        copy.make(&shop.conn, |_| {
            write(&other, &mut writes);
            true
        });
        let why = why_not(done);
        assert!(why.contains("begin anew"), "{why}");
    }

    /// Nobody waits for locks, and what cannot be written is the copy's trouble alone.
    #[test]
    fn a_file_that_cannot_be_written_holds_nobody_up() {
        let mut shop = Busy::new();
        let locked = shop.empty_file();
        let other = Connection::open(&locked).expect("opens");
        other.execute_batch("BEGIN EXCLUSIVE").expect("locked");
        let (copy, done) = LiveCopy::new(locked);
        let begun = Instant::now();
        copy.make(&shop.conn, |_| true);
        assert!(begun.elapsed() < Duration::from_secs(3), "it took {:?}", begun.elapsed());
        why_not(done);

        // More than fits into the copy's memory goes into the full disk, also when an order changes a page.
        let (copy, done) = LiveCopy::new(PathBuf::from("/dev/full"));
        copy.make(&shop.conn, |_| {
            write(&shop.conn, &mut shop.writes);
            true
        });
        why_not(done);
        write(&shop.conn, &mut shop.writes);
        let (copy, mut done) = LiveCopy::new(shop.path("absent"));
        copy.make(&shop.conn, |_| true);
        done.try_recv().expect("an answer").expect_err("no file, no copy");
        assert!(!shop.path("absent").exists());
    }
}
