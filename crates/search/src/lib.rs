//! Finding products: words, prefixes, small typos and word forms, ranked; facets whose counts are right while others are
//! chosen.
//!
//! The [`Index`] is in memory and knows no database. Whoever owns it puts products in as they change ([`Index::put`]) and asks
//! it ([`Index::search`]); nothing here waits for anything. Each process has its own, so there is nothing to keep consistent
//! between them but what each has read.
//!
//! * `words`: texts to words, word forms, markup around what was found.
//! * `typo`: how far apart two words are.
//! * `index`: what is kept of each product, and which word is where.
//! * `find`: which products have the words of a query, and how well.
//! * `facets`: which of those pass the filters, and how many there would be with another choice.

mod facets;
mod find;
mod index;
mod query;
mod typo;
mod words;

pub use facets::{Counted, FacetCounts, PriceBand};
pub use index::Index;
pub use query::{Filters, Order, Query, Results, Within};
pub use words::Highlighter;
