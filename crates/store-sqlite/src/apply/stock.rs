//! The ledger and the levels.

use model::{StockCause, StockMovement, VariantId};
use rusqlite::{Connection, params};

use crate::sql::{Key, Sql, opt_key, run, run_one};

/// Writes the movement to the ledger and adds it to its variant's level. A variant that was sold cannot be removed from
/// then on.
pub(super) fn move_stock(conn: &Connection, movement: &StockMovement) -> Sql<()> {
    const APPEND: &str = "INSERT INTO stock_movements (id, variant_id, delta, cause, order_id, actor_id, reason, at, \
         previous) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT last_movement FROM stock_levels WHERE variant_id = ?2))";
    const LEVEL: &str = "UPDATE stock_levels SET stock = stock + ?, last_movement = ?, \
         was_ordered = was_ordered OR ? WHERE variant_id = ?";
    let values = params![
        movement.id.key(),
        movement.variant_id.key(),
        movement.delta,
        movement.cause.as_str(),
        opt_key(movement.order_id),
        opt_key(movement.actor_id),
        movement.reason,
        movement.at.as_microsecond(),
    ];
    run(conn, APPEND, values)?;
    let is_sold = movement.cause == StockCause::Sold;
    let values = params![movement.delta, conn.last_insert_rowid(), is_sold, movement.variant_id.key()];
    run_one(conn, "stock_levels", movement.variant_id, LEVEL, values)
}

/// Removes level and movements of a variant that is about to be removed itself. One that was ordered stays, whatever is
/// asked here: a trigger sees to it.
pub(super) fn forget(conn: &Connection, id: VariantId) -> Sql<()> {
    const CHAIN: &str = "WITH RECURSIVE chain (seq) AS ( \
         SELECT last_movement FROM stock_levels WHERE variant_id = ?1 AND last_movement IS NOT NULL AND was_ordered = 0 \
         UNION ALL \
         SELECT m.previous FROM chain JOIN stock_movements m ON m.seq = chain.seq WHERE m.previous IS NOT NULL) \
         DELETE FROM stock_movements WHERE seq IN (SELECT seq FROM chain)";
    run(conn, CHAIN, [id.key()])?;
    const HEAD: &str = "UPDATE stock_levels SET stock = 0, last_movement = NULL WHERE variant_id = ?";
    run_one(conn, "stock_levels", id, HEAD, [id.key()])?;
    run_one(conn, "stock_levels", id, "DELETE FROM stock_levels WHERE variant_id = ?", [id.key()])
}
