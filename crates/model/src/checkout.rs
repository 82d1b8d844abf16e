//! What can be bought: the decision behind an order, without a database.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{Currency, Image, Money, OrderLine, ProductId, Variant, VariantId, violation::Violations};

/// The most lines of one order.
pub const LINES_MAX: usize = 100;
/// The most pieces of one variant in one order.
pub const QUANTITY_MAX: i64 = 999;

/// What the buyer asks for. Prices are not theirs to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedLine {
    /// What.
    pub variant_id: VariantId,
    /// How many, 1 to [`QUANTITY_MAX`].
    pub quantity: i64,
}

/// A variant as the catalogue offers it at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The product.
    pub product_id: ProductId,
    /// The product's title.
    pub title: String,
    /// Whether the product is active.
    pub is_active: bool,
    /// The product's name in URLs.
    pub slug: String,
    /// The picture that stands for the variant, see [`Image::of_variant`].
    pub image: Option<Image>,
    /// The variant, with its prices and what is on hand.
    pub variant: Variant,
}

/// In which currency an order is asked for, for how much, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The currency; each variant's own when `None`.
    pub currency: Option<Currency>,
    /// What the buyer was told that it comes to; `None` takes whatever it comes to.
    pub expected_total: Option<Money>,
    /// The time whose prices hold.
    pub now: Timestamp,
}

/// A line that asks for more than there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// What.
    pub variant_id: VariantId,
    /// What its product is called.
    pub title: String,
    /// What tells the variant from its siblings.
    pub variant_title: String,
    /// How many were asked for, over all lines.
    pub requested: i64,
    /// How many there are.
    pub available: i64,
}

/// Why an order cannot be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request is wrong, or names what is not for sale.
    Invalid(Violations),
    /// There is not enough of something.
    OutOfStock(Vec<Shortage>),
    /// It comes to another total than the buyer was told: to this one.
    PriceChanged(Money),
}

/// Checks counts and quantities, and sums the lines of one variant, in the order of their first mention.
///
/// # Errors
/// What is wrong, with pointers below `/lines`.
pub fn sum_lines(lines: &[RequestedLine]) -> Result<Vec<RequestedLine>, Violations> {
    let mut wrong = Violations::default();
    if !(1..=LINES_MAX).contains(&lines.len()) {
        return Err(Violations::one("/lines", "out_of_range", format!("must be 1 to {LINES_MAX} lines")));
    }
    let mut summed: Vec<RequestedLine> = Vec::with_capacity(lines.len());
    let mut places: HashMap<VariantId, usize> = HashMap::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let pointer = || format!("/lines/{index}/quantity");
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            wrong.add(pointer(), "out_of_range", format!("must be 1 to {QUANTITY_MAX}"));
            continue;
        }
        let place = *places.entry(line.variant_id).or_insert(summed.len());
        match summed.get_mut(place) {
            None => summed.push(*line),
            Some(first) => {
                first.quantity += line.quantity;
                if first.quantity > QUANTITY_MAX {
                    wrong.add(
                        pointer(),
                        "out_of_range",
                        format!("all lines of one variant must be at most {QUANTITY_MAX} together"),
                    );
                }
            }
        }
    }
    wrong.into_result().map(|()| summed)
}

