//! Orders with their lines and timeline.

use model::{AccountId, Email, Order, OrderEvent, OrderLine, note};
use rusqlite::{Connection, params};
use store::{DocumentKind, StoreError};

use crate::load::order::{COLUMNS, chain, head};
use crate::sql::{Key, Sql, all, json, one, opt_key, run, run_one};

pub(super) fn insert(conn: &Connection, order: &Order) -> Sql<()> {
    const SQL: &str = "INSERT INTO orders (number, id, account_id, email, status, currency, total, ship_to, tracking, \
         placed_at, updated_at, version, previous) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
         (SELECT last_order FROM order_chains WHERE account_id = ?3))";
    const CHAIN: &str = "INSERT INTO order_chains (account_id, last_order) VALUES (?, ?) \
         ON CONFLICT (account_id) DO UPDATE SET last_order = excluded.last_order";
    let values = params![
        order.number.0,
        order.id.key(),
        order.account_id.key(),
        order.email.as_ref().map(Email::as_str),
        order.status.as_str(),
        order.total.currency.code(),
        order.total.amount,
        json(&order.ship_to)?,
        order.tracking.as_ref().map(json).transpose()?,
        order.placed_at.as_microsecond(),
        order.updated_at.as_microsecond(),
        order.version,
    ];
    faults::crash_point("order.insert");
    run(conn, SQL, values)?;
    run(conn, CHAIN, params![order.account_id.key(), order.number.0])?;
    for (position, line) in (0..).zip(&order.lines) {
        insert_line(conn, order, position, line)?;
    }
    for (position, event) in (0..).zip(&order.timeline) {
        insert_event(conn, order, position, event)?;
    }
    faults::crash_point("order.inserted");
    Ok(())
}

fn insert_line(conn: &Connection, order: &Order, position: i64, line: &OrderLine) -> Sql<()> {
    const SQL: &str = "INSERT INTO order_lines (order_number, position, product_id, variant_id, title, variant_title, \
         sku, quantity, unit_price, stock_taken) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    if line.unit_price.currency != order.total.currency {
        let what = format!("order {}: line {position} is in another currency than the total", order.number);
        return Err(StoreError::Constraint(what).into());
    }
    let values = params![
        order.number.0,
        position,
        line.product_id.key(),
        line.variant_id.key(),
        line.title,
        line.variant_title,
        line.sku,
        line.quantity,
        line.unit_price.amount,
        line.stock_taken,
    ];
    run(conn, SQL, values)?;
    // Where stock is taken, its movement marks the variant.
    if line.stock_taken { Ok(()) } else { mark_ordered(conn, line) }
}

/// From now on the variant cannot be removed.
fn mark_ordered(conn: &Connection, line: &OrderLine) -> Sql<()> {
    const MARK: &str = "UPDATE stock_levels SET was_ordered = 1 WHERE variant_id = ?";
    run_one(conn, "stock_levels", line.variant_id, MARK, [line.variant_id.key()])
}

fn insert_event(conn: &Connection, order: &Order, position: i64, event: &OrderEvent) -> Sql<()> {
    const SQL: &str = "INSERT INTO order_events (order_number, position, at, status, actor, actor_id, note) \
         VALUES (?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        order.number.0,
        position,
        event.at.as_microsecond(),
        event.status.as_str(),
        event.actor.as_str(),
        opt_key(event.actor_id),
        event.note,
    ];
    run(conn, SQL, values).map(drop)
}

pub(super) fn update(conn: &Connection, order: &Order, event: Option<&OrderEvent>) -> Sql<()> {
    const SQL: &str = "UPDATE orders SET email = ?, status = ?, ship_to = ?, tracking = ?, updated_at = ?, version = ? \
         WHERE id = ? AND number = ?";
    let values = params![
        order.email.as_ref().map(Email::as_str),
        order.status.as_str(),
        json(&order.ship_to)?,
        order.tracking.as_ref().map(json).transpose()?,
        order.updated_at.as_microsecond(),
        order.version,
        order.id.key(),
        order.number.0,
    ];
    run_one(conn, "orders", order.id, SQL, values)?;
    let Some(event) = event else { return Ok(()) };
    const NEXT: &str = "SELECT coalesce(max(position) + 1, 0) FROM order_events WHERE order_number = ?";
    let position = one(conn, "order_events", NEXT, [order.number.0], |columns| columns.int())?.unwrap_or(0);
    insert_event(conn, order, position, event)
}

pub(super) fn anonymise(conn: &Connection, account_id: AccountId) -> Sql<()> {
    const FORGET: &str = concat!(chain!(), "UPDATE orders SET email = NULL WHERE number IN (SELECT number FROM chain)");
    run(conn, FORGET, [account_id.key()])?;
    const SELECT: &str = concat!(chain!(), "SELECT {} FROM chain CROSS JOIN orders o ON o.number = chain.number");
    const UPDATE: &str = "UPDATE orders SET ship_to = ?, tracking = ? WHERE number = ?";
    const EVENTS: &str = "UPDATE order_events SET note = NULL WHERE order_number = ?";
    const NOTES: &str = "DELETE FROM documents WHERE kind = ? AND name = ?";
    let columns = COLUMNS.split(", ").map(|column| format!("o.{column}")).collect::<Vec<_>>().join(", ");
    let orders = all(conn, "orders", &SELECT.replace("{}", &columns), [account_id.key()], head)?;
    for order in orders.into_iter().filter(|order| !order.status.is_open()).map(Order::anonymised) {
        let (number, tracking) = (order.number.0, order.tracking.as_ref().map(json).transpose()?);
        run_one(conn, "orders", number, UPDATE, params![json(&order.ship_to)?, tracking, number])?;
        run(conn, EVENTS, [number])?;
        run(conn, NOTES, params![DocumentKind::Notes.as_str(), format!("{}{}", note::OF_ORDER, order.id)])?;
    }
    Ok(())
}
