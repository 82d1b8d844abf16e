//! Fields of a shop's own on products and variants: a definition says what they hold.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{details::Attributes, text, violation::Violations};

/// The most attributes that a shop defines.
pub const DEFINITIONS_MAX: usize = 200;
/// The most choices of one attribute.
pub const CHOICES_MAX: usize = 500;

/// What an attribute is a field of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeOwner {
    /// Of products.
    Product,
    /// Of variants.
    Variant,
}

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// A line of text.
    Text,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// One of the choices.
    Choice,
    /// Some of the choices.
    Choices,
    /// An http or https URL.
    Url,
}

/// What a field of the shop's own is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeDefinition {
    /// Its id.
    pub id: Uuid,
    /// Its name in the API, unique: lower-case letters, digits and underscores.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Whose field it is.
    pub owner: AttributeOwner,
    /// What it holds.
    pub kind: AttributeKind,
    /// What can be chosen, for [`AttributeKind::Choice`] and [`AttributeKind::Choices`].
    #[serde(default)]
    pub choices: Vec<String>,
    /// The unit of a number, such as `cm`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Whether shoppers can filter by it.
    #[serde(default)]
    pub is_facet: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: i64,
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text, a choice, a URL, a day.
    Text(String),
    /// Choices.
    List(Vec<String>),
}

impl AttributeDefinition {
    /// Trims the texts and checks them.
    ///
    /// # Errors
    /// What is wrong.
    pub fn validate(mut self) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let is_key = |key: &str| {
            (1..=40).contains(&key.len())
                && key.starts_with(|c: char| c.is_ascii_lowercase())
                && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        if !is_key(&self.key) {
            let message = "must be 1 to 40 lower-case letters, digits and underscores, and begin with a letter";
            wrong.add("/key", "invalid_key", message);
        }
        if let Some(label) = wrong.take(text::line("/label", &self.label, 100)) {
            self.label = label;
        }
        self.unit = self.unit.and_then(|unit| wrong.take(text::optional_line("/unit", &unit, 20)));
        self.unit = self.unit.filter(|unit| !unit.is_empty());
        let has_choices = matches!(self.kind, AttributeKind::Choice | AttributeKind::Choices);
        if has_choices == self.choices.is_empty() || self.choices.len() > CHOICES_MAX {
            let message =
                format!("must be 1 to {CHOICES_MAX} where it holds one or several of some choices, and none otherwise");
            wrong.add("/choices", "out_of_range", message);
        }
        let mut choices: Vec<String> = Vec::with_capacity(self.choices.len());
        for (index, choice) in self.choices.iter().enumerate() {
            let at = format!("/choices/{index}");
            let Some(choice) = wrong.take(text::line(&at, choice, 100)) else { continue };
            if choices.contains(&choice) {
                wrong.add(at, "duplicate", "the choice is there already");
            }
            choices.push(choice);
        }
        self.choices = choices;
        wrong.into_result().map(|()| self)
    }

    /// Whether a value is one that can be set. One that was set under another definition, or when there were other choices, may not be.
    #[must_use]
    pub fn takes(&self, value: &AttributeValue) -> bool {
        self.refuse(value).is_none()
    }

    /// What is wrong with a value, if anything is.
    fn refuse(&self, value: &AttributeValue) -> Option<String> {
        let is_choice = |text: &String| self.choices.contains(text);
        let is_fine = match (self.kind, value) {
            (AttributeKind::Text, AttributeValue::Text(text)) => text::line("", text, 1000).is_ok(),
            (AttributeKind::Integer, AttributeValue::Integer(_))
            | (AttributeKind::Boolean, AttributeValue::Boolean(_)) => true,
            (AttributeKind::Date, AttributeValue::Text(text)) => text.len() == 10 && text.parse::<Date>().is_ok(),
            (AttributeKind::Choice, AttributeValue::Text(text)) => is_choice(text),
            (AttributeKind::Choices, AttributeValue::List(list)) => {
                !list.is_empty()
                    && list.iter().enumerate().all(|(at, text)| is_choice(text) && !list[..at].contains(text))
            }
            (AttributeKind::Url, AttributeValue::Text(text)) => {
                (text.starts_with("https://") || text.starts_with("http://"))
                    && text.len() <= 2048
                    && !text.contains([' ', '"', '<', '>', '\\'])
                    && text::line("", text, 2048).is_ok()
            }
            _ => false,
        };
        let wanted = match self.kind {
            AttributeKind::Text => "a line of 1 to 1000 characters".to_owned(),
            AttributeKind::Integer => "a whole number".to_owned(),
            AttributeKind::Boolean => "true or false".to_owned(),
            AttributeKind::Date => "a day such as 2026-03-31".to_owned(),
            AttributeKind::Choice => format!("one of: {}", self.choices.join(", ")),
            AttributeKind::Choices => format!("a list, without repeats, of: {}", self.choices.join(", ")),
            AttributeKind::Url => "an http or https URL".to_owned(),
        };
        (!is_fine).then(|| format!("must be {wanted}"))
    }
}

