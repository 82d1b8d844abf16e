//! Variants made from the values of options: every combination that is not there yet.

use std::cmp::Reverse;

use async_trait::async_trait;
use model::{
    AccountId, ListPrice, Money, Product, ProductId, ProductOption, Stamp, Variant, VariantDetails, Violations,
    product::VARIANTS_MAX, stamp::Ids, text,
};
use store::{Operation, Tx};

use super::{OptionDraft, update_product::save};
use crate::{Error, check_version};

/// Adds the variants that a product lacks. Those that it has stay: in an option that is new they get its first value.
#[derive(Clone, Debug)]
pub struct GenerateVariants {
    /// Which product.
    pub product_id: ProductId,
    /// The options that it shall have; those that it has when `None`.
    pub options: Option<Vec<OptionDraft>>,
    /// Whether a value that stands in the place of one that is gone is that value under another name: its variants take it over, with their
    /// stock. Otherwise a value that variants have cannot be taken away.
    pub renames: bool,
    /// What each new variant costs; as much as the variant that is most like it when `None`.
    pub price: Option<Money>,
    /// What their SKUs begin with; the values follow, with hyphens between. Without it they have none.
    pub sku_prefix: Option<String>,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// Who adds them.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The product with all of its variants.
    pub product: Product,
    /// How many of them are new.
    pub made: usize,
}

#[async_trait]
impl Operation for GenerateVariants {
    type Output = Generated;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Generated, Error> {
        let before = tx.product(self.product_id).await?.ok_or(Error::NotFound("product"))?;
        check_version(self.if_version, before.version)?;
        let mut ids = self.stamp.ids();
        let mut after = self.with_options(before.clone())?;
        let combinations = combinations(&after.options)?;
        let is_new = |values: &&Vec<String>| after.variants.iter().all(|variant| variant.option_values != **values);
        let missing: Vec<_> = combinations.iter().filter(is_new).cloned().collect();
        let made = missing.len();
        let new = missing.into_iter().map(|values| self.variant(values, &after.variants, &mut ids));
        let new = new.collect::<Result<Vec<_>, _>>()?;
        after.variants.extend(new);
        // In the order of the options, as a grid is read.
        let place = |variant: &Variant| combinations.iter().position(|values| *values == variant.option_values);
        after.variants.sort_by_key(|variant| place(variant).unwrap_or(usize::MAX));
        after.updated_at = self.stamp.now;
        after.version += 1;
        let after = after.validate()?;
        let product = save(tx, &before, after, self.actor_id, &mut ids, self.stamp).await?;
        Ok(Generated { product, made })
    }
}

impl GenerateVariants {
    /// The product with the options that it shall have. Its variants keep their values, their stock and their orders; in an option
    /// that is new they get its first value, so that the only variant of a product without options becomes the first combination.
    fn with_options(&self, mut product: Product) -> Result<Product, Violations> {
        let Some(options) = &self.options else { return Ok(product) };
        let old = std::mem::replace(&mut product.options, options.iter().map(trimmed).collect());
        let places = places(&old, &product.options);
        let titles: Vec<String> = product.variants.iter().map(Variant::title).collect();
        for variant in &mut product.variants {
            let kept = |(place, option): (&Option<usize>, &ProductOption)| {
                let before = place.and_then(|place| Some((old.get(place)?, variant.option_values.get(place)?)));
                let known = before.map(|(old, value)| if self.renames { renamed(old, option, value) } else { value });
                known.or(option.values.first()).cloned().unwrap_or_default()
            };
            variant.option_values = places.iter().zip(&product.options).map(kept).collect();
        }
        check_kept(&product, &titles)?;
        Ok(product)
    }

    /// A variant with these values. Its price and its weight are those of the nearest of `known`; what is said of that one alone, such as
    /// its picture, its sale and what it cost before, is not said of this one.
    fn variant(&self, values: Vec<String>, known: &[Variant], ids: &mut Ids) -> Result<Variant, Error> {
        let nearest = nearest(known, &values);
        let price = self.price.or_else(|| nearest.map(|nearest| nearest.price)).ok_or(Error::NotFound("variant"))?;
        // Prices in other currencies go with the price that they were made for.
        let others = nearest.filter(|_| self.price.is_none()).into_iter().flat_map(|nearest| &nearest.details.prices);
        let prices = others.map(|other| ListPrice { compare_at_price: None, ..*other }).collect();
        let low_stock_at = nearest.and_then(|nearest| nearest.details.low_stock_at);
        let sku = self.sku_prefix.as_deref().map(str::trim).filter(|prefix| !prefix.is_empty()).map(|prefix| {
            let parts = values.iter().map(|value| text::slugify(value).to_uppercase());
            std::iter::once(prefix.to_owned()).chain(parts).collect::<Vec<_>>().join("-")
        });
        Ok(Variant {
            id: ids.draw(),
            sku,
            option_values: values,
            price,
            compare_at_price: None,
            stock: 0,
            track_stock: true,
            weight_grams: nearest.and_then(|nearest| nearest.weight_grams),
            barcode: None,
            details: VariantDetails { prices, low_stock_at, ..VariantDetails::default() },
        })
    }
}

