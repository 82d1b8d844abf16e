//! Products with their variants.

use model::{Money, PriceChange, Product, ProductId, Rating, Timestamp, Variant, VariantId};
use store::{Feed, FeedCursor, ProductFace, SkuOwner, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{read_all, rows_of};
use crate::{
    flight::{Statement, life},
    param::{Bind, Param, params, sought},
    row::Columns,
};

/// The columns of one row: a product `p`, one of its variants `v` and its level `s`.
pub(crate) const COLUMNS: &str = "p.id, p.slug, p.status, p.category_id, p.created_at, p.updated_at, p.version, p.title, \
     p.vendor, p.tags, p.options, p.images, p.description, p.details, p.rating_count, p.rating_stars, \
     v.id, v.sku, v.option_values, v.currency, v.price, v.compare_at_price, s.stock, v.track_stock, v.weight_grams, \
     v.barcode, v.details";
/// What adds the variants to the product `p`. By themselves for each product (`OFFSET 0` keeps them so): a plan that is made once for
/// all pages expects a tenth of the products in each, for which it may read all variants that there are.
pub(crate) const WITH_VARIANTS: &str = " LEFT JOIN LATERAL (SELECT * FROM variants WHERE product_id = p.id OFFSET 0) AS v \
     ON true LEFT JOIN LATERAL (SELECT stock FROM stock_levels WHERE variant_id = v.id OFFSET 0) AS s ON true";
/// Where the variant's columns begin.
const VARIANT: usize = 16;

fn product(columns: &mut Columns<'_>) -> Result<Product, StoreError> {
    let (id, slug) = (columns.id()?, columns.string()?);
    let (status, category_id) = (columns.word()?, columns.opt_id()?);
    let (created_at, updated_at, version) = (columns.time()?, columns.time()?, columns.int()?);
    Ok(Product {
        id,
        slug,
        title: columns.string()?,
        vendor: columns.opt_string()?,
        tags: columns.json()?,
        options: columns.json()?,
        images: columns.json()?,
        description: columns.string()?,
        details: columns.json()?,
        rating: Rating { count: columns.int()?, stars: columns.int()? },
        status,
        category_id,
        variants: Vec::new(),
        created_at,
        updated_at,
        version,
    })
}

/// The variant.
pub(super) fn variant(columns: &mut Columns<'_>) -> Result<Variant, StoreError> {
    let id = columns.id()?;
    let (sku, option_values) = (columns.opt_string()?, columns.json()?);
    let currency = columns.currency()?;
    Ok(Variant {
        id,
        sku,
        option_values,
        price: Money::new(columns.int()?, currency),
        compare_at_price: columns.opt_int()?.map(|amount| Money::new(amount, currency)),
        stock: columns.int()?,
        track_stock: columns.bool()?,
        weight_grams: columns.opt_int()?,
        barcode: columns.opt_string()?,
        details: columns.json()?,
    })
}

/// The products of rows of [`COLUMNS`], the rows of one product behind each other, its variants in their order.
pub(crate) fn list(rows: &[Row]) -> Result<Vec<Product>, StoreError> {
    let mut products: Vec<Product> = Vec::new();
    for row in rows {
        let id: ProductId = Columns::new(row, "products", 0).id()?;
        if products.last().is_none_or(|last| last.id != id) {
            products.push(product(&mut Columns::new(row, "products", 0))?);
        }
        let mut columns = Columns::new(row, "variants", VARIANT);
        if let Some(product) = products.last_mut().filter(|_| !columns.is_null()) {
            product.variants.push(variant(&mut columns)?);
        }
    }
    Ok(products)
}

/// The product `p` for which `condition` holds.
pub(crate) fn one_where(condition: &str, params: Vec<Param>) -> Statement {
    let sql = format!("SELECT {COLUMNS} FROM products p{WITH_VARIANTS} WHERE {condition} ORDER BY v.position");
    Statement::new(sql, params)
}

/// The product `p` for which `condition` (of one id or text `$1`) holds: locks it and its levels, then asks for it.
pub(crate) fn locked(condition: &str, key: &(impl Bind + Clone)) -> Vec<Statement> {
    let lock = format!("SELECT 1 FROM products p WHERE {condition} FOR NO KEY UPDATE");
    let levels = format!(
        "SELECT 1 FROM stock_levels WHERE variant_id IN (SELECT v.id FROM variants v JOIN products p \
         ON p.id = v.product_id WHERE {condition}) ORDER BY variant_id FOR NO KEY UPDATE"
    );
    vec![
        Statement::new(lock, params![key.clone()]),
        Statement::new(levels, params![key.clone()]),
        one_where(condition, params![key.clone()]),
    ]
}

/// Reads what [`one_where`] and [`locked`] ask.
pub(crate) fn one(rows: Option<&Vec<Row>>) -> Result<Option<Product>, StoreError> {
    Ok(list(rows_of(rows))?.into_iter().next())
}

/// The slugs that are `base` or begin with `base-`. As a range, because the index answers it: `.` follows `-`.
pub(crate) fn slugs_like(base: &str) -> Statement {
    const SQL: &str = "SELECT slug FROM products WHERE slug = $1 OR (slug >= $1 || '-' AND slug < $1 || '.')";
    Statement::new(SQL, params![sought(base)])
}

/// Reads one column of texts.
pub(crate) fn texts(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    read_all(rows, "texts", |columns| columns.string())
}

/// Who has these SKUs, in their order.
pub(crate) fn sku_owners(skus: &[String]) -> Statement {
    const SQL: &str = "SELECT sku, id, product_id FROM variants WHERE sku = ANY($1) \
         ORDER BY array_position($1, sku COLLATE \"default\") FOR NO KEY UPDATE";
    let skus: Vec<_> = skus.iter().map(|sku| sought(sku)).collect();
    Statement::new(SQL, params![skus])
}

/// Reads what [`sku_owners`] asks.
pub(crate) fn owners(rows: &[Row]) -> Result<Vec<SkuOwner>, StoreError> {
    read_all(rows, "variants", |columns| {
        Ok(SkuOwner { sku: columns.string()?, variant_id: columns.id()?, product_id: columns.id()? })
    })
}

/// A row if there are products.
pub(crate) fn any() -> Statement {
    Statement::new("SELECT 1 FROM products LIMIT 1", params![])
}

/// Those of these variants that are in an order. Locks their levels, so that they stay as they are.
pub(crate) fn ordered_among(variants: &[VariantId]) -> Statement {
    const SQL: &str = "SELECT variant_id, was_ordered FROM stock_levels WHERE variant_id = ANY($1) \
         ORDER BY variant_id FOR NO KEY UPDATE";
    let ids: Vec<Uuid> = variants.iter().map(|id| id.0).collect();
    Statement::new(SQL, params![ids])
}

/// Reads what [`ordered_among`] asks, in the order of `variants`.
pub(crate) fn ordered(rows: &[Row], variants: &[VariantId]) -> Result<Vec<VariantId>, StoreError> {
    let found = read_all(rows, "stock_levels", |columns| Ok((columns.id::<VariantId>()?, columns.bool()?)))?;
    Ok(variants.iter().filter(|id| found.contains(&(**id, true))).copied().collect())
}

/// The products with these ids.
pub(crate) fn by_ids(ids: &[ProductId]) -> Statement {
    let sql = format!("SELECT {COLUMNS} FROM products p{WITH_VARIANTS} WHERE p.id = ANY($1) ORDER BY p.id, v.position");
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Statement::new(sql, params![ids])
}

/// What is shown beside something else of the products with these ids.
pub(crate) fn faces(ids: &[ProductId]) -> Statement {
    const SQL: &str = "SELECT p.id, p.slug, p.title, p.status, p.images, \
         (SELECT coalesce(jsonb_agg(jsonb_build_array(v.id, v.details ->> 'image')), '[]') FROM variants v \
         WHERE v.product_id = p.id AND (v.details ->> 'image') IS NOT NULL) FROM products p WHERE p.id = ANY($1)";
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Statement::new(SQL, params![ids])
}

/// Reads what [`faces`] asks.
pub(crate) fn face_list(rows: &[Row]) -> Result<Vec<ProductFace>, StoreError> {
    read_all(rows, "products", |columns| {
        Ok(ProductFace {
            id: columns.id()?,
            slug: columns.string()?,
            title: columns.string()?,
            status: columns.word()?,
            images: columns.json()?,
            variant_images: columns.json()?,
        })
    })
}

/// Some products in the order of their ids.
pub(crate) fn after(after: Option<ProductId>, limit: u32) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT * FROM products WHERE id > $1 ORDER BY id LIMIT $2) AS p{WITH_VARIANTS} \
         ORDER BY p.id, v.position"
    );
    Statement::new(sql, params![after.map_or(Uuid::nil(), |id| id.0), i64::from(limit)])
}