/// Decides what is bought: one line a variant, at the catalogue's prices of the moment, and no piece more than there is.
///
/// `lines` are summed ([`sum_lines`]); `asked` are the lines as the buyer wrote them, for the pointers.
///
/// # Errors
/// Why it cannot be bought; every short line is named.
pub fn decide(
    lines: &[RequestedLine],
    asked: &[RequestedLine],
    offers: &[Offer],
    terms: Terms,
) -> Result<(Vec<OrderLine>, Money), Refusal> {
    let offers: HashMap<VariantId, &Offer> = offers.iter().map(|offer| (offer.variant.id, offer)).collect();
    let price = |variant: &Variant| variant.price_at(terms.currency.unwrap_or(variant.price.currency), terms.now);
    let mut wrong = Violations::default();
    for (index, line) in asked.iter().enumerate() {
        let at = || format!("/lines/{index}/variant_id");
        match offers.get(&line.variant_id).filter(|offer| offer.is_active) {
            None => wrong.add(at(), "not_for_sale", "no such variant is for sale"),
            Some(offer) if price(&offer.variant).is_none() => {
                let currency = terms.currency.unwrap_or(offer.variant.price.currency);
                wrong.add(at(), "no_price", format!("the variant has no price in {currency}"));
            }
            Some(_) => {}
        }
    }
    wrong.into_result().map_err(Refusal::Invalid)?;
    let mut bought = Vec::with_capacity(lines.len());
    let mut shortages = Vec::new();
    for line in lines {
        let Some(offer) = offers.get(&line.variant_id) else { continue };
        let variant = &offer.variant;
        let Some(unit_price) = price(variant) else { continue };
        if variant.track_stock && variant.stock < line.quantity {
            shortages.push(Shortage {
                variant_id: line.variant_id,
                title: offer.title.clone(),
                variant_title: variant.title(),
                requested: line.quantity,
                available: variant.stock.max(0),
            });
            continue;
        }
        bought.push(OrderLine {
            product_id: offer.product_id,
            variant_id: variant.id,
            title: offer.title.clone(),
            variant_title: variant.title(),
            sku: variant.sku.clone(),
            quantity: line.quantity,
            unit_price,
            stock_taken: variant.track_stock,
        });
    }
    if !shortages.is_empty() {
        return Err(Refusal::OutOfStock(shortages));
    }
    let total = total(&bought).map_err(Refusal::Invalid)?;
    // Cheaper is refused like dearer: whoever names a total wants to be asked again when it is another one.
    match terms.expected_total {
        Some(expected) if expected != total => Err(Refusal::PriceChanged(total)),
        _ => Ok((bought, total)),
    }
}

