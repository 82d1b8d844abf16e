//! The ledger of a variant.

use model::{StockMovement, VariantId};
use rusqlite::{Connection, params};
use store::{Cursor, CursorKey, Page, PageRequest, Shelf};

use super::{NEWEST, limit};
use crate::{
    load::stock::movement,
    sql::{Key, Sql, all, one},
};

/// The movements, newest first: along the chain from the latest, or from behind the cursor.
pub(crate) fn movements(conn: &Connection, id: VariantId, page: &PageRequest) -> Sql<Page<StockMovement>> {
    const SQL: &str = "WITH RECURSIVE chain (seq) AS ( \
         SELECT CASE WHEN ?2 IS NULL THEN (SELECT last_movement FROM stock_levels WHERE variant_id = ?1) \
                ELSE (SELECT previous FROM stock_movements WHERE seq = ?2 AND variant_id = ?1) END \
         UNION ALL \
         SELECT m.previous FROM chain JOIN stock_movements m ON m.seq = chain.seq LIMIT ?3) \
         SELECT m.seq, m.id, m.variant_id, m.delta, m.cause, m.order_id, m.actor_id, m.reason, m.at \
         FROM chain JOIN stock_movements m ON m.seq = chain.seq ORDER BY m.seq DESC LIMIT ?3";
    let after = page.after.as_ref().and_then(|cursor| match cursor.key {
        CursorKey::Number(seq) => Some(seq),
        CursorKey::Text(_) => None,
    });
    let found = all(conn, "stock_movements", SQL, params![id.key(), after, i64::from(limit(page)) + 1], movement)?;
    let page = Page::from_overfull(found, limit(page), |(seq, last)| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(*seq),
        id: last.id.0,
    });
    Ok(Page { items: page.items.into_iter().map(|(_, movement)| movement).collect(), next: page.next })
}

/// What is there of these variants, and as of which movement.
pub(crate) fn shelves(conn: &Connection, ids: &[VariantId]) -> Sql<Vec<Shelf>> {
    const SQL: &str = "SELECT variant_id, stock, coalesce(last_movement, 0) FROM stock_levels WHERE variant_id = ?";
    let mut shelves = Vec::with_capacity(ids.len());
    for id in ids {
        shelves.extend(one(conn, "stock_levels", SQL, [id.key()], |columns| {
            Ok(Shelf { variant_id: columns.id()?, stock: columns.int()?, place: columns.int()? })
        })?);
    }
    Ok(shelves)
}
