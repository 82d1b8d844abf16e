//! Which of the products that were found pass the filters, and how many there would be with another choice.
//!
//! A facet counts what passes all *other* filters. One pass is enough: a product that fails no filter counts everywhere, one
//! that fails exactly one counts in the facet of that one, all others nowhere. Prices, options, stock and sale are about
//! variants, so the same is done with the variants of a product.

use std::collections::{HashMap, HashSet};

use model::{CategoryId, ProductId};

use crate::{
    find::Seen,
    index::{Doc, Index, NONE, Row, pair, place},
    query::{Filters, Order, Query, Results, Within},
};

/// The most values of a facet that are given; those that are chosen always are.
const VALUES_MAX: usize = 100;
/// Into how many bands prices are cut at most.
const BANDS_MAX: i64 = 6;
/// From so many products on, single ones do not count for how wide the bands are.
const MANY: usize = 10;

/// A value with the number of products that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The value.
    pub value: String,
    /// How many products there would be if it were chosen in the place of what is chosen of this facet.
    pub count: usize,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// Products with a variant that costs from so much to so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceBand {
    /// At least this, in minor units.
    pub from: i64,
    /// At most this.
    pub to: i64,
    /// How many products.
    pub count: usize,
}

/// How many products there would be with another choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FacetCounts {
    /// By category, each with those below it not included.
    pub categories: HashMap<CategoryId, usize>,
    /// By vendor, the most frequent first, as all lists of values.
    pub vendors: Vec<Counted>,
    /// By tag.
    pub tags: Vec<Counted>,
    /// By the values of each option, by the option's name.
    pub options: Vec<(String, Vec<Counted>)>,
    /// By the values of each attribute, by its key.
    pub attributes: Vec<(String, Vec<Counted>)>,
    /// By price, ascending.
    pub prices: Vec<PriceBand>,
    /// That can be bought.
    pub in_stock: usize,
    /// That cost less than before.
    pub on_sale: usize,
    /// Rated at least one, two, three and four stars.
    pub ratings: [usize; 4],
}

/// A filter on products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfProduct {
    Category,
    Vendor,
    Tag,
    Attribute(usize),
    Rating,
    /// That no variant can be bought.
    SoldOut,
    /// That no variant costs less than before.
    NotReduced,
}

/// A filter on variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfVariant {
    Option(usize),
    Price,
    InStock,
    OnSale,
}

/// How many filters something fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fails<T> {
    None,
    One(T),
    More,
}

impl<T: PartialEq> Fails<T> {
    fn note(&mut self, filter: T) {
        *self = if matches!(self, Self::None) { Self::One(filter) } else { Self::More };
    }

    /// Whether nothing else but this is failed.
    fn allows(&self, filter: &T) -> bool {
        match self {
            Self::None => true,
            Self::One(failed) => failed == filter,
            Self::More => false,
        }
    }
}

/// What is chosen of an option or attribute.
struct Choice {
    /// Its name in lower case, with what it is.
    name: String,
    /// Its number; `None` when no product has a value of it.
    kind: Option<u32>,
    values: Vec<u32>,
}

/// The filters with names as numbers. A name that no product has is a number that none has.
struct Chosen<'f> {
    filters: &'f Filters,
    vendors: Vec<u32>,
    tags: Vec<u32>,
    options: Vec<Choice>,
    attributes: Vec<Choice>,
}

impl<'f> Chosen<'f> {
    fn new(index: &Index, filters: &'f Filters) -> Self {
        let number = |kind: &str, value: &String| index.names.find(&pair(kind, value)).unwrap_or(NONE - 1);
        let numbers =
            |kind: &str, values: &[String]| values.iter().map(|value| number(kind, value)).collect::<Vec<_>>();
        let named = |prefix: &str, all: &[(String, Vec<String>)]| {
            let mut choices: Vec<Choice> = Vec::new();
            for (name, values) in all {
                let kind = format!("{prefix}.{name}");
                let (name, values) = (kind.to_lowercase(), numbers(&kind, values));
                // However its name is written, it is one.
                match choices.iter_mut().find(|choice| choice.name == name) {
                    Some(choice) => choice.values.extend(values),
                    None => choices.push(Choice { kind: index.names.find_kind(&name), name, values }),
                }
            }
            choices
        };
        Self {
            filters,
            vendors: numbers("vendor", &filters.vendors),
            tags: numbers("tag", &filters.tags),
            options: named("option", &filters.options),
            attributes: named("attribute", &filters.attributes),
        }
    }

