//! Orders with their lines and timeline.

use model::{AccountId, Email, Order, OrderEvent, OrderLine, OrderStatus, PostalAddress, note};
use store::{DocumentKind, StoreError};
use uuid::Uuid;

use crate::{
    flight::Statement,
    param::{each, json, params},
};

/// New orders with their lines and timelines, all of them in as few statements as one.
pub(super) fn insert(orders: &[&Order]) -> Result<Vec<Statement>, StoreError> {
    const SQL: &str = "INSERT INTO orders (number, id, account_id, email, status, currency, total, ship_to, tracking, \
         placed_at, updated_at, version) SELECT * FROM unnest($1::BIGINT[], $2::UUID[], $3::UUID[], $4::TEXT[], \
         $5::TEXT[], $6::TEXT[], $7::BIGINT[], $8::JSONB[], $9::JSONB[], $10::TIMESTAMPTZ[], $11::TIMESTAMPTZ[], \
         $12::BIGINT[])";
    faults::crash_point("order.insert");
    let tracking = orders.iter().map(|order| order.tracking.as_ref().map(json).transpose());
    let values = params![
        each(orders, |order| order.number.0),
        each(orders, |order| order.id.0),
        each(orders, |order| order.account_id.0),
        each(orders, |order| email(order)),
        each(orders, |order| order.status.as_str()),
        each(orders, |order| order.total.currency.code()),
        each(orders, |order| order.total.amount),
        orders.iter().map(|order| json(&order.ship_to)).collect::<Result<Vec<_>, _>>()?,
        tracking.collect::<Result<Vec<_>, _>>()?,
        each(orders, |order| order.placed_at),
        each(orders, |order| order.updated_at),
        each(orders, |order| order.version),
    ];
    let mut statements = vec![Statement::new(SQL, values).beside_others(), insert_lines(orders)?.beside_others()];
    statements.extend(insert_events(orders).map(Statement::beside_others));
    statements.extend(mark_ordered(orders));
    faults::crash_point("order.inserted");
    Ok(statements)
}

fn email(order: &Order) -> Option<String> {
    order.email.as_ref().map(|email: &Email| email.as_str().to_owned())
}

fn insert_lines(orders: &[&Order]) -> Result<Statement, StoreError> {
    const SQL: &str = "INSERT INTO order_lines (order_number, position, product_id, variant_id, title, variant_title, \
         sku, quantity, unit_price, stock_taken) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::UUID[], \
         $4::UUID[], $5::TEXT[], $6::TEXT[], $7::TEXT[], $8::BIGINT[], $9::BIGINT[], $10::BOOLEAN[])";
    let mut lines: Vec<(i64, i64, &OrderLine)> = Vec::new();
    for order in orders {
        if let Some(at) = order.lines.iter().position(|line| line.unit_price.currency != order.total.currency) {
            let what = format!("order {}: line {at} is in another currency than the total", order.number);
            return Err(StoreError::Constraint(what));
        }
        lines.extend((0..).zip(&order.lines).map(|(position, line)| (order.number.0, position, line)));
    }
    let lines = lines.as_slice();
    let values = params![
        each(lines, |(number, ..)| *number),
        each(lines, |(_, position, _)| *position),
        each(lines, |(.., line)| line.product_id.0),
        each(lines, |(.., line)| line.variant_id.0),
        each(lines, |(.., line)| line.title.clone()),
        each(lines, |(.., line)| line.variant_title.clone()),
        each(lines, |(.., line)| line.sku.clone()),
        each(lines, |(.., line)| line.quantity),
        each(lines, |(.., line)| line.unit_price.amount),
        each(lines, |(.., line)| line.stock_taken),
    ];
    Ok(Statement::new(SQL, values))
}

fn insert_events(orders: &[&Order]) -> Option<Statement> {
    const SQL: &str = "INSERT INTO order_events (order_number, position, at, status, actor, actor_id, note) \
         SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TIMESTAMPTZ[], $4::TEXT[], $5::TEXT[], $6::UUID[], \
         $7::TEXT[])";
    let events = orders.iter().flat_map(|order| {
        let of_order = (0..).zip(&order.timeline);
        of_order.map(|(position, event): (i64, _)| (order.number.0, position, event))
    });
    let events: Vec<(i64, i64, &OrderEvent)> = events.collect();
    let events = events.as_slice();
    let values = params![
        each(events, |(number, ..)| *number),
        each(events, |(_, position, _)| *position),
        each(events, |(.., event)| event.at),
        each(events, |(.., event)| event.status.as_str()),
        each(events, |(.., event)| event.actor.as_str()),
        each(events, |(.., event)| event.actor_id.map(|id| id.0)),
        each(events, |(.., event)| event.note.clone()),
    ];
    (!events.is_empty()).then(|| Statement::new(SQL, values))
}

/// From now on the variants cannot be removed. Where stock is taken, its movement marks them.
fn mark_ordered(orders: &[&Order]) -> Option<Statement> {
    const MARK: &str = "UPDATE stock_levels SET was_ordered = TRUE WHERE variant_id = ANY($1)";
    let lines = orders.iter().flat_map(|order| &order.lines).filter(|line| !line.stock_taken);
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

/// What stays is what [`Order::anonymised`] leaves: of an address the country, of a parcel no page.
pub(super) fn anonymise(account_id: AccountId) -> Result<Vec<Statement>, StoreError> {
    const FORGET: &str = "UPDATE orders SET email = NULL WHERE account_id = $1";
    const ADDRESSES: &str = "UPDATE orders SET ship_to = $2 || jsonb_build_object('country', ship_to -> 'country'), \
         tracking = tracking - 'url' WHERE account_id = $1 AND status = ANY($3)";
    const EVENTS: &str = "UPDATE order_events SET note = NULL WHERE note IS NOT NULL AND order_number IN \
         (SELECT number FROM orders WHERE account_id = $1 AND status = ANY($2))";
    const NOTES: &str = "DELETE FROM documents WHERE kind = $3 AND name IN \
         (SELECT $4 || id::text FROM orders WHERE account_id = $1 AND status = ANY($2))";
    let left = json(&PostalAddress::default().anonymised())?;
    let closed = OrderStatus::ALL.into_iter().filter(|status| !status.is_open());
    let closed: Vec<_> = closed.map(OrderStatus::as_str).collect();
    Ok(vec![
        Statement::new(FORGET, params![account_id.0]),
        Statement::new(ADDRESSES, params![account_id.0, left, closed.clone()]),
        Statement::new(EVENTS, params![account_id.0, closed.clone()]),
        Statement::new(NOTES, params![account_id.0, closed, DocumentKind::Notes.as_str(), note::OF_ORDER]),
    ])
}
