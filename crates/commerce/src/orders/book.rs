//! A short copy of all orders in memory, for what is asked of all of them at once: what was sold in some days, what sold best, who
//! bought. It holds what hardly changes of an order; what does change, whether it was cancelled, is asked when it is needed.
//!
//! Whoever keeps a book reads on from [`OrderBook::end`] before they ask it, and once more what [`OrderBook::missing`] names:
//! transactions may end in another order than their numbers were given out in. And once more those whose addresses were corrected since
//! it was asked last, see [`super::Corrections`].

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    hash::Hash,
};

use indexmap::IndexSet;
use model::{CLOCK_SKEW, Currency, Order, OrderNumber, SignedDuration, Timestamp, VariantId, text};
use store::{OrderDigest, SalesDay};

/// How many orders a book keeps: of a larger shop the newest.
const KEPT_MAX: usize = 250_000;
/// For how long a number that was left out may still come. Transactions are given up after a fraction of it.
const LATE_MAX: SignedDuration = SignedDuration::from_secs(120);
/// How many of such numbers are looked after.
const MISSING_MAX: i64 = 10_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// A hundred thousand orders in less than twenty megabytes; most of it are names and towns, each of which is kept once.
#[derive(Debug, Default)]
pub struct OrderBook {
    /// Orders up to this number are left out.
    start: OrderNumber,
    /// The newest when it was begun.
    begun_at: OrderNumber,
    /// By number.
    entries: Vec<Entry>,
    /// The lines of all entries, those of an entry side by side.
    lines: Vec<Line>,
    goods: IndexSet<Goods>,
    /// The names of those who bought, folded.
    names: IndexSet<Box<str>>,
    /// Where they live: towns with postal codes, folded.
    places: IndexSet<Box<str>>,
    currencies: IndexSet<Currency>,
    /// Numbers that may still come, and since when they are missing.
    missing: BTreeMap<OrderNumber, Timestamp>,
    /// How many corrected addresses are in it.
    corrections: i64,
}

/// An order.
#[derive(Clone, Copy, Debug)]
struct Entry {
    number: OrderNumber,
    placed_at: i64,
    total: i64,
    name: u32,
    place: u32,
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

/// What was bought, as it was called then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Goods {
    variant_id: VariantId,
    /// In lower case.
    sku: Option<Box<str>>,
    title: Box<str>,
}

/// Where a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoughtIn {
    /// In the names, towns and postal codes that orders are sent to. Or it is a whole SKU.
    People,
    /// In the titles of what was bought.
    Titles,
}

/// How many words of a text are looked for, one bit for each.
const WORDS_MAX: usize = 8;
/// All words, and more than that.
const WHOLE: u8 = u8::MAX;
/// Apostrophes, as people and their keyboards write them.
const APOSTROPHES: [char; 6] = ['\'', '`', '\u{b4}', '\u{2bc}', '\u{2018}', '\u{2019}'];

/// What somebody looks for among the orders, as callers say it. All of its words must be there: anywhere in a name, at the beginning
/// of a word of a town, a postal code or a title. Upper and lower case, accents and apostrophes make no difference.
#[derive(Clone, Debug)]
pub struct Sought {
    place: SoughtIn,
    words: Vec<Box<str>>,
    /// The bits of the words.
    all: u8,
    sku: String,
}

impl Sought {
    /// What `text` means when it is looked for there.
    #[must_use]
    pub fn new(text: &str, place: SoughtIn) -> Self {
        let folded = folded(text);
        let words = folded.split(' ').filter(|word| !word.is_empty()).take(WORDS_MAX).map(Box::from).collect();
        let sought = Self { place, words, all: 0, sku: text.trim().to_lowercase() };
        Self { all: sought.marks(|_| true), ..sought }
    }

    /// Whether it is somebody who is looked for.
    #[must_use]
    pub const fn is_people(&self) -> bool {
        matches!(self.place, SoughtIn::People)
    }

    /// Whether it is found in this order as it is now.
    #[must_use]
    pub fn means(&self, order: &Order) -> bool {
        let address = &order.ship_to;
        let person =
            self.in_name(&folded(&address.name)) | self.in_place(&place_of(&address.city, &address.postal_code));
        let lines = order.lines.iter();
        let goods = lines.map(|line| self.in_goods(line.sku.as_deref().map(str::to_lowercase).as_deref(), &line.title));
        self.is_met(goods.fold(person, |marks, more| marks | more))
    }

