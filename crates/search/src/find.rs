//! Which products have the words of a query, and how well.

use std::{collections::HashSet, ops::Bound};

use model::text;

use crate::{
    index::{Doc, Index, place},
    query::Query,
    typo::{distance, forgiven, letters},
    words::{Highlighter, STEM, Stems, words},
};

/// The most words of a query that are looked at.
const WORDS_MAX: usize = 12;
/// How many letters a beginning has, where the letters are not a word by themselves.
const PREFIX_MIN: usize = 2;
/// The most words that one beginning may stand for.
const PREFIX_TERMS_MAX: usize = 500;
/// The most words that one misspelt word may stand for.
const TYPO_TERMS_MAX: usize = 20;
/// What a title counts that is what was asked for, and one that begins with it.
const WHOLE_TITLE: f32 = 60.0;
const TITLE_BEGINS: f32 = 12.0;

/// The documents that were found.
pub(crate) struct Found {
    /// Documents with their scores.
    pub(crate) docs: Vec<(u32, f32)>,
    pub(crate) corrected: Option<String>,
    pub(crate) highlighter: Highlighter,
}

/// Whose words there are for whoever asks: those of products that are for sale, or of all. Nobody learns from what is found, from how it is
/// spelt or from what is missing what stands in a product that they cannot see.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) only_active: bool,
}

impl Seen {
    pub(crate) const fn has(self, doc: &Doc) -> bool {
        doc.is_alive && (doc.is_active || !self.only_active)
    }
}

/// What a word of the query stands for: terms, and how good a match each is.
struct Meant {
    terms: Vec<(u32, f32)>,
    /// The word that is likely meant, where none is spelt like it.
    instead: Option<String>,
}

impl Index {
    /// The documents that have the words of the query; all of them when it has none.
    pub(crate) fn find(&self, query: &Query) -> Found {
        let folded = text::fold(&query.text);
        let seen = Seen { only_active: query.filters.is_active };
        let asked: Vec<&str> = words(&folded).take(WORDS_MAX).collect();
        let mut highlighter = Highlighter {
            words: HashSet::new(),
            stems: HashSet::new(),
            prefix: asked.last().map(|&word| word.to_owned()),
            stemmer: Stems::of(&query.language),
        };
        if asked.is_empty() {
            // What has signs but no words in it asks for something that is nowhere.
            let is_nonsense = !query.text.trim().is_empty();
            let all = self.docs.iter().zip(0..).filter(|(doc, _)| seen.has(doc) && !is_nonsense);
            return Found { docs: all.map(|(_, number)| (number, 0.0)).collect(), corrected: None, highlighter };
        }
        let stems = self.stems(&query.language);
        let all = self.docs.iter().filter(|doc| seen.has(doc)).count();
        let (mut scores, mut hits) = (vec![0.0_f32; self.docs.len()], vec![0_u8; self.docs.len()]);
        let (mut best, mut touched) = (vec![0.0_f32; self.docs.len()], Vec::new());
        let mut corrected = Vec::new();
        for (at, word) in asked.iter().enumerate() {
            let meant = self.meant(word, at + 1 == asked.len(), stems, seen);
            let spelt = meant.instead.as_deref().unwrap_or(word);
            highlighter.words.insert(spelt.to_owned());
            if let Some(stems) = stems {
                highlighter.stems.insert(stems.stem(spelt).into_owned());
            }
            if meant.instead.is_some() && at + 1 == asked.len() {
                highlighter.prefix = None;
            }
            // What is spelt like nothing here was not understood.
            corrected.extend((!meant.terms.is_empty()).then(|| spelt.to_owned()));
            for (term, factor) in &meant.terms {
                for (number, weight) in self.postings(*term) {
                    let number = place(number);
                    let Some(best) = self.docs.get(number).filter(|doc| seen.has(doc)).and(best.get_mut(number)) else {
                        continue;
                    };
                    if *best == 0.0 {
                        touched.push(number);
                    }
                    *best = best.max(weight * factor);
                }
            }
            // What few products have says more about them.
            #[expect(clippy::cast_precision_loss, reason = "a score is a rough thing")]
            let rarity = (1.0 + all as f32 / (1.0 + touched.len() as f32)).ln();
            for number in touched.drain(..) {
                scores[number] += best[number] * rarity;
                hits[number] += 1;
                best[number] = 0.0;
            }
        }
        let has_instead = !corrected.is_empty() && corrected != asked;
        // All words where some product has all of them, as many as possible otherwise.
        let most = hits.iter().copied().max().unwrap_or(0);
        let docs = self.docs.iter().enumerate().filter(|(at, _)| most > 0 && hits[*at] == most).map(|(at, doc)| {
            let bonus = match doc.title.strip_prefix(folded.as_str()) {
                Some("") => WHOLE_TITLE,
                Some(_) => TITLE_BEGINS,
                None => 0.0,
            };
            (u32::try_from(at).unwrap_or(u32::MAX), scores[at] + bonus)
        });
        Found { docs: docs.collect(), corrected: has_instead.then(|| corrected.join(" ")), highlighter }
    }

