//! What can be bought, and the ledger.

use std::collections::HashMap;

use model::{Image, ProductId, ProductStatus, StockMovement, VariantId, checkout::Offer};
use store::StoreError;
use tokio_postgres::Row;
use uuid::Uuid;

use super::read_all;
use crate::{flight::Statement, param::params, row::Columns};

/// Locks the levels of these variants, in the order of their ids, so that nobody waits in a circle.
pub(crate) fn lock_levels(ids: Vec<Uuid>) -> Statement {
    const LOCK: &str = "SELECT 1 FROM stock_levels WHERE variant_id = ANY($1) ORDER BY variant_id FOR NO KEY UPDATE";
    const LOOK: &str = "SELECT 1 FROM stock_levels WHERE variant_id = ANY($1)";
    Statement::new(if faults::is_lifted("guard.lock") { LOOK } else { LOCK }, params![ids])
}

/// These variants as the checkout sees them, in the order of their ids, each once: locks their levels, then asks. The pictures of a
/// product come with the first of its variants: there can be a hundred of both.
pub(crate) fn offers(ids: Vec<Uuid>) -> [Statement; 2] {
    let sql = "SELECT v.id, v.sku, v.option_values, v.currency, v.price, v.compare_at_price, s.stock, v.track_stock, \
         v.weight_grams, v.barcode, v.details, v.product_id, p.title, p.status, p.slug, \
         CASE row_number() OVER (PARTITION BY p.id ORDER BY v.id) WHEN 1 THEN p.images END \
         FROM variants v JOIN stock_levels s ON s.variant_id = v.id JOIN products p ON p.id = v.product_id \
         WHERE v.id = ANY($1) ORDER BY v.id";
    [lock_levels(ids.clone()), Statement::new(sql, params![ids])]
}

/// Reads what [`offers`] asks.
pub(crate) fn offer_list(rows: &[Row]) -> Result<Vec<Offer>, StoreError> {
    let mut pictures: HashMap<ProductId, Vec<Image>> = HashMap::new();
    read_all(rows, "variants", |columns| {
        let variant = super::product::variant(columns)?;
        let (product_id, title) = (columns.id()?, columns.string()?);
        let status: ProductStatus = columns.word()?;
        let slug = columns.string()?;
        if let Some(images) = columns.opt_json()? {
            pictures.insert(product_id, images);
        }
        let images = pictures.get(&product_id).map(Vec::as_slice).unwrap_or_default();
        let image = Image::of_variant(images, variant.details.image.as_deref()).cloned();
        Ok(Offer { product_id, title, is_active: status == ProductStatus::Active, slug, image, variant })
    })
}

/// The movements behind a place, newest first.
pub(crate) fn movements_since(id: VariantId, place: i64, limit: u32) -> Statement {
    const SQL: &str = "SELECT seq, id, variant_id, delta, cause, order_id, actor_id, reason, at FROM stock_movements \
         WHERE variant_id = $1 AND seq > $2 ORDER BY seq DESC LIMIT $3";
    Statement::new(SQL, params![id.0, place, i64::from(limit)])
}

/// Reads `seq, id, variant_id, delta, cause, order_id, actor_id, reason, at`; gives `seq` beside the movement.
pub(crate) fn movements(rows: &[Row]) -> Result<Vec<(i64, StockMovement)>, StoreError> {
    read_all(rows, "stock_movements", movement)
}

/// One row of [`movements`].
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
