//! Lists: what is asked for becomes one select, by keyset.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod mail;
pub(crate) mod order;
pub(crate) mod product;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod stock;

use rusqlite::types::Value;
use store::{Cursor, CursorKey, LIMIT_MAX, PageRequest};

use crate::sql::Key;

/// The name of the order of every list that has only one.
const NEWEST: &str = "newest";

/// How many rows to read: one more than asked tells whether there is another page.
fn overfull(page: &PageRequest) -> Value {
    Value::Integer(i64::from(limit(page)) + 1)
}

/// How many items the page has at most.
fn limit(page: &PageRequest) -> u32 {
    page.limit.clamp(1, LIMIT_MAX)
}

/// An id as a value.
fn id(id: impl Key) -> Value {
    Value::Blob(id.key().to_vec())
}

/// A text as a value.
fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// The place behind which a page begins, as the two values that lists compare with.
fn place(cursor: &Cursor) -> [Value; 2] {
    let key = match &cursor.key {
        CursorKey::Number(number) => Value::Integer(*number),
        CursorKey::Text(text) => Value::Text(text.clone()),
    };
    [key, Value::Blob(cursor.id.as_bytes().to_vec())]
}
