//! The currencies that prices are set in: those that the shop sells in.

use async_trait::async_trait;
use model::{Currency, ListPrice, Money, Product, Variant, Violations};
use store::{Operation, StoreError, Tx};

use super::{ImportError, ProductDraft, ProductPatch, VariantDraft, VariantEntry, VariantPatch};
use crate::{Conflict, Error, settings};

/// A price that a caller sets: where it stands, and its currency.
pub type SetPrice = (String, Currency);

fn listed<'p>(at: &'p str, prices: &'p [ListPrice]) -> impl Iterator<Item = SetPrice> + 'p {
    let set = move |(index, other): (usize, &ListPrice)| {
        (format!("{at}/other_prices/{index}/price/currency"), other.price.currency)
    };
    prices.iter().enumerate().map(set)
}

fn of_all<T>(variants: &[T], prices_at: impl Fn(&T, &str) -> Vec<SetPrice>) -> Vec<SetPrice> {
    let of_each = |(index, variant): (usize, &T)| prices_at(variant, &format!("/variants/{index}"));
    variants.iter().enumerate().flat_map(of_each).collect()
}

impl ProductDraft {
    /// The prices that it sets.
    #[must_use]
    pub fn set_prices(&self) -> Vec<SetPrice> {
        of_all(&self.variants, VariantDraft::prices_at)
    }
}

impl ProductPatch {
    /// The prices that it sets.
    #[must_use]
    pub fn set_prices(&self) -> Vec<SetPrice> {
        of_all(self.variants.as_deref().unwrap_or_default(), |entry, at| match entry {
            VariantEntry::Whole(draft) => draft.prices_at(at),
            VariantEntry::Change { patch, .. } => patch.prices_at(at),
        })
    }
}

impl VariantDraft {
    /// The prices that it sets.
    #[must_use]
    pub fn set_prices(&self) -> Vec<SetPrice> {
        self.prices_at("")
    }

    fn prices_at(&self, at: &str) -> Vec<SetPrice> {
        let others = self.details.as_ref().map(|details| details.prices.as_slice()).unwrap_or_default();
        let own = (format!("{at}/price/currency"), self.price.currency);
        std::iter::once(own).chain(listed(at, others)).collect()
    }
}

impl VariantPatch {
    /// The prices that it sets.
    #[must_use]
    pub fn set_prices(&self) -> Vec<SetPrice> {
        self.prices_at("")
    }

    fn prices_at(&self, at: &str) -> Vec<SetPrice> {
        let own = self.price.map(|price| (format!("{at}/price/currency"), price.currency));
        own.into_iter().chain(listed(at, self.prices.as_deref().unwrap_or_default())).collect()
    }
}

/// Refuses prices in currencies that the shop does not sell in, which orders could not be placed in. What the product has prices in
/// already it may keep: the shop may have sold in that once.
///
/// # Errors
/// Which of the prices are refused.
pub fn check_sold_in(set: &[SetPrice], sold: &[Currency], before: Option<&Product>) -> Result<(), Violations> {
    let is_there = |currency: &Currency| {
        let variants = before.into_iter().flat_map(|before| &before.variants);
        variants.flat_map(Variant::currencies).any(|known| known == *currency)
    };
    let mut wrong = Violations::default();
    for (pointer, currency) in set {
        if !sold.contains(currency) && !is_there(currency) {
            let message = format!("must be one that the shop sells in, which {currency} is not");
            wrong.add(pointer.as_str(), "no_such_currency", message);
        }
    }
    wrong.into_result()
}

/// What a shop sells in, as whoever started the program says it. The currency that is set in the shop goes before its own.
#[derive(Clone, Debug)]
pub struct SoldIn {
    /// The currency of a shop that has set none.
    pub own: Currency,
    /// What the shop sells in besides its own.
    pub others: Vec<Currency>,
}

