//! What forms send, and what they are told.

use std::collections::BTreeMap;

use axum::extract::{Form, FromRequest, Request};
use commerce::{Actor, Conflict, Error, Replied};
use http::StatusCode;
use identity::OpaqueToken;
use minijinja::{Value, context};
use model::{Currency, Money, NotAPrice, Violations};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use store::{Claim, Operation, StoredReply};

use crate::{App, problem::Problem};

/// The fields of a form, in their order; one name may stand for several.
pub(in crate::routes::pages) struct Fields(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let malformed = |_| Problem::new(crate::problem::Code::MalformedRequest);
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, state).await.map_err(malformed)?;
        Ok(Self(fields))
    }
}

impl Fields {
    /// What the field says, trimmed; nothing where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// What the field says as it was typed: a space at the end of a password is a part of it.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// What the field says, trimmed, if the form has it.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// What the field says, if it says anything.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        Some(self.get(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Whether the box is checked.
    pub(super) fn is_checked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// Everything that fields of this name say.
    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// The fields whose names begin with this, without it.
    pub(super) fn beginning<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.trim())))
    }

    /// Everything that was filled in, by its names; the token of the form is another one after each sign-in.
    pub(super) fn entries(&self) -> Vec<&str> {
        let own = self.0.iter().filter(|(name, _)| name != "csrf");
        own.flat_map(|(name, value)| [name.as_str(), value.trim()]).collect()
    }

    /// The version that the page showed.
    pub(super) fn version(&self) -> Option<i64> {
        self.get("version").parse().ok()
    }

    /// The token of the form.
    pub(super) fn csrf(&self) -> &str {
        self.get("csrf")
    }

    /// All of it, for showing the form again as it was filled in.
    pub(super) fn typed(&self) -> Value {
        let fields: BTreeMap<&str, &str> = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Value::from_serialize(fields)
    }
}

/// The number of a form as it is shown, which it sends as `once`: what [`once`] knows it by.
pub(super) fn form_number() -> String {
    OpaqueToken::random().expose()
}

/// Does what a form asks for about `what`, once however often the form is sent with the same `entries`: by a second click, or by loading
/// a page again whose answer was lost. Gives whether it was done now. For changes that add up; others carry the version that the page
/// showed.
///
/// # Errors
/// As [`App::try_run_as`].
pub(super) async fn once<O: Operation>(
    app: &App,
    by: Actor,
    fields: &Fields,
    what: &str,
    entries: &[&str],
    operation: O,
) -> Result<Result<bool, O::Error>, Problem> {
    let nothing = |_: &O::Output| StoredReply { status: 204, location: None, etag: None, body: Vec::new() };
    let entries: Vec<&str> = entries.iter().map(|name| fields.get(name)).collect();
    let replied = once_kept(app, by, fields, what, &entries, operation, nothing).await?;
    Ok(replied.map(|replied| matches!(replied, Replied::New(_))))
}

/// The same for what has a page of its own when it was done: `render` says where, and whoever sends the form again is told too. `entries`
/// are what the fields say here, and not their names.
///
/// # Errors
/// As [`App::try_run_as`].
pub(super) async fn once_kept<O: Operation>(
    app: &App,
    by: Actor,
    fields: &Fields,
    what: &str,
    entries: &[&str],
    operation: O,
    render: fn(&O::Output) -> StoredReply,
) -> Result<Result<Replied, O::Error>, Problem> {
    // A form without a number comes from no page of ours.
    let number = fields.get("once");
    let parts = [number, what].into_iter().chain(entries.iter().copied());
    let digest = parts.fold(Sha256::new(), |digest, part| digest.chain_update(part).chain_update([0]));
    let fingerprint: [u8; 32] = digest.finalize().into();
    let key = hex::encode(fingerprint);
    let claim = Claim { account_id: by.account_id, route: "form".into(), key, fingerprint, at: app.now() };
    app.try_run_once_as(by, Some(claim).filter(|_| !number.is_empty()), operation, render).await
}

/// What a page is asked after a form of it was taken: which notice to show.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct Done {
    pub(super) done: String,
}

/// Why a form was refused, in the words of the page.
#[derive(Default)]
pub(super) struct Refused {
    /// What is wrong on the whole.
    pub(super) text: String,
    /// What is wrong with fields, by their pointers without the slash in front.
    pub(super) fields: BTreeMap<String, String>,
    /// Whether somebody else was quicker.
    pub(super) is_stale: bool,
}

