//! Products with their variants.

use model::{Money, PriceChange, Product, ProductId, Rating, Timestamp, Variant, VariantId};
use rusqlite::{Connection, Params, Row};
use store::{Feed, FeedCursor, ProductFace, SkuOwner, StoreError};

use crate::{
    row::Columns,
    sql::{Key, Sql, all, each, one},
};

/// The columns of one row: a product `p`, one of its variants `v` and its level `s`. A macro, so that selects stay
/// constants.
macro_rules! columns {
    () => {
        "p.id, p.slug, p.status, p.category_id, p.created_at, p.updated_at, p.version, p.title, p.vendor, p.tags, \
         p.options, p.images, p.description, p.details, p.rating_count, p.rating_stars, \
         v.id, v.position, v.sku, v.option_values, v.currency, v.price, v.compare_at_price, s.stock, v.track_stock, \
         v.weight_grams, v.barcode, v.details"
    };
}
pub(crate) use columns;

/// What adds the variants to the product `p`.
macro_rules! with_variants {
    () => {
        " LEFT JOIN variants v ON v.product_id = p.id LEFT JOIN stock_levels s ON s.variant_id = v.id"
    };
}
pub(crate) use with_variants;

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
        tags: columns.list()?,
        options: columns.list()?,
        images: columns.list()?,
        description: columns.string()?,
        details: columns.rare()?,
        rating: Rating { count: columns.int()?, stars: columns.int()? },
        status,
        category_id,
        variants: Vec::new(),
        created_at,
        updated_at,
        version,
    })
}

/// The variant and its place among its siblings.
pub(super) fn variant(columns: &mut Columns<'_>) -> Result<(i64, Variant), StoreError> {
    let id = columns.id()?;
    let position = columns.int()?;
    let (sku, option_values) = (columns.opt_string()?, columns.list()?);
    let currency = columns.currency()?;
    let variant = Variant {
        id,
        sku,
        option_values,
        price: Money::new(columns.int()?, currency),
        compare_at_price: columns.optional(Columns::int)?.map(|amount| Money::new(amount, currency)),
        stock: columns.int()?,
        track_stock: columns.bool()?,
        weight_grams: columns.optional(Columns::int)?,
        barcode: columns.opt_string()?,
        details: columns.rare()?,
    };
    Ok((position, variant))
}

/// Puts products together from rows of [`columns`], the rows of one product behind each other. One statement reads a
/// whole page this way, in one snapshot and without a second trip.
#[derive(Default)]
pub(crate) struct Assembly {
    done: Vec<Product>,
    open: Option<(Product, Vec<(i64, Variant)>)>,
}

impl Assembly {
    /// Takes one row.
    pub(crate) fn add(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let id: ProductId = Columns::new(row, "products", 0).id()?;
        if self.open.as_ref().is_none_or(|(product, _)| product.id != id) {
            self.finish();
            self.open = Some((product(&mut Columns::new(row, "products", 0))?, Vec::with_capacity(4)));
        }
        let mut columns = Columns::new(row, "variants", VARIANT);
        if let Some((_, variants)) = self.open.as_mut().filter(|_| !columns.is_null()) {
            variants.push(variant(&mut columns)?);
        }
        Ok(())
    }

    fn finish(&mut self) {
        let Some((mut product, mut variants)) = self.open.take() else { return };
        variants.sort_by_key(|(position, _)| *position);
        product.variants = variants.into_iter().map(|(_, variant)| variant).collect();
        self.done.push(product);
    }

    /// The products, in the order in which their rows came.
    pub(crate) fn into_products(mut self) -> Vec<Product> {
        self.finish();
        self.done
    }
}

fn whole(conn: &Connection, sql: &str, params: impl Params) -> Sql<Option<Product>> {
    let mut assembly = Assembly::default();
    each(conn, sql, params, |row| assembly.add(row))?;
    Ok(assembly.into_products().into_iter().next())
}

/// The product with this id.
pub(crate) fn by_id(conn: &Connection, id: ProductId) -> Sql<Option<Product>> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM products p", with_variants!(), " WHERE p.id = ?");
    whole(conn, SQL, [id.key()])
}

/// The product with this slug.
pub(crate) fn by_slug(conn: &Connection, slug: &str) -> Sql<Option<Product>> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM products p", with_variants!(), " WHERE p.slug = ?");
    whole(conn, SQL, [slug])
}

/// The product that has this variant.
pub(crate) fn of_variant(conn: &Connection, id: VariantId) -> Sql<Option<Product>> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM products p",
        with_variants!(),
        " WHERE p.id = (SELECT product_id FROM variants WHERE id = ?)"
    );
    whole(conn, SQL, [id.key()])
}

/// The slugs that are `base` or begin with `base-`. As a range, because the index answers it: `.` follows `-`.
pub(crate) fn slugs_like(conn: &Connection, base: &str) -> Sql<Vec<String>> {
    const SQL: &str = "SELECT slug FROM products WHERE slug = ?1 OR (slug >= ?1 || '-' AND slug < ?1 || '.')";
    all(conn, "products", SQL, [base], |columns| columns.string())
}

/// Who has these SKUs.
pub(crate) fn sku_owners(conn: &Connection, skus: &[String]) -> Sql<Vec<SkuOwner>> {
    const SQL: &str = "SELECT id, product_id FROM variants WHERE sku = ?";
    let mut owners = Vec::new();
    for sku in skus {
        let owner = one(conn, "variants", SQL, [sku], |columns| {
            Ok(SkuOwner { sku: sku.clone(), variant_id: columns.id()?, product_id: columns.id()? })
        })?;
        owners.extend(owner);
    }
    Ok(owners)
}

