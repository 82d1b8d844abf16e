//! Orders for spreadsheets and bookkeeping: a row for each line of an order. Nothing reads them back.

use std::io::{self, Write};

use csv::Writer;
use model::{Email, Order};

use super::{begin, end, neutralised, shopify::amount};

/// The columns. What an order comes to stands in its first row alone, so that the sum of the column is that of the orders.
const COLUMNS: [&str; 23] = [
    "Order",
    "Placed At",
    "Status",
    "Updated At",
    "Email",
    "Currency",
    "Order Total",
    "SKU",
    "Title",
    "Variant",
    "Quantity",
    "Unit Price",
    "Line Total",
    "Ship To Name",
    "Ship To Line 1",
    "Ship To Line 2",
    "Ship To City",
    "Ship To Region",
    "Ship To Postal Code",
    "Ship To Country",
    "Ship To Phone",
    "Carrier",
    "Tracking Number",
];

/// Writes orders, one behind the other. Times are RFC 3339 in UTC, amounts decimals of the order's currency.
pub struct OrderWriter<W: Write> {
    writer: Writer<W>,
}

impl<W: Write> OrderWriter<W> {
    /// Begins, with the header if it shall have one: a file that is written in parts has it once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(to: W, has_header: bool) -> io::Result<Self> {
        Ok(Self { writer: begin(to, &COLUMNS, has_header)? })
    }

    /// Writes the lines of an order.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, order: &Order) -> io::Result<()> {
        let to = &order.ship_to;
        let tracking = order.tracking.clone().unwrap_or_default();
        let text = |text: &Option<String>| neutralised(text.as_deref().unwrap_or_default());
        for (index, line) in order.lines.iter().enumerate() {
            let total = if index == 0 { amount(order.total, None) } else { String::new() };
            self.writer.write_record([
                order.number.to_string(),
                order.placed_at.to_string(),
                order.status.as_str().to_owned(),
                order.updated_at.to_string(),
                neutralised(order.email.as_ref().map(Email::as_str).unwrap_or_default()),
                order.total.currency.code().to_owned(),
                total,
                text(&line.sku),
                neutralised(&line.title),
                neutralised(&line.variant_title),
                line.quantity.to_string(),
                amount(line.unit_price, None),
                amount(line.total(), None),
                neutralised(&to.name),
                neutralised(&to.line1),
                text(&to.line2),
                neutralised(&to.city),
                text(&to.region),
                neutralised(&to.postal_code),
                neutralised(&to.country),
                text(&to.phone),
                text(&tracking.carrier),
                neutralised(&tracking.number),
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
