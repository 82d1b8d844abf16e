//! What a variant costs: its regular price, the same in other currencies, sales that begin and end by themselves, and the
//! history that a shop must be able to show.
//!
//! The price of a moment is a function of the variant and the clock ([`Variant::price_at`]), so a sale ends on time
//! whatever else is late. What lists sort and filter by, the *settled* price, follows at the variant's turns
//! ([`Variant::next_turn`]).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{CLOCK_SKEW, Currency, Money, Variant, VariantId, violation::Violations};

/// The most currencies beside the variant's own.
pub const OTHER_PRICES_MAX: usize = 30;
/// How far the lowest price before a reduction looks back: Directive 98/6/EC, article 6a.
pub const LOOK_BACK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The price in another currency than the variant's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPrice {
    /// What it costs.
    pub price: Money,
    /// What it cost before, in the same currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<Money>,
}

/// Lower prices for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// What it costs meanwhile, one price a currency; a currency without one keeps its regular price.
    pub prices: Vec<Money>,
    /// From when; at once when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// Until when, not included; until it is taken off when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
}

impl Sale {
    /// Whether it is on at this time.
    #[must_use]
    pub fn is_on(&self, at: Timestamp) -> bool {
        self.starts_at.is_none_or(|starts| starts <= at) && self.ends_at.is_none_or(|ends| at < ends)
    }

    /// Whether it has a price in this currency: otherwise the regular one goes on.
    #[must_use]
    pub fn is_in(&self, currency: Currency) -> bool {
        self.price(currency).is_some()
    }

    fn price(&self, currency: Currency) -> Option<Money> {
        self.prices.iter().find(|price| price.currency == currency).copied()
    }
}

/// A time in which a variant was not for sale. What it cost then was asked of nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// From when on.
    pub since: Timestamp,
    /// Until when, not included; `None` while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Absence {
    fn covers(&self, at: Timestamp) -> bool {
        self.since <= at && self.until.is_none_or(|until| at < until)
    }
}

/// From when on a variant cost how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// Which variant.
    pub variant_id: VariantId,
    /// Since when.
    pub at: Timestamp,
    /// How much.
    pub price: Money,
}