impl Refused {
    /// One sentence.
    pub(super) fn because(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The status of the page that shows it: 200 where nothing was refused.
    pub(super) const fn status(&self) -> StatusCode {
        if self.text.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
    }

    /// The same with 409 where somebody else was quicker, for pages that then show what the other one did.
    pub(super) const fn status_or_conflict(&self) -> StatusCode {
        if self.is_stale && !self.text.is_empty() { StatusCode::CONFLICT } else { self.status() }
    }

    /// For templates: `error`, and `errors` by field.
    pub(super) fn shown(&self) -> Value {
        context! { error => self.text, errors => Value::from_serialize(&self.fields), stale => self.is_stale }
    }
}

impl From<Violations> for Refused {
    fn from(wrong: Violations) -> Self {
        Self::of(wrong, &[])
    }
}

impl Refused {
    /// What is wrong, with the variants of a product called by what tells them apart: `variants` has that, in their order.
    pub(super) fn of(wrong: Violations, variants: &[String]) -> Self {
        let mut refused = Self::default();
        let mut loose = Vec::new();
        for violation in wrong.0 {
            let name = violation.pointer.trim_start_matches('/').to_owned();
            if name.is_empty() {
                loose.push(sentence(&violation.message));
            } else {
                refused.fields.entry(name).or_insert(violation.message);
            }
        }
        if loose.is_empty() {
            let told = |(name, message): (&String, &String)| field_text(name, message, variants);
            let fields: Vec<_> = refused.fields.iter().map(told).collect();
            refused.text = fields.join(" ");
        } else {
            refused.text = loose.join(" ");
        }
        refused
    }
}

/// What the grid of the product editor calls the fields of a variant: by the names that pointers and inputs have for them.
const COLUMNS: [(&str, &str); 14] = [
    ("price", "Price"),
    ("compare", "Before"),
    ("compare_at_price", "Before"),
    ("sale/ends_at", "End of the sale"),
    ("sale", "In the sale"),
    ("other_prices", "Price in another currency"),
    ("sku", "SKU"),
    ("stock", "Stock"),
    ("low", "Low from"),
    ("low_stock_at", "Low from"),
    ("weight", "Grams"),
    ("weight_grams", "Grams"),
    ("barcode", "Barcode"),
    ("option_values", "Options"),
];

/// What forms call fields that have another name in the API. What is in a list is called as its list is.
const LABELS: [(&str, &str); 19] = [
    ("slug", "Name in links"),
    ("key", "Name in the API"),
    ("label", "Name"),
    ("choices", "Choices"),
    ("options", "Options"),
    ("permissions", "May work with"),
    ("publish_on", "Goes on sale by itself on"),
    ("sale_from", "Begin of the sale"),
    ("sale_until", "End of the sale"),
    ("rule", "The rule"),
    ("rule/price_min", "From"),
    ("ship_to/name", "Name"),
    ("ship_to/line1", "Street and number"),
    ("ship_to/line2", "Flat, floor, company"),
    ("ship_to/postal_code", "Postal code"),
    ("ship_to/city", "Town"),
    ("ship_to/region", "State or county"),
    ("ship_to/country", "Country"),
    ("ship_to/phone", "Telephone"),
];

/// The column of the grid that a field of a variant stands in.
fn column_text(field: &str) -> String {
    let first = field.split('/').next().unwrap_or(field);
    let known = COLUMNS.iter().find(|(name, _)| *name == field || *name == first);
    match (known, first.strip_prefix("price-")) {
        (Some((_, text)), _) => (*text).to_owned(),
        (None, Some(currency)) => format!("Price in {currency}"),
        (None, None) => first.replace('_', " "),
    }
}

/// The number, from 0, of what `LIST/0/sku` is about, and its field.
fn numbered<'n>(name: &'n str, list: &str) -> Option<(usize, &'n str)> {
    let (index, field) = name.strip_prefix(list)?.strip_prefix('/')?.split_once('/')?;
    Some((index.parse().ok()?, field))
}

