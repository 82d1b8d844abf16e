//! From the rows of one handle to a product that keeps the shop's rules.

use std::collections::HashSet;

use model::{Image, Product, ProductOption, Stamp, Timestamp, Variant, Violation, text};

use super::{
    columns::{Column, OPTIONS},
    group::{Found, Group, Head},
};
use crate::{
    catalogue::{ImportedProduct, OptionDraft, ProductDraft, VariantDraft},
    import::{RowError, Untold},
    rich_text,
};

/// The product, or `None` with the reasons noted; `untold` is what the file has no column for.
pub(super) fn settle(mut group: Group, untold: &[Untold], errors: &mut Vec<RowError>) -> Option<ImportedProduct> {
    let Some(head) = group.head.take() else {
        errors.push(error(&group, group.line, Some(Column::Title), "no row of this product has a title"));
        return None;
    };
    if group.variants.is_empty() {
        errors.push(error(&group, head.line, Some(Column::Price), "no row of this product has a price"));
        return None;
    }
    if !group.unpriced.is_empty() && group.unpriced.len() < group.variants.len() {
        errors.append(&mut group.unpriced);
        return None;
    }
    let options = settle_options(&mut group, untold, errors)?;
    let images = settle_images(&mut group);
    let product = unchecked(&group, &head, options, images);
    let mut wrong = Vec::new();
    let mut check = |result: Result<String, Violation>| wrong.extend(result.err());
    check(text::slug("/slug", &product.slug));
    if let Some(name) = &head.product_type {
        check(text::line("/category", name, text::SHORT_TEXT_MAX));
    }
    let product = product.validate().map_err(|violations| wrong.extend(violations.0)).ok();
    errors.extend(wrong.iter().map(|violation| explain(&group, head.line, violation)));
    product.filter(|_| wrong.is_empty()).map(|product| imported(group, head, product, untold))
}

/// Finds the options in use, gives every variant its values of them, and collects the values in their order.
fn settle_options(group: &mut Group, untold: &[Untold], errors: &mut Vec<RowError>) -> Option<Vec<ProductOption>> {
    if is_simple(group) {
        return Some(Vec::new());
    }
    if untold.contains(&Untold::Options) && group.variants.iter().all(|found| found.variant.sku.is_some()) {
        return Some(vec![numbered(&mut group.variants)]);
    }
    let before = errors.len();
    let mut options = Vec::new();
    let mut variants = std::mem::take(&mut group.variants);
    for (index, (name_column, value_column)) in OPTIONS.into_iter().enumerate() {
        let name = &group.option_names[index];
        let (mut values, mut seen) = (Vec::new(), HashSet::new());
        for Found { values: given, variant, line } in &mut variants {
            let value = std::mem::take(&mut given[index]);
            if value.is_empty() && !name.is_empty() {
                let reason = format!("is empty, but the product has the option {name:?}");
                errors.push(error(group, *line, Some(value_column), reason));
            } else if !value.is_empty() && name.is_empty() {
                let reason = format!("has a value, but no row of the product has an {}", name_column.name());
                errors.push(error(group, *line, Some(value_column), reason));
            } else if !value.is_empty() {
                if seen.insert(value.clone()) {
                    values.push(value.clone());
                }
                variant.option_values.push(value);
            }
        }
        if !name.is_empty() {
            options.push(ProductOption { name: name.clone(), values });
        }
    }
    group.variants = variants;
    (errors.len() == before).then_some(options)
}

/// An option that lets variants with SKUs pass the rules of products where the file tells none: their values are those that the shop knows.
/// It does not get into the draft.
fn numbered(variants: &mut [Found]) -> ProductOption {
    let values: Vec<_> = (1..=variants.len()).map(|number| number.to_string()).collect();
    for (found, value) in variants.iter_mut().zip(&values) {
        found.variant.option_values.push(value.clone());
    }
    ProductOption { name: "Number".to_owned(), values }
}

/// Whether the product has one variant and nothing in which it could differ from others.
fn is_simple(group: &Group) -> bool {
    let [Found { values: [first, others @ ..], .. }] = group.variants.as_slice() else { return false };
    let [name, ..] = &group.option_names;
    let is_default = name.eq_ignore_ascii_case("Title") && first.eq_ignore_ascii_case("Default Title");
    let is_nameless = name.is_empty() && first.is_empty();
    (is_default || is_nameless) && others.iter().all(String::is_empty)
}

