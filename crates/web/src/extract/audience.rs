//! In which language and currency a shopper wants the catalogue.

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use model::{Currency, Language};
use serde::Deserialize;
use utoipa::IntoParams;

use super::query;
use crate::{
    App,
    dto::Audience,
    problem::{Code, Problem},
};

/// In which currency and language it is shown.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Shown {
    /// The currency of the prices: one of the shop's. What has no price in it is shown in its own.
    #[param(min_length = 3, max_length = 3, example = "EUR")]
    pub(crate) currency: Option<String>,
    /// The language of the texts: one of the shop's. `Accept-Language` counts when it is left out.
    #[param(example = "en")]
    pub(crate) language: Option<String>,
}

/// Whom a reply about the catalogue is for, where [`Shown`] is all that a query may say. What is refused has done nothing.
#[derive(Debug)]
pub struct Shopper(pub Audience);

impl FromRequestParts<App> for Shopper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let shown: Shown = query::read(&parts.uri)?;
        app.shoppers(shown.currency.as_deref(), shown.language.as_deref(), &parts.headers).map(Self)
    }
}

impl App {
    /// Whom a reply about the catalogue is for: `currency` and `language` are the query's parameters; without the latter,
    /// `Accept-Language` counts.
    ///
    /// # Errors
    /// 400 when the shop has no prices in the currency or no texts in the language.
    pub(crate) fn shoppers(
        &self,
        currency: Option<&str>,
        language: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Audience, Problem> {
        let settings = self.settings();
        let refused = |name, code, what: String| Problem::new(Code::InvalidQuery).parameter(name, code, what);
        let currency = match currency {
            None => None,
            Some(code) => Some(self.sold_in(code).ok_or_else(|| {
                let known: Vec<_> = self.currencies().iter().map(|known| known.code()).collect();
                refused("currency", "no_such_currency", format!("must be one of {}", known.join(", ")))
            })?),
        };
        let chosen = match language {
            None => self.preferred_language(headers),
            Some(tag) => {
                let found = settings.languages.iter().find(|known| known.as_str().eq_ignore_ascii_case(tag));
                let known: Vec<_> = settings.languages.iter().map(Language::as_str).collect();
                let message = || format!("must be one of {}", known.join(", "));
                Some(found.ok_or_else(|| refused("language", "no_such_language", message()))?)
            }
        };
        // The first language is the one that the texts themselves are in.
        let language = chosen.filter(|chosen| settings.languages.first() != Some(chosen)).cloned();
        Ok(Audience::Shoppers { now: self.now(), currency, language })
    }

    /// The currency with this code, if the shop has prices in it.
    pub(crate) fn sold_in(&self, code: &str) -> Option<Currency> {
        self.currencies().into_iter().find(|currency| currency.code() == code)
    }

    /// The language of the shop that suits best what `Accept-Language` (RFC 9110, 12.5.4) says; `None` where the shop has one
    /// language only.
    pub(crate) fn preferred_language(&self, headers: &HeaderMap) -> Option<&Language> {
        let languages = &self.settings().languages;
        if languages.len() < 2 {
            return None;
        }
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        accepted.and_then(|accepted| best(accepted, languages)).or(languages.first())
    }
}

/// The most ranges of `Accept-Language` that are looked at.
const RANGES_MAX: usize = 20;

pub(super) fn best<'l>(accepted: &str, languages: &'l [Language]) -> Option<&'l Language> {
    let mut ranges: Vec<(&str, f32)> = accepted
        .split(',')
        .take(RANGES_MAX)
        .filter_map(|range| {
            let mut parts = range.split(';');
            let tag = parts.next()?.trim();
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=").map(str::trim));
            let quality = quality.map_or(Some(1.0), |quality| quality.parse::<f32>().ok())?;
            (quality > 0.0).then_some((tag, quality))
        })
        .collect();
    // Stable: of two that are wanted alike, the one that was named first.
    ranges.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    ranges.iter().find_map(|(tag, _)| {
        if *tag == "*" {
            return languages.first();
        }
        let primary = tag.split('-').next().unwrap_or(tag);
        let exact = languages.iter().find(|language| language.as_str().eq_ignore_ascii_case(tag));
        exact.or_else(|| languages.iter().find(|language| language.primary().eq_ignore_ascii_case(primary)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_wanted_most_is_chosen() {
        let shop: Vec<Language> = ["en", "de", "pt-BR"].map(|tag| tag.parse().expect("a tag")).to_vec();
        for (accepted, expected) in [
            ("de", Some("de")),
            ("de-CH, en;q=0.5", Some("de")),
            ("fr, en;q=0.3, de;q=0.7", Some("de")),
            ("fr;q=1, *;q=0.1", Some("en")),
            ("pt", Some("pt-BR")),
            ("de;q=0, en", Some("en")),
            ("de;q=nonsense", None),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(best(accepted, &shop).map(Language::as_str), expected, "{accepted}");
        }
    }
}