    fn product(&self, index: &Index, doc: &Doc) -> Fails<OfProduct> {
        let mut fails = Fails::None;
        let filters = self.filters;
        if filters.is_active && !doc.is_active {
            return Fails::More;
        }
        if !filters.categories.is_empty() && !doc.category.is_some_and(|id| filters.categories.contains(&id)) {
            fails.note(OfProduct::Category);
        }
        if !self.vendors.is_empty() && !self.vendors.contains(&doc.vendor) {
            fails.note(OfProduct::Vendor);
        }
        if !self.tags.is_empty() && !index.tags(doc).iter().any(|tag| self.tags.contains(tag)) {
            fails.note(OfProduct::Tag);
        }
        for (at, choice) in self.attributes.iter().enumerate() {
            if !index.attributes(doc).iter().any(|value| choice.values.contains(value)) {
                fails.note(OfProduct::Attribute(at));
            }
        }
        if filters.rating_min.is_some_and(|min| doc.rating < min) {
            fails.note(OfProduct::Rating);
        }
        let rows = index.rows(doc);
        if filters.in_stock == Some(false) && rows.iter().any(|row| row.is_available) {
            fails.note(OfProduct::SoldOut);
        }
        if filters.on_sale == Some(false) && rows.iter().any(|row| row.is_on_sale) {
            fails.note(OfProduct::NotReduced);
        }
        fails
    }

    fn variant(&self, index: &Index, row: &Row) -> Fails<OfVariant> {
        let mut fails = Fails::None;
        for (at, choice) in self.options.iter().enumerate() {
            if !index.values(row).iter().any(|value| choice.values.contains(value)) {
                fails.note(OfVariant::Option(at));
            }
        }
        let (min, max) = (self.filters.price_min.unwrap_or(i64::MIN), self.filters.price_max.unwrap_or(i64::MAX));
        if !(min..=max).contains(&row.price) {
            fails.note(OfVariant::Price);
        }
        if self.filters.in_stock == Some(true) && !row.is_available {
            fails.note(OfVariant::InStock);
        }
        if self.filters.on_sale == Some(true) && !row.is_on_sale {
            fails.note(OfVariant::OnSale);
        }
        fails
    }

    /// Which of the choices is about the option or attribute that `value` is one of.
    fn place_of(choices: &[Choice], index: &Index, value: u32) -> Option<usize> {
        if choices.is_empty() {
            return None;
        }
        let kind = index.names.kind(value);
        choices.iter().position(|choice| choice.kind == Some(kind))
    }

    /// All names that are chosen.
    fn names(&self) -> HashSet<u32> {
        let named = self.options.iter().chain(&self.attributes).flat_map(|choice| &choice.values);
        self.vendors.iter().chain(&self.tags).chain(named).copied().collect()
    }
}

/// Counts as it goes. A value counts once a product, however many of its variants have it.
struct Counter<'i> {
    index: &'i Index,
    /// The attributes that are facets.
    facets: HashSet<u32>,
    counts: Vec<usize>,
    /// The document that was counted last for each name.
    last: Vec<u32>,
    categories: HashMap<CategoryId, usize>,
    prices: Vec<(u32, i64)>,
    in_stock: usize,
    on_sale: usize,
    ratings: [usize; 4],
}

impl<'i> Counter<'i> {
    fn new(index: &'i Index, facets: &[String]) -> Self {
        let names = index.names.len();
        let kinds = facets.iter().filter_map(|key| index.names.find_kind(&format!("attribute.{key}").to_lowercase()));
        Self {
            index,
            facets: kinds.collect(),
            counts: vec![0; names],
            last: vec![NONE; names],
            categories: HashMap::new(),
            prices: Vec::new(),
            in_stock: 0,
            on_sale: 0,
            ratings: [0; 4],
        }
    }

    fn count(&mut self, doc: u32, name: u32) {
        let at = place(name);
        if let (Some(count), Some(last)) = (self.counts.get_mut(at), self.last.get_mut(at))
            && *last != doc
        {
            *last = doc;
            *count += 1;
        }
    }

