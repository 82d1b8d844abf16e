//! A list of prices and stock: a row a SKU, with what shall be.
//!
//! `SKU` must be there, and at least one of `Price`, `Compare At Price` and `Stock`. An empty field leaves alone what the shop
//! has; `-` as the price before takes it away. Beside `Stock Was`, which exported lists have, a `Stock` that
//! is the same says nothing, and one that is another counts as long as the shop still has what it had. Other columns are for people. Columns are separated by commas, semicolons or tabs,
//! whichever the header has most of.

use std::{collections::HashMap, io::Read};

use csv::ByteRecord;
use model::{Currency, Money, stock::STOCK_MAX};

use super::{RowError, lines::Lines};
use crate::export;

/// What shall be of one variant; what is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// Where it stands in the file.
    pub line: u64,
    /// Which variant.
    pub sku: String,
    /// What it costs.
    pub price: Option<Money>,
    /// What it cost before; `Some(None)` takes that away.
    pub compare_at_price: Option<Option<Money>>,
    /// Pieces on hand.
    pub stock: Option<i64>,
    /// How many there were when the list was exported: what is the same says nothing, for what was sold since is sold.
    pub stock_was: Option<i64>,
}

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct PriceList {
    /// The rows without a mistake, in their order; no two are of one SKU.
    pub rows: Vec<PriceRow>,
    /// The mistakes, in the order of their lines.
    pub errors: Vec<RowError>,
}

/// Where the columns stand.
struct Columns {
    sku: usize,
    price: Option<usize>,
    compare_at: Option<usize>,
    stock: Option<usize>,
    stock_was: Option<usize>,
    count: usize,
}

impl Columns {
    fn from_header(header: &ByteRecord) -> Result<Self, String> {
        let names: Vec<String> =
            header.iter().map(|name| String::from_utf8_lossy(name.trim_ascii()).to_lowercase()).collect();
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let [price, compare_at, stock, stock_was] = ["price", "compare at price", "stock", "stock was"].map(find);
        let Some(sku) = find("sku") else { return Err("missing column: SKU".to_owned()) };
        if price.is_none() && compare_at.is_none() && stock.is_none() {
            return Err("missing columns: one of Price, Compare At Price and Stock must be there".to_owned());
        }
        Ok(Self { sku, price, compare_at, stock, stock_was, count: names.len() })
    }
}

/// Reads a file whose prices are in `currency`. Never fails as a whole: what cannot be used is in the errors.
pub fn read(reader: impl Read, currency: Currency) -> PriceList {
    let mut lines = Lines::new(reader);
    let mut list = PriceList::default();
    let mut columns = None;
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut record = ByteRecord::new();
    loop {
        let line = match lines.next(&mut record) {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err((line, reason)) => {
                list.errors.push(error(line, None, reason));
                break;
            }
        };
        let Some(columns) = &columns else {
            match Columns::from_header(&record) {
                Ok(found) => columns = Some(found),
                Err(reason) => {
                    list.errors.push(error(line, None, reason));
                    return list;
                }
            }
            continue;
        };
        if record.iter().all(|field| field.trim_ascii().is_empty()) {
            continue;
        }
        match row(line, &record, columns, currency) {
            Ok(row) => match seen.insert(row.sku.clone(), line) {
                None => list.rows.push(row),
                Some(first) => {
                    let reason = format!("{:?} is on line {first} already", row.sku);
                    list.errors.push(error(line, Some("SKU"), reason));
                }
            },
            Err(wrong) => list.errors.push(wrong),
        }
    }
    if columns.is_none() && list.errors.is_empty() {
        list.errors.push(error(1, None, "the file is empty".to_owned()));
    }
    list
}

fn row(line: u64, record: &ByteRecord, columns: &Columns, currency: Currency) -> Result<PriceRow, RowError> {
    if record.len() != columns.count {
        let reason = format!("the row has {} fields and the header {}", record.len(), columns.count);
        return Err(error(line, None, reason));
    }
    let text = |index: Option<usize>| -> Result<&str, RowError> {
        let field = index.and_then(|index| record.get(index)).unwrap_or_default();
        let text = std::str::from_utf8(field);
        let text = text.map_err(|_| error(line, None, "is not UTF-8; save the file as CSV in UTF-8".to_owned()))?;
        Ok(export::plain(text.trim()))
    };
    let money = |name: &str, text: &str| super::price(text, currency).map_err(|reason| error(line, Some(name), reason));
    let sku = text(Some(columns.sku))?;
    if sku.is_empty() {
        return Err(error(line, Some("SKU"), "the row has no SKU".to_owned()));
    }
    let price = text(columns.price)?;
    let compare_at = text(columns.compare_at)?;
    let pieces = |name: &str, text: &str| match text {
        "" => Ok(None),
        text => match text.parse::<i64>() {
            Ok(pieces) if (0..=STOCK_MAX).contains(&pieces) => Ok(Some(pieces)),
            _ => {
                let reason = format!("must be a whole number from 0 to {STOCK_MAX}, not {text:?}");
                Err(error(line, Some(name), reason))
            }
        },
    };
    Ok(PriceRow {
        line,
        sku: sku.to_owned(),
        price: if price.is_empty() { None } else { Some(money("Price", price)?) },
        compare_at_price: match compare_at {
            "" => None,
            "-" => Some(None),
            text => Some(Some(money("Compare At Price", text)?)),
        },
        stock: pieces("Stock", text(columns.stock)?)?,
        stock_was: pieces("Stock Was", text(columns.stock_was)?)?,
    })
}

