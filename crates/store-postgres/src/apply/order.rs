//! Orders with their lines and timeline.

use model::{AccountId, Email, Order, OrderEvent, OrderStatus, PostalAddress};
use store::StoreError;
use uuid::Uuid;

use crate::{
    flight::Statement,
    param::{json, params},
};

pub(super) fn insert(order: &Order) -> Result<Vec<Statement>, StoreError> {
    const SQL: &str = "INSERT INTO orders (number, id, account_id, email, status, currency, total, ship_to, tracking, \
         placed_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let tracking = order.tracking.as_ref().map(json).transpose()?;
    let values = params![
        order.number.0,
        order.id.0,
        order.account_id.0,
        email(order),
        order.status.as_str(),
        order.total.currency.code(),
        order.total.amount,
        json(&order.ship_to)?,
        tracking,
        order.placed_at,
        order.updated_at,
        order.version,
    ];
    let mut statements = vec![Statement::new(SQL, values).beside_others(), insert_lines(order)?.beside_others()];
    statements.extend(mark_ordered(order));
    statements.extend((0..).zip(&order.timeline).map(|(position, event)| {
        const EVENT: &str = "INSERT INTO order_events (order_number, position, at, status, actor, actor_id, note) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (actor_id, note) = (event.actor_id.map(|id| id.0), event.note.clone());
        let position: i64 = position;
        let values =
            params![order.number.0, position, event.at, event.status.as_str(), event.actor.as_str(), actor_id, note];
        Statement::new(EVENT, values).beside_others()
    }));
    Ok(statements)
}

fn email(order: &Order) -> Option<String> {
    order.email.as_ref().map(|email: &Email| email.as_str().to_owned())
}

fn insert_lines(order: &Order) -> Result<Statement, StoreError> {
    const SQL: &str = "INSERT INTO order_lines (order_number, position, product_id, variant_id, title, variant_title, \
         sku, quantity, unit_price, stock_taken) SELECT $1, * FROM unnest($2::BIGINT[], $3::UUID[], $4::UUID[], \
         $5::TEXT[], $6::TEXT[], $7::TEXT[], $8::BIGINT[], $9::BIGINT[], $10::BOOLEAN[])";
    let lines = &order.lines;
    if let Some(at) = lines.iter().position(|line| line.unit_price.currency != order.total.currency) {
        let what = format!("order {}: line {at} is in another currency than the total", order.number);
        return Err(StoreError::Constraint(what));
    }
    let values = params![
        order.number.0,
        (0..).take(lines.len()).collect::<Vec<i64>>(),
        lines.iter().map(|line| line.product_id.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|line| line.variant_id.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|line| line.title.clone()).collect::<Vec<_>>(),
        lines.iter().map(|line| line.variant_title.clone()).collect::<Vec<_>>(),
        lines.iter().map(|line| line.sku.clone()).collect::<Vec<_>>(),
        lines.iter().map(|line| line.quantity).collect::<Vec<_>>(),
        lines.iter().map(|line| line.unit_price.amount).collect::<Vec<_>>(),
        lines.iter().map(|line| line.stock_taken).collect::<Vec<_>>(),
    ];
    Ok(Statement::new(SQL, values))
}

/// From now on the variants cannot be removed. Where stock is taken, its movement marks them.
fn mark_ordered(order: &Order) -> Option<Statement> {
    const MARK: &str = "UPDATE stock_levels SET was_ordered = TRUE WHERE variant_id = ANY($1)";
    let lines = order.lines.iter().filter(|line| !line.stock_taken);
    let mut variants: Vec<Uuid> = lines.map(|line| line.variant_id.0).collect();
    variants.sort_unstable();
    variants.dedup();
    let rows = i64::try_from(variants.len()).unwrap_or(i64::MAX);
    (rows > 0).then(|| Statement::changing(rows, "stock_levels", MARK, params![variants]))
}

pub(super) fn update(order: &Order, event: Option<&OrderEvent>) -> Result<Vec<Statement>, StoreError> {
    const SQL: &str = "UPDATE orders SET email = $3, status = $4, ship_to = $5, tracking = $6, updated_at = $7, \
         version = $8 WHERE id = $1 AND number = $2";
    const EVENT: &str = "INSERT INTO order_events (order_number, position, at, status, actor, actor_id, note) \
         SELECT $1, (SELECT coalesce(max(position) + 1, 0) FROM order_events WHERE order_number = $1), $2, $3, $4, $5, $6";
    let tracking = order.tracking.as_ref().map(json).transpose()?;
    let values = params![
        order.id.0,
        order.number.0,
        email(order),
        order.status.as_str(),
        json(&order.ship_to)?,
        tracking,
        order.updated_at,
        order.version,
    ];
    let mut statements = vec![Statement::changing(1, "orders", SQL, values)];
    statements.extend(event.map(|event| {
        let (actor_id, note) = (event.actor_id.map(|id| id.0), event.note.clone());
        let (status, actor) = (event.status.as_str(), event.actor.as_str());
        Statement::new(EVENT, params![order.number.0, event.at, status, actor, actor_id, note])
    }));
    Ok(statements)
}

/// What stays of an address is what [`PostalAddress::anonymised`] leaves: the country.
pub(super) fn anonymise(account_id: AccountId) -> Result<Vec<Statement>, StoreError> {
    const FORGET: &str = "UPDATE orders SET email = NULL WHERE account_id = $1";
    const ADDRESSES: &str = "UPDATE orders SET ship_to = $2 || jsonb_build_object('country', ship_to -> 'country') \
         WHERE account_id = $1 AND status = ANY($3)";
    let left = json(&PostalAddress::default().anonymised())?;
    let closed = OrderStatus::ALL.into_iter().filter(|status| !status.is_open());
    let closed: Vec<_> = closed.map(OrderStatus::as_str).collect();
    Ok(vec![
        Statement::new(FORGET, params![account_id.0]),
        Statement::new(ADDRESSES, params![account_id.0, left, closed]),
    ])
}
