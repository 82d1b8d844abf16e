//! What is kept of each product, and which word is where.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use model::{AttributeValue, CategoryId, Language, Product, ProductId, ProductStatus, text};

use crate::{
    find::Seen,
    words::{STEM, Stems, plain, words},
};

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
    vendor_spelling: u16,
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
    has_sku: bool,
    values: (u32, u32),
}

/// A way in which a name is written, and how often it is written so in what is in the index now.
#[derive(Debug)]
struct Spelling {
    text: Box<str>,
    count: u32,
}

/// Names by number: vendors, tags, values of options and attributes. Names that differ in case alone are one. It is shown as it is
/// written most often, whatever was in the index before: all processes show the same.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Box<str>, u32>,
    spellings: Vec<Vec<Spelling>>,
    /// What each is a value of.
    kinds: Vec<u32>,
    /// What there are values of, in lower case.
    kind_numbers: HashMap<Box<str>, u32>,
}

impl Names {
    /// The number of a name and the place of its spelling, which is written once more.
    fn note(&mut self, name: &str) -> (u32, u16) {
        let key = name.to_lowercase();
        let number = match self.numbers.get(key.as_str()) {
            Some(number) => *number,
            None => {
                let number = count(self.spellings.len());
                let next = count(self.kind_numbers.len());
                let kind = key.split('\u{1f}').next().unwrap_or_default();
                self.kinds.push(*self.kind_numbers.entry(kind.into()).or_insert(next));
                self.numbers.insert(key.into(), number);
                self.spellings.push(Vec::new());
                number
            }
        };
        let Some(spellings) = self.spellings.get_mut(place(number)) else { return (number, u16::MAX) };
        let at = spellings.iter().position(|spelling| *spelling.text == *name).unwrap_or(spellings.len());
        match spellings.get_mut(at) {
            Some(spelling) => spelling.count += 1,
            None => spellings.push(Spelling { text: name.into(), count: 1 }),
        }
        (number, u16::try_from(at).unwrap_or(u16::MAX))
    }

    /// Notes once more what has this number, at this place of its spellings, and gives both back.
    fn note_again(&mut self, (number, at): (u32, u16)) -> (u32, u16) {
        let spellings = self.spellings.get_mut(place(number));
        if let Some(spelling) = spellings.and_then(|spellings| spellings.get_mut(usize::from(at))) {
            spelling.count += 1;
        }
        (number, at)
    }

    /// Takes back what [`Self::note`] noted.
    fn forget(&mut self, number: u32, spelling: u16) {
        let spellings = self.spellings.get_mut(place(number));
        if let Some(spelling) = spellings.and_then(|spellings| spellings.get_mut(usize::from(spelling))) {
            spelling.count = spelling.count.saturating_sub(1);
        }
    }

    /// The number of a name, if it has one.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name.to_lowercase().as_str()).copied()
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.spellings.len()
    }

    /// What the name with this number is a value of.
    pub(crate) fn kind(&self, number: u32) -> u32 {
        self.kinds.get(place(number)).copied().unwrap_or(NONE)
    }

    /// The number of what `kind` names, which is in lower case, if there are values of it.
    pub(crate) fn find_kind(&self, kind: &str) -> Option<u32> {
        self.kind_numbers.get(kind).copied()
    }

    /// The name with this number, as it is written at this place of its spellings.
    fn spelled(&self, number: u32, at: u16) -> &str {
        let spelling = self.spellings.get(place(number)).and_then(|spellings| spellings.get(usize::from(at)));
        spelling.map_or_else(|| self.name(number), |spelling| &spelling.text)
    }

    /// The name with this number, as it is written most often.
    pub(crate) fn name(&self, number: u32) -> &str {
        let spellings = self.spellings.get(place(number)).map(Vec::as_slice).unwrap_or_default();
        let most = spellings.iter().max_by(|one, other| (one.count, &other.text).cmp(&(other.count, &one.text)));
        most.map_or("", |spelling| &spelling.text)
    }
}

/// The names that documents and variants have, each with the place of its spelling.
#[derive(Debug, Default)]
struct Labels {
    names: Vec<u32>,
    spellings: Vec<u16>,
}

impl Labels {
    fn len(&self) -> u32 {
        count(self.names.len())
    }

    fn push(&mut self, name: u32, spelling: u16) {
        self.names.push(name);
        self.spellings.push(spelling);
    }

    /// The names in this range.
    fn names(&self, range: (u32, u32)) -> &[u32] {
        self.names.get(place(range.0)..place(range.1)).unwrap_or_default()
    }

    /// The same with their spellings.
    fn spelled(&self, range: (u32, u32)) -> impl Iterator<Item = (u32, u16)> {
        let spellings = self.spellings.get(place(range.0)..place(range.1)).unwrap_or_default();
        self.names(range).iter().copied().zip(spellings.iter().copied())
    }
}

