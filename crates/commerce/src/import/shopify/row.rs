//! One row: its fields by column, and the values that a variant needs.

use csv::ByteRecord;
use model::{Currency, Money, stock::STOCK_MAX};

use super::columns::{Column, Columns, OPTIONS};
use crate::{
    export,
    import::{RowError, price, quoted},
};

/// A row whose bytes are text and whose fields fit the header.
pub(super) struct Row<'a> {
    pub(super) line: u64,
    record: &'a ByteRecord,
    columns: &'a Columns,
    handle: &'a str,
}

impl<'a> Row<'a> {
    /// Checks that the row has as many fields as the header, in UTF-8.
    pub(super) fn new(
        line: u64,
        record: &'a ByteRecord,
        columns: &'a Columns,
        handle: &'a str,
    ) -> Result<Self, RowError> {
        let row = Self { line, record, columns, handle };
        if record.len() != columns.count() {
            let reason = format!(
                "the row has {} fields and the header {}; a field with a comma or a line break must stand in quotes",
                record.len(),
                columns.count()
            );
            return Err(RowError { column: None, ..row.error(Column::Handle, reason) });
        }
        match record.iter().position(|field| std::str::from_utf8(field).is_err()) {
            Some(index) => {
                let column = columns.name(index).map(ToOwned::to_owned);
                let reason = "is not UTF-8; save the file as CSV in UTF-8".to_owned();
                Err(RowError { column, ..row.error(Column::Handle, reason) })
            }
            None => Ok(row),
        }
    }

    /// The field, trimmed, and without what kept it from being a formula; empty where the file has no such column.
    pub(super) fn text(&self, column: Column) -> &'a str {
        let field = self.columns.index(column).and_then(|index| self.record.get(index)).unwrap_or_default();
        export::plain(std::str::from_utf8(field).unwrap_or_default().trim())
    }

    /// The field, trimmed; `None` where it is empty.
    pub(super) fn given(&self, column: Column) -> Option<&'a str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    /// The field without the apostrophe with which spreadsheets mark a number as text.
    pub(super) fn code(&self, column: Column) -> Option<String> {
        let text = self.text(column);
        Some(text.strip_prefix('\'').unwrap_or(text)).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    }

    /// What is wrong with a field of this row.
    pub(super) fn error(&self, column: Column, reason: impl Into<String>) -> RowError {
        // As the file spells it.
        let name = self.columns.index(column).and_then(|index| self.columns.name(index)).unwrap_or(column.name());
        RowError {
            line: self.line,
            column: Some(name.to_owned()),
            handle: Some(self.handle.to_owned()),
            reason: reason.into(),
        }
    }

    /// Whether the row has anything of a variant.
    pub(super) fn has_variant(&self) -> bool {
        use Column::{Barcode, CompareAtPrice, Price, Quantity, Sku};
        let columns = [Sku, Price, CompareAtPrice, Quantity, Barcode];
        OPTIONS.into_iter().map(|(_, value)| value).chain(columns).any(|column| self.given(column).is_some())
    }

    /// The price; `None` where nothing is said of prices. What it cost before is no price to sell at.
    pub(super) fn price(&self, currency: Currency) -> Result<Option<Money>, RowError> {
        match self.given(Column::Price) {
            Some(text) => self.money(Column::Price, text, currency).map(Some),
            None if self.given(Column::CompareAtPrice).is_none() => Ok(None),
            None => Err(self.no_price()),
        }
    }

    /// That it has no price, where it needs one.
    pub(super) fn no_price(&self) -> RowError {
        self.error(Column::Price, "a variant needs a price such as 50 or 19.99")
    }

    /// The price before, if there is one; 0 means that there is none.
    pub(super) fn compare_at_price(&self, currency: Currency) -> Result<Option<Money>, RowError> {
        let column = Column::CompareAtPrice;
        let price = self.given(column).map(|text| self.money(column, text, currency)).transpose()?;
        Ok(price.filter(|price| price.amount > 0))
    }

    fn money(&self, column: Column, text: &str, currency: Currency) -> Result<Money, RowError> {
        price(text, currency).map_err(|reason| self.error(column, reason))
    }

    /// Pieces on hand, and whether they limit what can be sold.
    pub(super) fn stock(&self) -> Result<(i64, bool), RowError> {
        let may_oversell = match self.text(Column::Policy).to_ascii_lowercase().as_str() {
            "" | "deny" | "false" => false,
            "continue" | "true" => true,
            other => {
                let reason = format!("must be deny or continue, not {}", quoted(other));
                return Err(self.error(Column::Policy, reason));
            }
        };
        let quantity = self.given(Column::Quantity);
        let is_limited = !may_oversell && (self.given(Column::Tracker).is_some() || quantity.is_some());
        let Some(text) = quantity else { return Ok((0, is_limited)) };
        match text.parse::<i64>() {
            Ok(pieces) if (0..=STOCK_MAX).contains(&pieces) => Ok((pieces, is_limited)),
            // A shop that sold more than it had writes what it owes; there is nothing on hand.
            Ok(pieces) if pieces < 0 => Ok((0, is_limited)),
            _ => {
                let reason = format!("must be a whole number from 0 to {STOCK_MAX}, not {}", quoted(text));
                Err(self.error(Column::Quantity, reason))
            }
        }
    }

    /// That a stock below zero is read as none, where it is.
    pub(super) fn note_of_stock(&self) -> Option<RowError> {
        let text = self.given(Column::Quantity).filter(|text| text.parse::<i64>().is_ok_and(|pieces| pieces < 0))?;
        let reason = format!("{text} is below zero; the variant has 0");
        Some(RowError { handle: None, ..self.error(Column::Quantity, reason) })
    }

    /// The weight, rounded to grams; 0 means that nobody weighed it.
    pub(super) fn weight_grams(&self) -> Result<Option<i64>, RowError> {
        let Some(text) = self.given(Column::Grams) else { return Ok(None) };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let are_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        let grams = if are_digits { whole.parse::<i64>().ok() } else { None };
        let rounded = grams.and_then(|grams| grams.checked_add(i64::from(fraction.as_bytes().first() >= Some(&b'5'))));
        match rounded {
            Some(grams) => Ok(Some(grams).filter(|&grams| grams > 0)),
            None => Err(self.error(Column::Grams, format!("must be a number of grams, not {}", quoted(text)))),
        }
    }
}
