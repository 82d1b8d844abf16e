//! Selects. One file a noun, in pairs: what to ask, and how to read the answer.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod category;
pub(crate) mod document;
pub(crate) mod idempotency;
pub(crate) mod mail;
pub(crate) mod order;
pub(crate) mod product;
pub(crate) mod review;
pub(crate) mod session;
pub(crate) mod stock;

use store::StoreError;
use tokio_postgres::Row;

use crate::{
    flight::Statement,
    param::{params, sought},
    row::Columns,
};

/// Locks a name until the transaction ends: for what has no row to be locked.
pub(crate) fn lock(name: &str) -> Statement {
    Statement::new("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", params![sought(name)])
}

/// The same beside others who do so: against those who [`lock`] it.
pub(crate) fn lock_shared(name: &str) -> Statement {
    Statement::new("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", params![sought(name)])
}

/// What locks the rows of a select, if they shall be. Foreign keys may still point at them meanwhile.
const fn locking(is_locked: bool) -> &'static str {
    if is_locked { " FOR NO KEY UPDATE" } else { "" }
}

/// Each row through `read`.
pub(crate) fn read_all<T>(
    rows: &[Row],
    table: &'static str,
    mut read: impl FnMut(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| read(&mut Columns::new(row, table, 0))).collect()
}

/// The first row through `read`.
pub(crate) fn read_one<T>(
    rows: &[Row],
    table: &'static str,
    read: impl FnOnce(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    rows.first().map(|row| read(&mut Columns::new(row, table, 0))).transpose()
}

/// The rows of the last statement of a flight.
fn rows_of(rows: Option<&Vec<Row>>) -> &[Row] {
    rows.map_or(&[], Vec::as_slice)
}