/// The pictures by their position, each once, and those of variants behind them.
fn settle_images(group: &mut Group) -> Vec<Image> {
    group.images.sort_by_key(|(position, _)| *position);
    let images = group.images.drain(..).map(|(_, image)| image).chain(group.variant_images.drain(..));
    let mut seen = HashSet::new();
    images.filter(|image| seen.insert(image.url.clone())).collect()
}

/// The product as the model checks it. Nobody sees its ids and times.
fn unchecked(group: &Group, head: &Head, options: Vec<ProductOption>, images: Vec<Image>) -> Product {
    let now = Timestamp::UNIX_EPOCH;
    let mut ids = Stamp::new(now, 0).ids();
    let variants = group.variants.iter().map(|found| Variant { id: ids.draw(), ..found.variant.clone() }).collect();
    Product {
        id: ids.draw(),
        slug: text::slugify(&group.handle),
        title: head.title.clone(),
        description: rich_text::sanitise(&head.body),
        status: head.status,
        vendor: head.vendor.clone(),
        category_id: None,
        tags: head.tags.clone(),
        options,
        variants,
        images,
        rating: model::Rating::default(),
        details: model::ProductDetails::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn imported(group: Group, head: Head, product: Product, untold: &[Untold]) -> ImportedProduct {
    let has_options = !untold.contains(&Untold::Options);
    let variant_images = product.variants.iter().map(|variant| variant.details.image.clone()).collect();
    let options = product.options.into_iter().filter(|_| has_options);
    let options = options.map(|ProductOption { name, values }| OptionDraft { name, values });
    let variants = product.variants.into_iter().map(|variant| VariantDraft {
        id: None,
        sku: variant.sku,
        option_values: if has_options { variant.option_values } else { Vec::new() },
        price: variant.price,
        compare_at_price: variant.compare_at_price,
        stock: Some(variant.stock),
        track_stock: variant.track_stock,
        weight_grams: variant.weight_grams,
        barcode: variant.barcode,
        details: None,
    });
    let draft = ProductDraft {
        title: product.title,
        slug: Some(product.slug),
        // As the file has it: whoever stores it sanitises it, and once is enough.
        description: head.body,
        status: product.status,
        vendor: product.vendor,
        category_id: None,
        tags: product.tags,
        options: options.collect(),
        variants: variants.collect(),
        images: product.images,
        details: None,
    };
    let keeps_prices = !group.unpriced.is_empty();
    let (handle, category, line) = (group.handle, head.product_type, group.line);
    let untold = untold.to_vec();
    ImportedProduct { handle, category, draft, variant_images, keeps_prices, keeps_images: false, untold, line }
}

/// What the model says of a field, as a line and a column of the file.
fn explain(group: &Group, head_line: u64, violation: &Violation) -> RowError {
    let mut path = violation.pointer.split('/').skip(1);
    let (field, index) = (path.next().unwrap_or_default(), path.next().and_then(|index| index.parse::<usize>().ok()));
    let variant_line = index.and_then(|index| group.variants.get(index)).map(|found| found.line);
    let (line, column) = match (field, variant_line) {
        ("variants", Some(line)) => (line, variant_column(path.next().unwrap_or_default())),
        ("title", _) => (head_line, Some(Column::Title)),
        ("slug", _) => (group.line, Some(Column::Handle)),
        ("description", _) => (head_line, Some(Column::Body)),
        ("vendor", _) => (head_line, Some(Column::Vendor)),
        ("category", _) => (head_line, Some(Column::Type)),
        ("tags", _) => (head_line, Some(Column::Tags)),
        ("images", _) => (head_line, Some(Column::ImageSrc)),
        ("options", _) => (head_line, Some(Column::Option1Name)),
        _ => (head_line, None),
    };
    error(group, line, column, violation.message.clone())
}

fn variant_column(field: &str) -> Option<Column> {
    match field {
        "sku" => Some(Column::Sku),
        "barcode" => Some(Column::Barcode),
        "price" => Some(Column::Price),
        "compare_at_price" => Some(Column::CompareAtPrice),
        "stock" => Some(Column::Quantity),
        "weight_grams" => Some(Column::Grams),
        "option_values" => Some(Column::Option1Value),
        "image" => Some(Column::VariantImage),
        _ => None,
    }
}

fn error(group: &Group, line: u64, column: Option<Column>, reason: impl Into<String>) -> RowError {
    RowError {
        line,
        column: column.map(|column| column.name().to_owned()),
        handle: Some(group.handle.clone()),
        reason: reason.into(),
    }
}
