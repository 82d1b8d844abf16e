//! The CSV format in which Shopify writes and reads products.
//!
//! One row is a variant, or an extra picture, or both; the rows of one product share their `Handle`, and the first of
//! them that has a `Title` says what belongs to the product as a whole. Rows of one handle are put together even when
//! they do not stand together, because people sort spreadsheets; two different titles for one handle are a mistake.
//!
//! Columns may go by the names that Shopify gives them today as well (`URL handle`, `Price`, ...). What they mean here:
//! * A product of which no variant has a price keeps those that the shop knows; one that it does not know is refused. An export of a
//!   product that is priced in another currency than the shop's own is such a file.
//! * A column that is not there says nothing, and a known product keeps what it has ([`Untold`](super::Untold)); an empty field says that
//!   there is nothing. Without columns of options, the variants of a product go by their SKUs.
//! * `Title` / `Default Title` in the first option marks a simple product.
//! * `Status` (`active`, `draft`, `archived`) counts where it is given; `Published` = `false` makes an active product
//!   a draft.
//! * Stock limits sales when a tracker is named, or a quantity is given, unless `Variant Inventory Policy` is
//!   `continue`. (Exports of shops that never tracked have an empty tracker beside a quantity and the policy `deny`;
//!   selling what may not be there is the worse reading of them.)
//! * A quantity below zero, of a shop that sold more than it had, is 0, and noted.
//! * `Variant Grams` is in grams whatever `Variant Weight Unit` says, which is for display; 0 means not weighed.
//! * `Variant Image` joins the product's pictures, and is the variant's own.
//! * A leading `'` of a SKU or barcode, with which spreadsheets mark text, is dropped; elsewhere where it keeps a text from being
//!   taken for a formula ([`crate::export::plain`]).
//! * `Option4` and `Option5` are read like the other three; Shopify has none of them.
//! * Columns that are not named in [`columns`] are ignored.

pub(crate) mod columns;
mod group;
mod row;
mod settle;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, io::Read};

use csv::ByteRecord;
use model::Currency;

use self::{
    columns::{Column, Columns},
    group::Group,
    row::Row,
};
use super::{Parsed, RowError, lines::Lines};

/// Reads a file of products whose prices are in `currency`. Never fails as a whole: what cannot be used is in the
/// errors, with its line, and everything else is in the products.
///
/// Only the products and the mistakes are kept in memory, and no more of the file at a time than one row of at most
/// 1 MiB.
pub fn read(reader: impl Read, currency: Currency) -> Parsed {
    let mut lines = Lines::new(reader);
    let mut catalogue =
        Catalogue { currency, columns: None, groups: Vec::new(), places: HashMap::new(), errors: vec![] };
    let mut record = ByteRecord::new();
    loop {
        match lines.next(&mut record) {
            Ok(Some(line)) => {
                if !catalogue.take(line, &record) {
                    break;
                }
            }
            Ok(None) => break,
            Err((line, reason)) => {
                catalogue.stop(line, reason);
                break;
            }
        }
    }
    catalogue.finish()
}

/// What has been read so far.
struct Catalogue {
    currency: Currency,
    columns: Option<Columns>,
    /// Each in a place of its own, so that it is gone when it has become a product: two of everything are too much.
    #[expect(clippy::vec_box, reason = "the list itself stays until all of it has become products")]
    groups: Vec<Box<Group>>,
    places: HashMap<String, usize>,
    errors: Vec<RowError>,
}

impl Catalogue {
    /// Takes in one row; `false` when reading on makes no sense.
    fn take(&mut self, line: u64, record: &ByteRecord) -> bool {
        let Some(columns) = &self.columns else {
            match Columns::from_header(record) {
                Ok(columns) => self.columns = Some(columns),
                Err(reason) => self.fail(line, reason),
            }
            return self.columns.is_some();
        };
        if record.iter().all(|field| field.trim_ascii().is_empty()) {
            return true;
        }
        let handle = record.get(columns.index(Column::Handle).unwrap_or(usize::MAX)).unwrap_or_default();
        let handle = String::from_utf8_lossy(handle).trim().to_lowercase();
        if handle.is_empty() {
            self.fail(line, "the row has no handle, so it belongs to no product".to_owned());
            return true;
        }
        let place = *self.places.entry(handle.clone()).or_insert_with(|| {
            self.groups.push(Box::new(Group::new(line, handle.clone())));
            self.groups.len() - 1
        });
        let Some(group) = self.groups.get_mut(place) else { return true };
        let before = self.errors.len();
        match Row::new(line, record, columns, &handle) {
            Ok(row) => group.take(&row, self.currency, &mut self.errors),
            Err(error) => self.errors.push(error),
        }
        group.is_bad |= self.errors.len() > before;
        true
    }

    fn fail(&mut self, line: u64, reason: String) {
        self.errors.push(RowError { line, column: None, handle: None, reason });
    }

    /// Notes that nothing can be read from `line` on. The product before it may have had rows there.
    fn stop(&mut self, line: u64, reason: String) {
        let last = self.groups.last_mut().map(|group| {
            group.is_bad = true;
            group.handle.clone()
        });
        self.errors.push(RowError { line, column: None, handle: last, reason });
    }

    fn finish(mut self) -> Parsed {
        if self.columns.is_none() && self.errors.is_empty() {
            self.fail(1, "the file is empty".to_owned());
        } else if self.groups.is_empty() && self.errors.is_empty() {
            self.fail(1, "the file has a header but no products".to_owned());
        }
        let mut products = Vec::with_capacity(self.groups.len());
        let mut slugs: HashMap<String, u64> = HashMap::with_capacity(self.groups.len());
        let mut notes = Vec::new();
        let untold = self.columns.as_ref().map(Columns::untold).unwrap_or_default();
        for mut group in self.groups.into_iter().filter(|group| !group.is_bad) {
            let noted = std::mem::take(&mut group.notes);
            let Some(product) = settle::settle(*group, &untold, &mut self.errors) else { continue };
            let slug = product.draft.slug.clone().unwrap_or_default();
            if let Some(first) = slugs.get(&slug) {
                let reason = format!("the handle reads as {:?} in URLs, like the one on line {first}", slug);
                let column = Some(Column::Handle.name().to_owned());
                self.errors.push(RowError { line: product.line, column, handle: Some(product.handle), reason });
                continue;
            }
            slugs.insert(slug, product.line);
            products.push(product);
            notes.extend(noted);
        }
        self.errors.sort_by_key(|error| error.line);
        notes.sort_by_key(|note| note.line);
        Parsed { products, errors: self.errors, notes }
    }
}