/// Whether some definition takes this value of this key for this owner.
#[must_use]
pub fn is_taken(definitions: &[AttributeDefinition], owner: AttributeOwner, key: &str, value: &AttributeValue) -> bool {
    definitions.iter().any(|known| known.key == key && known.owner == owner && known.takes(value))
}

/// Checks values against what is defined for their owner.
pub fn check(
    attributes: &Attributes,
    owner: AttributeOwner,
    definitions: &[AttributeDefinition],
    at: &str,
    wrong: &mut Violations,
) {
    for (key, value) in attributes {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match definitions.iter().find(|definition| definition.key == *key && definition.owner == owner) {
            None => wrong.add(at, "not_defined", "no such attribute is defined: POST /v1/admin/attributes defines one"),
            Some(definition) => {
                if let Some(message) = definition.refuse(value) {
                    wrong.add(at, "wrong_value", message);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(kind: AttributeKind, choices: &[&str]) -> AttributeDefinition {
        AttributeDefinition {
            id: Uuid::nil(),
            key: "care".into(),
            label: "Care".into(),
            owner: AttributeOwner::Product,
            kind,
            choices: choices.iter().map(|&choice| choice.to_owned()).collect(),
            unit: None,
            is_facet: true,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    fn is_fine(kind: AttributeKind, choices: &[&str], json: &str) -> bool {
        let value: AttributeValue = serde_json::from_str(json).expect("a value");
        let attributes = Attributes::from([("care".to_owned(), value)]);
        let mut wrong = Violations::default();
        check(&attributes, AttributeOwner::Product, &[definition(kind, choices)], "/attributes", &mut wrong);
        wrong.0.is_empty()
    }

    #[test]
    fn values_are_of_their_kind() {
        use AttributeKind::{Boolean, Choice, Choices, Date, Integer, Text, Url};
        assert!(is_fine(Text, &[], "\"wool\"") && !is_fine(Text, &[], "3") && !is_fine(Text, &[], "\"a\\nb\""));
        assert!(is_fine(Integer, &[], "-3") && !is_fine(Integer, &[], "\"3\""));
        assert!(is_fine(Boolean, &[], "true") && !is_fine(Boolean, &[], "1"));
        assert!(is_fine(Date, &[], "\"2026-02-28\"") && !is_fine(Date, &[], "\"2026-02-30\""));
        assert!(is_fine(Choice, &["a", "b"], "\"a\"") && !is_fine(Choice, &["a"], "\"c\""));
        assert!(is_fine(Choices, &["a", "b"], "[\"b\",\"a\"]") && !is_fine(Choices, &["a"], "[\"a\",\"a\"]"));
        assert!(is_fine(Url, &[], "\"https://x.example/a\"") && !is_fine(Url, &[], "\"javascript:alert(1)\""));
    }

    #[test]
    fn what_is_not_defined_is_refused() {
        let attributes = Attributes::from([("colour/x".to_owned(), AttributeValue::Boolean(true))]);
        let mut wrong = Violations::default();
        check(&attributes, AttributeOwner::Product, &[], "/attributes", &mut wrong);
        assert_eq!((wrong.0[0].pointer.as_str(), wrong.0[0].code), ("/attributes/colour~1x", "not_defined"));
    }

    #[test]
    fn a_value_is_taken_by_a_definition_of_its_key_and_owner() {
        let known = [definition(AttributeKind::Choice, &["wool"])];
        let is_taken = |owner, key, choice: &str| is_taken(&known, owner, key, &AttributeValue::Text(choice.into()));
        assert!(is_taken(AttributeOwner::Product, "care", "wool"));
        assert!(!is_taken(AttributeOwner::Product, "care", "silk"), "it is no choice");
        assert!(!is_taken(AttributeOwner::Variant, "care", "wool"), "it is a field of products");
        assert!(!is_taken(AttributeOwner::Product, "neck", "wool"), "it is not defined");
    }

    #[test]
    fn definitions_are_checked() {
        assert!(definition(AttributeKind::Choice, &["a"]).validate().is_ok());
        assert!(definition(AttributeKind::Choice, &[]).validate().is_err());
        assert!(definition(AttributeKind::Text, &["a"]).validate().is_err());
        let key =
            |key: &str| AttributeDefinition { key: key.into(), ..definition(AttributeKind::Text, &[]) }.validate();
        assert!(key("neck_size2").is_ok());
        for wrong in ["", "Neck", "1a", "a-b", "a b", "é"] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}