fn error(line: u64, column: Option<&str>, reason: String) -> RowError {
    RowError { line, column: column.map(str::to_owned), handle: None, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> PriceList {
        read(text.as_bytes(), Currency::EUR)
    }

    #[test]
    fn rows_say_what_shall_be() {
        let list =
            parse("\u{feff}Title,SKU,Price,Compare At Price,Stock\nMug,M-1,12.50,-,7\n\n=x,'=P,,30,\nCup,C-1,,,\n");
        assert_eq!(list.errors, []);
        let eur = |amount| Money::new(amount, Currency::EUR);
        let row = |line, sku: &str, price, compare_at_price, stock| PriceRow {
            line,
            sku: sku.to_owned(),
            price,
            compare_at_price,
            stock,
            stock_was: None,
        };
        let expected = [
            row(2, "M-1", Some(eur(1250)), Some(None), Some(7)),
            row(4, "=P", None, Some(Some(eur(3000))), None),
            row(5, "C-1", None, None, None),
        ];
        assert_eq!(list.rows, expected);
    }

    #[test]
    fn an_exported_list_says_how_many_there_were() {
        let list = parse("SKU,Stock,Stock Was\nA,7,5\nB,,5\nC,3,\nD,3,many\n");
        let pieces: Vec<_> = list.rows.iter().map(|row| (row.stock, row.stock_was)).collect();
        assert_eq!(pieces, [(Some(7), Some(5)), (None, Some(5)), (Some(3), None)]);
        assert_eq!(list.errors[0].column.as_deref(), Some("Stock Was"));
    }

    #[test]
    fn a_price_that_may_be_thousands_is_asked_about() {
        let list = parse("SKU,Price,Compare At Price\nA,1.999,\nB,5,\"1,999\"\nC,1999,\"2,999.00\"\n");
        let told: Vec<_> = list.errors.iter().map(ToString::to_string).collect();
        assert!(
            told[0].contains("line 2, Price: \"1.999\" may be thousands") && told[0].contains("write 1.99"),
            "{told:?}"
        );
        assert!(told[1].contains("line 3, Compare At Price: \"1,999\" may be thousands"), "{told:?}");
        assert_eq!((told.len(), list.rows[0].price), (2, Some(Money::new(199_900, Currency::EUR))));
    }

    #[test]
    fn lists_are_read_as_european_spreadsheets_write_them() {
        let eur = |amount| Some(Money::new(amount, Currency::EUR));
        for (text, expected) in [
            ("sku;price\r\nA;1,50\r\n", vec![eur(150)]),
            ("SKU;Price;Stock\nA;1.450,00;3\nB;\"1,5\";\n", vec![eur(145_000), eur(150)]),
            ("SKU\tTitle\tPrice\nA\tMug, blue; large\t1450,00\n", vec![eur(145_000)]),
            ("SKU,Price\nA,\"1,50\"\n", vec![eur(150)]),
        ] {
            let list = parse(text);
            assert_eq!(list.errors, [], "{text:?}");
            assert_eq!(list.rows.iter().map(|row| row.price).collect::<Vec<_>>(), expected, "{text:?}");
        }
        // What could be a thousand times as much is asked about, whatever separates the columns.
        for text in ["SKU;Price\nA;1.450\n", "SKU;Price\nA;1,450\n", "SKU,Price\nA,1,50\n"] {
            let list = parse(text);
            assert_eq!((list.rows.len(), list.errors.len(), list.errors[0].line), (0, 1, 2), "{text:?}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_lines() {
        let list = parse("SKU,Price,Stock\nA,cheap,1\nB,5,-1\n,5,1\nC,5\nD,5,1\nD,6,1\n");
        let lines: Vec<_> = list.errors.iter().map(|error| (error.line, error.column.as_deref())).collect();
        assert_eq!(lines, [(2, Some("Price")), (3, Some("Stock")), (4, Some("SKU")), (5, None), (7, Some("SKU"))]);
        assert_eq!(list.rows.len(), 1);
        for bad in ["", "Price\n1\n", "SKU,Title\nA,B\n"] {
            assert_eq!(parse(bad).errors.len(), 1, "{bad:?}");
        }
    }
}
