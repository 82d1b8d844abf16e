//! Lists.

use serde::Serialize;
use store::Page;
use utoipa::ToSchema;

use crate::extract::next_cursor;

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ListDto<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> ListDto<T> {
    /// The page of `list`, as its cursors name it; each item as `show` gives it.
    pub fn new<N>(page: Page<N>, list: &str, show: impl FnMut(&N) -> T) -> Self {
        Self { items: page.items.iter().map(show).collect(), next_cursor: next_cursor(page.next, list) }
    }
}
