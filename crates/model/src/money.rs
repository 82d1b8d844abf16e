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

    /// For people, to be read at a glance: with commas between the thousands, as `EUR 30,157.20`.
    #[must_use]
    pub fn grouped(self) -> String {
        let text = self.to_string();
        let Some((code, amount)) = text.split_once(' ') else { return text };
        let (whole, rest) = amount.find('.').map_or((amount, ""), |point| amount.split_at(point));
        let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{code} {sign}{grouped}{rest}")
    }

    /// Reads a price as people write it in a spreadsheet: `50`, `50.5`, `1,299.00`, `1.299,00`, `1 299,00`, `1'299.00`, `19,99`.
    ///
    /// A comma or point counts as the decimal sign when it is there once, as the last sign, and as many digits follow as the currency
    /// has decimals, or fewer; every other sign separates thousands: it is the same throughout, and stands before groups of three.
    #[must_use]
    pub fn from_decimal(text: &str, currency: Currency) -> Option<Self> {
        Self::read_decimal(text, currency).ok()
    }

    /// The same, with the reason where it is none.
    ///
    /// # Errors
    /// [`NotAPrice`]
    pub fn read_decimal(text: &str, currency: Currency) -> Result<Self, NotAPrice> {
        let text = text.trim();
        let decimals = usize::try_from(currency.decimals()).map_err(|_| NotAPrice::Unreadable)?;
        let (whole, fraction) = split_decimal(text, decimals);
        let mut signs = whole.matches(GROUP_SIGNS);
        let sign = signs.next();
        let is_only_sign = sign.is_some() && fraction.is_empty() && signs.next().is_none();
        let mut groups = whole.split(GROUP_SIGNS);
        let first = groups.next().filter(|first| !first.is_empty()).ok_or(NotAPrice::Unreadable)?;
        let mut digits = first.to_owned();
        for group in groups {
            // Nobody writes nought thousands: `0.999` is a price with a decimal too many.
            if group.len() != 3 || first.len() > 3 || first.starts_with('0') {
                return Err(NotAPrice::Unreadable);
            }
            digits.push_str(group);
        }
        let is_mixed = whole.matches(GROUP_SIGNS).any(|other| Some(other) != sign);
        if is_mixed || !digits.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(NotAPrice::Unreadable);
        }
        // Where there are no decimals a comma is what the thousands are shown with.
        if is_only_sign && (sign == Some(".") || sign == Some(",") && decimals > 0) {
            return Err(NotAPrice::Ambiguous { thousands: digits, decimals });
        }
        digits.push_str(fraction);
        digits.extend(std::iter::repeat_n('0', decimals - fraction.len()));
        let amount = digits.parse().map_err(|_| NotAPrice::Unreadable)?;
        Ok(Self { amount, currency })
    }
}

/// What separates thousands, somewhere in the world.
const GROUP_SIGNS: [char; 7] = ['.', ',', ' ', '\u{a0}', '\u{202f}', '\'', '\u{2019}'];

/// A price and its decimals, which are empty where it has none.
fn split_decimal(text: &str, decimals: usize) -> (&str, &str) {
    let Some(at) = text.rfind(['.', ',']) else { return (text, "") };
    let (whole, rest) = text.split_at(at);
    let (sign, fraction) = rest.split_at(1);
    let is_decimal = (1..=decimals).contains(&fraction.len()) && !whole.contains(sign);
    if is_decimal { (whole, fraction) } else { (text, "") }
}

/// Why a text is no price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAPrice {
    /// It is none.
    Unreadable,
    /// `1.999`: thousands to some people, and a price with a decimal too many to others.
    Ambiguous {
        /// What it is as thousands, without the sign.
        thousands: String,
        /// How many decimals the currency has.
        decimals: usize,
    },
}

/// What is allowed, as it stands behind the name of a field.
impl fmt::Display for NotAPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("must be a price such as 50 or 19.99"),
            Self::Ambiguous { thousands, decimals: 0 } => {
                write!(f, "may be thousands or decimals: write {thousands} without a separator, or a whole number")
            }
            Self::Ambiguous { thousands, decimals } => {
                let (whole, fraction) = thousands.split_at(thousands.len().saturating_sub(3));
                let fraction = fraction.get(..*decimals).unwrap_or(fraction);
                write!(f, "may be thousands or decimals: write {whole}.{fraction}, or {thousands} without a separator")
            }
        }
    }
}