/// Products of which something changes by itself.
pub(crate) fn turning(now: Timestamp, limit: u32) -> Statement {
    const SQL: &str = "SELECT id FROM products WHERE turns_at <= $1 ORDER BY turns_at LIMIT $2";
    Statement::new(SQL, params![now, i64::from(limit)])
}

/// Products of which a price was settled after this time.
pub(crate) fn settled_after(at: Timestamp) -> Statement {
    const SQL: &str = "SELECT DISTINCT product_id FROM variants WHERE (details ->> 'settled_at')::timestamptz > $1";
    Statement::new(SQL, params![at])
}

/// Reads what [`turning`] and [`settled_after`] ask.
pub(crate) fn ids(rows: &[Row]) -> Result<Vec<ProductId>, StoreError> {
    read_all(rows, "products", |columns| columns.id())
}

/// What these variants cost from when on, newest first.
pub(crate) fn price_history(variants: &[VariantId], limit: i64) -> Statement {
    const SQL: &str = "SELECT variant_id, at, price, currency FROM price_changes WHERE variant_id = ANY($1) \
         ORDER BY at DESC, currency LIMIT $2";
    let ids: Vec<Uuid> = variants.iter().map(|id| id.0).collect();
    Statement::new(SQL, params![ids, limit])
}

/// Reads what [`price_history`] asks.
pub(crate) fn price_changes(rows: &[Row]) -> Result<Vec<PriceChange>, StoreError> {
    read_all(rows, "price_changes", price_change)
}