impl SoldIn {
    /// What the shop sells in where this is the currency that is set in it: its own first, and each once.
    #[must_use]
    pub fn currencies(&self, set: Option<Currency>) -> Vec<Currency> {
        let own = set.unwrap_or(self.own);
        let others = self.others.iter().copied().filter(|other| *other != own);
        std::iter::once(own).chain(others).collect()
    }

    /// What the shop sells in; nobody changes it from now until the transaction ends.
    async fn locked(&self, tx: &mut dyn Tx) -> Result<Vec<Currency>, StoreError> {
        Ok(self.currencies(settings::locked(tx).await?.currency))
    }
}

/// The currencies that the products which an import has added so far are priced in. Their prices in other currencies are not looked at, as
/// they are not when the file is read.
#[derive(Debug, Default)]
pub(super) struct Added(Vec<Currency>);

impl Added {
    /// Notes a product that is new, with the prices of its variants.
    pub(super) fn note(&mut self, prices: impl Iterator<Item = Money>) {
        for price in prices {
            if !self.0.contains(&price.currency) {
                self.0.push(price.currency);
            }
        }
    }

    /// Refuses the whole import if the shop does not sell in one of them any more: its file was read before the shop got another currency.
    /// This is for its end, as nobody else can add a product from here until the transaction ends.
    pub(super) async fn check(&self, tx: &mut dyn Tx, sold_in: &SoldIn) -> Result<(), ImportError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let sold = sold_in.locked(tx).await?;
        let Some(was) = self.0.iter().find(|currency| !sold.contains(currency)) else { return Ok(()) };
        let error = Conflict::CurrencyChanged { was: *was, now: sold[0] }.into();
        Err(ImportError { line: 0, error })
    }
}

/// An operation that adds products, whose prices were found to be in what the shop sells in. A shop without products may get another
/// currency, and whoever looked may not know of it yet, even where there are products by now: so the prices are looked at once more at the
/// end, with the settings locked. Whoever changes the currency after that waits, and finds the products.
#[derive(Clone, Debug)]
pub struct PricedIn<O> {
    /// The prices that the products have.
    pub set: Vec<SetPrice>,
    /// What they may be priced in.
    pub sold_in: SoldIn,
    /// What adds the products.
    pub operation: O,
}

#[async_trait]
impl<O> Operation for PricedIn<O>
where
    O: Operation,
    O::Error: From<Error>,
{
    type Output = O::Output;
    type Error = O::Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<O::Output, O::Error> {
        let output = self.operation.run(tx).await?;
        let sold = self.sold_in.locked(tx).await.map_err(Error::from)?;
        check_sold_in(&self.set, &sold, None).map_err(Error::from)?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use model::Money;

    use super::*;

    #[test]
    fn the_currency_that_is_set_goes_before_the_others_and_is_there_once() {
        let yen = Currency::from_code("JPY").expect("a currency");
        let sold_in = SoldIn { own: Currency::EUR, others: vec![yen] };
        assert_eq!(sold_in.currencies(None), [Currency::EUR, yen]);
        assert_eq!(sold_in.currencies(Some(yen)), [yen], "euros were the shop's own until it got another currency");
    }

    #[test]
    fn prices_are_set_in_the_currencies_of_the_shop() {
        let yen = Currency::from_code("JPY").expect("a currency");
        let (euros, other) =
            (Money::new(1000, Currency::EUR), ListPrice { price: Money::new(90, yen), compare_at_price: None });
        let patch = VariantPatch { price: Some(euros), prices: Some(vec![other]), ..VariantPatch::default() };
        let check = |sold: &[Currency]| check_sold_in(&patch.set_prices(), sold, None);
        let wrong = check(&[Currency::EUR]).expect_err("yen").0.remove(0);
        assert_eq!((wrong.pointer.as_str(), wrong.code), ("/other_prices/0/price/currency", "no_such_currency"));
        assert!(check(&[Currency::EUR, yen]).is_ok());
        assert!(check_sold_in(&VariantPatch::default().set_prices(), &[], None).is_ok(), "nothing is set");
    }
}
