//! What is kept of each product, and which word is where.

use std::collections::{BTreeMap, HashMap};

use model::{AttributeValue, CategoryId, Language, Product, ProductId, ProductStatus, text};

use crate::words::{STEM, Stems, plain, words};

/// Stands for no label.
pub(crate) const NONE: u32 = u32::MAX;
/// The most words of a description that are looked at: what comes later says little about a product.
const DESCRIPTION_WORDS_MAX: usize = 200;
/// When so many of the documents are outdated, the index is made compact, unless there are few of them.
const DEAD_MIN: usize = 1000;

/// Where a word stands, from little weight to much. A posting is a document and one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Description = 0,
    Attribute = 1,
    Option = 2,
    Tag = 3,
    Vendor = 4,
    Code = 5,
    Title = 6,
}

impl Field {
    /// How much a word counts there.
    pub(crate) const WEIGHTS: [f32; 7] = [1.0, 2.0, 2.5, 4.0, 4.0, 8.0, 8.0];
}

/// A product in the index, or one that was.
#[derive(Debug)]
pub(crate) struct Doc {
    pub(crate) id: ProductId,
    pub(crate) is_alive: bool,
    pub(crate) is_active: bool,
    pub(crate) created_at: i64,
    pub(crate) title: Box<str>,
    pub(crate) price_min: i64,
    pub(crate) category: Option<CategoryId>,
    pub(crate) vendor: u32,
    /// Average in tenths; 0 where nobody rated it.
    pub(crate) rating: u8,
    tags: (u32, u32),
    attributes: (u32, u32),
    variants: (u32, u32),
}

/// A variant in the index.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) price: i64,
    pub(crate) is_available: bool,
    pub(crate) is_on_sale: bool,
    values: (u32, u32),
}

/// Names by number: vendors, tags, values of options and attributes. Names that differ in case alone are one.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Box<str>, u32>,
    shown: Vec<Box<str>>,
    /// What each is a value of, in lower case.
    kinds: Vec<Box<str>>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        let key = name.to_lowercase();
        if let Some(number) = self.numbers.get(key.as_str()) {
            return *number;
        }
        let number = count(self.shown.len());
        self.kinds.push(key.split('\u{1f}').next().unwrap_or_default().into());
        self.numbers.insert(key.into(), number);
        self.shown.push(name.into());
        number
    }

    /// The number of a name, if it has one.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name.to_lowercase().as_str()).copied()
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether the name with this number is a value of `kind`, which is in lower case.
    pub(crate) fn is_of(&self, number: u32, kind: &str) -> bool {
        self.kinds.get(place(number)).is_some_and(|of| **of == *kind)
    }

    /// The name with this number.
    pub(crate) fn name(&self, number: u32) -> &str {
        self.shown.get(place(number)).map_or("", |name| name)
    }
}

/// The index.
pub struct Index {
    languages: Vec<(Language, Stems)>,
    numbers: HashMap<ProductId, u32>,
    pub(crate) docs: Vec<Doc>,
    rows: Vec<Row>,
    labels: Vec<u32>,
    dead: usize,
    pub(crate) names: Names,
    pub(crate) terms: BTreeMap<Box<str>, u32>,
    postings: Vec<Vec<u32>>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("products", &self.len()).field("terms", &self.terms.len()).finish_non_exhaustive()
    }
}

/// The name of a value of an option or attribute. Names have no control characters.
pub(crate) fn pair(name: &str, value: &str) -> String {
    format!("{name}\u{1f}{value}")
}

pub(crate) fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(NONE)
}

impl Index {
    /// An empty one for texts in the first of these languages, with translations to the others.
    #[must_use]
    pub fn new(languages: &[Language]) -> Self {
        Self {
            languages: languages.iter().map(|language| (language.clone(), Stems::of(language))).collect(),
            numbers: HashMap::new(),
            docs: Vec::new(),
            rows: Vec::new(),
            labels: Vec::new(),
            dead: 0,
            names: Names::default(),
            terms: BTreeMap::new(),
            postings: Vec::new(),
        }
    }