    /// The facets of products.
    fn product(&mut self, number: u32, doc: &Doc, fails: Fails<OfProduct>, chosen: &Chosen<'_>) {
        if fails.allows(&OfProduct::Category)
            && let Some(id) = doc.category
        {
            *self.categories.entry(id).or_default() += 1;
        }
        if fails.allows(&OfProduct::Vendor) {
            self.count(number, doc.vendor);
        }
        if fails.allows(&OfProduct::Tag) {
            self.index.tags(doc).iter().for_each(|tag| self.count(number, *tag));
        }
        for value in self.index.attributes(doc) {
            if !self.facets.contains(&self.index.names.kind(*value)) {
                continue;
            }
            let at = Chosen::place_of(&chosen.attributes, self.index, *value);
            if at.map_or(fails == Fails::None, |at| fails.allows(&OfProduct::Attribute(at))) {
                self.count(number, *value);
            }
        }
        if fails.allows(&OfProduct::Rating) {
            for (count, stars) in self.ratings.iter_mut().zip(1_u8..) {
                *count += usize::from(doc.rating >= stars * 10);
            }
        }
    }

    /// The facets of variants, for a product that fails nothing itself.
    fn variants(&mut self, number: u32, rows: &[Row], fails: &[Fails<OfVariant>], chosen: &Chosen<'_>) {
        for (row, fails) in rows.iter().zip(fails) {
            if *fails == Fails::More {
                continue;
            }
            for value in self.index.values(row) {
                let at = Chosen::place_of(&chosen.options, self.index, *value);
                if at.map_or(*fails == Fails::None, |at| fails.allows(&OfVariant::Option(at))) {
                    self.count(number, *value);
                }
            }
            if fails.allows(&OfVariant::Price) {
                self.prices.push((number, row.price));
            }
        }
    }

    /// The facets of stock and sale. What is chosen of one of them is a filter on products where it says no, on variants where it says yes.
    fn stock_and_sale(&mut self, rows: &[Row], of_product: Fails<OfProduct>, of_variants: &[Fails<OfVariant>]) {
        let mut variants = rows.iter().zip(of_variants);
        let is_in_stock = of_product.allows(&OfProduct::SoldOut)
            && variants.clone().any(|(row, fails)| row.is_available && fails.allows(&OfVariant::InStock));
        let is_on_sale = of_product.allows(&OfProduct::NotReduced)
            && variants.any(|(row, fails)| row.is_on_sale && fails.allows(&OfVariant::OnSale));
        self.in_stock += usize::from(is_in_stock);
        self.on_sale += usize::from(is_on_sale);
    }

    fn finish(self, chosen: &Chosen<'_>) -> FacetCounts {
        let mut facets = FacetCounts {
            prices: bands(&self.prices),
            categories: self.categories,
            in_stock: self.in_stock,
            on_sale: self.on_sale,
            ratings: self.ratings,
            ..FacetCounts::default()
        };
        let (names, seen) = (&self.index.names, Seen { only_active: chosen.filters.is_active });
        let chosen = chosen.names();
        let mut groups: HashMap<u32, (&str, Vec<Tally<'_>>)> = HashMap::new();
        for (number, count) in (0_u32..).zip(self.counts) {
            let is_chosen = chosen.contains(&number);
            // What is chosen and is nowhere stays, so that the choice can be taken back; but not what only those have whom nobody sees.
            if count == 0 && !(is_chosen && self.index.has(number, seen)) {
                continue;
            }
            let Some((kind, value)) = names.name(number).split_once('\u{1f}') else { continue };
            let (shown, values) = groups.entry(names.kind(number)).or_insert_with(|| (kind, Vec::new()));
            // Of several spellings of its name the first in the order of their bytes, whichever came first.
            *shown = kind.min(*shown);
            values.push(Tally { count, value, is_chosen });
        }
        for (number, (kind, values)) in groups {
            let values = most_frequent(values);
            match kind.split_once('.') {
                Some(("option", name)) => facets.options.push((name.to_owned(), values)),
                Some(("attribute", key)) if self.facets.contains(&number) => {
                    facets.attributes.push((key.to_owned(), values));
                }
                // Chosen all the same.
                Some(("attribute", _)) => {}
                _ if kind == "vendor" => facets.vendors = values,
                _ => facets.tags = values,
            }
        }
        facets.options.sort_by(|one, other| one.0.cmp(&other.0));
        facets.attributes.sort_by(|one, other| one.0.cmp(&other.0));
        facets
    }
}

/// What a facet counted of one of its values.
#[derive(Clone, Copy)]
struct Tally<'i> {
    count: usize,
    value: &'i str,
    is_chosen: bool,
}