impl Variant {
    /// The currencies that it has a price in, its own first.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        std::iter::once(self.price.currency).chain(self.details.prices.iter().map(|other| other.price.currency))
    }

    /// The regular price in this currency, and what it was before.
    #[must_use]
    pub fn regular(&self, currency: Currency) -> Option<(Money, Option<Money>)> {
        if currency == self.price.currency {
            return Some((self.price, self.compare_at_price));
        }
        let other = self.details.prices.iter().find(|other| other.price.currency == currency)?;
        Some((other.price, other.compare_at_price))
    }

    /// What a piece costs in this currency at this time; `None` when it has no price in it.
    #[must_use]
    pub fn price_at(&self, currency: Currency, at: Timestamp) -> Option<Money> {
        let (regular, _) = self.regular(currency)?;
        let sale = self.details.sale.as_ref().filter(|sale| sale.is_on(at));
        Some(sale.and_then(|sale| sale.price(currency)).unwrap_or(regular))
    }

    /// What a piece cost before it was reduced, if it is at this time: the regular price during a sale, otherwise the
    /// price to compare with where that is higher.
    #[must_use]
    pub fn reduced_from(&self, currency: Currency, at: Timestamp) -> Option<Money> {
        let (regular, before) = self.regular(currency)?;
        let now = self.price_at(currency, at)?;
        let from = if now.amount < regular.amount { Some(regular) } else { before };
        from.filter(|from| from.amount > now.amount)
    }

    /// The lowest price of the 30 days before the reduction that is on at this time, if one is.
    #[must_use]
    pub fn lowest_before(&self, currency: Currency, at: Timestamp) -> Option<Money> {
        self.reduced_from(currency, at)?;
        self.details.lowest.iter().find(|price| price.currency == currency).copied()
    }

    /// The price in its own currency as of the last turn: what lists sort and filter by.
    #[must_use]
    pub fn settled_price(&self) -> Money {
        let at = self.details.settled_at.filter(|_| self.details.sale.is_some());
        at.and_then(|at| self.price_at(self.price.currency, at)).unwrap_or(self.price)
    }

    /// Whether it cost less than before as of the last turn.
    #[must_use]
    pub fn is_settled_on_sale(&self) -> bool {
        let at = self.details.settled_at.unwrap_or(Timestamp::MIN);
        self.reduced_from(self.price.currency, at).is_some()
    }

    /// When its price changes by itself next.
    #[must_use]
    pub fn next_turn(&self) -> Option<Timestamp> {
        let settled = self.details.settled_at.unwrap_or(Timestamp::MIN);
        self.turns().into_iter().find(|turn| *turn > settled)
    }

    /// Whether its price was settled at a time that is still to come, by a clock that was ahead: then the settled price is that of no moment
    /// so far, and turns that come before that time would be passed over.
    #[must_use]
    pub fn is_settled_ahead(&self, now: Timestamp) -> bool {
        self.details.settled_at.is_some_and(|settled| settled > now)
    }

    /// When its sale begins and ends.
    fn turns(&self) -> Vec<Timestamp> {
        self.details.sale.iter().flat_map(|sale| sale.starts_at.into_iter().chain(sale.ends_at)).collect()
    }

    /// Whether it may cost something else at `now` than `before` did when that was settled.
    #[must_use]
    pub fn is_priced_unlike(&self, before: &Self, now: Timestamp) -> bool {
        let is_turned = before.next_turn().is_some_and(|turn| turn <= now) || before.is_settled_ahead(now);
        is_turned || !self.is_same_offer(before) || self.compare_at_price != before.compare_at_price
    }

    fn is_same_offer(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.details, &other.details);
        self.price == other.price && ours.prices == theirs.prices && ours.sale == theirs.sale
    }

    /// Brings the variant to `now`, after `before` (which may be the same) became it: notes what it costs in history, and the
    /// lowest price before each reduction. `history` is what was noted of it already, in any order; `known_since` is since
    /// when `before` has been for sale. What a clock that was ahead settled counts for nothing, and what it noted of times to come is
    /// noted anew.
    pub fn settle(
        &mut self,
        before: &Self,
        history: &[PriceChange],
        known_since: Timestamp,
        now: Timestamp,
    ) -> Vec<PriceChange> {
        let mut noted = Vec::new();
        let mut lowest_prices = Vec::new();
        let is_ahead = before.is_settled_ahead(now);
        for currency in self.currencies().collect::<Vec<_>>() {
            let known = self.noted_in(currency, history).into_iter();
            let (mut past, to_come): (Vec<_>, Vec<_>) = known.partition(|(at, _)| before.has_noted(*at, now));
            let is_first = past.is_empty();
            // What a piece cost while nothing was noted is what it costs as of the last turn.
            let settled = match before.details.settled_at {
                Some(_) if is_ahead => past.last().map_or(known_since, |(at, _)| *at),
                settled => settled.unwrap_or(known_since),
            };
            if is_first && let Some(price) = before.price_at(currency, settled) {
                past.push((known_since, price));
            }
            let begun = past.len();
            let turns = before.turns().into_iter().filter(|turn| *turn > settled && *turn < now);
            let turned = turns.filter_map(|turn| Some((turn, before.price_at(currency, turn)?)));
            let latest = self.price_at(currency, now).map(|price| (turn_at(before, self, settled, now), price));
            let mut lowest_price = self.details.lowest.iter().find(|price| price.currency == currency).copied();
            if is_ahead {
                lowest_price = lowest_before_the_last(&past, &self.details.away).or(lowest_price);
            }
            for (at, price) in turned.chain(latest) {
                lowest_price = match past.last() {
                    Some((_, last)) if *last == price => continue,
                    Some((_, last)) if price.amount < last.amount => {
                        lowest(&past, &self.details.away, at).or(Some(*last))
                    }
                    _ => None,
                };
                past.push((at, price));
            }
            let (now_from, was_from) = (self.reduced_from(currency, now), before.reduced_from(currency, settled));
            // Reduced by what it is said to have cost before; or dearer, and still less than before: another reduction.
            let has_begun = if past.len() > begun { lowest_price.is_none() } else { now_from != was_from };
            lowest_prices.extend(match now_from {
                None => None,
                Some(_) if has_begun => lowest(&past, &self.details.away, now),
                Some(_) => lowest_price,
            });
            let new = if past.len() > begun { &past[if is_first { 0 } else { begun }..] } else { &[] };
            let mistaken = to_come.iter().filter(|(at, _)| *at > now).filter_map(|&(at, price)| {
                let then = self.price_at(currency, at)?;
                (then != price).then_some((at, then))
            });
            let new = new.iter().copied().chain(mistaken);
            noted.extend(new.map(|(at, price)| PriceChange { variant_id: self.id, at, price }));
        }
        self.mark_settled(lowest_prices, now);
        noted
    }

    /// Begins to be for sale at `now`: what it costs from now on is noted, and what was asked for it before counts as long as that matters.
    /// `away_since` is since when it was not for sale, where nobody noted that.
    pub fn offer(&mut self, history: &[PriceChange], away_since: Timestamp, now: Timestamp) -> Vec<PriceChange> {
        let away = &mut self.details.away;
        if let Some(last) = away.last_mut().filter(|last| last.until.is_none()) {
            last.until = Some(now);
        } else {
            away.push(Absence { since: away_since, until: Some(now) });
        }
        away.retain(|absence| absence.until.is_none_or(|until| until > now - LOOK_BACK));
        let (mut noted, mut lowest_prices) = (Vec::new(), Vec::new());
        for currency in self.currencies().collect::<Vec<_>>() {
            let mut past = self.noted_in(currency, history);
            past.retain(|(at, _)| *at < now);
            if self.reduced_from(currency, now).is_some() {
                lowest_prices.extend(lowest(&past, &self.details.away, now));
            }
            let price = self.price_at(currency, now);
            noted.extend(price.map(|price| PriceChange { variant_id: self.id, at: now, price }));
        }
        self.mark_settled(lowest_prices, now);
        noted
    }

    /// Ceases to be for sale at `now`, after it was `before`: notes what that cost until now, and nothing of what it costs from now on.
    pub fn withdraw(
        &mut self,
        before: &Self,
        history: &[PriceChange],
        known_since: Timestamp,
        now: Timestamp,
    ) -> Vec<PriceChange> {
        let mut last = before.clone();
        let mut noted = last.settle(before, history, known_since, now);
        for currency in before.currencies() {
            let is_noted = |change: &PriceChange| change.variant_id == self.id && change.price.currency == currency;
            if !history.iter().chain(&noted).any(is_noted) {
                let price = last.price_at(currency, now);
                noted.extend(price.map(|price| PriceChange { variant_id: self.id, at: known_since, price }));
            }
        }
        self.details.away.push(Absence { since: now, until: None });
        self.rest(now);
        noted
    }

    /// Brings a variant that is not for sale to `now`: nobody is asked for its price, so nothing is noted.
    pub fn rest(&mut self, now: Timestamp) {
        self.mark_settled(Vec::new(), now);
    }

    fn mark_settled(&mut self, lowest: Vec<Money>, now: Timestamp) {
        self.details.lowest = lowest;
        self.details.settled_at = self.details.sale.is_some().then_some(now);
    }

    /// What it costs in this currency, and since when, as `history` has it, in the order of time.
    fn noted_in(&self, currency: Currency, history: &[PriceChange]) -> Vec<(Timestamp, Money)> {
        let own = |change: &&PriceChange| change.variant_id == self.id && change.price.currency == currency;
        let mut noted: Vec<_> = history.iter().filter(own).map(|change| (change.at, change.price)).collect();
        noted.sort_by_key(|(at, _)| *at);
        noted
    }

    /// Whether what is in the history of this time was noted when it had come, by `now`. A clock that was ahead notes what is still to come:
    /// then that counts when it has come, and was settled.
    fn has_noted(&self, at: Timestamp, now: Timestamp) -> bool {
        // Another process may be a little ahead.
        let is_later = |than: Timestamp| at.duration_since(than) > CLOCK_SKEW;
        match self.details.settled_at {
            Some(settled) if settled > now => at <= now,
            Some(settled) => at <= settled || !(is_later(settled) || self.turns().contains(&at)),
            None => !is_later(now),
        }
    }

    /// Checks the prices in other currencies and the sale.
    pub(crate) fn check_prices(&self, at: &str, wrong: &mut Violations) {
        if self.details.prices.len() > OTHER_PRICES_MAX {
            let message = format!("must be at most {OTHER_PRICES_MAX} prices");
            wrong.add(format!("{at}/other_prices"), "out_of_range", message);
        }
        let mut seen = vec![self.price.currency];
        for (index, other) in self.details.prices.iter().enumerate() {
            let at = format!("{at}/other_prices/{index}");
            check_list_price(other, &at, wrong);
            if seen.contains(&other.price.currency) {
                wrong.add(format!("{at}/price/currency"), "duplicate", "there is a price in this currency already");
            }
            seen.push(other.price.currency);
        }
        let Some(sale) = &self.details.sale else { return };
        // What it cost then may be more than what it costs regularly by now.
        let is_over = self.details.settled_at.is_some_and(|settled| sale.ends_at.is_some_and(|ends| ends <= settled));
        if sale.prices.is_empty() {
            wrong.add(format!("{at}/sale/prices"), "required", "a sale has at least one price");
        }
        let mut seen = Vec::new();
        for (index, price) in sale.prices.iter().enumerate() {
            let at = format!("{at}/sale/prices/{index}");
            wrong.take(price.check_price(&at));
            match self.regular(price.currency) {
                None => wrong.add(format!("{at}/currency"), "no_regular_price", "the variant has no price in it"),
                // A field that means "no sale" must not give the goods away.
                Some(_) if price.amount == 0 && !is_over => {
                    let message = "must be more than 0; leave it empty for no sale";
                    wrong.add(format!("{at}/amount"), "out_of_range", message);
                }
                Some((regular, _)) if price.amount >= regular.amount && !is_over => {
                    wrong.add(format!("{at}/amount"), "not_lower", "must be less than the regular price");
                }
                Some(_) => {}
            }
            if seen.contains(&price.currency) {
                wrong.add(format!("{at}/currency"), "duplicate", "the sale has a price in this currency already");
            }
            seen.push(price.currency);
        }
        if let (Some(starts), Some(ends)) = (sale.starts_at, sale.ends_at)
            && ends <= starts
        {
            wrong.add(format!("{at}/sale/ends_at"), "out_of_range", "must be after the start");
        }
    }
}