/// `variants/0/sku` and `must ...` as a sentence. The only variant of a product needs no name.
fn field_text(name: &str, message: &str, variants: &[String]) -> String {
    if let Some((index, field)) = numbered(name, "variants") {
        let column = column_text(field);
        return match variants.get(index) {
            Some(known) if !known.is_empty() => ended(&format!("{known}, {column}: {message}")),
            Some(_) if variants.len() == 1 => ended(&format!("{column}: {message}")),
            _ => ended(&format!("Variant {}, {column}: {message}", index + 1)),
        };
    }
    if let Some((index, field)) = numbered(name, "options") {
        let column = if field == "name" { "Name" } else { "Values" };
        return ended(&format!("Option {}, {column}: {message}", index + 1));
    }
    let first = name.split('/').next().unwrap_or(name);
    let known = LABELS.iter().find(|(known, _)| *known == name).or_else(|| {
        // `choices/3`, but not `rule/categories`.
        let is_in_list = name.split('/').skip(1).all(|part| part.parse::<usize>().is_ok());
        LABELS.iter().find(|(known, _)| is_in_list && *known == first)
    });
    if let Some((_, label)) = known {
        return ended(&format!("{label}: {message}"));
    }
    let name: Vec<String> = name
        .split('/')
        .filter(|part| *part != "amount")
        .map(|part| part.parse::<usize>().map_or_else(|_| part.replace('_', " "), |index| (index + 1).to_string()))
        .collect();
    sentence(&format!("{} {message}", name.join(" ")))
}

/// With a capital letter in front and a full stop at the end.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    ended(&format!("{first}{}", letters.as_str()))
}

/// With a full stop at the end, where nothing else ends it.
pub(super) fn ended(text: &str) -> String {
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{text}{end}")
}

/// What the page says to a refusal; what is no answer to the form is an error of its own.
pub(super) fn refused(error: Error) -> Result<Refused, Problem> {
    let text = match error {
        Error::Invalid(wrong) => return Ok(wrong.into()),
        Error::Stale { .. } => {
            let text = "Somebody else changed this meanwhile.".to_owned();
            return Ok(Refused { text, is_stale: true, ..Refused::default() });
        }
        Error::Forbidden => "Only an owner of the shop may do this.".to_owned(),
        Error::Conflict(Conflict::StockOutOfRange { on_hand }) => {
            format!("That is more than there is: {on_hand} on hand.")
        }
        Error::Conflict(Conflict::Recounted { on_hand }) => {
            let text = format!(
                "Somebody else changed the stock meanwhile: there are {on_hand} now. Count again if that is not right."
            );
            return Ok(Refused { text, is_stale: true, ..Refused::default() });
        }
        Error::Conflict(Conflict::SlugTaken(slug)) => return Ok(taken("/slug", &slug)),
        Error::Conflict(Conflict::KeyTaken(key)) => return Ok(taken("/key", &key)),
        Error::Conflict(conflict) => sentence(&conflict.to_string()),
        other => return Err(other.into()),
    };
    Ok(Refused::because(text))
}

/// A name that something else has already.
fn taken(pointer: &str, name: &str) -> Refused {
    Violations::one(pointer, "duplicate", format!("`{name}` is taken by another one")).into()
}

/// An amount as a field shows it: `19.99`.
pub(super) fn decimal(money: Money) -> String {
    let text = money.to_string();
    text.split_once(' ').map_or_else(String::new, |(_, amount)| amount.to_owned())
}

/// What a field with a list shows: with commas between.
pub(super) fn listed(values: &[String]) -> String {
    values.join(", ")
}

/// What a field with a list says. As it was shown it means what it showed: one of the values may have a comma of its own.
pub(super) fn read_list(text: &str, shown: &[String]) -> Vec<String> {
    if text == listed(shown).trim() {
        return shown.to_vec();
    }
    split(text).map(str::to_owned).collect()
}

/// What stands between the commas.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty())
}

/// A price that somebody typed.
pub(super) fn price(wrong: &mut Violations, pointer: &str, text: &str, currency: Currency) -> Option<Money> {
    match Money::read_decimal(text, currency) {
        Ok(money) => Some(money),
        Err(NotAPrice::Unreadable) => {
            let example = decimal(Money::new(1999, currency));
            wrong.add(pointer, "invalid", format!("must be a price such as {example}"));
            None
        }
        Err(ambiguous @ NotAPrice::Ambiguous { .. }) => {
            wrong.add(pointer, "invalid", ambiguous.to_string());
            None
        }
    }
}

