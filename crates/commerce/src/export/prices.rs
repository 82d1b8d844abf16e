//! Prices and stock as [`crate::import::prices`] reads them: one row a variant that has a SKU.

use std::io::{self, Write};

use csv::Writer;
use model::{Currency, Product};

use super::{begin, end, neutralised, shopify::amount};

/// The columns; the second and third are for people, and are not read.
pub(crate) const COLUMNS: [&str; 7] = ["SKU", "Title", "Variant", "Price", "Compare At Price", "Stock", "Stock Was"];

/// Writes prices and stock, one product behind the other.
pub struct PriceWriter<W: Write> {
    writer: Writer<W>,
    currency: Option<Currency>,
}

impl<W: Write> PriceWriter<W> {
    /// Begins, with the header if it shall have one: a file that is written in parts has it once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(to: W, has_header: bool) -> io::Result<Self> {
        Ok(Self { writer: begin(to, &COLUMNS, has_header)?, currency: None })
    }

    /// Leaves out what is not in this currency: the file names none, and whoever reads it would take a dollar for a euro.
    #[must_use]
    pub fn in_currency(self, currency: Currency) -> Self {
        Self { currency: Some(currency), ..self }
    }

    /// Writes the variants of a product that have a SKU; without one there is nothing to find them by.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, product: &Product) -> io::Result<()> {
        for variant in &product.variants {
            let Some(sku) = &variant.sku else { continue };
            let stock = if variant.track_stock { variant.stock.to_string() } else { String::new() };
            let priced = |money| amount(money, self.currency);
            self.writer.write_record([
                neutralised(sku),
                neutralised(&product.title),
                neutralised(&variant.title()),
                priced(variant.price),
                variant.compare_at_price.map(priced).unwrap_or_default(),
                stock.clone(),
                stock,
            ])?;
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