    /// Whether what was found is all of it.
    const fn is_met(&self, marks: u8) -> bool {
        marks == WHOLE || self.all > 0 && marks & self.all == self.all
    }

    /// The bits of the words for which this holds.
    fn marks(&self, holds: impl Fn(&str) -> bool) -> u8 {
        let found = self.words.iter().enumerate().filter(|(_, word)| holds(word));
        found.fold(0, |marks, (bit, _)| marks | (1 << bit))
    }

    fn in_name(&self, folded: &str) -> u8 {
        match self.place {
            SoughtIn::People => self.marks(|word| folded.contains(word)),
            SoughtIn::Titles => 0,
        }
    }

    fn in_place(&self, folded: &str) -> u8 {
        match self.place {
            SoughtIn::People => self.marks(|word| begins(folded, word)),
            SoughtIn::Titles => 0,
        }
    }

    fn in_goods(&self, sku: Option<&str>, title: &str) -> u8 {
        match self.place {
            SoughtIn::People if sku == Some(self.sku.as_str()) => WHOLE,
            SoughtIn::People => 0,
            SoughtIn::Titles => {
                let title = folded(title);
                self.marks(|word| begins(&title, word))
            }
        }
    }
}

/// What is compared of a text. What has an apostrophe in it is one word, as it is without.
fn folded(text: &str) -> String {
    text::fold(&text.replace(APOSTROPHES, ""))
}

/// What is compared of a place. A postal code of two parts is in it as one word too.
fn place_of(city: &str, postal_code: &str) -> String {
    let (mut place, code) = (folded(city), folded(postal_code));
    if !code.is_empty() {
        place.push(' ');
        place.push_str(&code);
    }
    if code.contains(' ') {
        place.push(' ');
        place.extend(code.split(' '));
    }
    place
}

