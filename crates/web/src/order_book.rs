//! The short copy of all orders that this process keeps, and how it follows the database.
//!
//! Before it is asked, it reads the orders that came since it was asked last, and those whose addresses were corrected: one that was
//! placed counts on the next look, on every process. The first reading, right after the start, takes a second for each few hundred
//! thousand orders.

use std::{cmp::Reverse, collections::HashSet, sync::Arc};

use commerce::orders::{Found, OrderBook, Sold, Sought, SoughtIn, corrections};
use model::{Order, OrderNumber, Timestamp};
use store::{Cursor, CursorKey, Engine, OrderFilter, Page, PageRequest, SalesDay, StoreError};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How many orders are read at a time.
const PART: u32 = 5_000;
/// How many orders are named to the database at a time.
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
    /// The orders of a page, as [`store::Queries::orders`] gives them, but for those that a text means: it is looked up in the book,
    /// as [`Sought`] says, so that the database does not have to read through all orders for it. Of a shop with more orders than
    /// the book has, older ones are found by name and SKU alone.
    pub(crate) async fn page(
        &self,
        engine: &dyn Engine,
        filter: &OrderFilter,
        request: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<Order>, StoreError> {
        let Some(text) = filter.text.as_deref().filter(|text| !text.is_empty()) else {
            return engine.orders(filter, request).await;
        };
        let people = self.found(engine, filter, Sought::new(text, SoughtIn::People), request, now).await?;
        // Whoever looks for somebody called Rose wants no roses, if there is somebody of that name.
        if people.items.is_empty() && people.next.is_none() {
            return self.found(engine, filter, Sought::new(text, SoughtIn::Titles), request, now).await;
        }
        Ok(people)
    }

    /// The page of those that are meant, of which the rest of the filter holds too.
    async fn found(
        &self,
        engine: &dyn Engine,
        filter: &OrderFilter,
        sought: Sought,
        request: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<Order>, StoreError> {
        let from = filter.placed_from.unwrap_or(Timestamp::MIN);
        let until = begin(request).unwrap_or(Timestamp::MAX).min(filter.placed_before.unwrap_or(Timestamp::MAX));
        // Without another condition the first of them are the page.
        let is_plain = OrderFilter { text: None, placed_from: None, placed_before: None, ..filter.clone() }
            == OrderFilter::default();
        let first = if is_plain { request.limit as usize + 1 } else { usize::MAX };
        let book = self.caught_up(engine, now).await?;
        let is_whole = book.as_ref().is_some_and(OrderBook::is_whole);
        let looked_for = sought.clone();
        let find = move || book.as_ref().map(|book| book.find(&looked_for, from, until, first)).unwrap_or_default();
        let Found { newest, .. } = blocking(find).await?;
        let mut page = named(engine, filter, &newest, request).await?;
        // Whoever has left since is no longer found by their name.
        page.items.retain(|order| sought.means(order));
        if is_whole || page.next.is_some() || !sought.is_people() {
            return Ok(page);
        }
        Ok(merged(page, engine.orders(filter, request).await?, request.limit))
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
        // Asked before orders are read: what is corrected meanwhile is read once more on the next look.
        let corrections = corrections(engine).await?;
        if kept.as_ref().is_none_or(|book| corrections.after(book.corrections()).is_none()) {
            let request = PageRequest { limit: 1, after: None };
            let latest = engine.orders(&OrderFilter::default(), &request).await?.items.pop();
            let latest = latest.map_or(OrderNumber::default(), |order| order.number);
            *kept = Some(OrderBook::up_to(latest, corrections.count));
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
            let missed = corrections.after(book.corrections()).unwrap_or_default();
            if !missed.is_empty() {
                book.correct(&engine.order_digests_of(missed).await?, corrections.count);
            }
        }
        Ok(kept)
    }
}

/// The page of those of these orders, newest first, of which the filter holds but for its text.
async fn named(
    engine: &dyn Engine,
    filter: &OrderFilter,
    newest: &[OrderNumber],
    request: &PageRequest,
) -> Result<Page<Order>, StoreError> {
    let mut page = Page { items: Vec::new(), next: None };
    let mut parts = newest.chunks(NAMED_MAX).peekable();
    while let Some(part) = parts.next() {
        let of_part = OrderFilter { numbers: Some(part.to_vec()), text: None, ..filter.clone() };
        let left = request.limit.saturating_sub(u32::try_from(page.items.len()).unwrap_or(u32::MAX));
        let found = engine.orders(&of_part, &PageRequest { limit: left, after: request.after.clone() }).await?;
        page.items.extend(found.items);
        let has_more = page.items.len() >= request.limit as usize && parts.peek().is_some();
        page.next = found.next.or_else(|| page.items.last().filter(|_| has_more).map(behind));
        if page.next.is_some() {
            break;
        }
    }
    Ok(page)
}

/// One page out of two of the same place.
fn merged(one: Page<Order>, other: Page<Order>, limit: u32) -> Page<Order> {
    let has_more = one.next.is_some() || other.next.is_some();
    let mut items = one.items;
    items.extend(other.items);
    items.sort_by_key(|order| Reverse((order.placed_at, order.number)));
    items.dedup_by_key(|order| order.number);
    let page = Page::from_overfull(items, limit, behind);
    let next = page.next.or_else(|| page.items.last().filter(|_| has_more).map(behind));
    Page { items: page.items, next }
}

/// The place behind this order, as the engines say it.
fn behind(order: &Order) -> Cursor {
    Cursor { sort: "newest".to_owned(), key: CursorKey::Number(order.placed_at.as_microsecond()), id: order.id.0 }
}

/// When the last order of the page before this was placed.
fn begin(request: &PageRequest) -> Option<Timestamp> {
    match request.after.as_ref()?.key {
        CursorKey::Number(micros) => Timestamp::from_microsecond(micros).ok(),
        _ => None,
    }
}

/// Runs what takes milliseconds where it holds nobody up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use commerce::{
        accounts::CreateOwner,
        orders::{CorrectOrder, Corrected},
    };
    use identity::fresh_stamp;
    use model::{
        AccountId, Currency, Email, Money, OrderId, OrderLine, OrderStatus, PostalAddress, ProductId, ShopSettings,
        VariantId, order::Correction,
    };
    use store::{Change, Operation, Tx, execute};
    use store_sqlite::{Options, SqliteEngine};
    use uuid::Uuid;

    use super::*;

    /// Writes orders as they are.
    struct Insert(Vec<Order>);

    #[async_trait]
    impl Operation for Insert {
        type Output = ();
        type Error = StoreError;

        async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
            let changes: Vec<_> = self.0.iter().cloned().map(Change::InsertOrder).collect();
            tx.apply(&changes).await
        }
    }

    /// Orders of these numbers, each placed in the second of its number.
    fn page(numbers: &[i64], has_more: bool) -> Page<Order> {
        let order = |number: &i64| {
            let at = Timestamp::from_second(*number).expect("a time");
            Order {
                id: OrderId(Uuid::nil()),
                number: OrderNumber(*number),
                account_id: AccountId(Uuid::nil()),
                email: None,
                status: OrderStatus::Pending,
                lines: Vec::new(),
                total: Money::new(1, Currency::EUR),
                ship_to: PostalAddress::default(),
                tracking: None,
                timeline: Vec::new(),
                placed_at: at,
                updated_at: at,
                version: 1,
            }
        };
        let items: Vec<_> = numbers.iter().map(order).collect();
        let next = items.last().filter(|_| has_more).map(behind);
        Page { items, next }
    }

    /// The numbers of a page, and behind which second the next one begins.
    fn seen(page: &Page<Order>) -> (Vec<i64>, Option<CursorKey>) {
        let numbers = page.items.iter().map(|order| order.number.0).collect();
        (numbers, page.next.as_ref().map(|next| next.key.clone()))
    }

    #[test]
    fn a_page_out_of_two_has_each_order_once_and_goes_on_behind_its_last() {
        let second = |second: i64| Some(CursorKey::Number(second * 1_000_000));
        let (book, older) = (|| page(&[9, 7], false), |has_more| page(&[8, 7, 3], has_more));
        assert_eq!(seen(&merged(book(), older(false), 9)), (vec![9, 8, 7, 3], None));
        // What lies behind the page comes on the next, whether it was read already or not.
        assert_eq!(seen(&merged(book(), older(false), 3)), (vec![9, 8, 7], second(7)));
        assert_eq!(seen(&merged(book(), older(true), 3)), (vec![9, 8, 7], second(7)));
        assert_eq!(seen(&merged(page(&[], false), older(true), 3)), (vec![8, 7, 3], second(3)));
        assert_eq!(seen(&merged(book(), page(&[], false), 3)), (vec![9, 7], None));
    }

    /// As on a process beside the one where the staff are at work: of so many corrections not all are known by name.
    #[tokio::test]
    async fn a_book_that_missed_too_many_corrections_is_begun_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = SqliteEngine::open(&folder.path().join("shop.db"), Options::default()).expect("a database");
        let create = CreateOwner {
            email: Email::parse("/email", "owner@example.com").expect("an address"),
            name: "Olga Owner".to_owned(),
            password_hash: "none".to_owned(),
            setup_link: None,
            stamp: fresh_stamp(),
        };
        let owner = execute(&engine, create).await.expect("an owner");
        let number = |number: u128| OrderNumber(OrderNumber::FIRST.0 + i64::try_from(number).expect("a small number"));
        let line = OrderLine {
            product_id: ProductId(Uuid::nil()),
            variant_id: VariantId(Uuid::nil()),
            title: "Mug".to_owned(),
            variant_title: String::new(),
            sku: None,
            quantity: 1,
            unit_price: Money::new(1, Currency::EUR),
            stock_taken: true,
        };
        let order = |id: u128| {
            let made = page(&[1], false).items.pop().expect("an order");
            let (id, number, lines) = (OrderId(Uuid::from_u128(id)), number(id), vec![line.clone()]);
            Order { id, number, lines, account_id: owner.id, ..made }
        };
        execute(&engine, Insert(vec![order(0), order(1)])).await.expect("two orders");
        let correct = async |id: u128, name: &str| {
            let ship_to = PostalAddress {
                name: name.to_owned(),
                line1: "Lindenstrasse 1".to_owned(),
                city: "Berlin".to_owned(),
                postal_code: "10969".to_owned(),
                country: "DE".to_owned(),
                ..PostalAddress::default()
            };
            let correct = CorrectOrder {
                id: OrderId(Uuid::from_u128(id)),
                correction: Correction { ship_to: Some(ship_to), tracking: None },
                staff_id: owner.id,
                settings: Arc::new(ShopSettings::default()),
                if_version: None,
                stamp: fresh_stamp(),
            };
            let Corrected { order, .. } = execute(&engine, correct).await.expect("corrected");
            assert_eq!(order.ship_to.name, name);
        };
        let book = Orders::default();
        let found = async |name: &str| {
            let filter = OrderFilter { text: Some(name.to_owned()), ..OrderFilter::default() };
            let request = PageRequest { limit: 10, after: None };
            let page = book.page(&engine, &filter, &request, fresh_stamp().now).await.expect("a page");
            page.items.iter().map(|order| order.number).collect::<Vec<_>>()
        };
        assert!(found("zora").await.is_empty());
        correct(0, "Zora").await;
        assert_eq!(found("zora").await, [number(0)]);
        correct(0, "Yann").await;
        for time in 0..100 {
            correct(1, &format!("Xenia {time}")).await;
        }
        assert_eq!((found("yann").await, found("zora").await), (vec![number(0)], vec![]));
        assert_eq!(found("xenia 99").await, [number(1)]);
    }
}
