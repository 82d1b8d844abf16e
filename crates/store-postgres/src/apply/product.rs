//! Products with their variants.

use model::{PriceChange, Product, ProductId, Rating, Variant, VariantId, text};
use store::StoreError;

use super::{review, stock};
use crate::{
    flight::Statement,
    param::{Param, each, json, params},
};

pub(super) fn insert(product: &Product) -> Result<Vec<Statement>, StoreError> {
    const SQL: &str = "INSERT INTO products (id, slug, status, category_id, created_at, updated_at, version, price_min, \
         price_max, on_sale, title_fold, tags_lower, search_text, title, vendor, tags, options, images, description, \
         details, turns_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
         $20, $21)";
    let mut statements = vec![Statement::new(SQL, values(product)?)];
    if product.rating != Rating::default() {
        statements.push(review::add_rating(product.id, product.rating));
    }
    for (position, variant) in (0..).zip(&product.variants) {
        statements.extend(put_variant(product.id, position, variant)?);
    }
    Ok(statements)
}

pub(super) fn update(product: &Product, removed: &[VariantId]) -> Result<Vec<Statement>, StoreError> {
    const SQL: &str = "UPDATE products SET slug = $2, status = $3, category_id = $4, created_at = $5, updated_at = $6, \
         version = $7, price_min = $8, price_max = $9, on_sale = $10, title_fold = $11, tags_lower = $12, \
         search_text = $13, title = $14, vendor = $15, tags = $16, options = $17, images = $18, description = $19, \
         details = $20, turns_at = $21 WHERE id = $1";
    // Siblings may swap their SKUs, which the unique index would see half-done.
    const FREE_SKUS: &str = "UPDATE variants SET sku = NULL WHERE product_id = $1";
    let mut statements = vec![Statement::changing(1, "products", SQL, values(product)?)];
    for id in removed {
        statements.extend(delete_variant(*id));
    }
    statements.push(Statement::new(FREE_SKUS, params![product.id.0]));
    for (position, variant) in (0..).zip(&product.variants) {
        statements.extend(put_variant(product.id, position, variant)?);
    }
    Ok(statements)
}

/// The product's columns, in the order of both statements above.
fn values(product: &Product) -> Result<Vec<Param>, StoreError> {
    let tags_lower: Vec<String> = product.tags.iter().map(|tag| tag.to_lowercase()).collect();
    Ok(params![
        product.id.0,
        product.slug.clone(),
        product.status.as_str(),
        product.category_id.map(|id| id.0),
        product.created_at,
        product.updated_at,
        product.version,
        product.price_min(),
        product.price_max(),
        product.is_on_sale(),
        text::fold(&product.title),
        tags_lower,
        product.search_text(),
        product.title.clone(),
        product.vendor.clone(),
        json(&product.tags)?,
        json(&product.options)?,
        json(&product.images)?,
        product.description.clone(),
        json(&product.details)?,
        product.next_turn(),
    ])
}

/// A variant, new or changed, and its level. One of another product is not there to be changed.
fn put_variant(product_id: ProductId, position: i64, variant: &Variant) -> Result<[Statement; 2], StoreError> {
    const SQL: &str = "INSERT INTO variants AS v (id, product_id, position, sku, option_values, currency, price, \
         compare_at_price, track_stock, weight_grams, barcode, details, settled_price) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (id) DO UPDATE SET position = excluded.position, sku = excluded.sku, \
         option_values = excluded.option_values, currency = excluded.currency, price = excluded.price, \
         compare_at_price = excluded.compare_at_price, track_stock = excluded.track_stock, \
         weight_grams = excluded.weight_grams, barcode = excluded.barcode, details = excluded.details, \
         settled_price = excluded.settled_price WHERE v.product_id = excluded.product_id";
    const LEVEL: &str = "INSERT INTO stock_levels (variant_id) VALUES ($1) ON CONFLICT (variant_id) DO NOTHING";
    let currency = variant.price.currency;
    if variant.compare_at_price.is_some_and(|before| before.currency != currency) {
        let what = format!("variant {}: both prices must have one currency", variant.id);
        return Err(StoreError::Constraint(what));
    }
    let values = params![
        variant.id.0,
        product_id.0,
        position,
        variant.sku.clone(),
        json(&variant.option_values)?,
        currency.code(),
        variant.price.amount,
        variant.compare_at_price.map(|before| before.amount),
        variant.track_stock,
        variant.weight_grams,
        variant.barcode.clone(),
        json(&variant.details)?,
        variant.settled_price().amount,
    ];
    Ok([Statement::changing(1, "variants", SQL, values), Statement::new(LEVEL, params![variant.id.0])])
}

/// With its variants and their movements. The triggers of the levels keep what was ordered.
pub(super) fn delete(id: ProductId) -> Vec<Statement> {
    const LEDGER: &str = "DELETE FROM stock_movements m USING variants v JOIN stock_levels s ON s.variant_id = v.id \
         WHERE v.product_id = $1 AND m.variant_id = v.id AND NOT s.was_ordered";
    const EMPTY: &str = "UPDATE stock_levels s SET stock = 0 FROM variants v \
         WHERE v.product_id = $1 AND s.variant_id = v.id AND NOT s.was_ordered";
    const LEVELS: &str = "DELETE FROM stock_levels s USING variants v WHERE v.product_id = $1 AND s.variant_id = v.id";
    vec![
        Statement::new(LEDGER, params![id.0]),
        Statement::new(EMPTY, params![id.0]),
        Statement::new(LEVELS, params![id.0]),
        Statement::new("DELETE FROM variants WHERE product_id = $1", params![id.0]),
        Statement::changing(1, "products", "DELETE FROM products WHERE id = $1", params![id.0]),
    ]
}

/// With its movements.
fn delete_variant(id: VariantId) -> Vec<Statement> {
    let mut statements = stock::forget(id);
    statements.push(Statement::changing(1, "variants", "DELETE FROM variants WHERE id = $1", params![id.0]));
    statements
}

/// Of what is noted for one moment, the last counts: a statement cannot update a row twice.
pub(super) fn note_prices(changes: &[PriceChange]) -> Statement {
    const SQL: &str = "INSERT INTO price_changes (variant_id, currency, at, price) \
         SELECT DISTINCT ON (variant_id, currency, at) variant_id, currency, at, price \
         FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[]) \
         WITH ORDINALITY AS noted (variant_id, currency, at, price, position) \
         ORDER BY variant_id, currency, at, position DESC \
         ON CONFLICT (variant_id, currency, at) DO UPDATE SET price = excluded.price";
    let values = params![
        each(changes, |change| change.variant_id.0),
        each(changes, |change| change.price.currency.code()),
        each(changes, |change| change.at),
        each(changes, |change| change.price.amount),
    ];
    Statement::new(SQL, values)
}
