//! Products as [`crate::import::shopify`] reads them: reading what was written here changes nothing.
//!
//! What the format does not know stays out, and stays in the shop when the file is read again: other currencies, sales, fields
//! of the shop's own, translations, texts for search engines.

use std::io::{self, Write};

use csv::Writer;
use model::{Currency, Money, Product, ProductStatus, Variant};

use super::{begin, end, neutralised};
use crate::import::shopify::columns::{ALL, Column, OPTIONS};

/// Writes products, one behind the other.
pub struct ProductWriter<W: Write> {
    writer: Writer<W>,
    currency: Option<Currency>,
}

impl<W: Write> ProductWriter<W> {
    /// Begins, with the header if it shall have one: a file that is written in parts has it once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(to: W, has_header: bool) -> io::Result<Self> {
        Ok(Self { writer: begin(to, &ALL.map(|(_, name)| name), has_header)?, currency: None })
    }

    /// Leaves out what is not in this currency: the file names none, and whoever reads it would take a dollar for a euro.
    #[must_use]
    pub fn in_currency(self, currency: Currency) -> Self {
        Self { currency: Some(currency), ..self }
    }

    /// Writes a product; `category` is the name of its category.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, product: &Product, category: Option<&str>) -> io::Result<()> {
        for index in 0..product.variants.len().max(product.images.len()) {
            let mut row = Row::new(&product.slug);
            if index == 0 {
                row.head(product, category);
            }
            if let Some(variant) = product.variants.get(index) {
                row.variant(product, variant, self.currency);
            }
            if let Some(image) = product.images.get(index) {
                row.set(Column::ImageSrc, image.url.clone());
                row.set(Column::ImagePosition, (index + 1).to_string());
                row.text(Column::ImageAlt, image.alt.as_deref().unwrap_or_default());
            }
            self.writer.write_record(&row.0)?;
        }
        Ok(())
    }

    /// Ends; gives what was written to.
    ///
    /// # Errors
    /// When the last of it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        end(self.writer)
    }
}

struct Row([String; ALL.len()]);

impl Row {
    fn new(handle: &str) -> Self {
        let mut row = Self(std::array::from_fn(|_| String::new()));
        row.set(Column::Handle, handle.to_owned());
        row
    }

    fn set(&mut self, column: Column, value: String) {
        if let Some(field) = self.0.get_mut(column as usize) {
            *field = value;
        }
    }

    /// What somebody wrote.
    fn text(&mut self, column: Column, text: &str) {
        self.set(column, neutralised(text));
    }

    /// A SKU or barcode, which loses one apostrophe when it is read.
    fn code(&mut self, column: Column, code: Option<&str>) {
        let code = code.unwrap_or_default();
        let marked = if code.starts_with('\'') { format!("'{code}") } else { code.to_owned() };
        self.text(column, &marked);
    }

    fn head(&mut self, product: &Product, category: Option<&str>) {
        self.text(Column::Title, &product.title);
        self.text(Column::Body, &product.description);
        self.text(Column::Vendor, product.vendor.as_deref().unwrap_or_default());
        self.text(Column::Type, category.unwrap_or_default());
        self.text(Column::Tags, &product.tags.join(", "));
        self.set(Column::Published, (product.status == ProductStatus::Active).to_string());
        self.set(Column::Status, product.status.as_str().to_owned());
        for (option, (name, _)) in product.options.iter().zip(OPTIONS) {
            self.text(name, &option.name);
        }
    }

    fn variant(&mut self, product: &Product, variant: &Variant, currency: Option<Currency>) {
        if product.options.is_empty() {
            self.set(Column::Option1Name, "Title".to_owned());
            self.set(Column::Option1Value, "Default Title".to_owned());
        }
        for (value, (_, column)) in variant.option_values.iter().zip(OPTIONS) {
            self.text(column, value);
        }
        self.code(Column::Sku, variant.sku.as_deref());
        self.set(Column::Grams, variant.weight_grams.map(|grams| grams.to_string()).unwrap_or_default());
        if variant.track_stock {
            self.set(Column::Tracker, "cartwright".to_owned());
            self.set(Column::Quantity, variant.stock.to_string());
        }
        self.set(Column::Policy, if variant.track_stock { "deny" } else { "continue" }.to_owned());
        let priced = |money| amount(money, currency);
        self.set(Column::Price, priced(variant.price));
        self.set(Column::CompareAtPrice, variant.compare_at_price.map(priced).unwrap_or_default());
        self.code(Column::Barcode, variant.barcode.as_deref());
        self.set(Column::VariantImage, variant.details.image.clone().unwrap_or_default());
    }
}

/// An amount as [`Money::from_decimal`] reads it; nothing where it is in another currency than the one of the file.
pub(super) fn amount(money: Money, currency: Option<Currency>) -> String {
    if currency.is_some_and(|currency| currency != money.currency) {
        return String::new();
    }
    let text = money.to_string();
    text.split_once(' ').map_or(text.clone(), |(_, amount)| amount.to_owned())
}