/// Whether there are products.
pub(crate) fn has_any(conn: &Connection) -> Sql<bool> {
    Ok(one(conn, "products", "SELECT 1 FROM products LIMIT 1", [], |_| Ok(()))?.is_some())
}

/// Those of these variants that are in an order.
pub(crate) fn ordered_among(conn: &Connection, variants: &[VariantId]) -> Sql<Vec<VariantId>> {
    const SQL: &str = "SELECT 1 FROM stock_levels WHERE variant_id = ? AND was_ordered = 1";
    let mut ordered = Vec::new();
    for id in variants {
        ordered.extend(one(conn, "stock_levels", SQL, [id.key()], |_| Ok(*id))?);
    }
    Ok(ordered)
}

/// The products with these ids.
pub(crate) fn by_ids(conn: &Connection, ids: &[ProductId]) -> Sql<Vec<Product>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(by_id(conn, *id)?);
    }
    Ok(found)
}

/// What is shown beside something else of the products with these ids.
pub(crate) fn faces(conn: &Connection, ids: &[ProductId]) -> Sql<Vec<ProductFace>> {
    const SQL: &str = "SELECT p.id, p.slug, p.title, p.status, p.images, \
         (SELECT json_group_array(json_array(hex(v.id), json_extract(v.details, '$.image'))) FROM variants v \
         WHERE v.product_id = p.id AND v.details <> '{}' AND json_extract(v.details, '$.image') IS NOT NULL) \
         FROM products p WHERE p.id = ?";
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(one(conn, "products", SQL, [id.key()], face)?);
    }
    Ok(found)
}

fn face(columns: &mut Columns<'_>) -> Result<ProductFace, StoreError> {
    Ok(ProductFace {
        id: columns.id()?,
        slug: columns.string()?,
        title: columns.string()?,
        status: columns.word()?,
        images: columns.list()?,
        variant_images: columns.list()?,
    })
}

/// Some products in the order of their ids.
pub(crate) fn after(conn: &Connection, after: Option<ProductId>, limit: u32) -> Sql<Vec<Product>> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM (SELECT seq FROM products WHERE id > ? ORDER BY id LIMIT ?) AS page \
         CROSS JOIN products p ON p.seq = page.seq",
        with_variants!()
    );
    let after = after.map_or([0; 16], Key::key);
    let mut assembly = Assembly::default();
    each(conn, SQL, (after, limit), |row| assembly.add(row))?;
    Ok(assembly.into_products())
}

/// Products of which something changes by itself.
pub(crate) fn turning(conn: &Connection, now: Timestamp, limit: u32) -> Sql<Vec<ProductId>> {
    const SQL: &str = "SELECT id FROM products WHERE turns_at <= ? ORDER BY turns_at LIMIT ?";
    all(conn, "products", SQL, (now.as_microsecond(), limit), |columns| columns.id())
}

/// Products of which a price was settled after this time. As texts: two times of one second may compare wrongly, which whoever asks looks
/// at again.
pub(crate) fn settled_after(conn: &Connection, at: Timestamp) -> Sql<Vec<ProductId>> {
    const SQL: &str = "SELECT DISTINCT product_id FROM variants \
         WHERE details <> '{}' AND json_extract(details, '$.settled_at') > ?";
    all(conn, "variants", SQL, [at.to_string()], |columns| columns.id())
}

/// What these variants cost from when on.
pub(crate) fn price_history(conn: &Connection, variants: &[VariantId]) -> Sql<Vec<PriceChange>> {
    let mut found = Vec::new();
    for id in variants {
        found.extend(prices(conn, *id, i64::MAX)?);
    }
    Ok(found)
}

/// What a variant cost from when on, newest first.
pub(crate) fn prices(conn: &Connection, id: VariantId, limit: i64) -> Sql<Vec<PriceChange>> {
    const SQL: &str = "SELECT variant_id, at, price, currency FROM price_changes WHERE variant_id = ? \
         ORDER BY at DESC, currency LIMIT ?";
    all(conn, "price_changes", SQL, (id.key(), limit), price_change)
}

/// Reads `variant_id, at, price, currency`.
pub(crate) fn price_change(columns: &mut Columns<'_>) -> Result<PriceChange, StoreError> {
    let (variant_id, at, amount) = (columns.id()?, columns.time()?, columns.int()?);
    Ok(PriceChange { variant_id, at, price: Money::new(amount, columns.currency()?) })
}

/// What changed behind `after`.
pub(crate) fn feed(conn: &Connection, after: FeedCursor, limit: u32) -> Sql<Feed> {
    const SQL: &str = "SELECT seq, product_id FROM catalogue_feed WHERE seq >= ? AND seq > ? ORDER BY seq LIMIT ?";
    const LAST: &str = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'catalogue_feed'), 0)";
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    // Asked first: what is written between the two statements is above it, and will be met again.
    let last = one(conn, "catalogue_feed", LAST, [], |columns| columns.int())?.unwrap_or(0);
    let entries = all(conn, "catalogue_feed", SQL, (bound(after.place), bound(after.seq), limit), |columns| {
        let seq = number(columns.int()?);
        Ok((FeedCursor { place: seq, seq }, columns.id()?))
    })?;
    // A file that is open has one life.
    Ok(Feed { entries, horizon: number(last) + 1, life: 0 })
}