    /// What `word` stands for: itself, its forms, words that begin with it where it is the last one (somebody may be typing) or
    /// there is nothing of the former, and where there is nothing of all that, words that are spelt almost like it.
    fn meant(&self, word: &str, is_last: bool, stems: Option<&Stems>, seen: Seen) -> Meant {
        let places = |term: u32| {
            let docs = self.postings(term).filter_map(|(number, _)| self.docs.get(place(number)));
            docs.filter(|doc| seen.has(doc))
        };
        let is_somewhere = |term: u32| places(term).next().is_some();
        let mut terms = Vec::new();
        let mut add = |term: &str, factor: f32| {
            if let Some(term) = self.terms.get(term).filter(|term| is_somewhere(**term)) {
                terms.push((*term, factor));
            }
        };
        add(word, 1.0);
        if let Some(stem) = stems.map(|stems| stems.stem(word)) {
            if stem != word {
                add(&stem, 0.9);
            }
            add(&format!("{STEM}{stem}"), 0.9);
        }
        let (is_long, is_unknown) = (word.len() >= PREFIX_MIN, terms.is_empty());
        let is_beginning = if is_last { is_long || is_unknown } else { is_long && is_unknown };
        if is_beginning {
            let beginning = self.terms.range::<str, _>((Bound::Excluded(word), Bound::Unbounded));
            let beginning = beginning.take_while(|(term, _)| term.starts_with(word));
            let beginning = beginning.filter(|(_, term)| is_somewhere(**term)).take(PREFIX_TERMS_MAX);
            terms.extend(beginning.map(|(_, term)| (*term, 0.7)));
        }
        if !terms.is_empty() {
            return Meant { terms, instead: None };
        }
        let max = forgiven(word.len());
        if max == 0 {
            return Meant { terms, instead: None };
        }
        // Letters sort behind digits and before the mark of stems: a word of letters is no misspelt number.
        let is_word = word.bytes().all(|byte| byte.is_ascii_lowercase());
        let bounds = (Bound::Included(if is_word { "a" } else { "" }), Bound::Excluded("~"));
        let letters_of_word = letters(word.as_bytes());
        let close = self.terms.range::<str, _>(bounds).filter_map(|(term, number)| {
            // Each mistake changes at most two letters of the set.
            let differing = (letters(term.as_bytes()) ^ letters_of_word).count_ones();
            if usize::try_from(differing).unwrap_or(usize::MAX) > max * 2 {
                return None;
            }
            let far = distance(word.as_bytes(), term.as_bytes(), max)?;
            let count = Some(places(*number).count()).filter(|count| *count > 0)?;
            // People make mistakes in the middle of words more than in their first letter.
            let is_first_wrong = term.as_bytes().first() != word.as_bytes().first();
            Some((far * 2 + usize::from(is_first_wrong), std::cmp::Reverse(count), term, *number))
        });
        let mut close: Vec<_> = close.collect();
        close.sort_unstable();
        close.truncate(TYPO_TERMS_MAX);
        let instead = close.first().map(|(_, _, term, _)| term.to_string());
        let least = close.first().map_or(0, |(far, ..)| *far);
        let close = close.iter().filter(|(far, ..)| *far <= least + 1);
        Meant {
            terms: close.map(|(far, _, _, number)| (*number, if *far <= 2 { 0.5 } else { 0.35 })).collect(),
            instead,
        }
    }
}
