//! Reading rows: typed columns, one after the other, with errors that name table and column.

use std::str::FromStr;

use jiff::Timestamp;
use model::Currency;
use serde::de::DeserializeOwned;
use store::StoreError;
use tokio_postgres::{
    Row,
    types::{FromSql, Json},
};
use uuid::Uuid;

/// The columns of a row from `next` on, read in the order of the select. Each reader moves one column on.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    table: &'static str,
    next: usize,
}

type Read<T> = Result<T, StoreError>;

impl<'r> Columns<'r> {
    /// The row's columns from `first` on, for errors of `table`.
    pub(crate) const fn new(row: &'r Row, table: &'static str, first: usize) -> Self {
        Self { row, table, next: first }
    }

    /// The next column, as the driver reads it.
    pub(crate) fn get<T: FromSql<'r>>(&mut self) -> Read<T> {
        let value = self.row.try_get(self.next);
        self.next += 1;
        value.map_err(|error| self.broken(error))
    }

    /// The error for the column that was read last.
    fn broken(&self, what: impl std::fmt::Display) -> StoreError {
        let column = self.next.saturating_sub(1);
        let name = self.row.columns().get(column).map_or("?", |column| column.name());
        StoreError::broken(self.table, name, what)
    }

    /// Whether the next column is NULL; does not move on.
    pub(crate) fn is_null(&self) -> bool {
        struct Anything;
        impl FromSql<'_> for Anything {
            fn from_sql(
                _: &tokio_postgres::types::Type,
                _: &[u8],
            ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                Ok(Self)
            }
            fn accepts(_: &tokio_postgres::types::Type) -> bool {
                true
            }
        }
        matches!(self.row.try_get::<_, Option<Anything>>(self.next), Ok(None))
    }

    /// A number.
    pub(crate) fn int(&mut self) -> Read<i64> {
        self.get()
    }

    /// A number or nothing.
    pub(crate) fn opt_int(&mut self) -> Read<Option<i64>> {
        self.get()
    }

    /// A truth.
    pub(crate) fn bool(&mut self) -> Read<bool> {
        self.get()
    }

    /// A text.
    pub(crate) fn string(&mut self) -> Read<String> {
        self.get()
    }

    /// A text or nothing.
    pub(crate) fn opt_string(&mut self) -> Read<Option<String>> {
        self.get()
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self) -> Read<&'r [u8]> {
        self.get()
    }

    /// Exactly `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| self.broken(format_args!("expected {N} bytes, found {}", bytes.len())))
    }

    /// Exactly `N` bytes, or nothing.
    pub(crate) fn opt_array<const N: usize>(&mut self) -> Read<Option<[u8; N]>> {
        if self.is_null() {
            self.next += 1;
            return Ok(None);
        }
        self.array().map(Some)
    }

    /// An id.
    pub(crate) fn id<T: From<Uuid>>(&mut self) -> Read<T> {
        self.get::<Uuid>().map(T::from)
    }

    /// An id or nothing.
    pub(crate) fn opt_id<T: From<Uuid>>(&mut self) -> Read<Option<T>> {
        self.get::<Option<Uuid>>().map(|id| id.map(T::from))
    }

    /// A time.
    pub(crate) fn time(&mut self) -> Read<Timestamp> {
        self.get()
    }

    /// A time or nothing.
    pub(crate) fn opt_time(&mut self) -> Read<Option<Timestamp>> {
        self.get()
    }

    /// A word out of a fixed set.
    pub(crate) fn word<T: FromStr<Err = ()>>(&mut self) -> Read<T> {
        let text: &str = self.get()?;
        text.parse().map_err(|()| self.broken(format_args!("`{text}` is none of the words it may be")))
    }

    /// A currency.
    pub(crate) fn currency(&mut self) -> Read<Currency> {
        let code: &str = self.get()?;
        Currency::from_code(code).ok_or_else(|| self.broken(format_args!("`{code}` is no currency")))
    }

    /// JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Read<T> {
        self.get::<Json<T>>().map(|Json(value)| value)
    }

    /// JSON or nothing.
    pub(crate) fn opt_json<T: DeserializeOwned>(&mut self) -> Read<Option<T>> {
        self.get::<Option<Json<T>>>().map(|value| value.map(|Json(value)| value))
    }
}