/// Whether a word of `text` begins with `word`.
fn begins(text: &str, word: &str) -> bool {
    text.split(' ').any(|one| one.starts_with(word))
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
    /// A book for a shop whose latest order has this number, and in which so many addresses were corrected until now.
    #[must_use]
    pub fn up_to(latest: OrderNumber, corrections: i64) -> Self {
        let kept = i64::try_from(KEPT_MAX).unwrap_or(i64::MAX);
        Self { start: OrderNumber((latest.0 - kept).max(0)), begun_at: latest, corrections, ..Self::default() }
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

    /// How many corrected addresses are in it.
    #[must_use]
    pub const fn corrections(&self) -> i64 {
        self.corrections
    }

    /// Takes in where orders go now, and that these are all of the first `corrections` that are not in it yet. What it does not have is
    /// left alone.
    pub fn correct(&mut self, orders: &[OrderDigest], corrections: i64) {
        for order in orders {
            let place = self.entries.partition_point(|entry| entry.number < order.number);
            if let Some(entry) = self.entries.get_mut(place).filter(|entry| entry.number == order.number) {
                entry.name = name_in(&mut self.names, order);
                entry.place = place_in(&mut self.places, order);
            }
        }
        self.corrections = corrections;
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

    /// Numbers between the last entry, or where the shop's numbers begin, and an order behind it. Before those that have come since the book
    /// was begun only behind one that is young, by the clock of whoever placed it: of old ones nothing comes any more.
    fn note_missing(&mut self, order: &OrderDigest, now: Timestamp) {
        let is_young = now.duration_since(order.placed_at) < LATE_MAX + CLOCK_SKEW;
        if is_young || order.number > self.begun_at {
            let before_the_first = || self.start.max(OrderNumber(OrderNumber::FIRST.0 - 1));
            let last = self.entries.last().map_or_else(before_the_first, |last| last.number);
            let first = (last.0 + 1).max(order.number.0 - MISSING_MAX);
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
            let sku = line.sku.as_deref().map(|sku| sku.to_lowercase().into());
            let goods = Goods { variant_id: line.variant_id, sku, title: line.title.as_str().into() };
            let goods = intern(&mut self.goods, goods);
            self.lines.push(Line { goods, quantity: u32::try_from(line.quantity).unwrap_or(u32::MAX) });
        }
        let entry = Entry {
            number: order.number,
            placed_at: order.placed_at.as_microsecond(),
            total: order.total,
            name: name_in(&mut self.names, order),
            place: place_in(&mut self.places, order),
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
        self.begun_at = old.begun_at;
        self.corrections = old.corrections;
        self.start = cut.checked_sub(1).map_or(old.start, |last| old.entries[last].number);
        for entry in &old.entries[cut..] {
            let first_line = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
            for line in old.lines(entry) {
                let goods = intern(&mut self.goods, old.goods[line.goods as usize].clone());
                self.lines.push(Line { goods, ..*line });
            }
            let name = intern(&mut self.names, old.names[entry.name as usize].clone());
            let place = intern(&mut self.places, old.places[entry.place as usize].clone());
            let currency = intern(&mut self.currencies, old.currencies[entry.currency as usize]);
            self.entries.push(Entry { name, place, currency, first_line, ..*entry });
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

    /// The orders that are meant, of those placed from `from` on and not after `until`. Named are the newest `first` that were
    /// placed before `until`, and all that were placed just then.
    #[must_use]
    pub fn find(&self, sought: &Sought, from: Timestamp, until: Timestamp, first: usize) -> Found {
        let names: Vec<u8> = self.names.iter().map(|name| sought.in_name(name)).collect();
        let places: Vec<u8> = self.places.iter().map(|place| sought.in_place(place)).collect();
        let goods = self.goods.iter().map(|goods| sought.in_goods(goods.sku.as_deref(), &goods.title));
        let goods: Vec<u8> = goods.collect();
        let is_bought = goods.iter().any(|marks| *marks > 0);
        let is_meant = |entry: &&Entry| {
            let person = names[entry.name as usize] | places[entry.place as usize];
            let lines = if is_bought { self.lines(entry) } else { &[] };
            sought.is_met(lines.iter().fold(person, |marks, line| marks | goods[line.goods as usize]))
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
        for (goods, (pieces, latest)) in self.goods.iter().zip(of_goods).filter(|(_, sum)| sum.0 > 0) {
            let variant_id = goods.variant_id;
            let sold = of_variant.entry(variant_id).or_insert(Sold { variant_id, pieces: 0, latest });
            sold.pieces += pieces;
            sold.latest = sold.latest.max(latest);
        }
        let mut best: Vec<_> = of_variant.into_values().collect();
        best.sort_unstable_by_key(|sold| (Reverse(sold.pieces), sold.variant_id));
        best.truncate(limit);
        best
    }
}

/// The place of the name that an order goes to.
fn name_in(names: &mut IndexSet<Box<str>>, order: &OrderDigest) -> u32 {
    intern(names, folded(&order.name).into())
}

/// The place of the town that an order goes to.
fn place_in(places: &mut IndexSet<Box<str>>, order: &OrderDigest) -> u32 {
    intern(places, place_of(&order.city, &order.postal_code).into())
}

/// The place of `one` among its like, where it is kept once.
fn intern<T: Eq + Hash>(all: &mut IndexSet<T>, one: T) -> u32 {
    u32::try_from(all.insert_full(one).0).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use model::{AccountId, Money, OrderId, OrderLine, OrderStatus, PostalAddress, ProductId};
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
            title: format!("The {} of clay", sku.to_lowercase()),
            quantity,
        };
        OrderDigest {
            number: OrderNumber(number),
            placed_at: at(number),
            currency: Currency::EUR,
            total: 100,
            name: name.to_owned(),
            city: String::new(),
            postal_code: String::new(),
            lines: vec![line(1, "MUG", 1), line(2, &format!("CUP-{number}"), 2)],
        }
    }

    fn find_in(book: &OrderBook, text: &str, place: SoughtIn) -> Vec<i64> {
        let found = book.find(&Sought::new(text, place), Timestamp::MIN, Timestamp::MAX, 99);
        assert_eq!(found.count, found.newest.len());
        found.newest.iter().map(|number| number.0).collect()
    }

    fn find(book: &OrderBook, text: &str) -> Vec<i64> {
        find_in(book, text, SoughtIn::People)
    }

    /// The order of a digest, as the database has it.
    fn whole(digest: &OrderDigest) -> Order {
        let line = |line: &LineDigest| OrderLine {
            product_id: ProductId(Uuid::nil()),
            variant_id: line.variant_id,
            title: line.title.clone(),
            variant_title: String::new(),
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price: Money::new(1, digest.currency),
            stock_taken: true,
        };
        let (name, city, postal_code) = (digest.name.clone(), digest.city.clone(), digest.postal_code.clone());
        Order {
            id: OrderId(Uuid::nil()),
            number: digest.number,
            account_id: AccountId(Uuid::nil()),
            email: None,
            status: OrderStatus::Pending,
            lines: digest.lines.iter().map(line).collect(),
            total: Money::new(digest.total, digest.currency),
            ship_to: PostalAddress { name, city, postal_code, ..PostalAddress::default() },
            tracking: None,
            timeline: Vec::new(),
            placed_at: digest.placed_at,
            updated_at: digest.placed_at,
            version: 1,
        }
    }

    #[test]
    fn sums_beyond_every_measure_stay_there() {
        let mut book = OrderBook::up_to(OrderNumber(2), 0);
        let dear = |number| OrderDigest { total: i64::MAX / 2 + 9, ..order(number, "Ann Example") };
        book.add(&[dear(1), dear(2)], at(9));
        let days = book.sales(Timestamp::MIN, Timestamp::MAX, &HashSet::new());
        assert_eq!(days.iter().map(|day| (day.orders, day.revenue)).collect::<Vec<_>>(), [(2, i64::MAX)]);
    }

    #[test]
    fn orders_are_found_by_a_part_of_the_name_and_by_a_whole_sku() {
        let mut book = OrderBook::up_to(OrderNumber(3), 0);
        book.add(&[order(1, "Ann Example"), order(2, "Bob \u{c4}rger"), order(3, "Joanna Doe")], at(9));
        assert_eq!(find(&book, "ANN"), [3, 1]);
        assert_eq!(find(&book, "CUP-2"), [2]);
        assert_eq!(find(&book, "\u{c4}rg"), [2]);
        assert_eq!(find(&book, "MUG"), [3, 2, 1]);
        assert_eq!(find(&book, "cup-2 "), [2]);
        for nothing in ["CUP", "CUP-22", "nobody", "ann nobody", "", "%", "-"] {
            assert_eq!(find(&book, nothing), [0; 0], "{nothing}");
        }
    }

    #[test]
    fn orders_are_found_by_where_they_go_now() {
        let mut book = OrderBook::default();
        book.add(&[order(1, "Ann Exampel"), order(2, "Bob")], at(9));
        let corrected = OrderDigest { city: "K\u{f6}ln".to_owned(), ..order(1, "Ann Example") };
        book.correct(&[corrected, order(7, "Nobody")], 4);
        assert_eq!(
            (find(&book, "ann example"), find(&book, "koln"), find(&book, "cup-1")),
            (vec![1], vec![1], vec![1])
        );
        assert_eq!((find(&book, "exampel"), find(&book, "bob"), find(&book, "nobody")), (vec![], vec![2], vec![]));
        book.cut(1);
        assert_eq!(book.corrections(), 4);
    }

    #[test]
    fn orders_are_found_by_what_callers_say() {
        let lives = |number, name: &str, city: &str, postal_code: &str| OrderDigest {
            city: city.to_owned(),
            postal_code: postal_code.to_owned(),
            ..order(number, name)
        };
        let orders = [
            lives(1, "Jos\u{e9} M\u{fc}ller", "K\u{f6}ln", "50667"),
            lives(2, "Defne \u{d6}zt\u{fc}rk", "Bad Homburg", "00-950"),
            lives(3, "Sin\u{e9}ad O\u{2019}Neil", "London", "SW1A 1AA"),
            lives(4, "Hanna Marie Mu\u{308}ller", "Mannheim", "68159"),
        ];
        let mut book = OrderBook::default();
        book.add(&orders, at(9));
        let cases = [
            ("M\u{dc}LLER", vec![4, 1]),
            ("muller", vec![4, 1]),
            ("muller jose", vec![1]),
            ("ozturk", vec![2]),
            ("O'Neil", vec![3]),
            ("oneil", vec![3]),
            ("o neil", vec![3]),
            // A part of a name, but not of a town.
            ("ann", vec![4]),
            ("koln", vec![1]),
            ("hom", vec![2]),
            ("heim", vec![]),
            ("50667", vec![1]),
            ("K\u{d6}LN 50667 M\u{fc}ller", vec![1]),
            ("00950", vec![2]),
            ("sw1a1aa", vec![3]),
            ("SW1A 1aa london", vec![3]),
            ("muller london", vec![]),
            ("cup-4", vec![4]),
        ];
        for (text, numbers) in cases {
            assert_eq!(find(&book, text), numbers, "{text}");
            // And what the database then gives is looked at with the same eyes.
            let sought = Sought::new(text, SoughtIn::People);
            let meant = orders.iter().rev().filter(|order| sought.means(&whole(order))).map(|order| order.number.0);
            assert_eq!(meant.collect::<Vec<_>>(), numbers, "{text}");
        }
        book.cut(2);
        assert_eq!((find(&book, "sw1a"), find(&book, "koln")), (vec![3], vec![]));
    }

    #[test]
    fn titles_are_looked_at_by_the_beginnings_of_their_words() {
        let mut book = OrderBook::default();
        let mut second = order(2, "Clay Carpenter");
        second.lines[0].title = "Caf\u{e9} au Lait, Ann\u{2019}s".to_owned();
        let orders = [order(1, "Ann"), second];
        book.add(&orders, at(9));
        // In words of two lines too; but not in names, and not in the middle of a word.
        let cases = [
            ("cafe lait", vec![2]),
            ("ANN'S", vec![2]),
            ("cafe clay", vec![2]),
            ("cla", vec![2, 1]),
            ("lay", vec![]),
            ("mug", vec![1]),
            ("carpenter", vec![]),
            ("", vec![]),
        ];
        for (text, numbers) in cases {
            assert_eq!(find_in(&book, text, SoughtIn::Titles), numbers, "{text}");
            let sought = Sought::new(text, SoughtIn::Titles);
            let meant = orders.iter().rev().filter(|order| sought.means(&whole(order))).map(|order| order.number.0);
            assert_eq!(meant.collect::<Vec<_>>(), numbers, "{text}");
        }
        assert_eq!(find(&book, "cafe"), [0; 0]);
    }

    #[test]
    fn a_page_has_the_newest_and_all_of_the_moment_that_it_begins_with() {
        let mut book = OrderBook::default();
        // Two came in the same moment, and one was brought over from long ago.
        let same = OrderDigest { placed_at: at(3), ..order(4, "Ann") };
        let old = OrderDigest { placed_at: at(-9), ..order(7, "Ann") };
        book.add(&[order(1, "Ann"), order(2, "Ann"), order(3, "Ann"), same, order(5, "Ann"), old], at(1_000));
        let page = |from: i64, until: i64, first: usize| {
            let found = book.find(&Sought::new("ann", SoughtIn::People), at(from), at(until), first);
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
    }

    #[test]
    fn what_was_left_out_long_before_the_book_was_begun_is_not_waited_for() {
        let mut book = OrderBook::up_to(OrderNumber(9), 0);
        let late = at(4) + LATE_MAX + CLOCK_SKEW;
        book.add(&[order(1, "Ann"), order(4, "Bob")], late);
        assert_eq!(book.missing(late), []);
        // But for what may still come: clocks differ.
        book.add(&[order(7, "Cem")], late);
        assert_eq!(book.missing(late), [OrderNumber(5), OrderNumber(6)]);
        // Whatever the clock of whoever placed it says, or when it was placed in another shop: numbers are given out in their order.
        let old = |number: i64| OrderDigest { placed_at: at(-99_999), ..order(number, "Dan") };
        book.add(&[order(8, "Ann"), old(9), old(12)], late);
        assert_eq!(book.missing(late), [5, 6, 10, 11].map(OrderNumber));
    }

    #[test]
    fn the_first_orders_of_a_shop_may_come_in_another_order_too() {
        let mut book = OrderBook::up_to(OrderNumber(0), 0);
        let (first, second) = (OrderNumber::FIRST.0, OrderNumber::FIRST.0 + 1);
        let placed = |number: i64| OrderDigest { placed_at: at(1), ..order(number, "Ann") };
        book.add(&[placed(second)], at(2));
        assert_eq!(book.missing(at(2)), [OrderNumber(first)]);
        book.add(&[placed(first)], at(3));
        assert_eq!((book.missing(at(3)), find(&book, "ann")), (vec![], vec![second, first]));
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
        assert_eq!(OrderBook::up_to(OrderNumber(first + 5), 0).end(), OrderNumber(0));
    }
}
