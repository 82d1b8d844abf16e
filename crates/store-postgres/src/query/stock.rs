//! The ledger of a variant.

use model::{StockMovement, VariantId};
use store::{Cursor, CursorKey, Page, PageRequest, Shelf, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{NEWEST, limit, overfull};
use crate::{
    flight::{Select, Statement},
    load::{read_all, stock::movements},
    param::params,
};

/// The movements, newest first.
pub(crate) fn select(id: VariantId, page: &PageRequest) -> Statement {
    const SQL: &str = "SELECT seq, id, variant_id, delta, cause, order_id, actor_id, reason, at FROM stock_movements";
    let mut select = Select::new(SQL);
    select.only("variant_id = ?", params![id.0]);
    if let Some(Cursor { key: CursorKey::Number(seq), .. }) = page.after {
        select.only("seq < ?", params![seq]);
    }
    select.add(" ORDER BY seq DESC LIMIT ?", overfull(page));
    select.finish()
}

/// Reads what [`select`] asks.
pub(crate) fn read(rows: &[Row], page: &PageRequest) -> Result<Page<StockMovement>, StoreError> {
    let page = Page::from_overfull(movements(rows)?, limit(page), |(seq, last)| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(*seq),
        id: last.id.0,
    });
    Ok(Page { items: page.items.into_iter().map(|(_, movement)| movement).collect(), next: page.next })
}

/// What is there of these variants, and as of which movement.
pub(crate) fn shelves(ids: &[VariantId]) -> Statement {
    const SQL: &str = "SELECT s.variant_id, s.stock, coalesce((SELECT max(m.seq) FROM stock_movements m \
         WHERE m.variant_id = s.variant_id), 0) FROM stock_levels s WHERE s.variant_id = ANY($1)";
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Statement::new(SQL, params![ids])
}

/// Reads what [`shelves`] asks.
pub(crate) fn shelf_list(rows: &[Row]) -> Result<Vec<Shelf>, StoreError> {
    read_all(rows, "stock_levels", |columns| {
        Ok(Shelf { variant_id: columns.id()?, stock: columns.int()?, place: columns.int()? })
    })
}