/// The most frequent of them, and those that are chosen. There may be as many as there are products.
fn most_frequent(mut values: Vec<Tally<'_>>) -> Vec<Counted> {
    let by = |one: &Tally<'_>, other: &Tally<'_>| (other.count, one.value).cmp(&(one.count, other.value));
    if values.len() > VALUES_MAX {
        values.select_nth_unstable_by(VALUES_MAX, by);
        let mut place = 0;
        values.retain(|value| {
            place += 1;
            place <= VALUES_MAX || value.is_chosen
        });
    }
    values.sort_unstable_by(by);
    let counted = |Tally { count, value, is_chosen }: Tally<'_>| Counted { value: value.to_owned(), count, is_chosen };
    values.into_iter().map(counted).collect()
}

/// Cuts prices into bands of a round width, with one at each end for what lies far outside. `prices` are in the order of their documents.
fn bands(prices: &[(u32, i64)]) -> Vec<PriceBand> {
    let all = || prices.iter().map(|(_, price)| *price);
    let (Some(least), Some(most)) = (all().min(), all().max()) else { return Vec::new() };
    let (low, high) = usual(prices);
    let inner = BANDS_MAX - i64::from(low > least) - i64::from(high < most);
    let mut round = std::iter::successors(Some(1_i64), |unit| unit.checked_mul(10))
        .flat_map(|unit| [1, 2, 5].map(|factor| unit.saturating_mul(factor)));
    let width = round.find(|width| high / width - low / width < inner);
    let width = width.unwrap_or(i64::MAX);
    let (first, last) = (low / width, high / width);
    let end = |at: i64| at.saturating_mul(width).saturating_add(width - 1);
    let band = |from, to| (PriceBand { from, to, count: 0 }, NONE);
    let mut bands = vec![band(least / width * width, first * width - 1)];
    bands.extend((first..=last).map(|at| band(at * width, end(at))));
    bands.push(band(end(last).saturating_add(1), end(most / width)));
    for (doc, price) in prices {
        let at = (price / width).clamp(first - 1, last + 1) - (first - 1);
        if let Some((band, last)) = bands.get_mut(usize::try_from(at).unwrap_or(usize::MAX))
            && *last != *doc
        {
            *last = *doc;
            band.count += 1;
        }
    }
    bands.into_iter().map(|(band, _)| band).filter(|band| band.count > 0).collect()
}

/// From which price to which nearly all products cost: of many, the cheapest and the dearest twentieth are left out. One dear product,
/// whatever the number of its variants, must not make the bands so wide that all others are in one.
fn usual(prices: &[(u32, i64)]) -> (i64, i64) {
    let (mut lows, mut highs) = (Vec::new(), Vec::new());
    for of_product in prices.chunk_by(|(one, _), (other, _)| one == other) {
        let all = || of_product.iter().map(|(_, price)| *price);
        lows.extend(all().min());
        highs.extend(all().max());
    }
    let count = lows.len();
    let cut = if count < MANY { 0 } else { (count / 20).max(1) };
    let (_, low, _) = lows.select_nth_unstable(cut);
    let (_, high, _) = highs.select_nth_unstable(count - 1 - cut);
    (*low, *high)
}

/// What is looked among, ready to be asked.
enum Inside<'f> {
    /// Where each product stands.
    Products(HashMap<ProductId, f32>),
    Rule(Chosen<'f>),
}

impl<'f> Inside<'f> {
    fn new(index: &Index, within: &'f Within) -> Self {
        match within {
            Within::Products(ids) => {
                let mut place = 0.0;
                let placed = ids.iter().map(|id| {
                    place -= 1.0;
                    (*id, place)
                });
                Self::Products(placed.collect())
            }
            Within::Rule(filters) => Self::Rule(Chosen::new(index, filters)),
        }
    }

    /// How well a product is placed that was found with `score`; `None` when it is not among these.
    fn placed(&self, index: &Index, doc: &Doc, score: f32, has_words: bool) -> Option<f32> {
        match self {
            Self::Products(places) => places.get(&doc.id).map(|place| if has_words { score } else { *place }),
            Self::Rule(rule) => {
                let passes = rule.product(index, doc) == Fails::None
                    && index.rows(doc).iter().any(|row| rule.variant(index, row) == Fails::None);
                passes.then_some(score)
            }
        }
    }
}