impl std::error::Error for NotAPrice {}

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
            ("1 299,00", 129_900),
            ("1\u{a0}299", 129_900),
            ("1'299.00", 129_900),
            ("1 299", 129_900),
            ("0", 0),
            (" 7 ", 700),
            ("1,000,000", 100_000_000),
            ("1.234.567", 123_456_700),
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
            "1.299",
            "1,299",
            "12.345",
            "1,234.567",
            "1.299.00",
            "1 299.000",
            "1'2",
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
    fn three_digits_behind_one_sign_are_thousands_only_where_they_cannot_be_decimals() {
        let told = |text: &str, code: &str| {
            let read = Money::read_decimal(text, Currency::from_code(code).expect("a currency"));
            read.map(|money| money.amount).map_err(|wrong| wrong.to_string())
        };
        let wrong = "may be thousands or decimals: write 1.99, or 1999 without a separator";
        assert_eq!(told("1.999", "EUR"), Err(wrong.to_owned()));
        assert_eq!(told("1,999", "EUR"), Err(wrong.to_owned()));
        assert!(told("1.999", "JPY").is_err_and(|wrong| wrong.contains("1999") && wrong.contains("whole number")));
        assert_eq!(told("1,999", "JPY"), Ok(1999));
        assert_eq!(told("cheap", "EUR"), Err("must be a price such as 50 or 19.99".to_owned()));
        assert_eq!((told("1.999", "KWD"), told("1,999", "KWD")), (Ok(1999), Ok(1999)));
        assert_eq!((told("1,999.000", "KWD"), told("1.234.567", "KWD")), (Ok(1_999_000), Ok(1_234_567_000)));
    }

    #[test]
    fn shows_as_many_decimals_as_the_currency_has() {
        assert_eq!(Money::new(1999, Currency::EUR).to_string(), "EUR 19.99");
        assert_eq!(Money::new(-5, Currency::EUR).to_string(), "EUR -0.05");
        assert_eq!(Money::new(1500, Currency::from_code("JPY").expect("a currency")).to_string(), "JPY 1500");
        assert_eq!(Money::new(1500, Currency::from_code("KWD").expect("a currency")).to_string(), "KWD 1.500");
    }

    #[test]
    fn large_amounts_are_grouped() {
        let shown = |amount| Money::new(amount, Currency::EUR).grouped();
        assert_eq!((shown(3_015_720).as_str(), shown(99_905).as_str()), ("EUR 30,157.20", "EUR 999.05"));
        assert_eq!((shown(100_000_000).as_str(), shown(-123_456).as_str()), ("EUR 1,000,000.00", "EUR -1,234.56"));
        let yen = Currency::from_code("JPY").expect("a currency");
        assert_eq!(Money::new(370_379_118, yen).grouped(), "JPY 370,379,118");
    }

    #[test]
    fn sums_refuse_to_mix_currencies_or_to_wrap() {
        let usd = Currency::from_code("USD").expect("a currency");
        assert_eq!(Money::new(1, Currency::EUR).plus(Money::new(1, usd)), None);
        assert_eq!(Money::new(i64::MAX, usd).plus(Money::new(1, usd)), None);
        assert_eq!(Money::new(i64::MAX / 2, usd).times(3), None);
    }

    /// What the text is, in millionths, to somebody who separates thousands and decimals by these signs.
    fn reading(text: &str, group: char, point: char) -> Option<i128> {
        let (whole, fraction) = text.split_once(point).unwrap_or((text, ""));
        let mut groups = whole.split(group);
        let first = groups.next().unwrap_or_default();
        let is_grouped = groups.clone().next().is_some();
        let is_sound =
            groups.all(|group| group.len() == 3) && (!is_grouped || (first.len() <= 3 && !first.starts_with('0')));
        let digits = format!("{}{fraction:0<6}", whole.replace(group, ""));
        digits.parse().ok().filter(|_| is_sound && fraction.len() <= 6)
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(amount in 0_i64..PRICE_MAX, code in "EUR|JPY|KWD") {
            let money = Money::new(amount, Currency::from_code(&code).expect("a currency"));
            for shown in [money.to_string(), money.grouped()] {
                let amount = shown.trim_start_matches(code.as_str()).trim();
                prop_assert_eq!(Money::from_decimal(amount, money.currency), Some(money), "{}", shown);
            }
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = eur(&text);
        }

        /// However somebody meant it, it does not become a hundred times as much.
        #[test]
        fn no_reading_is_a_hundredth_of_what_is_read(text in "[0-9]{1,4}([.,][0-9]{1,4}){0,3}", code in "EUR|JPY|KWD") {
            let currency = Currency::from_code(&code).expect("a currency");
            if let Some(money) = Money::from_decimal(&text, currency) {
                let millionths = i128::from(money.amount) * 10_i128.pow(6 - currency.decimals());
                // Nobody writes a decimal comma where there are no decimals.
                let with_comma = (currency.decimals() > 0).then(|| reading(&text, '.', ',')).flatten();
                for other in [reading(&text, ',', '.'), with_comma].into_iter().flatten() {
                    prop_assert!(millionths < 100 * other.max(1), "{text} {code}: {millionths} {other}");
                }
            }
        }
    }
}
