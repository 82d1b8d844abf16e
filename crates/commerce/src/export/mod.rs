//! The catalogue for elsewhere, in the formats that [`crate::import`] reads, and orders for bookkeeping.

pub mod catalogue;
pub mod orders;
pub mod prices;
pub mod shopify;

use std::io::{self, Write};

use csv::{QuoteStyle, Writer, WriterBuilder};

/// Writes records with commas between their fields. All but numbers stand in quotes: spreadsheets that separate by commas, semicolons and
/// tabs alike would begin a cell within a text, and carry out what [`neutralised`] did not see there.
fn records<W: Write>(to: W) -> Writer<W> {
    WriterBuilder::new().quote_style(QuoteStyle::NonNumeric).from_writer(to)
}

/// Begins a file with these columns, whose names stand in front if it shall have a header: a file that is written in parts has it once.
pub(crate) fn begin<W: Write>(to: W, columns: &[&str], has_header: bool) -> io::Result<Writer<W>> {
    let mut writer = records(to);
    if has_header {
        writer.write_record(columns)?;
    }
    Ok(writer)
}

/// Ends it; gives what was written to.
pub(crate) fn end<W: Write>(writer: Writer<W>) -> io::Result<W> {
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// Marks a text that a spreadsheet would take for a formula, and carry out, by an apostrophe; the readers take it off again.
/// (CWE-1236.)
#[must_use]
pub fn neutralised(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// A text as it was before [`neutralised`].
#[must_use]
pub fn plain(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

/// Whether spreadsheets would carry it out, or it only looks like one because it was marked.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_marked() {
        for (text, marked) in [("=1+1", "'=1+1"), ("-5", "'-5"), ("'=x", "''=x"), ("O'Neil", "O'Neil"), ("'t", "'t")] {
            assert_eq!((neutralised(text), plain(marked)), (marked.to_owned(), text));
        }
    }

    #[test]
    fn no_cell_begins_within_a_text() {
        let fields = ["Mug;=1+1", "Mug\t=1+1", "=1;\"2\"", ";", "\t", "a mug", "", "3", "12.50"];
        let mut writer = records(Vec::new());
        writer.write_record(fields).expect("written");
        let written = writer.into_inner().expect("written");
        assert_eq!(
            String::from_utf8_lossy(&written),
            "\"Mug;=1+1\",\"Mug\t=1+1\",\"=1;\"\"2\"\"\",\";\",\"\t\",\"a mug\",\"\",3,12.50\n"
        );
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_slice());
        let read: Vec<_> = reader.records().map(|record| record.expect("read")).collect();
        assert_eq!(read, [csv::StringRecord::from(fields.to_vec())]);
    }

    proptest! {
        #[test]
        fn marking_is_undone(text in "['=+@a-]{0,6}") {
            let marked = neutralised(&text);
            prop_assert!(!marked.starts_with(['=', '+', '-', '@']));
            prop_assert_eq!(plain(&marked), text.as_str());
        }
    }
}
