//! Products with their variants.

use model::{PriceChange, Product, ProductId, Rating, Timestamp, Variant, VariantId, text};
use rusqlite::{Connection, params};
use store::StoreError;

use super::{review, stock};
use crate::{
    load,
    sql::{Key, Sql, json, opt_key, run, run_one},
};

pub(super) fn insert(conn: &Connection, product: &Product) -> Sql<()> {
    const SQL: &str = "INSERT INTO products (slug, status, category_id, created_at, updated_at, version, price_min, \
         price_max, on_sale, title_fold, tags_lower, search_text, title, vendor, tags, options, images, description, \
         details, turns_at, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    write(conn, SQL, product)?;
    if product.rating != Rating::default() {
        review::add_rating(conn, product.id, product.rating)?;
    }
    for (position, variant) in (0..).zip(&product.variants) {
        insert_variant(conn, product.id, position, variant)?;
    }
    Ok(())
}

pub(super) fn update(conn: &Connection, product: &Product, removed: &[VariantId]) -> Sql<()> {
    const SQL: &str = "UPDATE products SET slug = ?, status = ?, category_id = ?, created_at = ?, updated_at = ?, \
         version = ?, price_min = ?, price_max = ?, on_sale = ?, title_fold = ?, tags_lower = ?, search_text = ?, \
         title = ?, vendor = ?, tags = ?, options = ?, images = ?, description = ?, \
         details = ?, turns_at = ? WHERE id = ?";
    write(conn, SQL, product)?;
    for id in removed {
        delete_variant(conn, *id)?;
    }
    // Siblings may swap their SKUs, which the unique index would see half-done.
    run(conn, "UPDATE variants SET sku = NULL WHERE product_id = ?", [product.id.key()])?;
    for (position, variant) in (0..).zip(&product.variants) {
        if !update_variant(conn, product.id, position, variant)? {
            insert_variant(conn, product.id, position, variant)?;
        }
    }
    Ok(())
}

/// Runs `sql` with the product's columns, in the order of both statements above.
fn write(conn: &Connection, sql: &str, product: &Product) -> Sql<()> {
    let tags_lower: Vec<_> = product.tags.iter().map(|tag| tag.to_lowercase()).collect();
    let values = params![
        product.slug,
        product.status.as_str(),
        opt_key(product.category_id),
        product.created_at.as_microsecond(),
        product.updated_at.as_microsecond(),
        product.version,
        product.price_min(),
        product.price_max(),
        product.is_on_sale(),
        text::fold(&product.title),
        json(&tags_lower)?,
        product.search_text(),
        product.title,
        product.vendor,
        json(&product.tags)?,
        json(&product.options)?,
        json(&product.images)?,
        product.description,
        json(&product.details)?,
        product.next_turn().map(Timestamp::as_microsecond),
        product.id.key(),
    ];
    run_one(conn, "products", product.id, sql, values)
}

fn insert_variant(conn: &Connection, product_id: ProductId, position: i64, variant: &Variant) -> Sql<()> {
    const SQL: &str = "INSERT INTO variants (position, sku, option_values, currency, price, compare_at_price, \
         track_stock, weight_grams, barcode, details, settled_price, product_id, id) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    write_variant(conn, SQL, product_id, position, variant)?;
    run(conn, "INSERT INTO stock_levels (variant_id) VALUES (?)", [variant.id.key()]).map(drop)
}

/// Whether the product has this variant.
fn update_variant(conn: &Connection, product_id: ProductId, position: i64, variant: &Variant) -> Sql<bool> {
    const SQL: &str = "UPDATE variants SET position = ?, sku = ?, option_values = ?, currency = ?, price = ?, \
         compare_at_price = ?, track_stock = ?, weight_grams = ?, barcode = ?, details = ?, settled_price = ? WHERE product_id = ? AND id = ?";
    write_variant(conn, SQL, product_id, position, variant).map(|changed| changed == 1)
}

fn write_variant(conn: &Connection, sql: &str, product_id: ProductId, position: i64, variant: &Variant) -> Sql<usize> {
    let currency = variant.price.currency;
    if variant.compare_at_price.is_some_and(|before| before.currency != currency) {
        let what = format!("variant {}: both prices must have one currency", variant.id);
        return Err(StoreError::Constraint(what).into());
    }
    let values = params![
        position,
        variant.sku,
        json(&variant.option_values)?,
        currency.code(),
        variant.price.amount,
        variant.compare_at_price.map(|before| before.amount),
        variant.track_stock,
        variant.weight_grams,
        variant.barcode,
        json(&variant.details)?,
        variant.settled_price().amount,
        product_id.key(),
        variant.id.key(),
    ];
    run(conn, sql, values)
}

pub(super) fn delete(conn: &Connection, id: ProductId) -> Sql<()> {
    if let Some(product) = load::product::by_id(conn, id)? {
        for variant in &product.variants {
            delete_variant(conn, variant.id)?;
        }
    }
    run_one(conn, "products", id, "DELETE FROM products WHERE id = ?", [id.key()])
}

/// With its movements.
fn delete_variant(conn: &Connection, id: VariantId) -> Sql<()> {
    stock::forget(conn, id)?;
    run_one(conn, "variants", id, "DELETE FROM variants WHERE id = ?", [id.key()])
}

pub(super) fn note_prices(conn: &Connection, changes: &[PriceChange]) -> Sql<()> {
    const SQL: &str = "INSERT INTO price_changes (variant_id, currency, at, price) VALUES (?, ?, ?, ?) \
         ON CONFLICT (variant_id, currency, at) DO UPDATE SET price = excluded.price";
    for PriceChange { variant_id, at, price } in changes {
        run(conn, SQL, params![variant_id.key(), price.currency.code(), at.as_microsecond(), price.amount])?;
    }
    Ok(())
}
