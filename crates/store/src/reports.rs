//! What the overview of the dashboard is made of.

use model::{Currency, OrderNumber, ProductId, Timestamp, VariantId};
use uuid::Uuid;

/// What is kept of an order by those who look through all of them. Of it, only where the order goes is ever corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderDigest {
    /// Its number.
    pub number: OrderNumber,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// The currency.
    pub currency: Currency,
    /// The total in minor units.
    pub total: i64,
    /// The name that it goes to, as it was when this was read: those who leave are forgotten.
    pub name: String,
    /// The town that it goes to; of those who left nothing, as of the name.
    pub city: String,
    /// The postal code there.
    pub postal_code: String,
    /// Its lines in their order; never none.
    pub lines: Vec<LineDigest>,
}

/// What is kept of a line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDigest {
    /// The variant.
    pub variant_id: VariantId,
    /// Its stock keeping unit at that time.
    pub sku: Option<String>,
    /// What the product was called at that time.
    pub title: String,
    /// How many pieces.
    pub quantity: i64,
}

impl OrderDigest {
    /// Puts rows together that hold one line each, those of an order side by side.
    #[must_use]
    pub fn gathered(rows: Vec<Self>) -> Vec<Self> {
        let mut orders: Vec<Self> = Vec::new();
        for row in rows {
            match orders.last_mut() {
                Some(order) if order.number == row.number => order.lines.extend(row.lines),
                _ => orders.push(row),
            }
        }
        orders
    }
}

/// What was sold on a day (UTC) in a currency. Cancelled orders do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SalesDay {
    /// The day, in days since 1970-01-01.
    pub day: i64,
    /// The currency.
    pub currency: Currency,
    /// How many orders were placed.
    pub orders: i64,
    /// Their totals together, in minor units.
    pub revenue: i64,
}

/// What sold well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BestSeller {
    /// The product.
    pub product_id: ProductId,
    /// The variant.
    pub variant_id: VariantId,
    /// What the product was called.
    pub title: String,
    /// What told the variant from its siblings.
    pub variant_title: String,
    /// How many pieces were sold.
    pub pieces: i64,
}

/// A variant of an active product that is short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowStock {
    /// The product.
    pub product_id: ProductId,
    /// The variant.
    pub variant_id: VariantId,
    /// What the product is called.
    pub title: String,
    /// What tells the variant from its siblings.
    pub option_values: Vec<String>,
    /// The stock keeping unit.
    pub sku: Option<String>,
    /// Pieces that are there.
    pub stock: i64,
}

impl LowStock {
    /// Where it stands among what is short.
    #[must_use]
    pub const fn place(&self) -> ShortPlace {
        ShortPlace { stock: self.stock, variant_id: self.variant_id }
    }
}

/// A place in the list of what is short, which goes by the pieces that are there, and then by the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShortPlace {
    /// Pieces that are there.
    pub stock: i64,
    /// The variant.
    pub variant_id: VariantId,
}

impl ShortPlace {
    /// Before everything: there are never fewer pieces than none.
    pub const START: Self = Self { stock: -1, variant_id: VariantId(Uuid::nil()) };
    /// Behind everything that is sold out.
    pub const SOLD_OUT: Self = Self { stock: 0, variant_id: VariantId(Uuid::max()) };
}

/// What waits for the staff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenWork {
    /// Orders to confirm.
    pub to_confirm: u64,
    /// Orders to ship.
    pub to_ship: u64,
    /// Reviews to look at before they are seen.
    pub reviews: u64,
    /// Reviews that are seen, and that somebody reported.
    pub reported_reviews: u64,
    /// Mails that were given up lately.
    pub failed_mails: u64,
}