    /// How many products are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Puts a product in, in the place of what was known of it.
    pub fn put(&mut self, product: &Product) {
        self.remove(product.id);
        let number = count(self.docs.len());
        let vendor = product.vendor.as_deref().map_or(NONE, |vendor| self.names.number(&pair("vendor", vendor)));
        let tags = product.tags.iter().map(|tag| pair("tag", tag)).collect::<Vec<_>>();
        let tags = self.labelled(&tags);
        let mut attributes = Vec::new();
        let own = product.details.attributes.iter();
        let of_variants = product.variants.iter().flat_map(|variant| &variant.details.attributes);
        for (key, value) in own.chain(of_variants) {
            attributes.extend(shown(value).into_iter().map(|value| pair(&format!("attribute.{key}"), &value)));
        }
        attributes.sort_unstable();
        attributes.dedup();
        let attributes = self.labelled(&attributes);
        let first_row = count(self.rows.len());
        for variant in &product.variants {
            let values = product.options.iter().zip(&variant.option_values);
            let values: Vec<_> =
                values.map(|(option, value)| pair(&format!("option.{}", option.name), value)).collect();
            let row = Row {
                price: variant.settled_price().amount,
                is_available: variant.is_available(),
                is_on_sale: variant.is_settled_on_sale(),
                values: self.labelled(&values),
            };
            self.rows.push(row);
        }
        self.docs.push(Doc {
            id: product.id,
            is_alive: true,
            is_active: product.status == ProductStatus::Active,
            created_at: product.created_at.as_microsecond(),
            title: text::fold(&product.title).into(),
            price_min: product.price_min(),
            category: product.category_id,
            vendor,
            rating: product.rating.tenths().and_then(|tenths| u8::try_from(tenths).ok()).unwrap_or(0),
            tags,
            attributes,
            variants: (first_row, count(self.rows.len())),
        });
        self.numbers.insert(product.id, number);
        self.add_words(number, product);
    }

    /// Takes a product out, if it is in.
    pub fn remove(&mut self, id: ProductId) {
        let Some(number) = self.numbers.remove(&id) else { return };
        if let Some(doc) = self.docs.get_mut(place(number)) {
            doc.is_alive = false;
            self.dead += 1;
        }
        if self.dead >= DEAD_MIN && self.dead * 3 > self.docs.len() {
            self.compact();
        }
    }

    fn labelled(&mut self, names: &[String]) -> (u32, u32) {
        let start = count(self.labels.len());
        for name in names {
            let number = self.names.number(name);
            self.labels.push(number);
        }
        (start, count(self.labels.len()))
    }

    fn add_words(&mut self, number: u32, product: &Product) {
        let mut found: HashMap<String, Field> = HashMap::new();
        let mut add = |stems: Option<&Stems>, text: &str, field: Field, max: usize| {
            let folded = text::fold(text);
            for word in words(&folded).take(max) {
                let mut note = |term: String| {
                    let best = found.entry(term).or_insert(field);
                    *best = (*best).max(field);
                };
                if let Some(stem) = stems.map(|stems| stems.stem(word)).filter(|stem| stem != word) {
                    note(format!("{STEM}{stem}"));
                }
                note(word.to_owned());
            }
        };
        let all = usize::MAX;
        for (at, (language, stems)) in self.languages.iter().enumerate() {
            let texts = if at == 0 { None } else { product.details.translations.get(language) };
            let (title, description) = match (at, texts) {
                (0, _) => (Some(&product.title), Some(&product.description)),
                (_, Some(texts)) => (texts.title.as_ref(), texts.description.as_ref()),
                _ => (None, None),
            };
            if let Some(title) = title {
                add(Some(stems), title, Field::Title, all);
            }
            if let Some(description) = description {
                add(Some(stems), &plain(description), Field::Description, DESCRIPTION_WORDS_MAX);
            }
        }
        let stems = self.languages.first().map(|(_, stems)| stems);
        product.vendor.iter().for_each(|vendor| add(None, vendor, Field::Vendor, all));
        product.tags.iter().for_each(|tag| add(stems, tag, Field::Tag, all));
        for value in product.options.iter().flat_map(|option| &option.values) {
            add(stems, value, Field::Option, all);
        }
        for value in product.details.attributes.values().flat_map(shown) {
            add(stems, &value, Field::Attribute, all);
        }
        for variant in &product.variants {
            variant.sku.iter().chain(&variant.barcode).for_each(|code| add(None, code, Field::Code, all));
        }
        for (term, field) in found {
            let next = count(self.postings.len());
            let term = *self.terms.entry(term.into()).or_insert(next);
            if term == next {
                self.postings.push(Vec::new());
            }
            if let Some(postings) = self.postings.get_mut(place(term)) {
                postings.push(number << 4 | field as u32);
            }
        }
    }

