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
    statements.extend(put_variants(product)?);
    Ok(statements)
}

pub(super) fn update(product: &Product, removed: &[VariantId]) -> Result<Vec<Statement>, StoreError> {
    const SQL: &str = "UPDATE products SET slug = $2, status = $3, category_id = $4, created_at = $5, updated_at = $6, \
         version = $7, price_min = $8, price_max = $9, on_sale = $10, title_fold = $11, tags_lower = $12, \
         search_text = $13, title = $14, vendor = $15, tags = $16, options = $17, images = $18, description = $19, \
         details = $20, turns_at = $21 WHERE id = $1";
    // Siblings may swap their SKUs, which the unique index would see half-done.
    const FREE_SKUS: &str = "UPDATE variants v SET sku = NULL FROM unnest($2::UUID[], $3::TEXT[]) AS given (id, sku) \
         WHERE v.product_id = $1 AND v.id = given.id AND v.sku IS NOT NULL AND v.sku IS DISTINCT FROM given.sku";
    let mut statements = vec![Statement::changing(1, "products", SQL, values(product)?)];
    for id in removed {
        statements.extend(delete_variant(*id));
    }
    let given =
        (each(&product.variants, |variant| variant.id.0), each(&product.variants, |variant| variant.sku.clone()));
    statements.push(Statement::new(FREE_SKUS, params![product.id.0, given.0, given.1]));
    statements.extend(put_variants(product)?);
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

/// Its variants, new or changed, and their levels: as many statements for many as for one. One of another product is not there to
/// be changed.
fn put_variants(product: &Product) -> Result<[Statement; 2], StoreError> {
    const SQL: &str = "INSERT INTO variants AS v (id, product_id, position, sku, option_values, currency, price, \
         compare_at_price, track_stock, weight_grams, barcode, details, settled_price) \
         SELECT given.id, $1, given.position, given.sku, given.option_values, given.currency, given.price, \
         given.compare_at_price, given.track_stock, given.weight_grams, given.barcode, given.details, given.settled_price \
         FROM unnest($2::UUID[], $3::BIGINT[], $4::TEXT[], $5::JSONB[], $6::TEXT[], $7::BIGINT[], $8::BIGINT[], \
         $9::BOOLEAN[], $10::BIGINT[], $11::TEXT[], $12::JSONB[], $13::BIGINT[]) AS given (id, position, sku, \
         option_values, currency, price, compare_at_price, track_stock, weight_grams, barcode, details, settled_price) \
         ON CONFLICT (id) DO UPDATE SET position = excluded.position, sku = excluded.sku, \
         option_values = excluded.option_values, currency = excluded.currency, price = excluded.price, \
         compare_at_price = excluded.compare_at_price, track_stock = excluded.track_stock, \
         weight_grams = excluded.weight_grams, barcode = excluded.barcode, details = excluded.details, \
         settled_price = excluded.settled_price WHERE v.product_id = excluded.product_id";
    const LEVELS: &str = "INSERT INTO stock_levels (variant_id) SELECT * FROM unnest($1::UUID[]) \
         ON CONFLICT (variant_id) DO NOTHING";
    let variants = product.variants.as_slice();
    let is_mixed =
        |variant: &&Variant| variant.compare_at_price.is_some_and(|before| before.currency != variant.price.currency);
    if let Some(variant) = variants.iter().find(is_mixed) {
        let what = format!("variant {}: both prices must have one currency", variant.id);
        return Err(StoreError::Constraint(what));
    }
    let values = params![
        product.id.0,
        each(variants, |variant| variant.id.0),
        (0..).take(variants.len()).collect::<Vec<i64>>(),
        each(variants, |variant| variant.sku.clone()),
        variants.iter().map(|variant| json(&variant.option_values)).collect::<Result<Vec<_>, _>>()?,
        each(variants, |variant| variant.price.currency.code()),
        each(variants, |variant| variant.price.amount),
        each(variants, |variant| variant.compare_at_price.map(|before| before.amount)),
        each(variants, |variant| variant.track_stock),
        each(variants, |variant| variant.weight_grams),
        each(variants, |variant| variant.barcode.clone()),
        variants.iter().map(|variant| json(&variant.details)).collect::<Result<Vec<_>, _>>()?,
        each(variants, |variant| variant.settled_price().amount),
    ];
    let rows = i64::try_from(variants.len()).unwrap_or(i64::MAX);
    let levels = Statement::new(LEVELS, params![each(variants, |variant| variant.id.0)]);
    Ok([Statement::changing(rows, "variants", SQL, values), levels])
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

#[cfg(test)]
mod tests {
    use model::{Currency, Money, ProductDetails, ProductStatus, Timestamp, VariantDetails};
    use uuid::Uuid;

    use super::*;

    fn with_variants(count: u128) -> Product {
        let variant = |number| Variant {
            id: VariantId(Uuid::from_u128(number)),
            sku: Some(format!("SKU-{number}")),
            option_values: vec![number.to_string()],
            price: Money::new(100, Currency::EUR),
            compare_at_price: None,
            stock: 0,
            track_stock: true,
            weight_grams: None,
            barcode: None,
            details: VariantDetails::default(),
        };
        Product {
            id: ProductId(Uuid::nil()),
            slug: "mug".to_owned(),
            title: "Mug".to_owned(),
            description: String::new(),
            status: ProductStatus::Active,
            vendor: None,
            category_id: None,
            tags: Vec::new(),
            options: Vec::new(),
            variants: (1..=count).map(variant).collect(),
            images: Vec::new(),
            details: ProductDetails::default(),
            rating: Rating::default(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn many_variants_take_as_many_statements_as_one() {
        let counted = |count| {
            let product = with_variants(count);
            let (new, changed) = (insert(&product), update(&product, &[]));
            (new.expect("statements").len(), changed.expect("statements").len())
        };
        assert_eq!(counted(250), counted(1));
    }
}
