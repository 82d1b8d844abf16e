//! Amounts of money: whole minor units with their currency, never a float.

use std::{fmt, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::violation::Violation;

/// The largest price of one piece, in minor units. A cart of 100 lines of 999 pieces at this price fits `i64`.
pub const PRICE_MAX: i64 = 1_000_000_000_000;

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);

    /// The currency with the three-letter code `code`, in capitals.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        iso_currency::Currency::from_code(code).map(Self)
    }

    /// The currencies that countries pay in, in the order of their codes.
    #[must_use]
    pub fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Currency>> = LazyLock::new(|| {
            let letters = || (b'A'..=b'Z').map(char::from);
            let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
            let known = codes.filter_map(|code| Currency::from_code(&String::from_iter(code)));
            known.filter(|currency| !currency.0.used_by().is_empty()).collect()
        });
        &ALL
    }

    /// What it is called in English.
    #[must_use]
    pub fn name(self) -> String {
        self.0.name().to_owned()
    }

    /// The three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals the minor unit has: 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn decimals(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(0))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::from_code(code).ok_or_else(|| format!("`{code}` is not an ISO 4217 currency code such as EUR"))
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount in minor units (cents for EUR) of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; 1999 in EUR is 19.99 €.
    pub amount: i64,
    /// The currency of the amount.
    pub currency: Currency,
}

impl Money {
    /// `amount` minor units of `currency`.
    #[must_use]
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// A price: not negative and not above [`PRICE_MAX`].
    ///
    /// # Errors
    /// A violation at `{pointer}/amount`.
    pub fn check_price(self, pointer: &str) -> Result<Self, Violation> {
        if (0..=PRICE_MAX).contains(&self.amount) {
            return Ok(self);
        }
        Err(Violation {
            pointer: format!("{pointer}/amount"),
            code: "out_of_range",
            message: format!("must be 0 to {PRICE_MAX} minor units"),
        })
    }

    /// This amount `quantity` times; `None` when it does not fit.
    #[must_use]
    pub fn times(self, quantity: i64) -> Option<Self> {
        Some(Self { amount: self.amount.checked_mul(quantity)?, ..self })
    }

    /// The sum; `None` when it does not fit or the currencies differ.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.amount.checked_add(other.amount))
            .flatten()
            .map(|amount| Self { amount, ..self })
    }

    /// Reads a price as people write it in a spreadsheet: `50`, `50.5`, `1,299.00`, `19,99`.
    ///
    /// A comma or point counts as the decimal sign when it is the last sign and as many digits follow as the
    /// currency has decimals, or fewer; elsewhere it separates thousands and must stand before groups of three.
    #[must_use]
    pub fn from_decimal(text: &str, currency: Currency) -> Option<Self> {
        let text = text.trim();
        let decimals = usize::try_from(currency.decimals()).ok()?;
        let (whole, fraction) = match text.rfind(['.', ',']) {
            Some(at) if (1..=decimals).contains(&(text.len() - at - 1)) => (&text[..at], &text[at + 1..]),
            _ => (text, ""),
        };
        let mut groups = whole.split(['.', ',']);
        let first = groups.next().filter(|first| !first.is_empty())?;
        let mut digits = first.to_owned();
        for group in groups {
            // Nobody writes nought thousands: `0.999` is a price with a decimal too many.
            if group.len() != 3 || first.len() > 3 || first.starts_with('0') {
                return None;
            }
            digits.push_str(group);
        }
        digits.push_str(fraction);
        digits.extend(std::iter::repeat_n('0', decimals - fraction.len()));
        let amount = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
        Some(Self { amount, currency })
    }
}

/// For people: `EUR 19.99`. The code stands first and the point is the decimal sign, whatever the reader's language.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals();
        let unit = 10_u64.pow(decimals);
        let sign = if self.amount < 0 { "-" } else { "" };
        let amount = self.amount.unsigned_abs();
        write!(f, "{} {sign}{}", self.currency, amount / unit)?;
        if decimals > 0 {
            write!(f, ".{:0width$}", amount % unit, width = decimals as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur(text: &str) -> Option<i64> {
        Money::from_decimal(text, Currency::EUR).map(|money| money.amount)
    }

    #[test]
    fn reads_prices_as_spreadsheets_write_them() {
        for (text, cents) in [
            ("50", 5000),
            ("50.5", 5050),
            ("19.99", 1999),
            ("19,99", 1999),
            ("1,299.00", 129_900),
            ("1.299,00", 129_900),
            ("1,299", 129_900),
            ("0", 0),
            (" 7 ", 700),
            ("1,000,000", 100_000_000),
        ] {
            assert_eq!(eur(text), Some(cents), "{text}");
        }
        for bad in [
            "",
            "-5",
            "abc",
            "5.",
            ".5",
            "1,29,9",
            "12 34",
            "1e3",
            "1234,567",
            "0.999",
            "0,999.00",
            "99999999999999999999",
            "∞",
        ] {
            assert_eq!(eur(bad), None, "{bad}");
        }
        assert_eq!(
            Money::from_decimal("1500", Currency::from_code("JPY").expect("a currency")).map(|m| m.amount),
            Some(1500)
        );
    }

    #[test]
    fn shows_as_many_decimals_as_the_currency_has() {
        assert_eq!(Money::new(1999, Currency::EUR).to_string(), "EUR 19.99");
        assert_eq!(Money::new(-5, Currency::EUR).to_string(), "EUR -0.05");
        assert_eq!(Money::new(1500, Currency::from_code("JPY").expect("a currency")).to_string(), "JPY 1500");
        assert_eq!(Money::new(1500, Currency::from_code("KWD").expect("a currency")).to_string(), "KWD 1.500");
    }

    #[test]
    fn sums_refuse_to_mix_currencies_or_to_wrap() {
        let usd = Currency::from_code("USD").expect("a currency");
        assert_eq!(Money::new(1, Currency::EUR).plus(Money::new(1, usd)), None);
        assert_eq!(Money::new(i64::MAX, usd).plus(Money::new(1, usd)), None);
        assert_eq!(Money::new(i64::MAX / 2, usd).times(3), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(amount in 0_i64..PRICE_MAX) {
            let shown = Money::new(amount, Currency::EUR).to_string();
            prop_assert_eq!(eur(shown.trim_start_matches("EUR ")), Some(amount));
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = eur(&text);
        }
    }
}
