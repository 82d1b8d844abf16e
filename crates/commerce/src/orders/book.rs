//! A short copy of all orders in memory, for what is asked of all of them at once: what was sold in some days, what sold best, who
//! bought. It holds what never changes of an order; what does change, whether it was cancelled, is asked when it is needed.
//!
//! Whoever keeps a book reads on from [`OrderBook::end`] before they ask it, and once more what [`OrderBook::missing`] names:
//! transactions may end in another order than their numbers were given out in.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    hash::Hash,
};

use indexmap::IndexSet;
use model::{Currency, OrderNumber, SignedDuration, Timestamp, VariantId};
use store::{OrderDigest, SalesDay};

/// How many orders a book keeps: of a larger shop the newest.
const KEPT_MAX: usize = 250_000;
/// For how long a number that was left out may still come. Transactions are given up after a fraction of it.
const LATE_MAX: SignedDuration = SignedDuration::from_secs(120);
/// How many of such numbers are looked after.
const MISSING_MAX: i64 = 10_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// Some hundred thousand orders in a few megabytes.
#[derive(Debug, Default)]
pub struct OrderBook {
    /// Orders up to this number are left out.
    start: OrderNumber,
    /// By number.
    entries: Vec<Entry>,
    /// The lines of all entries, those of an entry side by side.
    lines: Vec<Line>,
    goods: IndexSet<(VariantId, Option<Box<str>>)>,
    /// The names of those who bought, in lower case.
    names: IndexSet<Box<str>>,
    currencies: IndexSet<Currency>,
    /// Numbers that may still come, and since when they are missing.
    missing: BTreeMap<OrderNumber, Timestamp>,
}

/// An order.
#[derive(Clone, Copy, Debug)]
struct Entry {
    number: OrderNumber,
    placed_at: i64,
    total: i64,
    name: u32,
    currency: u32,
    first_line: u32,
    lines: u32,
}

/// A line of an order.
#[derive(Clone, Copy, Debug)]
struct Line {
    goods: u32,
    quantity: u32,
}

/// The orders that a text means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many there are.
    pub count: usize,
    /// The first of them, newest first.
    pub newest: Vec<OrderNumber>,
}

/// How much was sold of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sold {
    /// The variant.
    pub variant_id: VariantId,
    /// How many pieces.
    pub pieces: i64,
    /// The latest order that has it.
    pub latest: OrderNumber,
}

impl OrderBook {
    /// A book for a shop whose latest order has this number.
    #[must_use]
    pub fn up_to(latest: OrderNumber) -> Self {
        let kept = i64::try_from(KEPT_MAX).unwrap_or(i64::MAX);
        Self { start: OrderNumber((latest.0 - kept).max(0)), ..Self::default() }
    }

    /// The greatest number in it: what comes behind it is read next.
    #[must_use]
    pub fn end(&self) -> OrderNumber {
        self.entries.last().map_or(self.start, |entry| entry.number)
    }

    /// The numbers that were left out and may still come.
    pub fn missing(&mut self, now: Timestamp) -> Vec<OrderNumber> {
        self.missing.retain(|_, since| now.duration_since(*since) < LATE_MAX);
        self.missing.keys().copied().collect()
    }

    /// Adds orders, those that are in it already too.
    pub fn add(&mut self, orders: &[OrderDigest], now: Timestamp) {
        let start = self.start;
        for order in orders.iter().filter(|order| order.number > start) {
            let place = self.entries.partition_point(|entry| entry.number < order.number);
            match self.entries.get(place) {
                Some(entry) if entry.number == order.number => {}
                Some(_) => self.put(place, order),
                None => {
                    self.note_missing(order, now);
                    self.put(place, order);
                }
            }
        }
        if self.entries.len() > KEPT_MAX + KEPT_MAX / 8 {
            self.cut(KEPT_MAX);
        }
    }

    /// Numbers between the last entry and an order behind it that is young. Of old ones nothing comes any more.
    fn note_missing(&mut self, order: &OrderDigest, now: Timestamp) {
        if let Some(last) = self.entries.last()
            && now.duration_since(order.placed_at) < LATE_MAX
        {
            let first = (last.number.0 + 1).max(order.number.0 - MISSING_MAX);
            self.missing.extend((first..order.number.0).map(|number| (OrderNumber(number), now)));
        }
        while self.missing.len() > usize::try_from(MISSING_MAX).unwrap_or(usize::MAX) {
            self.missing.pop_first();
        }
    }

