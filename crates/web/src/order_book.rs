//! The short copy of all orders that this process keeps, and how it follows the database.
//!
//! Before it is asked, it reads the orders that came since it was asked last: one that was placed counts on the next look, on
//! every process. The first reading, right after the start, takes a second for each few hundred thousand orders.

use std::{collections::HashSet, sync::Arc};

use commerce::orders::{Found, OrderBook, Sold};
use model::{Order, OrderNumber, Timestamp};
use store::{CursorKey, Engine, OrderFilter, Page, PageRequest, SalesDay, StoreError};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How many orders are read at a time.
const PART: u32 = 5_000;
/// Up to how many orders are named to the database one by one.
const NAMED_MAX: usize = 20_000;

/// What was sold in some time.
pub(crate) struct Sales {
    /// By day and currency.
    pub(crate) days: Vec<SalesDay>,
    /// The best sellers.
    pub(crate) best: Vec<Sold>,
}

/// The book, once it was begun.
#[derive(Default)]
pub(crate) struct Orders(Arc<Mutex<Option<OrderBook>>>);

impl Orders {
    /// The orders of a page, as [`store::Queries::orders`] gives them. What is looked for by a text is looked up in the book,
    /// so that the database does not have to read through all orders for it.
    pub(crate) async fn page(
        &self,
        engine: &dyn Engine,
        filter: &OrderFilter,
        request: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<Order>, StoreError> {
        let Some(text) = filter.text.clone().filter(|text| !text.is_empty()) else {
            return engine.orders(filter, request).await;
        };
        let from = filter.placed_from.unwrap_or(Timestamp::MIN);
        let until = begin(request).unwrap_or(Timestamp::MAX).min(filter.placed_before.unwrap_or(Timestamp::MAX));
        // Without another condition the first of them are the page.
        let is_plain = OrderFilter { text: None, placed_from: None, placed_before: None, ..filter.clone() }
            == OrderFilter::default();
        let first = if is_plain { request.limit as usize + 1 } else { NAMED_MAX };
        let book = self.caught_up(engine, now).await?;
        let is_whole = book.as_ref().is_some_and(OrderBook::is_whole);
        let find = move || book.as_ref().map(|book| book.find(&text, from, until, first)).unwrap_or_default();
        let Found { count, newest } = blocking(find).await?;
        // So many that whoever reads through the orders meets them soon.
        if !is_plain && count > newest.len() {
            return engine.orders(filter, request).await;
        }
        let named = OrderFilter { numbers: Some(newest), text: None, ..filter.clone() };
        let mut page = engine.orders(&named, request).await?;
        if !is_whole && page.next.is_none() {
            return engine.orders(filter, request).await;
        }
        // Whoever has left since is no longer found by their name.
        page.items.retain(|order| is_meant(order, filter.text.as_deref().unwrap_or_default()));
        Ok(page)
    }

    /// What was sold between the first and the last of these times, and what sold best between the second and the last; `None`
    /// when that goes back further than the book.
    pub(crate) async fn sales(
        &self,
        engine: &dyn Engine,
        [earlier, from, before]: [Timestamp; 3],
        best: usize,
        now: Timestamp,
    ) -> Result<Option<Sales>, StoreError> {
        let book = self.caught_up(engine, now).await?;
        if !book.as_ref().is_some_and(|book| book.reaches(earlier)) {
            return Ok(None);
        }
        // Asked after the orders were read: none of them is taken for one that was not cancelled.
        let cancelled: HashSet<_> = engine.cancelled_orders(earlier, before).await?.into_iter().collect();
        let sum = move || {
            book.as_ref().map(|book| Sales {
                days: book.sales(earlier, before, &cancelled),
                best: book.best_sellers(from, before, &cancelled, best),
            })
        };
        blocking(sum).await
    }

    /// The book with every order that was acknowledged before it was asked for.
    pub(crate) async fn caught_up(
        &self,
        engine: &dyn Engine,
        now: Timestamp,
    ) -> Result<OwnedMutexGuard<Option<OrderBook>>, StoreError> {
        let mut kept = Arc::clone(&self.0).lock_owned().await;
        if kept.is_none() {
            let request = PageRequest { limit: 1, after: None };
            let latest = engine.orders(&OrderFilter::default(), &request).await?.items.pop();
            *kept = Some(OrderBook::up_to(latest.map_or(OrderNumber::default(), |order| order.number)));
        }
        if let Some(book) = kept.as_mut() {
            let missing = book.missing(now);
            if !missing.is_empty() {
                book.add(&engine.order_digests_of(&missing).await?, now);
            }
            loop {
                let orders = engine.order_digests_after(book.end(), PART).await?;
                book.add(&orders, now);
                if orders.len() < PART as usize {
                    break;
                }
            }
        }
        Ok(kept)
    }
}

/// When the last order of the page before this was placed.
fn begin(request: &PageRequest) -> Option<Timestamp> {
    match request.after.as_ref()?.key {
        CursorKey::Number(micros) => Timestamp::from_microsecond(micros).ok(),
        _ => None,
    }
}

fn is_meant(order: &Order, text: &str) -> bool {
    order.ship_to.name.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
        || order.lines.iter().any(|line| line.sku.as_deref() == Some(text))
}

/// Runs what takes milliseconds where it holds nobody up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Internal(error.to_string()))
}
