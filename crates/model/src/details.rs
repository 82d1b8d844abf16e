//! What a product and a variant have beside what every one of them has: texts for search engines, fields of the shop's
//! own, related products, other languages.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Money, ProductId,
    attribute::AttributeValue,
    price::{Absence, ListPrice, Sale},
    text,
    violation::Violations,
};

/// The most related products of one product.
pub const RELATED_MAX: usize = 50;
/// The most languages that a text is translated to.
pub const LANGUAGES_MAX: usize = 40;
/// The most attributes of one product or variant.
pub const ATTRIBUTES_MAX: usize = 100;

/// Values by the keys of their definitions.
pub type Attributes = BTreeMap<String, AttributeValue>;

/// What search engines show in the place of title and text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seo {
    /// The title of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What stands below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Seo {
    /// Trims and checks it.
    pub fn validate(&mut self, at: &str, wrong: &mut Violations) {
        for (name, text, max) in [("title", &mut self.title, 200), ("description", &mut self.description, 500)] {
            *text = text
                .take()
                .and_then(|text| wrong.take(text::optional_line(&format!("{at}/{name}"), &text, max)))
                .filter(|text| !text.is_empty());
        }
    }
}

/// A language as a tag (RFC 5646) of language and, where it matters, script or region: `de`, `pt-BR`, `zh-Hant`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

impl Language {
    /// English.
    #[must_use]
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag without script and region.
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(tag: &str) -> Result<Self, String> {
        let refused = || format!("`{tag}` is no language tag such as en, de or pt-BR");
        let (language, rest) = tag.split_once('-').map_or((tag, None), |(language, rest)| (language, Some(rest)));
        let is_letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !(2..=3).contains(&language.len()) || !is_letters(language) {
            return Err(refused());
        }
        let language = language.to_ascii_lowercase();
        match rest {
            None => Ok(Self(language)),
            Some(region) if region.len() == 2 && is_letters(region) => {
                Ok(Self(format!("{language}-{}", region.to_ascii_uppercase())))
            }
            Some(script) if script.len() == 4 && is_letters(script) => {
                let (first, others) = script.split_at(1);
                Ok(Self(format!("{language}-{}{}", first.to_ascii_uppercase(), others.to_ascii_lowercase())))
            }
            Some(_) => Err(refused()),
        }
    }
}

impl TryFrom<String> for Language {
    type Error = String;

    fn try_from(tag: String) -> Result<Self, String> {
        tag.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A product's texts in another language; what is absent falls back to the main one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translation {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The description, as sanitised HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// For search engines.
    #[serde(default, skip_serializing_if = "is_default")]
    pub seo: Seo,
}

impl Translation {
    fn validate(&mut self, at: &str, wrong: &mut Violations) {
        self.title = self
            .title
            .take()
            .and_then(|title| wrong.take(text::optional_line(&format!("{at}/title"), &title, text::SHORT_TEXT_MAX)))
            .filter(|title| !title.is_empty());
        self.description = self.description.take().and_then(|description| {
            wrong.take(text::paragraph(&format!("{at}/description"), &description, text::LONG_TEXT_MAX))
        });
        self.seo.validate(&format!("{at}/seo"), wrong);
    }
}

/// What a product has beside the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDetails {
    /// When a draft goes on sale by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_at: Option<Timestamp>,
    /// For search engines.
    #[serde(default, skip_serializing_if = "is_default")]
    pub seo: Seo,
    /// Fields of the shop's own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attributes: Attributes,
    /// What goes with it, in the order in which it is shown.
    #[serde(default, skip_serializing_if = "is_default")]
    pub related: Vec<ProductId>,
    /// Its texts in other languages.
    #[serde(default, skip_serializing_if = "is_default")]
    pub translations: BTreeMap<Language, Translation>,
}

impl ProductDetails {
    /// Trims the texts and checks what needs nothing else of the shop. (Attributes are checked against their definitions.)
    pub(crate) fn validate(&mut self, own: ProductId, wrong: &mut Violations) {
        self.seo.validate("/seo", wrong);
        check_count("/attributes", self.attributes.len(), wrong);
        let mut related = Vec::with_capacity(self.related.len());
        for (index, id) in self.related.iter().enumerate() {
            let at = format!("/related/{index}");
            if *id == own {
                wrong.add(at, "not_allowed", "a product is not related to itself");
            } else if related.contains(id) {
                wrong.add(at, "duplicate", "it is listed twice");
            }
            related.push(*id);
        }
        if related.len() > RELATED_MAX {
            wrong.add("/related", "out_of_range", format!("must be at most {RELATED_MAX} products"));
        }
        if self.translations.len() > LANGUAGES_MAX {
            wrong.add("/translations", "out_of_range", format!("must be at most {LANGUAGES_MAX} languages"));
        }
        for (language, translation) in &mut self.translations {
            translation.validate(&format!("/translations/{language}"), wrong);
        }
        self.translations.retain(|_, translation| *translation != Translation::default());
    }

    /// The texts in this language, or in the same one of another region.
    #[must_use]
    pub fn translation(&self, language: &Language) -> Option<&Translation> {
        self.translations.get(language).or_else(|| {
            self.translations.iter().find(|(other, _)| other.primary() == language.primary()).map(|(_, found)| found)
        })
    }
}

/// What a variant has beside the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantDetails {
    /// What it costs in other currencies.
    #[serde(default, skip_serializing_if = "is_default")]
    pub prices: Vec<ListPrice>,
    /// Lower prices for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale: Option<Sale>,
    /// The lowest price of the 30 days before the price went down last, one a currency.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lowest: Vec<Money>,
    /// Up to when the turns of its price are in the history; only with a sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// When it was not for sale after it was known, oldest first; the last one may go on. What is too long ago to matter is left out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub away: Vec<Absence>,
    /// Its picture: the URL of one of the product's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// From how many pieces on it is short; as the settings of the shop say when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_stock_at: Option<i64>,
    /// Fields of the shop's own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attributes: Attributes,
}

/// More attributes than anybody means.
pub(crate) fn check_count(at: &str, count: usize, wrong: &mut Violations) {
    if count > ATTRIBUTES_MAX {
        wrong.add(at, "out_of_range", format!("must be at most {ATTRIBUTES_MAX} attributes"));
    }
}

/// Whether a value is what it is when nobody says anything.
#[must_use]
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_tags() {
        let read = |tag: &str| tag.parse::<Language>().map(|language| language.0);
        assert_eq!(read("DE"), Ok("de".to_owned()));
        assert_eq!(read("pt-br"), Ok("pt-BR".to_owned()));
        assert_eq!(read("zh-hANT"), Ok("zh-Hant".to_owned()));
        for wrong in ["", "d", "german", "d3", "de-", "de-1", "de-DEU", "de_DE", "de-DE-x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_nobody_filled_in_takes_no_room() {
        assert_eq!(serde_json::to_string(&ProductDetails::default()).expect("JSON"), "{}");
        assert_eq!(serde_json::to_string(&VariantDetails::default()).expect("JSON"), "{}");
    }

    #[test]
    fn a_language_of_another_region_will_do() {
        let mut details = ProductDetails::default();
        let texts = Translation { title: Some("Hemd".into()), ..Translation::default() };
        details.translations.insert("de".parse().expect("a tag"), texts.clone());
        let find = |tag: &str| details.translation(&tag.parse().expect("a tag"));
        assert_eq!((find("de-AT"), find("de"), find("fr")), (Some(&texts), Some(&texts), None));
    }
}
