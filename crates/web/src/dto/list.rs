//! Lists.

use serde::Serialize;
use store::Page;
use utoipa::ToSchema;

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ListDto<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

impl<T> ListDto<T> {
    /// The page, each item as `show` gives it.
    pub fn new<N>(page: Page<N>, show: impl FnMut(&N) -> T) -> Self {
        Self { items: page.items.iter().map(show).collect(), next_cursor: page.next.map(|cursor| cursor.encode()) }
    }
}
