//! Texts to words, word forms, and markup around what was found.

use std::{borrow::Cow, collections::HashSet};

use model::{Language, text};
use rust_stemmers::{Algorithm, Stemmer};

/// What stands before the stem of a word among the terms, so that it is told from a word that is spelt like it.
pub(crate) const STEM: char = '~';
/// How many letters of a text are shown around what was found in it.
const SNIPPET: usize = 180;

/// Makes stems of words of one language, or nothing where none is known.
pub(crate) struct Stems(Option<Stemmer>);

impl Stems {
    /// Those of this language.
    pub(crate) fn of(language: &Language) -> Self {
        let algorithm = match language.primary() {
            "ar" => Algorithm::Arabic,
            "da" => Algorithm::Danish,
            "nl" => Algorithm::Dutch,
            "en" => Algorithm::English,
            "fi" => Algorithm::Finnish,
            "fr" => Algorithm::French,
            "de" => Algorithm::German,
            "el" => Algorithm::Greek,
            "hu" => Algorithm::Hungarian,
            "it" => Algorithm::Italian,
            "no" | "nb" | "nn" => Algorithm::Norwegian,
            "pt" => Algorithm::Portuguese,
            "ro" => Algorithm::Romanian,
            "ru" => Algorithm::Russian,
            "es" => Algorithm::Spanish,
            "sv" => Algorithm::Swedish,
            "ta" => Algorithm::Tamil,
            "tr" => Algorithm::Turkish,
            _ => return Self(None),
        };
        Self(Some(Stemmer::create(algorithm)))
    }

    /// The stem of a folded word.
    pub(crate) fn stem<'w>(&self, word: &'w str) -> Cow<'w, str> {
        match &self.0 {
            // Numbers and codes have no forms.
            Some(stemmer) if word.bytes().all(|byte| byte.is_ascii_lowercase()) => stemmer.stem(word),
            _ => Cow::Borrowed(word),
        }
    }
}

/// The words of a folded text.
pub(crate) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(' ').filter(|word| !word.is_empty())
}

/// The text of an HTML fragment: what stands between its tags, with the commonest entities read.
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut is_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => {
                is_tag = true;
                text.push(' ');
            }
            '>' if is_tag => is_tag = false,
            _ if is_tag => {}
            other => text.push(other),
        }
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    entities.into_iter().fold(text, |text, (entity, sign)| text.replace(entity, sign))
}

/// Marks what was found of a query in a text.
pub struct Highlighter {
    pub(crate) words: HashSet<String>,
    pub(crate) stems: HashSet<String>,
    pub(crate) prefix: Option<String>,
    pub(crate) stemmer: Stems,
}

impl Highlighter {
    /// The text, escaped for HTML, with `<mark>` around what was found; `None` where nothing was.
    #[must_use]
    pub fn mark(&self, text: &str) -> Option<String> {
        let mut marked = String::with_capacity(text.len() + 32);
        let mut has_any = false;
        for piece in pieces(text) {
            if self.is_found(piece) {
                has_any = true;
                marked.push_str("<mark>");
                escape(piece, &mut marked);
                marked.push_str("</mark>");
            } else {
                escape(piece, &mut marked);
            }
        }
        has_any.then_some(marked)
    }

    /// The part of an HTML text around the first thing that was found in it, as text, marked as [`Highlighter::mark`] does.
    #[must_use]
    pub fn snippet(&self, html: &str) -> Option<String> {
        let text = plain(html).split_whitespace().collect::<Vec<_>>().join(" ");
        let mut start = None;
        let mut at = 0;
        for piece in pieces(&text) {
            if self.is_found(piece) {
                start = Some(at);
                break;
            }
            at += piece.len();
        }
        let found = start?;
        let from = text.char_indices().map(|(at, _)| at).take_while(|at| at + SNIPPET / 3 <= found).last().unwrap_or(0);
        let from = if from == 0 { 0 } else { text[from..].find(' ').map_or(from, |space| from + space + 1).min(found) };
        let to = text[from..].char_indices().nth(SNIPPET).map_or(text.len(), |(at, _)| from + at);
        let to = if to == text.len() { to } else { text[from..to].rfind(' ').map_or(to, |space| from + space) };
        let marked = self.mark(text.get(from..to.max(found))?)?;
        let (before, after) = (if from > 0 { "… " } else { "" }, if to < text.len() { " …" } else { "" });
        Some(format!("{before}{marked}{after}"))
    }

    fn is_found(&self, piece: &str) -> bool {
        if !piece.starts_with(char::is_alphanumeric) {
            return false;
        }
        let folded = text::fold(piece);
        words(&folded).any(|word| {
            self.words.contains(word)
                || self.prefix.as_ref().is_some_and(|prefix| word.starts_with(prefix.as_str()))
                || self.stems.contains(self.stemmer.stem(word).as_ref())
        })
    }
}

/// The text cut into words and what stands between them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let is_word = first.is_alphanumeric();
        let end = rest.find(|letter: char| letter.is_alphanumeric() != is_word).unwrap_or(rest.len());
        let (piece, others) = rest.split_at(end);
        rest = others;
        Some(piece)
    })
}

fn escape(text: &str, to: &mut String) {
    for letter in text.chars() {
        match letter {
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '&' => to.push_str("&amp;"),
            '"' => to.push_str("&quot;"),
            '\'' => to.push_str("&#39;"),
            other => to.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn highlighter(words: &[&str], prefix: Option<&str>) -> Highlighter {
        let stemmer = Stems::of(&Language::english());
        Highlighter {
            words: words.iter().map(|&word| word.to_owned()).collect(),
            stems: words.iter().map(|word| stemmer.stem(word).into_owned()).collect(),
            prefix: prefix.map(str::to_owned),
            stemmer,
        }
    }

    #[test]
    fn what_was_found_is_marked_and_the_rest_escaped() {
        let highlighter = highlighter(&["shirt", "creme"], Some("lin"));
        let marked = highlighter.mark("Linen <Shirts> & Crème");
        assert_eq!(marked.as_deref(), Some("<mark>Linen</mark> &lt;<mark>Shirts</mark>&gt; &amp; <mark>Crème</mark>"));
        assert_eq!(highlighter.mark("<img src=x onerror=alert(1)>"), None);
    }

    #[test]
    fn a_snippet_is_the_text_around_the_first_thing_found() {
        let highlighter = highlighter(&["linen"], None);
        let html =
            format!("<p>{}</p><p>Washed <b>linen</b> &amp; wool</p>{}", "word ".repeat(100), "more ".repeat(100));
        let snippet = highlighter.snippet(&html).expect("found");
        assert!(snippet.contains("Washed <mark>linen</mark> &amp; wool"), "{snippet}");
        assert!(snippet.starts_with("… ") && snippet.ends_with(" …") && snippet.len() < 300, "{snippet}");
        assert_eq!(highlighter.snippet("<p class=linen>cotton</p>"), None);
    }

    proptest::proptest! {
        #[test]
        fn a_snippet_never_carries_markup_of_the_text(html in "(<[a-z]{0,3}>?|&lt;|linen|é| |[a-z]{1,9}){0,80}") {
            let highlighter = highlighter(&["linen"], None);
            for shown in [highlighter.snippet(&html), highlighter.mark(&html)].into_iter().flatten() {
                let bare = shown.replace("<mark>", "").replace("</mark>", "");
                proptest::prop_assert!(!bare.contains('<') && !bare.contains('>'), "{}", shown);
            }
        }
    }
}
