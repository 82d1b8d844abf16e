//! What can be bought, and the ledger.

use std::collections::{HashMap, hash_map::Entry};

use model::{Image, ProductId, ProductStatus, StockMovement, VariantId, checkout::Offer};
use rusqlite::{Connection, params};
use store::StoreError;

use crate::{
    row::Columns,
    sql::{Key, Sql, all, one},
};

/// These variants as the checkout sees them, in the order of their ids, each once.
pub(crate) fn offers(conn: &Connection, variants: &[VariantId]) -> Sql<Vec<Offer>> {
    const SQL: &str = "SELECT v.id, v.position, v.sku, v.option_values, v.currency, v.price, v.compare_at_price, \
         s.stock, v.track_stock, v.weight_grams, v.barcode, v.details, v.product_id, p.title, p.status, \
         p.slug, p.images FROM variants v JOIN stock_levels s ON s.variant_id = v.id JOIN products p ON p.id = v.product_id \
         WHERE v.id = ?";
    let mut wanted = variants.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let mut pictures = HashMap::new();
    let mut offers = Vec::with_capacity(wanted.len());
    for id in wanted {
        offers.extend(one(conn, "variants", SQL, [id.key()], |columns| offer(columns, &mut pictures))?);
    }
    Ok(offers)
}

/// Reads one offer. The pictures of a product are read with the first of its variants: there can be a hundred of both.
fn offer(columns: &mut Columns<'_>, pictures: &mut HashMap<ProductId, Vec<Image>>) -> Result<Offer, StoreError> {
    let (_, variant) = super::product::variant(columns)?;
    let (product_id, title) = (columns.id()?, columns.string()?);
    let status: ProductStatus = columns.word()?;
    let slug = columns.string()?;
    let images = match pictures.entry(product_id) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(unknown) => unknown.insert(columns.list()?),
    };
    let image = Image::of_variant(images, variant.details.image.as_deref()).cloned();
    Ok(Offer { product_id, title, is_active: status == ProductStatus::Active, slug, image, variant })
}

/// The movements behind a place, newest first: along the chain from the latest.
pub(crate) fn movements_since(conn: &Connection, id: VariantId, place: i64, limit: u32) -> Sql<Vec<StockMovement>> {
    const SQL: &str = "WITH RECURSIVE chain (seq) AS ( \
         SELECT last_movement FROM stock_levels WHERE variant_id = ?1 AND last_movement > ?2 \
         UNION ALL \
         SELECT m.previous FROM chain JOIN stock_movements m ON m.seq = chain.seq WHERE m.previous > ?2 LIMIT ?3) \
         SELECT m.seq, m.id, m.variant_id, m.delta, m.cause, m.order_id, m.actor_id, m.reason, m.at \
         FROM chain JOIN stock_movements m ON m.seq = chain.seq ORDER BY m.seq DESC";
    let found = all(conn, "stock_movements", SQL, params![id.key(), place, limit], movement)?;
    Ok(found.into_iter().map(|(_, movement)| movement).collect())
}

/// Reads `seq, id, variant_id, delta, cause, order_id, actor_id, reason, at`; gives `seq` beside the movement.
pub(crate) fn movement(columns: &mut Columns<'_>) -> Result<(i64, StockMovement), StoreError> {
    let seq = columns.int()?;
    let movement = StockMovement {
        id: columns.id()?,
        variant_id: columns.id()?,
        delta: columns.int()?,
        cause: columns.word()?,
        order_id: columns.opt_id()?,
        actor_id: columns.opt_id()?,
        reason: columns.opt_string()?,
        at: columns.time()?,
    };
    Ok((seq, movement))
}
