//! The columns that are read, and where they stand in a file.

use csv::ByteRecord;
use model::product::OPTIONS_MAX;

use crate::import::Untold;

/// A column that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Handle,
    Title,
    Body,
    Vendor,
    Type,
    Tags,
    Published,
    Status,
    Option1Name,
    Option1Value,
    Option2Name,
    Option2Value,
    Option3Name,
    Option3Value,
    Option4Name,
    Option4Value,
    Option5Name,
    Option5Value,
    Sku,
    Grams,
    Tracker,
    Quantity,
    Policy,
    Price,
    CompareAtPrice,
    Barcode,
    ImageSrc,
    ImagePosition,
    ImageAlt,
    VariantImage,
}

/// Every column, with its name, in the order of the enum.
pub(crate) const ALL: [(Column, &str); 30] = [
    (Column::Handle, "Handle"),
    (Column::Title, "Title"),
    (Column::Body, "Body (HTML)"),
    (Column::Vendor, "Vendor"),
    (Column::Type, "Type"),
    (Column::Tags, "Tags"),
    (Column::Published, "Published"),
    (Column::Status, "Status"),
    (Column::Option1Name, "Option1 Name"),
    (Column::Option1Value, "Option1 Value"),
    (Column::Option2Name, "Option2 Name"),
    (Column::Option2Value, "Option2 Value"),
    (Column::Option3Name, "Option3 Name"),
    (Column::Option3Value, "Option3 Value"),
    (Column::Option4Name, "Option4 Name"),
    (Column::Option4Value, "Option4 Value"),
    (Column::Option5Name, "Option5 Name"),
    (Column::Option5Value, "Option5 Value"),
    (Column::Sku, "Variant SKU"),
    (Column::Grams, "Variant Grams"),
    (Column::Tracker, "Variant Inventory Tracker"),
    (Column::Quantity, "Variant Inventory Qty"),
    (Column::Policy, "Variant Inventory Policy"),
    (Column::Price, "Variant Price"),
    (Column::CompareAtPrice, "Variant Compare At Price"),
    (Column::Barcode, "Variant Barcode"),
    (Column::ImageSrc, "Image Src"),
    (Column::ImagePosition, "Image Position"),
    (Column::ImageAlt, "Image Alt Text"),
    (Column::VariantImage, "Variant Image"),
];

/// What Shopify calls the columns today, where that is more than another case.
const NEWER: [(Column, &str); 13] = [
    (Column::Handle, "URL handle"),
    (Column::Body, "Description"),
    (Column::Published, "Published on online store"),
    (Column::Sku, "SKU"),
    (Column::Grams, "Weight value (grams)"),
    (Column::Tracker, "Inventory tracker"),
    (Column::Quantity, "Inventory quantity"),
    (Column::Policy, "Continue selling when out of stock"),
    (Column::Price, "Price"),
    (Column::CompareAtPrice, "Compare-at price"),
    (Column::Barcode, "Barcode"),
    (Column::ImageSrc, "Product image URL"),
    (Column::VariantImage, "Variant image URL"),
];

/// Without these there is no product to be read.
const REQUIRED: [Column; 3] = [Column::Handle, Column::Title, Column::Price];

/// The columns of names and values of options, pair by pair. Shopify has three; the others are our own, for what it could not take.
pub(crate) const OPTIONS: [(Column, Column); OPTIONS_MAX] = [
    (Column::Option1Name, Column::Option1Value),
    (Column::Option2Name, Column::Option2Value),
    (Column::Option3Name, Column::Option3Value),
    (Column::Option4Name, Column::Option4Value),
    (Column::Option5Name, Column::Option5Value),
];

