//! What is in a document: ids, texts, numbers, however they were written.

use bson::{Bson, Document};
use model::{Currency, Money, NotAPrice, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

/// The `_id` of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OldId {
    /// As people write it.
    pub(super) text: String,
    /// When it was made, in seconds since 1970, where it says so.
    pub(super) seconds: Option<u32>,
}

impl OldId {
    pub(super) fn time(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.seconds?.into()).ok()
    }
}

/// The id that a value is: an ObjectId, a text, a number; that of a document that was put in the place of its id; that of a DBRef.
pub(super) fn id_of(value: Option<&Bson>) -> Option<OldId> {
    match value? {
        Bson::ObjectId(id) => {
            let [a, b, c, d, ..] = id.bytes();
            Some(OldId { text: id.to_hex(), seconds: Some(u32::from_be_bytes([a, b, c, d])) })
        }
        Bson::String(text) if !text.trim().is_empty() => match text.parse::<bson::oid::ObjectId>() {
            Ok(id) => id_of(Some(&Bson::ObjectId(id))),
            Err(_) => Some(OldId { text: text.trim().to_owned(), seconds: None }),
        },
        Bson::Int32(number) => Some(OldId { text: number.to_string(), seconds: None }),
        Bson::Int64(number) => Some(OldId { text: number.to_string(), seconds: None }),
        Bson::Document(inner) => {
            ["_id", "$id", "productId", "product", "id"].iter().find_map(|key| id_of(inner.get(key)))
        }
        _ => None,
    }
}

/// The id that stands for an old one: always the same, and in the order of their times (RFC 9562, version 7).
pub(super) fn new_id<T: From<Uuid>>(kind: &str, id: &OldId) -> T {
    let digest = Sha256::digest(format!("{kind} {}", id.text));
    let random: [u8; 10] = std::array::from_fn(|at| digest[at]);
    let millis = u64::from(id.seconds.unwrap_or(0)) * 1000;
    T::from(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// A text; numbers are written out, and space around it is taken off.
pub(super) fn text(value: Option<&Bson>) -> Option<String> {
    let text = match value? {
        Bson::String(text) => text.trim().to_owned(),
        Bson::Int32(number) => number.to_string(),
        Bson::Int64(number) => number.to_string(),
        Bson::Double(number) if number.is_finite() => format!("{number}"),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// A truth, as JavaScript would take it.
pub(super) fn is_true(value: Option<&Bson>) -> bool {
    match value {
        Some(Bson::Boolean(truth)) => *truth,
        Some(Bson::String(text)) => text.eq_ignore_ascii_case("true"),
        Some(Bson::Int32(number)) => *number != 0,
        _ => false,
    }
}

/// A time.
pub(super) fn time(value: Option<&Bson>) -> Option<Timestamp> {
    match value? {
        Bson::DateTime(at) => Timestamp::from_millisecond(at.timestamp_millis()).ok(),
        Bson::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A whole number.
pub(super) fn whole(value: Option<&Bson>) -> Option<i64> {
    match value? {
        Bson::Int32(number) => Some((*number).into()),
        Bson::Int64(number) => Some(*number),
        // What JavaScript calls a number is one of these even when it is whole.
        Bson::Double(number) if number.fract() == 0.0 => format!("{number:.0}").parse().ok(),
        Bson::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// An amount of money. Texts are read as the old shop did, as numbers of JavaScript; if they are none, as people write prices. `1,299` is no
/// number of JavaScript: its comma groups thousands, as JavaScript writes them for people.
pub(super) fn money(value: Option<&Bson>, currency: Currency) -> Option<Money> {
    let decimals = currency.decimals() as usize;
    let found = match value? {
        Bson::Int32(number) => Money::from_decimal(&number.to_string(), currency),
        Bson::Int64(number) => Money::from_decimal(&number.to_string(), currency),
        other => match (number(other), other) {
            (Some(number), _) if number.is_finite() && number >= 0.0 => {
                Money::from_decimal(&format!("{number:.decimals$}"), currency)
            }
            (None, Bson::String(text)) => match Money::read_decimal(bare(text), currency) {
                Err(NotAPrice::Ambiguous { thousands, .. }) => Money::from_decimal(&thousands, currency),
                read => read.ok(),
            },
            _ => None,
        },
    };
    found.filter(|money| money.check_price("").is_ok())
}

/// Whether [`money`] rounds it: it has more decimals than the currency, and not only those that JavaScript's numbers have by themselves.
pub(super) fn is_rounded(value: Option<&Bson>, currency: Currency) -> bool {
    let decimals = currency.decimals() as usize;
    value.and_then(number).is_some_and(|number| {
        let kept = format!("{number:.decimals$}").parse::<f64>();
        kept.is_ok_and(|kept| (kept - number).abs() > 1e-6)
    })
}

/// A number of JavaScript that need not be whole.
fn number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Double(number) => Some(*number),
        Bson::Decimal128(number) => number.to_string().parse().ok(),
        Bson::String(text) => bare(text).parse().ok(),
        _ => None,
    }
}

/// A price without what stands around it.
fn bare(text: &str) -> &str {
    text.trim().trim_matches(|c: char| !c.is_ascii_digit() && !"-+.,".contains(c))
}

/// The documents or values of a list.
pub(super) fn list<'d>(document: &'d Document, key: &str) -> &'d [Bson] {
    document.get_array(key).map(Vec::as_slice).unwrap_or_default()
}

/// The first of these fields that a document has, with its name. Shops of this kind call one thing by several names.
pub(super) fn field<'d>(document: &'d Document, names: &[&'static str]) -> (&'static str, Option<&'d Bson>) {
    let given = |name: &&'static str| document.get(*name).filter(|value| !matches!(value, Bson::Null));
    let found = names.iter().find_map(|name| Some((*name, Some(given(name)?))));
    found.unwrap_or((names.first().copied().unwrap_or_default(), None))
}

/// What is wrong with a field: `has no price`, or `price "cheap" is no price`.
pub(super) fn wrong(name: &str, value: Option<&Bson>, what: &str) -> String {
    match value {
        None => format!("has no {name}"),
        value => format!("{name} {} {what}", shown(value)),
    }
}

/// What somebody wrote, short enough for a message.
pub(super) fn shown(value: Option<&Bson>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    if text.chars().count() > 60 { text.chars().take(60).chain(['…']).collect() } else { text }
}