fn check_list_price(other: &ListPrice, at: &str, wrong: &mut Violations) {
    wrong.take(other.price.check_price(&format!("{at}/price")));
    let Some(before) = other.compare_at_price else { return };
    wrong.take(before.check_price(&format!("{at}/compare_at_price")));
    if before.currency != other.price.currency {
        let message = "must be the currency of the price";
        wrong.add(format!("{at}/compare_at_price/currency"), "mixed_currencies", message);
    }
}

/// Since when the price of `now` is right: a turn that came meanwhile, or `now` itself when somebody changed it.
fn turn_at(before: &Variant, after: &Variant, settled: Timestamp, now: Timestamp) -> Timestamp {
    let last_turn = before.turns().into_iter().filter(|turn| *turn > settled && *turn <= now).max();
    if after.is_same_offer(before) { last_turn.unwrap_or(now) } else { now }
}

/// The lowest price before the reduction that is on at the end of `past`, if one is.
fn lowest_before_the_last(past: &[(Timestamp, Money)], away: &[Absence]) -> Option<Money> {
    let mut found = None;
    for (index, pair) in past.windows(2).enumerate() {
        let &[(_, before), (at, price)] = pair else { continue };
        if price.amount < before.amount {
            found = lowest(&past[..=index], away, at).or(Some(before));
        } else if price.amount > before.amount {
            found = None;
        }
    }
    found
}