/// The variant that has the most of these values; the first of these.
fn nearest<'k>(known: &'k [Variant], values: &[String]) -> Option<&'k Variant> {
    known.iter().min_by_key(|variant| {
        let shared = variant.option_values.iter().zip(values).filter(|(one, other)| one == other);
        Reverse(shared.count())
    })
}

/// How many variants are named at most that are in the way.
const NAMED_MAX: usize = 5;

fn trimmed(draft: &OptionDraft) -> ProductOption {
    let values = draft.values.iter().map(|value| value.trim().to_owned()).collect();
    ProductOption { name: draft.name.trim().to_owned(), values }
}

/// What a value of an option is called from now on: what stands in its place, when both lists are as long, and neither value is in the other
/// one.
fn renamed<'v>(old: &ProductOption, new: &'v ProductOption, value: &'v String) -> &'v String {
    let place = old.values.iter().position(|known| known == value).filter(|_| old.values.len() == new.values.len());
    let instead = place.and_then(|place| new.values.get(place)).filter(|instead| !old.values.contains(instead));
    instead.filter(|_| !new.values.contains(value)).unwrap_or(value)
}

/// Which of the options that there were each new one is: the one of its name or, where that is gone, the one in its place, which got
/// another name. `None` for one that is new.
fn places(old: &[ProductOption], new: &[ProductOption]) -> Vec<Option<usize>> {
    let called = |options: &[ProductOption], name: &str| {
        let name = name.to_lowercase();
        options.iter().position(|option| option.name.to_lowercase() == name)
    };
    let renamed = |place: usize| old.get(place).is_some_and(|option| called(new, &option.name).is_none());
    let place = |(place, option): (usize, &ProductOption)| {
        called(old, &option.name).or_else(|| Some(place).filter(|place| renamed(*place)))
    };
    new.iter().enumerate().map(place).collect()
}

/// Refuses options that lack a value which a variant has; `titles` are what the variants are called until now.
fn check_kept(product: &Product, titles: &[String]) -> Result<(), Violations> {
    let mut wrong = Violations::default();
    for (index, option) in product.options.iter().enumerate().filter(|(_, option)| !option.values.is_empty()) {
        let is_lost =
            |variant: &Variant| variant.option_values.get(index).is_some_and(|value| !option.values.contains(value));
        let lost = product.variants.iter().zip(titles).filter(|(variant, _)| is_lost(variant));
        let mut lost: Vec<String> = lost.map(|(_, title)| title.clone()).collect();
        if lost.is_empty() {
            continue;
        }
        let more = lost.len().saturating_sub(NAMED_MAX);
        lost.truncate(NAMED_MAX);
        if more > 0 {
            lost.push(format!("{more} more"));
        }
        let message =
            format!("must keep the values that variants have; remove these variants first: {}", lost.join(", "));
        wrong.add(format!("/options/{index}/values"), "in_use", message);
    }
    wrong.into_result()
}

/// One value of each option, in every way.
fn combinations(options: &[ProductOption]) -> Result<Vec<Vec<String>>, Violations> {
    let count = options.iter().try_fold(1_usize, |count, option| count.checked_mul(option.values.len()));
    if !count.is_some_and(|count| (1..=VARIANTS_MAX).contains(&count)) {
        let message = format!("the values must make 1 to {VARIANTS_MAX} combinations");
        return Err(Violations::one("/options", "out_of_range", message));
    }
    let grow = |rows: Vec<Vec<String>>, option: &ProductOption| {
        let with = |row: &Vec<String>, value: &String| row.iter().chain([value]).cloned().collect::<Vec<_>>();
        rows.iter().flat_map(|row| option.values.iter().map(move |value| with(row, value))).collect()
    };
    Ok(options.iter().fold(vec![Vec::new()], grow))
}

#[cfg(test)]
mod tests {
    use model::{Currency, Timestamp};

    use super::*;

    #[test]
    fn the_nearest_is_the_first_that_has_the_most_of_the_values() {
        let mut ids = Stamp::new(Timestamp::UNIX_EPOCH, 1).ids();
        let mut variant = |values: [&str; 2], cents: i64| Variant {
            id: ids.draw(),
            sku: None,
            option_values: values.map(str::to_owned).to_vec(),
            price: Money::new(cents, Currency::EUR),
            compare_at_price: None,
            stock: 3,
            track_stock: true,
            weight_grams: None,
            barcode: None,
            details: VariantDetails::default(),
        };
        let known = [variant(["S", "Red"], 100), variant(["L", "Red"], 200), variant(["L", "Blue"], 300)];
        let price = |values: [&str; 2]| nearest(&known, &values.map(str::to_owned)).map(|known| known.price.amount);
        assert_eq!(price(["S", "Blue"]), Some(100), "it has one of them, as the last one has");
        assert_eq!(price(["L", "Green"]), Some(200));
        assert_eq!(price(["M", "Blue"]), Some(300));
        assert_eq!(price(["M", "Green"]), Some(100));
    }
}
