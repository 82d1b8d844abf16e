//! The sample shop of `cartwright demo`: Alder & Ink, paper and things for the home.
//!
//! Shop, products and pictures exist nowhere else. The catalogue is written through the same operations as any other,
//! so what the demo shows is what a shop gets.

mod catalogue;
mod pictures;
mod products;
mod seed;
mod take;

pub(crate) use seed::seed;
pub(crate) use take::{OWNER, newest, owner, refuse_older, take};

/// The picture of the sample product with this slug, as SVG: no script, no style, no link, nothing to load.
pub(crate) fn picture(slug: &str) -> Option<String> {
    let product = catalogue::catalogue().into_iter().find(|product| product.slug == slug)?;
    pictures::draw(slug, product.title)
}