impl Index {
    /// Answers a question.
    #[must_use]
    pub fn search(&self, query: &Query) -> Results {
        let found = self.find(query);
        let chosen = Chosen::new(self, &query.filters);
        let inside = query.within.as_ref().map(|within| Inside::new(self, within));
        let has_words = !query.text.trim().is_empty();
        let mut counter = Counter::new(self, &query.facets);
        let mut passing: Vec<(u32, f32)> = Vec::new();
        let mut of_variants = Vec::new();
        for (number, score) in found.docs {
            let Some(doc) = self.docs.get(place(number)) else { continue };
            let score = match &inside {
                None => score,
                Some(inside) => match inside.placed(self, doc, score, has_words) {
                    Some(score) => score,
                    None => continue,
                },
            };
            let fails = chosen.product(self, doc);
            if fails == Fails::More {
                continue;
            }
            let rows = self.rows(doc);
            of_variants.clear();
            of_variants.extend(rows.iter().map(|row| chosen.variant(self, row)));
            let has_passing = of_variants.contains(&Fails::None);
            if has_passing {
                counter.product(number, doc, fails, &chosen);
            }
            counter.stock_and_sale(rows, fails, &of_variants);
            if fails == Fails::None {
                counter.variants(number, rows, &of_variants, &chosen);
                if has_passing {
                    passing.push((number, score));
                }
            }
        }
        let total = passing.len();
        let page = self.page(passing, query);
        Results {
            ids: page,
            total,
            facets: counter.finish(&chosen),
            corrected: found.corrected,
            highlighter: found.highlighter,
        }
    }

    fn page(&self, mut passing: Vec<(u32, f32)>, query: &Query) -> Vec<model::ProductId> {
        let by = |one: &(u32, f32), other: &(u32, f32)| {
            let (Some(a), Some(b)) = (self.docs.get(place(one.0)), self.docs.get(place(other.0))) else {
                return one.0.cmp(&other.0);
            };
            let order = match query.order {
                Order::Relevance => other.1.total_cmp(&one.1),
                Order::Newest => std::cmp::Ordering::Equal,
                Order::Price => a.price_min.cmp(&b.price_min),
                Order::PriceDescending => b.price_min.cmp(&a.price_min),
                Order::Title => a.title.cmp(&b.title),
                Order::Rating => b.rating.cmp(&a.rating),
            };
            order.then_with(|| b.created_at.cmp(&a.created_at)).then_with(|| b.id.cmp(&a.id))
        };
        let end = query.offset.saturating_add(query.limit);
        if end < passing.len() && end > 0 {
            // Only what comes before the end of the page need be sorted.
            passing.select_nth_unstable_by(end - 1, by);
            passing.truncate(end);
        }
        passing.sort_unstable_by(by);
        let page = passing.iter().skip(query.offset).take(query.limit);
        page.filter_map(|(number, _)| self.docs.get(place(*number))).map(|doc| doc.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(prices: &[(u32, i64)]) -> Vec<(i64, i64, usize)> {
        bands(prices).into_iter().map(|band| (band.from, band.to, band.count)).collect()
    }

    #[test]
    fn one_dear_product_leaves_the_others_their_bands() {
        let usual = (0..30_u32).map(|doc| (doc, 1_000 + i64::from(doc) * 100));
        let dear = (0..12).map(|_| (30, 1_000_000));
        let prices: Vec<_> = usual.chain(dear).collect();
        let expected = [(1_000, 1_999, 10), (2_000, 2_999, 10), (3_000, 3_999, 10), (4_000, 1_000_999, 1)];
        assert_eq!(cut(&prices), expected);
    }

    #[test]
    fn what_costs_nearly_nothing_has_a_band_of_its_own_too() {
        let mut prices = vec![(0, 1)];
        prices.extend((1..20).map(|doc| (doc, 5_000)));
        assert_eq!(cut(&prices), [(1, 4_999, 1), (5_000, 5_000, 19)]);
    }

    #[test]
    fn of_few_products_each_counts() {
        assert_eq!(cut(&[(0, 100), (0, 2_000), (1, 2_100)]), [(0, 499, 1), (2_000, 2_499, 2)]);
        assert_eq!(cut(&[(7, 900)]), [(900, 900, 1)]);
        assert!(cut(&[]).is_empty());
    }
}