/// The index.
pub struct Index {
    languages: Vec<(Language, Stems)>,
    numbers: HashMap<ProductId, u32>,
    pub(crate) docs: Vec<Doc>,
    rows: Vec<Row>,
    labels: Labels,
    dead: usize,
    pub(crate) names: Names,
    pub(crate) terms: BTreeMap<Box<str>, u32>,
    postings: Vec<Vec<u32>>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [products, terms, names] = [self.len(), self.terms.len(), self.names.len()];
        f.debug_struct("Index")
            .field("products", &products)
            .field("terms", &terms)
            .field("names", &names)
            .finish_non_exhaustive()
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
            labels: Labels::default(),
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

    /// How many variants have no SKU.
    #[must_use]
    pub fn variants_without_sku(&self) -> usize {
        let rows = |doc: &Doc| self.rows.get(place(doc.variants.0)..place(doc.variants.1)).unwrap_or_default();
        self.docs.iter().filter(|doc| doc.is_alive).flat_map(rows).filter(|row| !row.has_sku).count()
    }

    /// Puts a product in, in the place of what was known of it.
    pub fn put(&mut self, product: &Product) {
        self.remove(product.id);
        let number = count(self.docs.len());
        let vendor = product.vendor.as_deref().map(|vendor| self.names.note(&pair("vendor", vendor)));
        let (vendor, vendor_spelling) = vendor.unwrap_or((NONE, 0));
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
                has_sku: variant.sku.is_some(),
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
            vendor_spelling,
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
            self.names.forget(doc.vendor, doc.vendor_spelling);
            let rows = self.rows.get(place(doc.variants.0)..place(doc.variants.1)).unwrap_or_default();
            for range in rows.iter().map(|row| row.values).chain([doc.tags, doc.attributes]) {
                self.labels.spelled(range).for_each(|(name, spelling)| self.names.forget(name, spelling));
            }
        }
        if self.dead >= DEAD_MIN && self.dead * 3 > self.docs.len() {
            self.compact();
        }
    }

    fn labelled(&mut self, names: &[String]) -> (u32, u32) {
        let start = self.labels.len();
        for name in names {
            let (number, spelling) = self.names.note(name);
            self.labels.push(number, spelling);
        }
        (start, self.labels.len())
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

    /// Forgets documents that are outdated, and words and names that only they had.
    fn compact(&mut self) {
        let mut moved = vec![NONE; self.docs.len()];
        let (docs, rows, labels) =
            (std::mem::take(&mut self.docs), std::mem::take(&mut self.rows), std::mem::take(&mut self.labels));
        let names = std::mem::take(&mut self.names);
        let mut renamed = HashMap::new();
        let mut again = |(name, spelling): (u32, u16), living: &mut Names| match renamed.entry((name, spelling)) {
            Entry::Occupied(known) => living.note_again(*known.get()),
            Entry::Vacant(new) => *new.insert(living.note(names.spelled(name, spelling))),
        };
        let mut keep = |labels_of: (u32, u32), to: &mut Labels, living: &mut Names| {
            let start = to.len();
            for label in labels.spelled(labels_of) {
                let (name, spelling) = again(label, living);
                to.push(name, spelling);
            }
            (start, to.len())
        };
        let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
        for (old, mut doc) in docs.into_iter().enumerate().filter(|(_, doc)| doc.is_alive) {
            moved[old] = count(self.docs.len());
            if doc.vendor != NONE {
                (doc.vendor, doc.vendor_spelling) = self.names.note(names.spelled(doc.vendor, doc.vendor_spelling));
            }
            doc.tags = keep(doc.tags, &mut self.labels, &mut self.names);
            doc.attributes = keep(doc.attributes, &mut self.labels, &mut self.names);
            let start = count(self.rows.len());
            for row in rows.get_mut(place(doc.variants.0)..place(doc.variants.1)).unwrap_or_default() {
                if let Some(mut row) = row.take() {
                    row.values = keep(row.values, &mut self.labels, &mut self.names);
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

    /// Whether any of the documents that are seen has this name.
    pub(crate) fn has(&self, name: u32, seen: Seen) -> bool {
        self.docs.iter().filter(|doc| seen.has(doc)).any(|doc| {
            doc.vendor == name
                || self.tags(doc).contains(&name)
                || self.attributes(doc).contains(&name)
                || self.rows(doc).iter().any(|row| self.values(row).contains(&name))
        })
    }

    /// The stems of this language, or else of the first.
    pub(crate) fn stems(&self, language: &Language) -> Option<&Stems> {
        let found = self.languages.iter().find(|(other, _)| other == language);
        found.or(self.languages.first()).map(|(_, stems)| stems)
    }

    pub(crate) fn tags(&self, doc: &Doc) -> &[u32] {
        self.labels.names(doc.tags)
    }

    pub(crate) fn attributes(&self, doc: &Doc) -> &[u32] {
        self.labels.names(doc.attributes)
    }

    pub(crate) fn rows(&self, doc: &Doc) -> &[Row] {
        self.rows.get(place(doc.variants.0)..place(doc.variants.1)).unwrap_or_default()
    }

    pub(crate) fn values(&self, row: &Row) -> &[u32] {
        self.labels.names(row.values)
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
