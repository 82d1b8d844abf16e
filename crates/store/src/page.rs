//! Pages of lists, by keyset: stable while rows are added, and as quick on the last page as on the first.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most items on one page.
pub const LIMIT_MAX: u32 = 100;

/// Where a page begins: behind the item with this sort key and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The name of the order of the list, so that a cursor is not used with another one; beside it the name of the list, where one is for
    /// clients who have several.
    #[serde(rename = "s")]
    pub sort: String,
    /// The sort key of the last item, as the engine compares it.
    #[serde(rename = "k")]
    pub key: CursorKey,
    /// The id of the last item.
    #[serde(rename = "i")]
    pub id: Uuid,
}

/// A sort key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CursorKey {
    /// A number: a price, a time in microseconds.
    Number(i64),
    /// A text, as it is folded for sorting.
    Text(String),
}

impl Cursor {
    /// The cursor as clients see it: opaque, URL-safe.
    #[must_use]
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// What [`Cursor::encode`] made, of a cursor with this `sort`.
    #[must_use]
    pub fn decode(text: &str, sort: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let cursor: Self = serde_json::from_slice(&bytes).ok()?;
        (cursor.sort == sort).then_some(cursor)
    }
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many items, 1 to [`LIMIT_MAX`].
    pub limit: u32,
    /// Behind this item; from the start when `None`.
    pub after: Option<Cursor>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page from up to `limit + 1` items: one more than asked tells that there is another page.
    pub fn from_overfull(mut items: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> Cursor) -> Self {
        let limit = limit as usize;
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(cursor);
        Self { items, next }
    }
}
