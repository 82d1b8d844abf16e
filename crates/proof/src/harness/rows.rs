//! What is in the shop's database, past its API: millions of orders are not read page by page.

use std::path::Path;

use test_postgres::Row;

/// A row of either engine, by the places of its columns.
pub trait Cells {
    /// An id.
    fn id(&self, at: usize) -> [u8; 16];
    /// A whole number of 64 bits.
    fn number(&self, at: usize) -> i64;
}

impl Cells for rusqlite::Row<'_> {
    fn id(&self, at: usize) -> [u8; 16] {
        self.get(at).expect("an id")
    }

    fn number(&self, at: usize) -> i64 {
        self.get(at).expect("a number")
    }
}

impl Cells for Row {
    fn id(&self, at: usize) -> [u8; 16] {
        self.get::<_, uuid::Uuid>(at).into_bytes()
    }

    fn number(&self, at: usize) -> i64 {
        self.get(at)
    }
}

/// Runs a statement in the database of the data folder, or in that at this URL, and gives each of its rows.
#[track_caller]
pub fn each_row(data: &Path, database: Option<&str>, sql: &str, mut take: impl FnMut(&dyn Cells) + Send) {
    if let Some(url) = database {
        test_postgres::each_row(url, sql, |row| take(row)).unwrap_or_else(|error| panic!("{sql}: {error}"));
        return;
    }
    let conn = rusqlite::Connection::open(data.join("shop.db")).expect("the database");
    let mut statement = conn.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut rows = statement.query([]).expect("rows");
    while let Some(row) = rows.next().unwrap_or_else(|error| panic!("{sql}: {error}")) {
        take(row);
    }
}