/// A whole number that somebody typed.
pub(super) fn number(wrong: &mut Violations, pointer: &str, text: &str) -> Option<i64> {
    let number = text.parse().ok();
    if number.is_none() {
        wrong.add(pointer, "invalid", "must be a whole number");
    }
    number
}

/// What a page is told by the one before it, in its address: one of these, never a text of a stranger's.
pub(super) fn notice<'n>(done: &str, known: &[(&str, &'n str)]) -> Option<&'n str> {
    known.iter().find(|(name, _)| *name == done).map(|(_, text)| *text)
}

/// The settings of the shop as they are now, for pages that show or change them; those that [`App`] keeps may be a second old.
pub(super) async fn fresh_shop_settings(app: &App) -> Result<model::ShopSettings, Problem> {
    Ok(app.fresh_shop_settings().await?.as_ref().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_sentences() {
        let mut wrong = Violations::default();
        wrong.add("/variants/0/price/amount", "out_of_range", "must be less");
        let refused = Refused::from(wrong);
        assert_eq!(refused.text, "Variant 1, Price: must be less.");
        assert_eq!(refused.fields["variants/0/price/amount"], "must be less");
        assert_eq!(Refused::from(Violations::one("", "x", "the shop is closed")).text, "The shop is closed.");
    }

    #[test]
    fn what_is_wrong_with_a_variant_is_said_in_the_words_of_the_grid() {
        let told = |pointer: &str, variants: &[&str]| {
            let variants: Vec<String> = variants.iter().map(|&values| values.to_owned()).collect();
            Refused::of(Violations::one(pointer, "invalid", "must be a whole number"), &variants).text
        };
        let two = ["Red / S", "Red / L"];
        assert_eq!(told("/variants/1/low", &two), "Red / L, Low from: must be a whole number.");
        assert_eq!(told("/variants/0/weight_grams", &two), "Red / S, Grams: must be a whole number.");
        assert_eq!(told("/variants/0/price-USD", &two), "Red / S, Price in USD: must be a whole number.");
        assert_eq!(told("/variants/2/sale/ends_at", &two), "Variant 3, End of the sale: must be a whole number.");
        assert_eq!(told("/variants/0/sale/prices/0/amount", &[""]), "In the sale: must be a whole number.");
        assert_eq!(told("/variants/0/sku", &[]), "Variant 1, SKU: must be a whole number.");
        // What is about all of them, or about something else, goes by its own name.
        assert_eq!(told("/variants", &two), "Variants must be a whole number.");
        assert_eq!(told("/tags/2", &two), "Tags 3 must be a whole number.");
    }

    #[test]
    fn fields_are_called_as_the_forms_call_them() {
        let told = |pointer: &str| Refused::from(Violations::one(pointer, "invalid", "must be another")).text;
        assert_eq!(told("/slug"), "Name in links: must be another.");
        assert_eq!(told("/permissions"), "May work with: must be another.");
        assert_eq!(told("/sale_until"), "End of the sale: must be another.");
        assert_eq!(told("/choices/2"), "Choices: must be another.");
        assert_eq!(told("/options/1/values/0"), "Option 2, Values: must be another.");
        assert_eq!(told("/rule/price_min"), "From: must be another.");
        assert_eq!(told("/ship_to/line1"), "Street and number: must be another.");
        assert_eq!(told("/tracking/number"), "Tracking number must be another.");
        assert_eq!(told("/rule/rating_min"), "Rule rating min must be another.");
        let refused = refused(Conflict::SlugTaken("mug".to_owned()).into()).expect("an answer to the form");
        assert_eq!(refused.text, "Name in links: `mug` is taken by another one.");
        assert!(refused.fields.contains_key("slug"));
    }

    #[test]
    fn prices_are_shown_as_they_are_typed() {
        let money = Money::new(129_905, Currency::EUR);
        assert_eq!(decimal(money), "1299.05");
        let mut wrong = Violations::default();
        assert_eq!(price(&mut wrong, "/price", &decimal(money), Currency::EUR), Some(money));
        assert_eq!(price(&mut wrong, "/price", "x", Currency::EUR), None);
        assert_eq!(wrong.0.len(), 1);
    }
}
