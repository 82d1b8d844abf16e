//! The rows of one handle, put together to a product.

use model::{Currency, Image, Money, ProductStatus, Stamp, Timestamp, Variant, VariantDetails, product::OPTIONS_MAX};

use super::{
    columns::{Column, OPTIONS},
    row::Row,
};
use crate::import::{RowError, quoted};

/// The rows of one handle.
pub(super) struct Group {
    pub(super) handle: String,
    /// Whether a row of it was refused, so that it is left out.
    pub(super) is_bad: bool,
    pub(super) line: u64,
    pub(super) head: Option<Head>,
    /// Empty where the product has no such option.
    pub(super) option_names: [String; OPTIONS_MAX],
    pub(super) variants: Vec<Found>,
    /// What is said of the variants without a price, if others of the product have one.
    pub(super) unpriced: Vec<RowError>,
    /// Position and picture.
    pub(super) images: Vec<(u64, Image)>,
    pub(super) variant_images: Vec<Image>,
    /// What was read otherwise than it stands there.
    pub(super) notes: Vec<RowError>,
}

/// What the row with the title says of the whole product.
pub(super) struct Head {
    pub(super) line: u64,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) vendor: Option<String>,
    pub(super) product_type: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) status: ProductStatus,
}

/// A variant with its line and the values of all three options, used or not; its id and its own values are still to
/// come.
pub(super) struct Found {
    pub(super) line: u64,
    pub(super) values: [String; OPTIONS_MAX],
    pub(super) variant: Variant,
}

impl Group {
    pub(super) fn new(line: u64, handle: String) -> Self {
        Self {
            handle,
            is_bad: false,
            line,
            head: None,
            option_names: Default::default(),
            variants: Vec::new(),
            unpriced: Vec::new(),
            images: Vec::new(),
            variant_images: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Takes in one row, and notes everything that is wrong with it.
    pub(super) fn take(&mut self, row: &Row<'_>, currency: Currency, errors: &mut Vec<RowError>) {
        let mut note = |result: Result<(), RowError>| errors.extend(result.err());
        note(self.take_head(row));
        note(self.take_option_names(row));
        note(self.take_image(row));
        if row.has_variant() {
            match variant(row, currency) {
                Ok(variant) => {
                    self.notes.extend(row.note_of_stock());
                    if row.given(Column::Price).is_none() {
                        self.unpriced.push(row.no_price());
                    }
                    // Most products have few, and there are many products: room for four would be twice what they take.
                    self.variants.reserve_exact(1);
                    self.variants.push(variant);
                }
                Err(wrong) => errors.extend(wrong),
            }
        } else if row.given(Column::ImageSrc).is_none() {
            errors.push(row.error(Column::Price, "the row has neither a variant with a price nor an image"));
        }
        if let Some(url) = row.given(Column::VariantImage) {
            self.variant_images.push(Image { url: url.to_owned(), alt: None });
        }
    }

    fn take_head(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let Some(title) = row.given(Column::Title) else { return Ok(()) };
        match &self.head {
            Some(head) if head.title == title => Ok(()),
            Some(head) => {
                let reason =
                    format!("differs from {} on line {}; one handle is one product", quoted(&head.title), head.line);
                Err(row.error(Column::Title, reason))
            }
            None => {
                self.head = Some(Head {
                    line: row.line,
                    title: title.to_owned(),
                    body: row.text(Column::Body).to_owned(),
                    vendor: row.given(Column::Vendor).map(ToOwned::to_owned),
                    product_type: row.given(Column::Type).map(ToOwned::to_owned),
                    tags: tags(row.text(Column::Tags)),
                    status: status(row)?,
                });
                Ok(())
            }
        }
    }

    fn take_option_names(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        for (known, (column, _)) in self.option_names.iter_mut().zip(OPTIONS) {
            let Some(name) = row.given(column) else { continue };
            if known.is_empty() {
                name.clone_into(known);
            } else if known != name {
                let reason = format!("differs from {} on an earlier line of this product", quoted(known));
                return Err(row.error(column, reason));
            }
        }
        Ok(())
    }

    fn take_image(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let Some(url) = row.given(Column::ImageSrc) else { return Ok(()) };
        let position = match row.given(Column::ImagePosition) {
            None => u64::MAX,
            Some(text) => text.parse().map_err(|_| {
                row.error(Column::ImagePosition, format!("must be a whole number, not {}", quoted(text)))
            })?,
        };
        let alt = row.given(Column::ImageAlt).map(ToOwned::to_owned);
        self.images.push((position, Image { url: url.to_owned(), alt }));
        Ok(())
    }
}

/// The row's variant, or everything that is wrong with it.
fn variant(row: &Row<'_>, currency: Currency) -> Result<Found, Vec<RowError>> {
    let mut wrong = Vec::new();
    let price = row.price(currency).map_err(|error| wrong.push(error)).ok();
    let compare_at_price = row.compare_at_price(currency).map_err(|error| wrong.push(error)).ok();
    let stock = row.stock().map_err(|error| wrong.push(error)).ok();
    let weight_grams = row.weight_grams().map_err(|error| wrong.push(error)).ok();
    let (Some(price), Some(compare_at_price), Some((stock, track_stock)), Some(weight_grams)) =
        (price, compare_at_price, stock, weight_grams)
    else {
        return Err(wrong);
    };
    let variant = Variant {
        id: Stamp::new(Timestamp::UNIX_EPOCH, 0).ids().draw(),
        sku: row.code(Column::Sku),
        option_values: Vec::new(),
        // One without a price is known already and keeps its own, or is refused.
        price: price.unwrap_or(Money::new(0, currency)),
        compare_at_price,
        stock,
        track_stock,
        weight_grams,
        barcode: row.code(Column::Barcode),
        details: VariantDetails {
            image: row.given(Column::VariantImage).map(ToOwned::to_owned),
            ..VariantDetails::default()
        },
    };
    Ok(Found { line: row.line, values: OPTIONS.map(|(_, value)| row.text(value).to_owned()), variant })
}

fn tags(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(ToOwned::to_owned).collect()
}

/// For sale unless the file says otherwise.
fn status(row: &Row<'_>) -> Result<ProductStatus, RowError> {
    let text = row.text(Column::Status).to_ascii_lowercase();
    let status = match text.as_str() {
        "" => ProductStatus::Active,
        _ => text.parse().map_err(|()| {
            let reason = format!("must be active, draft or archived, not {}", quoted(&text));
            row.error(Column::Status, reason)
        })?,
    };
    let is_published = match row.text(Column::Published).to_ascii_lowercase().as_str() {
        "" | "true" => true,
        "false" => false,
        other => {
            return Err(row.error(Column::Published, format!("must be true or false, not {}", quoted(other))));
        }
    };
    Ok(if status == ProductStatus::Active && !is_published { ProductStatus::Draft } else { status })
}