/// The lowest of the prices that were asked in the [`LOOK_BACK`] before `at`.
fn lowest(past: &[(Timestamp, Money)], away: &[Absence], at: Timestamp) -> Option<Money> {
    let from = at - LOOK_BACK;
    let asked = past.iter().enumerate().filter_map(|(index, &(since, price))| {
        // Each was asked until the next one was, or until the variant was no longer for sale.
        let next = past.get(index + 1).map_or(at, |(next, _)| *next).min(at);
        let left = away.iter().map(|absence| absence.since).filter(|left| *left > since).min();
        let until = left.map_or(next, |left| left.min(next));
        let is_asked = since < at && until > from && !away.iter().any(|absence| absence.covers(since));
        is_asked.then_some(price)
    });
    asked.min_by_key(|price| price.amount)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::details::VariantDetails;

    fn day(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
    }

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::EUR)
    }

    fn usd(amount: i64) -> Money {
        Money::new(amount, Currency::from_code("USD").expect("a currency"))
    }

    fn variant(price: i64) -> Variant {
        Variant {
            id: VariantId(Uuid::nil()),
            sku: None,
            option_values: vec![],
            price: eur(price),
            compare_at_price: None,
            stock: 0,
            track_stock: true,
            weight_grams: None,
            barcode: None,
            details: VariantDetails::default(),
        }
    }

    /// A variant whose changes are settled one after the other.
    struct Life {
        variant: Variant,
        history: Vec<PriceChange>,
    }

    impl Life {
        fn change(&mut self, now: Timestamp, change: impl FnOnce(&mut Variant)) {
            let before = self.variant.clone();
            change(&mut self.variant);
            self.history.extend(self.variant.settle(&before, &self.history, day(0), now));
        }

        fn prices(&self) -> Vec<(Timestamp, i64)> {
            self.history.iter().map(|change| (change.at, change.price.amount)).collect()
        }
    }

    fn sale(price: i64, from: Timestamp, to: Timestamp) -> Option<Sale> {
        Some(Sale { prices: vec![eur(price)], starts_at: Some(from), ends_at: Some(to) })
    }

    #[test]
    fn a_sale_begins_and_ends_on_time() {
        let mut shirt = variant(4000);
        shirt.details.sale = sale(3000, day(10), day(20));
        let at = |at| shirt.price_at(Currency::EUR, at).map(|price| price.amount);
        let moment = SignedDuration::from_micros(1);
        assert_eq!([at(day(10) - moment), at(day(10))], [Some(4000), Some(3000)]);
        assert_eq!([at(day(20) - moment), at(day(20))], [Some(3000), Some(4000)]);
        assert_eq!(shirt.reduced_from(Currency::EUR, day(15)), Some(eur(4000)));
        assert_eq!(shirt.reduced_from(Currency::EUR, day(25)), None);
        assert_eq!(shirt.price_at(usd(0).currency, day(15)), None);
    }

    #[test]
    fn the_lowest_price_is_that_of_the_thirty_days_before_the_reduction() {
        let mut life = Life { variant: variant(4000), history: vec![] };
        life.change(day(40), |shirt| shirt.price = eur(3500));
        life.change(day(45), |shirt| shirt.price = eur(4500));
        life.change(day(50), |shirt| shirt.details.sale = sale(3900, day(60), day(80)));
        assert_eq!(life.variant.next_turn(), Some(day(60)));
        // Whoever settles comes late: the history says when the sale began.
        life.change(day(61), |_| {});
        assert_eq!(life.variant.lowest_before(Currency::EUR, day(61)), Some(eur(3500)), "it cost 35 on day 44");
        assert_eq!(life.variant.settled_price(), eur(3900));
        life.change(day(81), |_| {});
        assert_eq!(life.variant.lowest_before(Currency::EUR, day(81)), None);
        assert_eq!((life.variant.settled_price(), life.variant.next_turn()), (eur(4500), None));
        let expected = [(day(0), 4000), (day(40), 3500), (day(45), 4500), (day(60), 3900), (day(80), 4500)];
        assert_eq!(life.prices(), expected);
        // Long after, the low price no longer counts.
        life.change(day(200), |shirt| shirt.details.sale = sale(4400, day(200), day(210)));
        assert_eq!(life.variant.lowest_before(Currency::EUR, day(200)), Some(eur(4500)));
    }

    #[test]
    fn what_it_cost_counts_for_thirty_days() {
        let lowest = |hours: i64| {
            let mut life = Life { variant: variant(3000), history: vec![] };
            life.change(day(100) - SignedDuration::from_hours(hours), |shirt| shirt.price = eur(4000));
            life.change(day(100), |shirt| shirt.details.sale = sale(3500, day(100), day(110)));
            life.variant.lowest_before(Currency::EUR, day(100))
        };
        assert_eq!([lowest(30 * 24 - 1), lowest(30 * 24 + 1)], [Some(eur(3000)), Some(eur(4000))]);
    }

    /// Article 6a of Directive 98/6/EC: whatever the reduction is made of, and however it changes.
    #[test]
    fn what_is_reduced_has_a_lowest_price_before() {
        let lowest = |life: &Life, at| life.variant.lowest_before(Currency::EUR, at);
        let on_sale = || {
            let mut life = Life { variant: variant(4000), history: vec![] };
            life.change(day(1), |shirt| shirt.details.sale = sale(3000, day(1), day(9)));
            assert_eq!(lowest(&life, day(1)), Some(eur(4000)));
            life
        };
        let mut dearer = on_sale();
        dearer.change(day(2), |shirt| shirt.details.sale = sale(3500, day(1), day(9)));
        assert_eq!(lowest(&dearer, day(2)), Some(eur(3000)));
        let mut another = on_sale();
        another.change(day(2), |shirt| {
            (shirt.details.sale, shirt.price, shirt.compare_at_price) = (None, eur(3500), Some(eur(4000)));
        });
        assert_eq!(lowest(&another, day(2)), Some(eur(3000)), "it cost that a day before");
        let mut said = Life { variant: variant(4000), history: vec![] };
        said.change(day(2), |shirt| shirt.compare_at_price = Some(eur(5000)));
        assert_eq!(lowest(&said, day(2)), Some(eur(4000)));
        said.change(day(3), |shirt| shirt.compare_at_price = None);
        assert_eq!(lowest(&said, day(3)), None);
        said.change(day(4), |shirt| shirt.price = eur(3000));
        said.change(day(99), |shirt| shirt.compare_at_price = Some(eur(5000)));
        assert_eq!(lowest(&said, day(99)), Some(eur(3000)), "what it cost long ago counts no more");
        said.change(day(100), |shirt| shirt.compare_at_price = None);
        said.change(day(101), |shirt| shirt.compare_at_price = Some(eur(5000)));
        assert_eq!(lowest(&said, day(101)), Some(eur(3000)));
        // Of one that was always reduced nothing is known, whatever else changes.
        let mut always =
            Life { variant: Variant { compare_at_price: Some(eur(5000)), ..variant(3000) }, history: vec![] };
        always.change(day(1), |shirt| shirt.details.sale = sale(2000, day(50), day(60)));
        assert_eq!(lowest(&always, day(1)), None);
        always.change(day(50), |_| {});
        assert_eq!(lowest(&always, day(50)), Some(eur(3000)));
        let mut over = on_sale();
        over.change(day(10), |_| {});
        assert_eq!(lowest(&over, day(10)), None);
    }

    #[test]
    fn a_sale_that_came_and_went_unseen_is_in_the_history() {
        let mut life = Life { variant: variant(1000), history: vec![] };
        life.change(day(1), |shirt| shirt.details.sale = sale(500, day(2), day(3)));
        life.change(day(9), |_| {});
        assert_eq!(life.prices(), [(day(0), 1000), (day(2), 500), (day(3), 1000)]);
    }

    /// What it settled counts for nothing as soon as another clock is asked.
    #[test]
    fn a_clock_that_was_ahead_leaves_nothing_behind() {
        let mut life = Life { variant: variant(4000), history: vec![] };
        life.change(day(15), |shirt| shirt.details.sale = sale(3000, day(10), day(20)));
        assert_eq!((life.variant.settled_price(), life.variant.next_turn()), (eur(3000), Some(day(20))));
        assert_eq!(life.prices(), [(day(0), 4000), (day(15), 3000)]);
        assert!(life.variant.is_settled_ahead(day(5)) && !life.variant.is_settled_ahead(day(15)));
        assert!(life.variant.is_priced_unlike(&life.variant, day(5)));
        life.change(day(5), |_| {});
        assert_eq!((life.variant.settled_price(), life.variant.next_turn()), (eur(4000), Some(day(10))));
        assert_eq!(life.variant.lowest_before(Currency::EUR, day(5)), None);
        assert_eq!(life.prices().len(), 2, "that it will cost 30 on day 15 is right");
        // What never comes to be is not in the history when its time comes.
        life.change(day(6), |shirt| shirt.details.sale = None);
        assert_eq!(life.prices()[2..], [(day(15), 4000)]);
    }

    proptest! {
        /// Whether it saved the sale, or turned it.
        #[test]
        fn what_a_clock_ahead_settled_is_settled_anew(
            (begins, lasts) in (1_i64..50, 1_i64..50),
            (saved, later, ahead) in (1_i64..50, 0_i64..50, 1_i64..50),
            (times, step) in (1_i64..12, 1_i64..20),
        ) {
            let on = |shirt: &mut Variant| shirt.details.sale = sale(3000, day(begins), day(begins + lasts));
            let new = || Life { variant: variant(4000), history: vec![] };
            let (mut right, mut saved_ahead, mut turned_ahead) = (new(), new(), new());
            right.change(day(saved), on);
            saved_ahead.change(day(saved + later + ahead), on);
            turned_ahead.change(day(saved), on);
            turned_ahead.change(day(saved + later + ahead), |_| {});
            for time in 0..times {
                for life in [&mut right, &mut saved_ahead, &mut turned_ahead] {
                    life.change(day(saved + later + time * step), |_| {});
                }
                prop_assert_eq!(&saved_ahead.variant, &right.variant);
                prop_assert_eq!(&turned_ahead.variant, &right.variant);
            }
        }
    }

    #[test]
    fn nothing_is_noted_where_nothing_changes() {
        let mut life = Life { variant: variant(1000), history: vec![] };
        life.change(day(1), |shirt| shirt.sku = Some("A".into()));
        life.change(day(2), |shirt| shirt.details.sale = sale(500, day(20), day(30)));
        assert_eq!(life.prices(), []);
        assert!(!life.variant.is_priced_unlike(&life.variant, day(19)));
        assert!(life.variant.is_priced_unlike(&life.variant, day(20)), "the sale begins");
    }

    #[test]
    fn each_currency_has_a_history_of_its_own() {
        let mut life = Life { variant: variant(1000), history: vec![] };
        life.change(day(1), |shirt| {
            shirt.details.prices = vec![ListPrice { price: usd(1200), compare_at_price: None }];
        });
        life.change(day(2), |shirt| {
            shirt.details.prices = vec![ListPrice { price: usd(1100), compare_at_price: Some(usd(1300)) }];
        });
        let dollars: Vec<_> = life.history.iter().map(|change| (change.at, change.price)).collect();
        assert_eq!(dollars, [(day(1), usd(1200)), (day(2), usd(1100))]);
        assert_eq!(life.variant.details.lowest, [usd(1200)]);
    }

    #[test]
    fn wrong_sales_and_prices_are_refused() {
        let pointers = |change: &dyn Fn(&mut Variant)| {
            let (mut variant, mut wrong) = (variant(1000), Violations::default());
            change(&mut variant);
            variant.check_prices("", &mut wrong);
            wrong.0.into_iter().map(|violation| (violation.pointer, violation.code)).collect::<Vec<_>>()
        };
        let dear = pointers(&|shirt| shirt.details.sale = sale(1000, day(1), day(2)));
        assert_eq!(dear, [("/sale/prices/0/amount".to_owned(), "not_lower")]);
        let nothing = pointers(&|shirt| shirt.details.sale = sale(0, day(1), day(2)));
        assert_eq!(nothing, [("/sale/prices/0/amount".to_owned(), "out_of_range")]);
        let over = pointers(&|shirt| {
            shirt.details.sale = sale(0, day(1), day(2));
            shirt.details.settled_at = Some(day(2));
        });
        assert!(over.is_empty(), "what is over can be kept as it was: {over:?}");
        let backwards = pointers(&|shirt| shirt.details.sale = sale(1, day(2), day(2)));
        assert_eq!(backwards, [("/sale/ends_at".to_owned(), "out_of_range")]);
        let own = ListPrice { price: eur(5), compare_at_price: Some(usd(9)) };
        let own = pointers(&|shirt| shirt.details.prices = vec![own]);
        let expected = [
            ("/other_prices/0/compare_at_price/currency", "mixed_currencies"),
            ("/other_prices/0/price/currency", "duplicate"),
        ];
        assert_eq!(own, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
        let unknown = Sale { prices: vec![usd(5), usd(4)], starts_at: None, ends_at: None };
        let unknown = pointers(&|shirt| shirt.details.sale = Some(unknown.clone()));
        assert_eq!(unknown.len(), 3, "no regular price, twice, and doubled: {unknown:?}");
    }
}
