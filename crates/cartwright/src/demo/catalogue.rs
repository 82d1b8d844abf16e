//! The shape of the sample catalogue.

use commerce::catalogue::{OptionDraft, ProductDraft, VariantDraft};
use model::{CategoryId, Currency, Image, Money, ProductStatus};

use super::products;

/// A category of the sample shop.
#[derive(Debug)]
pub(crate) struct DemoCategory {
    /// Its name in URLs.
    pub(crate) slug: &'static str,
    /// What it is called.
    pub(crate) name: &'static str,
    /// The slug of the one above it.
    pub(crate) parent: Option<&'static str>,
}

/// The tree, parents first.
pub(crate) const CATEGORIES: [DemoCategory; 8] = [
    DemoCategory { slug: "stationery", name: "Stationery", parent: None },
    DemoCategory { slug: "notebooks", name: "Notebooks & Pads", parent: Some("stationery") },
    DemoCategory { slug: "writing", name: "Pens & Ink", parent: Some("stationery") },
    DemoCategory { slug: "desk", name: "For the Desk", parent: Some("stationery") },
    DemoCategory { slug: "home", name: "Home", parent: None },
    DemoCategory { slug: "table", name: "Table & Kitchen", parent: Some("home") },
    DemoCategory { slug: "textiles", name: "Textiles", parent: Some("home") },
    DemoCategory { slug: "light", name: "Light", parent: Some("home") },
];

/// A product of the sample shop. Its variants are every combination of its options' values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DemoProduct {
    /// Its name in URLs, and of its picture.
    pub(crate) slug: &'static str,
    /// What it is called.
    pub(crate) title: &'static str,
    /// The slug of its category.
    pub(crate) category: &'static str,
    /// Who makes it.
    pub(crate) vendor: &'static str,
    /// What it is, as HTML.
    pub(crate) description: &'static str,
    /// What its picture shows.
    pub(crate) alt: &'static str,
    /// Words to find it by.
    pub(crate) tags: &'static [&'static str],
    /// The SKU, or the beginning of its variants' SKUs.
    pub(crate) sku: &'static str,
    /// What it costs, in cents.
    pub(crate) price: i64,
    /// What it cost before, in cents, if it is on sale.
    pub(crate) price_before: Option<i64>,
    /// Pieces of each variant.
    pub(crate) stock: i64,
    /// Weight in grams.
    pub(crate) weight: i64,
    /// In what its variants differ, each value with the cents that it adds to the price.
    pub(crate) options: &'static [(&'static str, &'static [(&'static str, i64)])],
}

/// The 24 products, as the shop shows them: the first one first.
pub(crate) fn catalogue() -> Vec<DemoProduct> {
    [products::STATIONERY.as_slice(), products::HOME.as_slice()].concat()
}

impl DemoProduct {
    /// The product as staff would enter it.
    pub(crate) fn draft(&self, category_id: Option<CategoryId>) -> ProductDraft {
        let options = self.options.iter().map(|(name, values)| OptionDraft {
            name: (*name).to_owned(),
            values: values.iter().map(|(value, _)| (*value).to_owned()).collect(),
        });
        let image = Image { url: format!("/pictures/{}.svg", self.slug), alt: Some(self.alt.to_owned()) };
        ProductDraft {
            title: self.title.to_owned(),
            slug: Some(self.slug.to_owned()),
            description: self.description.to_owned(),
            status: ProductStatus::Active,
            vendor: Some(self.vendor.to_owned()),
            category_id,
            tags: self.tags.iter().map(|&tag| tag.to_owned()).collect(),
            options: options.collect(),
            variants: self.combinations().iter().map(|values| self.variant(values)).collect(),
            images: vec![image],
            details: None,
        }
    }

    /// One value of each option, in every way.
    fn combinations(&self) -> Vec<Vec<(&'static str, i64)>> {
        self.options.iter().fold(vec![vec![]], |combinations, (_, values)| {
            let extend = |begin: Vec<_>| values.iter().map(move |&value| [begin.as_slice(), &[value]].concat());
            combinations.into_iter().flat_map(extend).collect()
        })
    }

    fn variant(&self, values: &[(&'static str, i64)]) -> VariantDraft {
        let extra: i64 = values.iter().map(|(_, extra)| extra).sum();
        let euros = |cents: i64| Money::new(cents + extra, Currency::EUR);
        let marks = values.iter().map(|(value, _)| {
            let letters = value.chars().filter(char::is_ascii_alphanumeric).take(3);
            format!("-{}", letters.collect::<String>().to_ascii_uppercase())
        });
        VariantDraft {
            id: None,
            sku: Some(format!("{}{}", self.sku, marks.collect::<String>())),
            option_values: values.iter().map(|(value, _)| (*value).to_owned()).collect(),
            price: euros(self.price),
            compare_at_price: self.price_before.map(euros),
            stock: Some(self.stock),
            track_stock: true,
            weight_grams: Some(self.weight),
            barcode: None,
            details: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::demo::picture;

    #[test]
    fn there_are_24_products_and_they_differ() {
        let catalogue = catalogue();
        assert_eq!(catalogue.len(), 24);
        let slugs: HashSet<_> = catalogue.iter().map(|product| product.slug).collect();
        let drafts: Vec<_> = catalogue.iter().map(|product| product.draft(None)).collect();
        let skus: Vec<_> = drafts.iter().flat_map(|draft| &draft.variants).map(|variant| variant.sku.clone()).collect();
        assert_eq!((slugs.len(), skus.iter().collect::<HashSet<_>>().len()), (24, skus.len()));
    }

    #[test]
    fn it_shows_what_a_shop_has() {
        let catalogue = catalogue();
        let on_sale = catalogue.iter().filter(|product| product.price_before.is_some()).count();
        let sold_out = catalogue.iter().filter(|product| product.stock == 0).count();
        assert_eq!((on_sale, sold_out), (4, 1));
        assert!(catalogue.iter().all(|product| CATEGORIES.iter().any(|category| category.slug == product.category)));
        assert!(catalogue.iter().all(|product| product.price_before.is_none_or(|before| before > product.price)));
        for (index, category) in CATEGORIES.iter().enumerate() {
            let is_known = |parent| CATEGORIES[..index].iter().any(|above| above.slug == parent);
            assert!(category.parent.is_none_or(is_known), "{} comes before its parent", category.slug);
        }
    }

    #[test]
    fn every_product_has_a_picture_of_its_own_that_loads_nothing() {
        let mut seen = HashSet::new();
        for product in catalogue() {
            let svg = picture(product.slug).expect("a picture");
            assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{}", product.slug);
            for forbidden in ["<script", "<style", "style=", "href", "<image", "<foreignObject", "<text", "onload"] {
                assert!(!svg.contains(forbidden), "{} has {forbidden}", product.slug);
            }
            assert!(svg.len() < 20_000 && seen.insert(svg), "{}", product.slug);
        }
        assert_eq!(picture("../secret"), None);
    }
}
