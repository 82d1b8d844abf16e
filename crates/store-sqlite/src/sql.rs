//! Running statements. Every one of them is prepared once and kept.

use model::{
    AccountId, AddressId, AuditId, CategoryId, MailId, MovementId, OrderId, ProductId, ReviewId, SessionId, Timestamp,
    VariantId,
};
use rusqlite::{Connection, Params, Row, types::Value};
use serde::Serialize;
use store::StoreError;

use crate::{error::Fault, row::Columns};

/// What the statements of this crate give.
pub(crate) type Sql<T> = Result<T, Fault>;

/// An id as its column holds it.
pub(crate) trait Key: Copy {
    /// The 16 bytes.
    fn key(self) -> [u8; 16];
}

macro_rules! keys {
    ($($id:ty),+) => {$(
        impl Key for $id {
            fn key(self) -> [u8; 16] {
                self.0.into_bytes()
            }
        }
    )+};
}

keys!(
    AccountId, AddressId, AuditId, CategoryId, MailId, MovementId, OrderId, ProductId, ReviewId, SessionId, VariantId
);

/// An id that may be absent.
pub(crate) fn opt_key<T: Key>(id: Option<T>) -> Option<[u8; 16]> {
    id.map(Key::key)
}

/// A time that may be absent, in microseconds.
pub(crate) fn opt_micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_microsecond)
}

/// A value as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Sql<String> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Internal(format!("a value cannot be written as JSON: {error}")).into())
}

/// The row that the statement gives, if it gives one.
pub(crate) fn one<T>(
    conn: &Connection,
    table: &'static str,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Sql<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    match rows.next()? {
        None => Ok(None),
        Some(row) => Ok(Some(read(&mut Columns::new(row, table, 0))?)),
    }
}

/// All rows that the statement gives.
pub(crate) fn all<T>(
    conn: &Connection,
    table: &'static str,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Sql<Vec<T>> {
    let mut found = Vec::new();
    each(conn, sql, params, |row| {
        found.push(read(&mut Columns::new(row, table, 0))?);
        Ok(())
    })?;
    Ok(found)
}

/// Hands each row that the statement gives to `read`.
pub(crate) fn each(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Sql<()> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        read(row)?;
    }
    Ok(())
}

/// Runs a statement that gives no rows; gives how many it changed.
pub(crate) fn run(conn: &Connection, sql: &str, params: impl Params) -> Sql<usize> {
    Ok(conn.prepare_cached(sql)?.execute(params)?)
}

/// Runs a statement that must change exactly the row `row` of `table`.
pub(crate) fn run_one(
    conn: &Connection,
    table: &'static str,
    row: impl std::fmt::Display,
    sql: &str,
    params: impl Params,
) -> Sql<()> {
    match run(conn, sql, params)? {
        1 => Ok(()),
        0 => Err(StoreError::broken(table, row, "is not there to be changed").into()),
        many => Err(StoreError::broken(table, row, format_args!("stands for {many} rows")).into()),
    }
}

/// A select that is put together from what is asked for.
#[derive(Debug)]
pub(crate) struct Select {
    sql: String,
    values: Vec<Value>,
    has_condition: bool,
}

impl Select {
    /// A select that begins with `sql`, up to its table.
    pub(crate) fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new(), has_condition: false }
    }

    /// The same, where `sql` has places for `values` already.
    pub(crate) fn with_values(sql: &str, values: impl IntoIterator<Item = Value>) -> Self {
        Self { sql: sql.to_owned(), values: values.into_iter().collect(), has_condition: false }
    }

    /// Only rows for which `condition` holds, whose `?` are `values` in their order.
    pub(crate) fn only(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(if self.has_condition { " AND " } else { " WHERE " });
        self.sql.push_str(condition);
        self.has_condition = true;
        self.values.extend(values);
    }

    /// Ends the select, for example with the order, whose `?` are `values`.
    pub(crate) fn end(mut self, sql: &str, values: impl IntoIterator<Item = Value>) -> (String, Vec<Value>) {
        self.sql.push_str(sql);
        self.values.extend(values);
        (self.sql, self.values)
    }
}