/// Reads `variant_id, at, price, currency`.
pub(crate) fn price_change(columns: &mut Columns<'_>) -> Result<PriceChange, StoreError> {
    let (variant_id, at, amount) = (columns.id()?, columns.time()?, columns.int()?);
    Ok(PriceChange { variant_id, at, price: Money::new(amount, columns.currency()?) })
}

/// What changed behind `after`. The horizon is the oldest transaction that is still running.
pub(crate) fn feed(after: FeedCursor, limit: u32) -> Statement {
    const SQL: &str = concat!(
        "SELECT hashtextextended(concat_ws(' ', ",
        life!(),
        "), 0), pg_snapshot_xmin(pg_current_snapshot())::text::bigint, f.xid::text::bigint, f.seq, \
         f.product_id FROM (VALUES (1)) AS one LEFT JOIN LATERAL (SELECT * FROM catalogue_feed \
         WHERE (xid, seq) > ($1::text::xid8, $2) ORDER BY xid, seq LIMIT $3) AS f ON true ORDER BY f.xid, f.seq"
    );
    let seq = i64::try_from(after.seq).unwrap_or(i64::MAX);
    Statement::new(SQL, params![after.place.to_string(), seq, i64::from(limit)])
}

/// Reads what [`feed`] asks.
pub(crate) fn feed_page(rows: &[Row]) -> Result<Feed, StoreError> {
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    let mut feed = Feed::default();
    for row in rows {
        let mut columns = Columns::new(row, "catalogue_feed", 0);
        feed.life = columns.int()?.cast_unsigned();
        feed.horizon = number(columns.int()?);
        if !columns.is_null() {
            let cursor = FeedCursor { place: number(columns.int()?), seq: number(columns.int()?) };
            feed.entries.push((cursor, columns.id()?));
        }
    }
    Ok(feed)
}