    fn put(&mut self, place: usize, order: &OrderDigest) {
        self.missing.remove(&order.number);
        let first_line = self.lines.len();
        for line in &order.lines {
            let goods = intern(&mut self.goods, (line.variant_id, line.sku.as_deref().map(Box::from)));
            self.lines.push(Line { goods, quantity: u32::try_from(line.quantity).unwrap_or(u32::MAX) });
        }
        let entry = Entry {
            number: order.number,
            placed_at: order.placed_at.as_microsecond(),
            total: order.total,
            name: intern(&mut self.names, order.name.to_ascii_lowercase().into()),
            currency: intern(&mut self.currencies, order.currency),
            first_line: u32::try_from(first_line).unwrap_or(u32::MAX),
            lines: u32::try_from(order.lines.len()).unwrap_or(u32::MAX),
        };
        self.entries.insert(place, entry);
    }

    /// Keeps the last `kept` orders and what they need.
    fn cut(&mut self, kept: usize) {
        let cut = self.entries.len().saturating_sub(kept);
        let mut old = std::mem::take(self);
        self.missing = std::mem::take(&mut old.missing);
        self.start = cut.checked_sub(1).map_or(old.start, |last| old.entries[last].number);
        for entry in &old.entries[cut..] {
            let first_line = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
            for line in old.lines(entry) {
                let goods = intern(&mut self.goods, old.goods[line.goods as usize].clone());
                self.lines.push(Line { goods, ..*line });
            }
            let name = intern(&mut self.names, old.names[entry.name as usize].clone());
            let currency = intern(&mut self.currencies, old.currencies[entry.currency as usize]);
            self.entries.push(Entry { name, currency, first_line, ..*entry });
        }
    }

    fn lines(&self, entry: &Entry) -> &[Line] {
        let first = entry.first_line as usize;
        &self.lines[first..first + entry.lines as usize]
    }

    /// Whether no order is left out.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.start < OrderNumber::FIRST
    }

    /// Whether it has every order that was placed at `from` or later.
    #[must_use]
    pub fn reaches(&self, from: Timestamp) -> bool {
        // Numbers go by time but for moments; and what is brought over from elsewhere is old, with new numbers.
        let day = SignedDuration::from_hours(24);
        self.is_whole()
            || self
                .entries
                .first()
                .is_some_and(|first| Timestamp::from_microsecond(first.placed_at).is_ok_and(|at| at + day < from))
    }

    /// The orders whose name has `text` in it, compared without the case of ASCII letters, or that have the SKU `text`; of those
    /// placed from `from` on and not after `until`. Named are the newest `first` that were placed before `until`, and all
    /// that were placed just then.
    #[must_use]
    pub fn find(&self, text: &str, from: Timestamp, until: Timestamp, first: usize) -> Found {
        let lower = text.to_ascii_lowercase();
        let names: Vec<bool> = self.names.iter().map(|name| name.contains(&lower)).collect();
        let goods: Vec<bool> = self.goods.iter().map(|(_, sku)| sku.as_deref() == Some(text)).collect();
        let is_sku = goods.contains(&true);
        let is_meant = |entry: &&Entry| {
            names[entry.name as usize] || (is_sku && self.lines(entry).iter().any(|line| goods[line.goods as usize]))
        };
        let (from, until) = (from.as_microsecond(), until.as_microsecond());
        let meant = self.entries.iter().filter(|entry| (from..=until).contains(&entry.placed_at)).filter(is_meant);
        let mut meant: Vec<_> = meant.map(|entry| Reverse((entry.placed_at, entry.number))).collect();
        let count = meant.len();
        let named = first.saturating_add(meant.iter().filter(|Reverse((at, _))| *at == until).count());
        if named < count {
            meant.select_nth_unstable(named);
            meant.truncate(named);
        }
        meant.sort_unstable();
        Found { count, newest: meant.into_iter().map(|Reverse((_, number))| number).collect() }
    }

    /// The orders placed from `from` on and before `before`, without the cancelled ones.
    fn sold<'a>(
        &'a self,
        from: Timestamp,
        before: Timestamp,
        cancelled: &'a HashSet<OrderNumber>,
    ) -> impl Iterator<Item = &'a Entry> {
        let times = from.as_microsecond()..before.as_microsecond();
        self.entries.iter().filter(move |entry| times.contains(&entry.placed_at) && !cancelled.contains(&entry.number))
    }

    /// What was sold from `from` on and before `before`, by day and currency, oldest first.
    #[must_use]
    pub fn sales(&self, from: Timestamp, before: Timestamp, cancelled: &HashSet<OrderNumber>) -> Vec<SalesDay> {
        let mut sums: HashMap<(i64, u32), (i64, i64)> = HashMap::new();
        for entry in self.sold(from, before, cancelled) {
            let (orders, revenue) = sums.entry((entry.placed_at.div_euclid(DAY_MICROS), entry.currency)).or_default();
            *orders += 1;
            *revenue = revenue.saturating_add(entry.total);
        }
        let day = |((day, currency), (orders, revenue))| SalesDay {
            day,
            currency: self.currencies[currency as usize],
            orders,
            revenue,
        };
        let mut days: Vec<_> = sums.into_iter().map(day).collect();
        days.sort_unstable_by_key(|day| (day.day, day.currency.code()));
        days
    }

    /// What sold best in that time by pieces, at most `limit` variants.
    #[must_use]
    pub fn best_sellers(
        &self,
        from: Timestamp,
        before: Timestamp,
        cancelled: &HashSet<OrderNumber>,
        limit: usize,
    ) -> Vec<Sold> {
        let mut of_goods = vec![(0_i64, OrderNumber::default()); self.goods.len()];
        for entry in self.sold(from, before, cancelled) {
            for line in self.lines(entry) {
                let (pieces, latest) = &mut of_goods[line.goods as usize];
                *pieces += i64::from(line.quantity);
                *latest = entry.number;
            }
        }
        let mut of_variant: HashMap<VariantId, Sold> = HashMap::new();
        for ((variant_id, _), (pieces, latest)) in self.goods.iter().zip(of_goods).filter(|(_, sum)| sum.0 > 0) {
            let sold = of_variant.entry(*variant_id).or_insert(Sold { variant_id: *variant_id, pieces: 0, latest });
            sold.pieces += pieces;
            sold.latest = sold.latest.max(latest);
        }
        let mut best: Vec<_> = of_variant.into_values().collect();
        best.sort_unstable_by_key(|sold| (Reverse(sold.pieces), sold.variant_id));
        best.truncate(limit);
        best
    }
}

