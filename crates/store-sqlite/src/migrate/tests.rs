use super::*;
use crate::{connection, open::Options};

const ONE: Migration = Migration { version: 1, sql: "CREATE TABLE t (x INTEGER) STRICT; INSERT INTO t VALUES (1);" };
const TWO: Migration = Migration { version: 2, sql: "INSERT INTO t VALUES (2);" };
const WRONG: Migration = Migration { version: 2, sql: "INSERT INTO t VALUES (2); SELECT * FROM nowhere;" };

struct Fixture {
    folder: tempfile::TempDir,
    conn: Connection,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let conn = connection::writer(&folder.path().join("shop.db"), &Options::default()).expect("opens");
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).expect("WAL mode");
        Self { folder, conn }
    }

    fn migrate(&mut self, migrations: &[Migration]) -> Result<(), OpenError> {
        run(&mut self.conn, &self.folder.path().join("shop.db"), migrations)
    }

    fn version(&self) -> i64 {
        pragma(&self.conn, "user_version").expect("a version")
    }

    fn rows(&self) -> i64 {
        self.conn.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).expect("a count")
    }

    fn copies(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("readable");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let mut copies: Vec<_> = names.filter(|name| name.contains("before")).collect();
        copies.sort();
        copies
    }
}

#[test]
fn a_fresh_database_gets_every_step_and_no_copy() {
    let mut fixture = Fixture::new();
    fixture.migrate(&[ONE, TWO]).expect("migrates");
    assert_eq!((fixture.version(), fixture.rows(), fixture.copies()), (2, 2, vec![]));
    assert_eq!(pragma(&fixture.conn, "application_id").expect("an id"), APPLICATION_ID);
}

#[test]
fn a_current_database_is_left_alone() {
    let mut fixture = Fixture::new();
    fixture.migrate(&[ONE]).expect("migrates");
    fixture.migrate(&[ONE]).expect("nothing to do");
    assert_eq!((fixture.version(), fixture.rows(), fixture.copies()), (1, 1, vec![]));
}

#[test]
fn an_older_database_is_copied_before_it_is_changed() {
    let mut fixture = Fixture::new();
    fixture.migrate(&[ONE]).expect("migrates");
    fixture.migrate(&[ONE, TWO]).expect("migrates");
    assert_eq!((fixture.version(), fixture.rows()), (2, 2));
    assert_eq!(fixture.copies(), ["shop.db.before-v2"]);
    let copy = Connection::open(fixture.folder.path().join("shop.db.before-v2")).expect("opens");
    assert_eq!(pragma(&copy, "user_version").expect("a version"), 1);
    let rows: i64 = copy.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).expect("a count");
    assert_eq!(rows, 1);
}

#[test]
fn a_step_that_fails_changes_nothing_and_may_be_tried_again() {
    let mut fixture = Fixture::new();
    fixture.migrate(&[ONE]).expect("migrates");
    let error = fixture.migrate(&[ONE, WRONG]).expect_err("the step is wrong");
    assert!(matches!(error, OpenError::Migration { version: 2, .. }), "{error}");
    assert_eq!((fixture.version(), fixture.rows()), (1, 1));
    fixture.migrate(&[ONE, TWO]).expect("migrates");
    assert_eq!(fixture.copies(), ["shop.db.before-v2", "shop.db.before-v2.1"]);
}

#[test]
fn two_processes_at_once_migrate_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.db");
    let migrate = || {
        let mut conn = connection::writer(&path, &Options::default()).expect("opens");
        run(&mut conn, &path, &[ONE, TWO]).expect("migrates");
        conn.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).expect("a count")
    };
    let conn = connection::writer(&path, &Options::default()).expect("opens");
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).expect("WAL mode");
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..4).map(|_| scope.spawn(migrate)).collect();
        for other in others {
            assert_eq!(other.join().expect("no panic"), 2);
        }
    });
}
