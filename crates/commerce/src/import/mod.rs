//! Catalogues from elsewhere: what a file says, before anything is stored.
//!
//! Readers only parse. They know no database, so that a file can be checked as a whole (all or nothing) or product by
//! product before the first one is written, and every complaint names the line that a person sees in their editor.

pub mod catalogue;
mod lines;
pub mod mongo;
pub mod prices;
pub mod shopify;

use std::fmt;

use model::{Currency, Money, NotAPrice};

use crate::catalogue::ImportedProduct;

/// The way in which files are read. A job counts what it has done of its file, and whoever goes on with it reads the file again: raise the
/// number when a reader makes other items of the same file, or puts them in another order, so that no job goes on with the wrong ones.
pub const READING: u32 = 1;

/// Why a row cannot be used. The product it belongs to is then left out whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The line of the file on which the row begins, from 1.
    pub line: u64,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// The handle of the product that is left out because of it, where it is known.
    pub handle: Option<String>,
    /// What is wrong, for people: says what is allowed.
    pub reason: String,
}

/// `line 7, Variant Price: must be ...; the product "mug" is left out`.
impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        write!(f, ": {}", self.reason)?;
        match &self.handle {
            Some(handle) => write!(f, "; the product {handle:?} is left out"),
            None => Ok(()),
        }
    }
}

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The products without a mistake, in the order of their first rows. They have passed [`model::Product::validate`],
    /// and no two have the same slug; whether their SKUs are free is for the catalogue to say.
    pub products: Vec<ImportedProduct>,
    /// The mistakes, in the order of their lines.
    pub errors: Vec<RowError>,
    /// What is read otherwise than it stands there, in the order of the lines; no product is left out because of it.
    pub notes: Vec<RowError>,
}

/// Reads a price; where it is none, says what is allowed, and what stands there.
fn price(text: &str, currency: Currency) -> Result<Money, String> {
    Money::read_decimal(text, currency).map_err(|wrong| match &wrong {
        NotAPrice::Unreadable => format!("{wrong}, not {}", quoted(text)),
        NotAPrice::Ambiguous { .. } => format!("{} {wrong}", quoted(text)),
    })
}

/// What somebody wrote, short enough for a message.
fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
