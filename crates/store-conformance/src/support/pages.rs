//! Lists, page by page.

use std::fmt::Debug;

use store::{Cursor, Page, PageRequest, Query};

/// More pages than any case has.
const PAGES_MAX: usize = 200;

/// The first page, of up to 100 items.
#[must_use]
pub const fn first_page() -> PageRequest {
    page_of(100, None)
}

/// A page of `limit` items behind `after`.
#[must_use]
pub const fn page_of(limit: u32, after: Option<Cursor>) -> PageRequest {
    PageRequest { limit, after }
}

/// Reads a list from its first page to its last, and checks each page: only the last one may be short, and cursors
/// survive the trip to the client and back.
///
/// # Panics
/// When one of the pages is not as it must be.
pub async fn all_pages<T: Debug>(limit: u32, ask: impl AsyncFn(PageRequest) -> Query<Page<T>>) -> Vec<T> {
    let mut items = Vec::new();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = ask(page_of(limit, after)).await.expect("a page");
        assert!(page.items.len() <= limit as usize, "more items than were asked for");
        assert!(page.next.is_none() || page.items.len() == limit as usize, "a short page that is not the last");
        items.extend(page.items);
        let Some(next) = page.next else { return items };
        let travelled = Cursor::decode(&next.encode(), &next.sort).expect("a cursor that can be read");
        assert_eq!(travelled, next);
        after = Some(travelled);
    }
    panic!("the list has no end: {items:?}");
}