    /// Forgets documents that are outdated, and words that only they had.
    fn compact(&mut self) {
        let mut moved = vec![NONE; self.docs.len()];
        let (docs, rows, labels) =
            (std::mem::take(&mut self.docs), std::mem::take(&mut self.rows), std::mem::take(&mut self.labels));
        let keep = |labels_of: (u32, u32), to: &mut Vec<u32>| {
            let start = count(to.len());
            to.extend_from_slice(labels.get(place(labels_of.0)..place(labels_of.1)).unwrap_or_default());
            (start, count(to.len()))
        };
        let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
        for (old, mut doc) in docs.into_iter().enumerate().filter(|(_, doc)| doc.is_alive) {
            moved[old] = count(self.docs.len());
            doc.tags = keep(doc.tags, &mut self.labels);
            doc.attributes = keep(doc.attributes, &mut self.labels);
            let start = count(self.rows.len());
            for row in rows.get_mut(place(doc.variants.0)..place(doc.variants.1)).unwrap_or_default() {
                if let Some(mut row) = row.take() {
                    row.values = keep(row.values, &mut self.labels);
                    self.rows.push(row);
                }
            }
            doc.variants = (start, count(self.rows.len()));
            self.numbers.insert(doc.id, moved[old]);
            self.docs.push(doc);
        }
        self.dead = 0;
        let old = std::mem::take(&mut self.postings);
        self.terms.retain(|_, term| {
            let postings = old.get(place(*term)).map(Vec::as_slice).unwrap_or_default();
            let kept = postings.iter().filter_map(|posting| {
                let number = moved.get(place(posting >> 4)).copied().filter(|number| *number != NONE)?;
                Some(number << 4 | posting & 15)
            });
            let kept: Vec<u32> = kept.collect();
            if kept.is_empty() {
                return false;
            }
            *term = count(self.postings.len());
            self.postings.push(kept);
            true
        });
    }

    /// Where a term is: documents with the field that counts most.
    pub(crate) fn postings(&self, term: u32) -> impl Iterator<Item = (u32, f32)> {
        let postings = self.postings.get(place(term)).map(Vec::as_slice).unwrap_or_default();
        let weight = |posting: u32| Field::WEIGHTS.get(place(posting & 15)).copied().unwrap_or(1.0);
        postings.iter().map(move |posting| (posting >> 4, weight(*posting)))
    }

    /// In how many documents a term is, outdated ones included.
    pub(crate) fn frequency(&self, term: u32) -> usize {
        self.postings.get(place(term)).map_or(0, Vec::len)
    }

    /// The stems of this language, or else of the first.
    pub(crate) fn stems(&self, language: &Language) -> Option<&Stems> {
        let found = self.languages.iter().find(|(other, _)| other == language);
        found.or(self.languages.first()).map(|(_, stems)| stems)
    }

    pub(crate) fn tags(&self, doc: &Doc) -> &[u32] {
        self.labels.get(place(doc.tags.0)..place(doc.tags.1)).unwrap_or_default()
    }

    pub(crate) fn attributes(&self, doc: &Doc) -> &[u32] {
        self.labels.get(place(doc.attributes.0)..place(doc.attributes.1)).unwrap_or_default()
    }

    pub(crate) fn rows(&self, doc: &Doc) -> &[Row] {
        self.rows.get(place(doc.variants.0)..place(doc.variants.1)).unwrap_or_default()
    }

    pub(crate) fn values(&self, row: &Row) -> &[u32] {
        self.labels.get(place(row.values.0)..place(row.values.1)).unwrap_or_default()
    }
}

/// A value of an attribute as it is shown and chosen.
fn shown(value: &AttributeValue) -> Vec<String> {
    match value {
        AttributeValue::Boolean(value) => vec![value.to_string()],
        AttributeValue::Integer(value) => vec![value.to_string()],
        AttributeValue::Text(value) => vec![value.clone()],
        AttributeValue::List(values) => values.clone(),
    }
}