/// What nothing is said of where none of these columns is there. Options have columns enough for a list of their own.
const UNTOLD: [(Untold, &[Column]); 11] = [
    (Untold::Description, &[Column::Body]),
    // Files of the older kind have no status, and say by this alone what shoppers see.
    (Untold::Status, &[Column::Status, Column::Published]),
    (Untold::Vendor, &[Column::Vendor]),
    (Untold::Tags, &[Column::Tags]),
    (Untold::Images, &[Column::ImageSrc]),
    (Untold::ImageAlts, &[Column::ImageAlt]),
    (Untold::Sku, &[Column::Sku]),
    (Untold::CompareAtPrice, &[Column::CompareAtPrice]),
    // The policy alone does not say whether anybody counts.
    (Untold::TrackStock, &[Column::Tracker, Column::Quantity]),
    (Untold::Weight, &[Column::Grams]),
    (Untold::Barcode, &[Column::Barcode]),
];

impl Column {
    /// As the header spells it.
    pub(super) const fn name(self) -> &'static str {
        ALL[self as usize].1
    }

    /// What it may be called as well.
    fn newer_name(self) -> Option<&'static str> {
        NEWER.iter().find(|(column, _)| *column == self).map(|(_, name)| *name)
    }

    /// All that it may be called.
    fn names(self) -> String {
        self.newer_name().map_or_else(|| self.name().to_owned(), |newer| format!("{} (or {newer})", self.name()))
    }
}

/// Where the columns stand in one file.
#[derive(Debug)]
pub(super) struct Columns {
    at: [Option<usize>; ALL.len()],
    names: Vec<String>,
}

impl Columns {
    /// Reads the header. Upper and lower case are the same.
    pub(super) fn from_header(header: &ByteRecord) -> Result<Self, String> {
        if header
            .iter()
            .next()
            .is_some_and(|first| first.starts_with(&[0xFF, 0xFE]) || first.starts_with(&[0xFE, 0xFF]))
        {
            return Err("the file is UTF-16; save it as CSV in UTF-8".to_owned());
        }
        let names: Vec<String> =
            header.iter().map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned()).collect();
        let mut at = [None; ALL.len()];
        for (place, (column, known)) in at.iter_mut().zip(ALL) {
            // A file of the older kind may have a column of its own that the newer one knows: the older name goes before.
            for known in [known].into_iter().chain(column.newer_name()) {
                let mut found = names.iter().enumerate().filter(|(_, name)| name.eq_ignore_ascii_case(known));
                let Some((index, _)) = found.next() else { continue };
                if found.next().is_some() {
                    return Err(format!("the column {known} is there twice"));
                }
                *place = Some(index);
                break;
            }
        }
        let columns = Self { at, names };
        columns.check_required().map(|()| columns)
    }

    fn check_required(&self) -> Result<(), String> {
        let missing: Vec<_> = REQUIRED.into_iter().filter(|&column| self.index(column).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let is_another_file = missing.contains(&Column::Handle);
        let hint = if is_another_file { "; this is not a Shopify product CSV" } else { "" };
        let missing: Vec<_> = missing.into_iter().map(Column::names).collect();
        Err(format!("missing columns: {}{hint}", missing.join(", ")))
    }

    /// Where `column` stands, if the file has it.
    pub(super) const fn index(&self, column: Column) -> Option<usize> {
        self.at[column as usize]
    }

    /// What no column of the file tells.
    pub(super) fn untold(&self) -> Vec<Untold> {
        let is_there = |column: Column| self.index(column).is_some();
        let is_told = |columns: &[Column]| columns.iter().any(|&column| is_there(column));
        let untold = UNTOLD.into_iter().filter(|&(_, columns)| !is_told(columns)).map(|(untold, _)| untold);
        let has_options = OPTIONS.into_iter().any(|(name, value)| is_told(&[name, value]));
        untold.chain((!has_options).then_some(Untold::Options)).collect()
    }

    /// How many columns the file has, those that are not read included.
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// The name of the column at `index`, as the file spells it.
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.names.get(index).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_enum() {
        for (index, (column, name)) in ALL.into_iter().enumerate() {
            assert_eq!((column as usize, column.name()), (index, name));
        }
    }
}
