//! Reading rows: typed columns, one after the other, with errors that name table, row and column.

use std::str::FromStr;

use model::{Currency, Timestamp};
use rusqlite::{Row, types::ValueRef};
use serde::de::DeserializeOwned;
use store::StoreError;
use uuid::Uuid;

/// The columns of a row from `first` on, read in the order of the select. Each reader moves one column on.
pub(crate) struct Columns<'r> {
    row: &'r Row<'r>,
    table: &'static str,
    first: usize,
    next: usize,
}

type Read<T> = Result<T, StoreError>;

impl<'r> Columns<'r> {
    /// The row's columns from `first` on, for errors of `table`.
    pub(crate) const fn new(row: &'r Row<'r>, table: &'static str, first: usize) -> Self {
        Self { row, table, first, next: first }
    }

    fn value(&mut self) -> Read<ValueRef<'r>> {
        let value = self.row.get_ref(self.next).map_err(|error| self.broken(error));
        self.next += 1;
        value
    }

    /// The error for the column that was read last, or that is about to be.
    fn broken(&self, what: impl std::fmt::Display) -> StoreError {
        let column = self.next.saturating_sub(1).max(self.first);
        let name = self.row.as_ref().column_name(column).unwrap_or("?").to_owned();
        let id = match self.row.get_ref(self.first) {
            Ok(ValueRef::Blob(bytes)) => Uuid::from_slice(bytes).map_or_else(|_| "?".to_owned(), |id| id.to_string()),
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            _ => "?".to_owned(),
        };
        StoreError::broken(self.table, id, format_args!("{name}: {what}"))
    }

    fn unexpected(&self, wanted: &str, found: ValueRef<'_>) -> StoreError {
        self.broken(format_args!("expected {wanted}, found {}", found.data_type()))
    }

    /// Whether the next column is NULL; does not move on.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.row.get_ref(self.next), Ok(ValueRef::Null))
    }

    /// NULL as `None`, anything else through `read`.
    pub(crate) fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        if self.is_null() {
            self.next += 1;
            return Ok(None);
        }
        read(self).map(Some)
    }

    /// A number.
    pub(crate) fn int(&mut self) -> Read<i64> {
        match self.value()? {
            ValueRef::Integer(number) => Ok(number),
            other => Err(self.unexpected("a number", other)),
        }
    }

    /// 0 or 1.
    pub(crate) fn bool(&mut self) -> Read<bool> {
        match self.int()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.broken(format_args!("expected 0 or 1, found {other}"))),
        }
    }

    /// A text, where it lies.
    pub(crate) fn str(&mut self) -> Read<&'r str> {
        match self.value()? {
            ValueRef::Text(text) => std::str::from_utf8(text).map_err(|error| self.broken(error)),
            other => Err(self.unexpected("a text", other)),
        }
    }

    /// A text.
    pub(crate) fn string(&mut self) -> Read<String> {
        self.str().map(str::to_owned)
    }

    /// A text or nothing.
    pub(crate) fn opt_string(&mut self) -> Read<Option<String>> {
        self.optional(Self::string)
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self) -> Read<&'r [u8]> {
        match self.value()? {
            ValueRef::Blob(bytes) => Ok(bytes),
            other => Err(self.unexpected("bytes", other)),
        }
    }

    /// Exactly `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| self.broken(format_args!("expected {N} bytes, found {}", bytes.len())))
    }

    /// An id.
    pub(crate) fn id<T: From<Uuid>>(&mut self) -> Read<T> {
        self.array().map(|bytes| T::from(Uuid::from_bytes(bytes)))
    }

    /// An id or nothing.
    pub(crate) fn opt_id<T: From<Uuid>>(&mut self) -> Read<Option<T>> {
        self.optional(Self::id)
    }

    /// A time.
    pub(crate) fn time(&mut self) -> Read<Timestamp> {
        let micros = self.int()?;
        Timestamp::from_microsecond(micros).map_err(|error| self.broken(error))
    }

    /// A time or nothing.
    pub(crate) fn opt_time(&mut self) -> Read<Option<Timestamp>> {
        self.optional(Self::time)
    }

    /// A word out of a fixed set.
    pub(crate) fn word<T: FromStr<Err = ()>>(&mut self) -> Read<T> {
        let text = self.str()?;
        text.parse().map_err(|()| self.broken(format_args!("`{text}` is none of the words it may be")))
    }

    /// A currency.
    pub(crate) fn currency(&mut self) -> Read<Currency> {
        let code = self.str()?;
        Currency::from_code(code).ok_or_else(|| self.broken(format_args!("`{code}` is no currency")))
    }

    /// JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Read<T> {
        let text = self.str()?;
        serde_json::from_str(text).map_err(|error| self.broken(error))
    }

    /// What is as it is when nobody says anything, most of the time: `{}`.
    pub(crate) fn rare<T: DeserializeOwned + Default>(&mut self) -> Read<T> {
        let text = self.str()?;
        if text == "{}" {
            return Ok(T::default());
        }
        serde_json::from_str(text).map_err(|error| self.broken(error))
    }

    /// A list as JSON. Most lists are empty, and asking the parser about each of them would show.
    pub(crate) fn list<T: DeserializeOwned>(&mut self) -> Read<Vec<T>> {
        let text = self.str()?;
        if text == "[]" {
            return Ok(Vec::new());
        }
        serde_json::from_str(text).map_err(|error| self.broken(error))
    }
}