/// The sum of the lines, which must be of one currency.
fn total(lines: &[OrderLine]) -> Result<Money, Violations> {
    let mut sum: Option<Money> = None;
    for line in lines {
        let of_line = line.unit_price.times(line.quantity);
        if sum.is_some_and(|sum| sum.currency != line.unit_price.currency) {
            return Err(Violations::one(
                "/lines",
                "mixed_currencies",
                "an order is in one currency; place one order for each",
            ));
        }
        sum = match (sum, of_line) {
            (None, Some(money)) => Some(money),
            (Some(sum), Some(money)) => sum.plus(money),
            (_, None) => None,
        };
        if sum.is_none() {
            return Err(Violations::one("/lines", "out_of_range", "the order is too large to be summed"));
        }
    }
    sum.ok_or_else(|| Violations::one("/lines", "out_of_range", "an order has at least one line"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{Currency, ListPrice, Sale, VariantDetails};

    fn id(n: u8) -> VariantId {
        VariantId(Uuid::from_u128(u128::from(n)))
    }

    fn offer(n: u8, stock: i64, price: i64) -> Offer {
        Offer {
            product_id: ProductId(Uuid::from_u128(u128::from(n))),
            title: format!("Product {n}"),
            is_active: true,
            slug: format!("product-{n}"),
            image: None,
            variant: Variant {
                id: id(n),
                sku: None,
                option_values: Vec::new(),
                price: Money::new(price, Currency::EUR),
                compare_at_price: None,
                stock,
                track_stock: true,
                weight_grams: None,
                barcode: None,
                details: VariantDetails::default(),
            },
        }
    }

    fn buy(lines: &[RequestedLine], offers: &[Offer]) -> Result<(Vec<OrderLine>, Money), Refusal> {
        let terms = Terms { currency: None, expected_total: None, now: Timestamp::UNIX_EPOCH };
        decide(&sum_lines(lines).map_err(Refusal::Invalid)?, lines, offers, terms)
    }

    fn line(n: u8, quantity: i64) -> RequestedLine {
        RequestedLine { variant_id: id(n), quantity }
    }

    #[test]
    fn two_lines_of_one_variant_are_summed_before_stock_is_compared() {
        let refusal = buy(&[line(1, 3), line(1, 3)], &[offer(1, 5, 100)]).expect_err("6 of 5");
        assert_eq!(
            refusal,
            Refusal::OutOfStock(vec![Shortage {
                variant_id: id(1),
                title: "Product 1".into(),
                variant_title: String::new(),
                requested: 6,
                available: 5
            }])
        );
        let (lines, total) = buy(&[line(1, 3), line(1, 2)], &[offer(1, 5, 100)]).expect("5 of 5");
        assert_eq!((lines.len(), lines[0].quantity, total.amount), (1, 5, 500));
    }

    #[test]
    fn what_is_not_active_is_not_for_sale() {
        let archived = Offer { is_active: false, ..offer(1, 5, 100) };
        for offers in [vec![archived], vec![]] {
            let Err(Refusal::Invalid(wrong)) = buy(&[line(1, 1)], &offers) else { panic!("must be refused") };
            assert_eq!((wrong.0[0].pointer.as_str(), wrong.0[0].code), ("/lines/0/variant_id", "not_for_sale"));
        }
    }

    #[test]
    fn untracked_variants_never_run_out() {
        let mut voucher = offer(1, 0, 100);
        voucher.variant.track_stock = false;
        let (lines, _) = buy(&[line(1, 999)], &[voucher]).expect("no limit");
        assert!(!lines[0].stock_taken);
    }

    #[test]
    fn currencies_do_not_mix() {
        let usd = Currency::from_code("USD").expect("a currency");
        let mut dollars = offer(2, 5, 1);
        dollars.variant.price = Money::new(1, usd);
        assert!(matches!(buy(&[line(1, 1), line(2, 1)], &[offer(1, 5, 1), dollars]), Err(Refusal::Invalid(_))));
    }

    #[test]
    fn an_order_is_in_the_currency_that_is_asked_for_at_the_prices_of_the_moment() {
        let usd = Currency::from_code("USD").expect("a currency");
        let mut shirt = offer(1, 5, 1000);
        shirt.variant.details = VariantDetails {
            prices: vec![ListPrice { price: Money::new(1100, usd), compare_at_price: None }],
            sale: Some(Sale {
                prices: vec![Money::new(900, usd)],
                starts_at: Some(Timestamp::from_second(10).expect("a time")),
                ends_at: Some(Timestamp::from_second(20).expect("a time")),
            }),
            ..VariantDetails::default()
        };
        let buy = |currency, second| {
            let terms = Terms { currency, expected_total: None, now: Timestamp::from_second(second).expect("a time") };
            decide(&[line(1, 2)], &[line(1, 2)], &[shirt.clone()], terms)
        };
        let total = |currency, second| buy(currency, second).expect("bought").1;
        assert_eq!(total(None, 15), Money::new(2000, Currency::EUR));
        assert_eq!(total(Some(usd), 9), Money::new(2200, usd));
        assert_eq!(total(Some(usd), 10), Money::new(1800, usd));
        assert_eq!(total(Some(usd), 20), Money::new(2200, usd));
        let Err(Refusal::Invalid(wrong)) = buy(Currency::from_code("JPY"), 1) else { panic!("must be refused") };
        assert_eq!((wrong.0[0].pointer.as_str(), wrong.0[0].code), ("/lines/0/variant_id", "no_price"));
    }

    #[test]
    fn an_order_that_comes_to_another_total_than_its_buyer_was_told_is_refused() {
        let buy = |expected_total| {
            let terms = Terms { currency: None, expected_total, now: Timestamp::UNIX_EPOCH };
            decide(&[line(1, 2)], &[line(1, 2)], &[offer(1, 5, 100)], terms)
        };
        let total = Money::new(200, Currency::EUR);
        for expected in [None, Some(total)] {
            assert_eq!(buy(expected).expect("bought").1, total);
        }
        let dollars = Money::new(200, Currency::from_code("USD").expect("a currency"));
        for other in [Money::new(199, Currency::EUR), Money::new(201, Currency::EUR), dollars] {
            assert_eq!(buy(Some(other)).expect_err("another total"), Refusal::PriceChanged(total), "{other}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_oversold_and_totals_agree(
            asked in prop::collection::vec((0_u8..5, -2_i64..1200), 0..120),
            stock in prop::collection::vec(0_i64..2000, 5),
        ) {
            let lines: Vec<_> = asked.iter().map(|&(n, quantity)| line(n, quantity)).collect();
            let offers: Vec<_> = stock.iter().zip(0_u8..).map(|(&stock, n)| offer(n, stock, i64::from(n) + 7)).collect();
            if let Ok((bought, total)) = buy(&lines, &offers) {
                for (n, &stock) in stock.iter().enumerate() {
                    let n = u8::try_from(n).expect("five offers");
                    let wanted: i64 = lines.iter().filter(|line| line.variant_id == id(n)).map(|line| line.quantity).sum();
                    let got: i64 = bought.iter().filter(|line| line.variant_id == id(n)).map(|line| line.quantity).sum();
                    prop_assert_eq!(wanted, got);
                    prop_assert!(got <= stock && got <= QUANTITY_MAX);
                }
                prop_assert_eq!(total.amount, bought.iter().map(|line| line.total().amount).sum::<i64>());
            }
        }
    }
}
