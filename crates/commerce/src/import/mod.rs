//! Catalogues from elsewhere: what a file says, before anything is stored.
//!
//! Readers only parse. They know no database, so that a file can be checked as a whole (all or nothing) or product by
//! product before the first one is written, and every complaint names the line that a person sees in their editor.

pub mod catalogue;
mod lines;
pub mod mongo;
pub mod prices;
pub mod shopify;
mod untold;

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use model::{Currency, Money, NotAPrice};

pub use self::untold::Untold;
use crate::catalogue::ImportedProduct;

/// The way in which files are read. A job counts what it has done of its file, and whoever goes on with it reads the file again: raise the
/// number when a reader makes other items of the same file, or puts them in another order, so that no job goes on with the wrong ones.
const READING: u32 = 3;

/// The way in which files are read in a shop with these currencies, the shop's own first: what is in others is left out. It is what
/// [`BeginJob`](crate::jobs::BeginJob) is told.
#[must_use]
pub fn reading_in(currencies: &[Currency]) -> u32 {
    // FNV-1a, which is the same in every build.
    let taken_in = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let codes = currencies.iter().flat_map(|currency| currency.code().bytes());
    READING.to_le_bytes().into_iter().chain(codes).fold(2_166_136_261, taken_in)
}

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

impl Parsed {
    /// How many pictures stay on other servers when the products are stored as they were read, and on which: told of the first product that
    /// has one there. Nothing where all are the shop's own.
    #[must_use]
    pub fn pictures_elsewhere(&self) -> Option<RowError> {
        /// How many servers are named.
        const NAMED: usize = 3;
        let mut servers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut seen = HashSet::new();
        let mut first = None;
        for product in &self.products {
            for image in &product.draft.images {
                let Some(server) = server_of(&image.url).filter(|_| seen.insert(image.url.as_str())) else { continue };
                first = first.or(Some(product.line));
                *servers.entry(server).or_default() += 1;
            }
        }
        let line = first?;
        let mut named: Vec<_> = servers.into_iter().collect();
        named.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let more = named.len().saturating_sub(NAMED);
        let named: Vec<_> = named.into_iter().take(NAMED).map(|(server, _)| server).collect();
        let named = named.join(", ");
        let on = match more {
            0 => named,
            1 => format!("{named} and another server"),
            _ => format!("{named} and {more} more servers"),
        };
        let (pictures, them) = match seen.len() {
            1 => ("1 picture stays".to_owned(), "it"),
            count => (format!("{count} pictures stay"), "them"),
        };
        let reason = format!("{pictures} on {on}; with_images fetches {them} into the shop");
        Some(RowError { line, column: None, handle: None, reason })
    }
}

/// The server that a picture is on; `None` for one of the shop's own, which has a path and no more.
fn server_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // What stands before an `@` is a name and a password.
    Some(authority.rsplit('@').next().unwrap_or(authority))
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

#[cfg(test)]
mod tests {
    use model::Currency;

    use super::shopify;

    #[test]
    fn pictures_on_other_servers_are_counted() {
        let told = |rows: &str| {
            let file = format!("Handle,Title,Variant Price,Image Src\n{rows}");
            let parsed = shopify::read(file.as_bytes(), Currency::EUR);
            assert_eq!(parsed.errors, []);
            parsed.pictures_elsewhere().map(|told| (told.line, told.reason))
        };
        assert_eq!(told("mug,Mug,5,/media/own.jpg\ncup,Cup,5,\n"), None);
        let fetches = "with_images fetches";
        assert_eq!(
            told("mug,Mug,5,\ncup,Cup,5,http://me:secret@a.example/1.jpg\n"),
            Some((3, format!("1 picture stays on a.example; {fetches} it into the shop")))
        );
        // The same picture counts once, and only some of the servers are named: those with the most.
        let rows = "mug,Mug,5,https://a.example/1.jpg\nmug,,,https://b.example/1.jpg\nmug,,,https://b.example/2.jpg\n\
            cup,Cup,5,https://a.example/1.jpg\ncup,,,https://c.example/1.jpg\ncup,,,https://d.example?1\n";
        let on = "b.example, a.example, c.example and another server";
        assert_eq!(told(rows), Some((2, format!("5 pictures stay on {on}; {fetches} them into the shop"))));
    }
}
