//! Lists: what is asked for becomes one select, by keyset.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod mail;
pub(crate) mod order;
pub(crate) mod product;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod stock;

use jiff::Timestamp;
use store::{Cursor, CursorKey, LIMIT_MAX, PageRequest};

use crate::param::{Param, params, sought};

/// The name of the order of every list that has only one.
const NEWEST: &str = "newest";

/// How many rows to read: one more than asked tells whether there is another page.
fn overfull(page: &PageRequest) -> Vec<Param> {
    params![i64::from(limit(page)) + 1]
}

/// How many items the page has at most.
pub(crate) fn limit(page: &PageRequest) -> u32 {
    page.limit.clamp(1, LIMIT_MAX)
}

/// The place behind which a page begins, in a list by time. Cursors come from outside: one without a time is as one from
/// before all times, and a time that there is not is as the last or the first one that there is.
fn time_place(cursor: &Cursor) -> Vec<Param> {
    let time = match &cursor.key {
        CursorKey::Number(micros) => {
            let nearest = if *micros > 0 { Timestamp::MAX } else { Timestamp::MIN };
            Timestamp::from_microsecond(*micros).unwrap_or(nearest)
        }
        CursorKey::Text(_) => Timestamp::UNIX_EPOCH,
    };
    params![time, cursor.id]
}

/// The same in a list by number.
fn number_place(cursor: &Cursor) -> Vec<Param> {
    let number = match &cursor.key {
        CursorKey::Number(number) => *number,
        CursorKey::Text(_) => i64::MIN,
    };
    params![number, cursor.id]
}

/// The same in a list by text.
fn text_place(cursor: &Cursor) -> Vec<Param> {
    let text = match &cursor.key {
        CursorKey::Text(text) => sought(text),
        CursorKey::Number(_) => String::new(),
    };
    params![text, cursor.id]
}