/// The place of `one` among its like, where it is kept once.
fn intern<T: Eq + Hash>(all: &mut IndexSet<T>, one: T) -> u32 {
    u32::try_from(all.insert_full(one).0).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use store::LineDigest;
    use uuid::Uuid;

    use super::*;

    const NOON: i64 = 1_780_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(NOON + second).expect("a time")
    }

    /// An order of one piece of variant 1 for each number in it, placed in the second of its number.
    fn order(number: i64, name: &str) -> OrderDigest {
        let line = |variant: u128, sku: &str, quantity| LineDigest {
            variant_id: VariantId(Uuid::from_u128(variant)),
            sku: Some(sku.to_owned()),
            quantity,
        };
        OrderDigest {
            number: OrderNumber(number),
            placed_at: at(number),
            currency: Currency::EUR,
            total: 100,
            name: name.to_owned(),
            lines: vec![line(1, "MUG", 1), line(2, &format!("CUP-{number}"), 2)],
        }
    }

    fn find(book: &OrderBook, text: &str) -> Vec<i64> {
        let found = book.find(text, Timestamp::MIN, Timestamp::MAX, 99);
        assert_eq!(found.count, found.newest.len());
        found.newest.iter().map(|number| number.0).collect()
    }

    #[test]
    fn sums_beyond_every_measure_stay_there() {
        let mut book = OrderBook::up_to(OrderNumber(2));
        let dear = |number| OrderDigest { total: i64::MAX / 2 + 9, ..order(number, "Ann Example") };
        book.add(&[dear(1), dear(2)], at(9));
        let days = book.sales(Timestamp::MIN, Timestamp::MAX, &HashSet::new());
        assert_eq!(days.iter().map(|day| (day.orders, day.revenue)).collect::<Vec<_>>(), [(2, i64::MAX)]);
    }

    #[test]
    fn orders_are_found_by_a_part_of_the_name_and_by_a_whole_sku() {
        let mut book = OrderBook::up_to(OrderNumber(3));
        book.add(&[order(1, "Ann Example"), order(2, "Bob \u{c4}rger"), order(3, "Joanna Doe")], at(9));
        assert_eq!(find(&book, "ANN"), [3, 1]);
        assert_eq!(find(&book, "CUP-2"), [2]);
        assert_eq!(find(&book, "\u{c4}rg"), [2]);
        assert_eq!(find(&book, "MUG"), [3, 2, 1]);
        for nothing in ["cup-2", "CUP", "nobody"] {
            assert_eq!(find(&book, nothing), [0; 0], "{nothing}");
        }
    }

    #[test]
    fn a_page_has_the_newest_and_all_of_the_moment_that_it_begins_with() {
        let mut book = OrderBook::default();
        // Two came in the same moment, and one was brought over from long ago.
        let same = OrderDigest { placed_at: at(3), ..order(4, "Ann") };
        let old = OrderDigest { placed_at: at(-9), ..order(7, "Ann") };
        book.add(&[order(1, "Ann"), order(2, "Ann"), order(3, "Ann"), same, order(5, "Ann"), old], at(1_000));
        let page = |from: i64, until: i64, first: usize| {
            let found = book.find("ann", at(from), at(until), first);
            (found.count, found.newest.iter().map(|number| number.0).collect::<Vec<_>>())
        };
        assert_eq!(page(-99, 99, 2), (6, vec![5, 4]));
        assert_eq!(page(-99, 3, 1), (5, vec![4, 3, 2]));
        assert_eq!(page(-99, 3, 9), (5, vec![4, 3, 2, 1, 7]));
        assert_eq!(page(2, 4, 9), (3, vec![4, 3, 2]));
    }

    #[test]
    fn a_number_that_was_left_out_is_missing_until_it_comes_or_is_too_late() {
        let mut book = OrderBook::default();
        book.add(&[order(1, "Ann"), order(4, "Bob")], at(5));
        assert_eq!(book.missing(at(6)), [OrderNumber(2), OrderNumber(3)]);
        book.add(&[order(3, "Cem")], at(6));
        book.add(&[order(3, "Cem"), order(4, "Bob")], at(7));
        assert_eq!(book.missing(at(7)), [OrderNumber(2)]);
        assert_eq!(book.end(), OrderNumber(4));
        assert_eq!(find(&book, "MUG"), [4, 3, 1]);
        assert_eq!(book.missing(at(5 + LATE_MAX.as_secs())), []);
        // What came long after a number that was left out: nobody waits for that one.
        book.add(&[order(9, "Dan")], at(1_000));
        assert_eq!(book.missing(at(1_000)), []);
    }

    #[test]
    fn what_was_sold_leaves_out_other_days_and_what_was_cancelled() {
        let mut book = OrderBook::default();
        let orders: Vec<_> = (1..=6).map(|number| order(number, "Ann")).collect();
        book.add(&orders, at(9));
        let cancelled = HashSet::from([OrderNumber(3)]);
        let (from, before) = (at(2), at(6));
        let days = book.sales(from, before, &cancelled);
        assert_eq!(days, [SalesDay { day: NOON / 86_400, currency: Currency::EUR, orders: 3, revenue: 300 }]);
        let sold = |variant: u128, pieces| Sold {
            variant_id: VariantId(Uuid::from_u128(variant)),
            pieces,
            latest: OrderNumber(5),
        };
        // Two pieces an order, whatever the SKU was called.
        assert_eq!(book.best_sellers(from, before, &cancelled, 5), [sold(2, 6), sold(1, 3)]);
        assert_eq!(book.best_sellers(from, before, &cancelled, 1), [sold(2, 6)]);
        assert_eq!(book.sales(at(7), at(8), &cancelled), []);
    }

    #[test]
    fn what_is_cut_off_is_known_to_be_missing() {
        let mut book = OrderBook::default();
        let spread =
            |number: i64| OrderDigest { placed_at: at(number * 86_400), ..order(number, &format!("Buyer {number}")) };
        let first = OrderNumber::FIRST.0;
        let orders: Vec<_> = (first..first + 10).map(spread).collect();
        book.add(&orders, at(0));
        assert!(book.is_whole() && book.reaches(at(0)));
        book.cut(4);
        assert!(!book.is_whole());
        assert_eq!(find(&book, "buyer"), [first + 9, first + 8, first + 7, first + 6]);
        assert_eq!(find(&book, &format!("CUP-{}", first + 7)), [first + 7]);
        assert!(!book.reaches(at((first + 7) * 86_400)) && book.reaches(at((first + 7) * 86_400 + 1)));
        assert_eq!(book.end(), OrderNumber(first + 9));
        // They do not come back.
        book.add(&orders, at(0));
        assert_eq!(find(&book, "buyer 10"), [first + 9, first + 8, first + 7, first + 6]);
        assert_eq!(OrderBook::up_to(OrderNumber(first + 5)).end(), OrderNumber(0));
    }
}
