//! The ledger and the levels.

use std::collections::BTreeSet;

use model::{StockCause, StockMovement, VariantId};
use uuid::Uuid;

use crate::{
    flight::Statement,
    load::stock::lock_levels,
    param::{each, params},
};

/// Writes the movements to the ledger and adds them to the levels of their variants. A variant that was sold cannot be
/// removed from then on. The levels are locked first, in one order.
pub(super) fn move_stock(movements: &[&StockMovement], locked: &[VariantId]) -> Vec<Statement> {
    const APPEND: &str = "INSERT INTO stock_movements (id, variant_id, delta, cause, order_id, actor_id, reason, at) \
         SELECT * FROM unnest($1::UUID[], $2::UUID[], $3::BIGINT[], $4::TEXT[], $5::UUID[], $6::UUID[], $7::TEXT[], \
         $8::TIMESTAMPTZ[])";
    const LEVELS: &str = "UPDATE stock_levels SET stock = stock + moved.delta, was_ordered = was_ordered OR moved.sold \
         FROM (SELECT variant_id AS id, sum(delta)::BIGINT AS delta, bool_or(sold) AS sold \
         FROM unnest($1::UUID[], $2::BIGINT[], $3::BOOLEAN[]) AS m (variant_id, delta, sold) GROUP BY variant_id) AS moved \
         WHERE variant_id = moved.id";
    if movements.is_empty() {
        return Vec::new();
    }
    let variants = each(movements, |movement| movement.variant_id.0);
    let deltas = each(movements, |movement| movement.delta);
    let sold = each(movements, |movement| movement.cause == StockCause::Sold);
    let append = params![
        each(movements, |movement| movement.id.0),
        variants.clone(),
        deltas.clone(),
        each(movements, |movement| movement.cause.as_str()),
        each(movements, |movement| movement.order_id.map(|id| id.0)),
        each(movements, |movement| movement.actor_id.map(|id| id.0)),
        each(movements, |movement| movement.reason.clone()),
        each(movements, |movement| movement.at),
    ];
    let distinct: BTreeSet<Uuid> = variants.iter().copied().collect();
    let rows = i64::try_from(distinct.len()).unwrap_or(i64::MAX);
    let mut statements = Vec::with_capacity(3);
    if !movements.iter().all(|movement| locked.contains(&movement.variant_id)) {
        statements.push(lock_levels(distinct.into_iter().collect()));
    }
    statements.push(Statement::new(APPEND, append).beside_others());
    let levels = Statement::changing(rows, "stock_levels", LEVELS, params![variants, deltas, sold]);
    statements.push(levels.beside_others());
    statements
}

/// Removes level and movements of a variant that is about to be removed itself. One that was ordered stays, whatever is
/// asked here: a trigger sees to it.
pub(super) fn forget(id: VariantId) -> Vec<Statement> {
    const LEDGER: &str = "DELETE FROM stock_movements WHERE variant_id = $1 \
         AND EXISTS (SELECT 1 FROM stock_levels WHERE variant_id = $1 AND NOT was_ordered)";
    const HEAD: &str = "UPDATE stock_levels SET stock = 0 WHERE variant_id = $1 AND NOT was_ordered";
    vec![
        Statement::new(LEDGER, params![id.0]),
        Statement::new(HEAD, params![id.0]),
        Statement::changing(1, "stock_levels", "DELETE FROM stock_levels WHERE variant_id = $1", params![id.0]),
    ]
}
