//! Orders with their lines and timeline.

use std::collections::HashMap;

use model::{AccountId, Email, Money, Order, OrderEvent, OrderId, OrderLine, OrderNumber};
use store::{Checkout, StoreError};
use tokio_postgres::Row;

use super::{account, locking, read_all, read_one};
use crate::{
    flight::{Select, Statement},
    param::params,
    row::Columns,
};

/// The columns of [`heads`], in its order.
pub(crate) const COLUMNS: &str = "number, id, account_id, email, status, currency, total, ship_to, tracking, \
     placed_at, updated_at, version";

const LINES: &str = "SELECT order_number, product_id, variant_id, title, variant_title, sku, quantity, unit_price, \
     stock_taken FROM order_lines";
const EVENTS: &str = "SELECT order_number, at, status, actor, actor_id, note FROM order_events";

/// Reads [`COLUMNS`]: the orders without lines and timeline.
fn heads(rows: &[Row]) -> Result<Vec<Order>, StoreError> {
    read_all(rows, "orders", |columns| {
        let number = OrderNumber(columns.int()?);
        let (id, account_id) = (columns.id()?, columns.id()?);
        let email = columns.opt_string()?.map(Email::from_stored);
        let status = columns.word()?;
        let currency = columns.currency()?;
        Ok(Order {
            id,
            number,
            account_id,
            email,
            status,
            lines: Vec::new(),
            total: Money::new(columns.int()?, currency),
            ship_to: columns.json()?,
            tracking: columns.opt_json()?,
            timeline: Vec::new(),
            placed_at: columns.time()?,
            updated_at: columns.time()?,
            version: columns.int()?,
        })
    })
}

/// The order with this id, whole: locks it if asked to, then asks for it, its lines and its timeline.
pub(crate) fn by_id(id: OrderId, is_locked: bool) -> Vec<Statement> {
    let lock = format!("SELECT 1 FROM orders WHERE id = $1{}", locking(is_locked));
    let head = format!("SELECT {COLUMNS} FROM orders WHERE id = $1");
    let of = "WHERE order_number = (SELECT number FROM orders WHERE id = $1) ORDER BY position";
    vec![
        Statement::new(lock, params![id.0]),
        Statement::new(head, params![id.0]),
        Statement::new(format!("{LINES} {of}"), params![id.0]),
        Statement::new(format!("{EVENTS} {of}"), params![id.0]),
    ]
}

/// Reads whole orders: their heads, lines and timelines, as [`by_id`] asks for them after the lock.
pub(crate) fn list(rows: &[Vec<Row>]) -> Result<Vec<Order>, StoreError> {
    let [head, lines, events] = rows else { return Err(unanswered()) };
    let mut orders = heads(head)?;
    complete(&mut orders, lines, events)?;
    Ok(orders)
}

/// Lines and timelines of the orders that `page` (called twice) selects.
pub(crate) fn parts_of(page: impl Fn() -> Select) -> [Statement; 2] {
    let of = |parts: &str, page: &str| {
        format!("{parts} WHERE order_number IN (SELECT number FROM ({page}) AS page) ORDER BY order_number, position")
    };
    [page().inside(|page| of(LINES, page)), page().inside(|page| of(EVENTS, page))]
}

/// Adds lines and timelines to what [`heads`] read.
fn complete(orders: &mut [Order], lines: &[Row], events: &[Row]) -> Result<(), StoreError> {
    let mut places: HashMap<i64, &mut Order> = orders.iter_mut().map(|order| (order.number.0, order)).collect();
    for row in lines {
        let mut columns = Columns::new(row, "order_lines", 0);
        if let Some(order) = places.get_mut(&columns.int()?) {
            order.lines.push(line(&mut columns, order.total.currency)?);
        }
    }
    for row in events {
        let mut columns = Columns::new(row, "order_events", 0);
        if let Some(order) = places.get_mut(&columns.int()?) {
            order.timeline.push(event(&mut columns)?);
        }
    }
    Ok(())
}

fn line(columns: &mut Columns<'_>, currency: model::Currency) -> Result<OrderLine, StoreError> {
    Ok(OrderLine {
        product_id: columns.id()?,
        variant_id: columns.id()?,
        title: columns.string()?,
        variant_title: columns.string()?,
        sku: columns.opt_string()?,
        quantity: columns.int()?,
        unit_price: Money::new(columns.int()?, currency),
        stock_taken: columns.bool()?,
    })
}

fn event(columns: &mut Columns<'_>) -> Result<OrderEvent, StoreError> {
    Ok(OrderEvent {
        at: columns.time()?,
        status: columns.word()?,
        actor: columns.word()?,
        actor_id: columns.opt_id()?,
        note: columns.opt_string()?,
    })
}

/// The buyer, and a number that no order has.
pub(crate) fn buyer_and_number(buyer: AccountId) -> Statement {
    let sql = format!(
        "SELECT {}, password_hash, nextval('order_numbers') FROM (SELECT 1) AS always LEFT JOIN \
         (SELECT * FROM accounts WHERE id = $1 FOR NO KEY UPDATE) AS buyer ON TRUE",
        account::COLUMNS
    );
    Statement::new(sql, params![buyer.0])
}

/// Reads what an order begins with: the buyer with the number, the lock of the levels, the offers.
pub(crate) fn checkout(rows: &[Vec<Row>]) -> Result<Checkout, StoreError> {
    let [first, _, offers] = rows else { return Err(unanswered()) };
    let read = |columns: &mut Columns<'_>| {
        if columns.is_null() {
            columns.skip(account::COLUMNS.split(',').count() + 1);
            return Ok((None, columns.int()?));
        }
        Ok((Some(account::account_row(columns)?), columns.int()?))
    };
    let (buyer, number) = read_one(first, "accounts", read)?.ok_or_else(unanswered)?;
    Ok(Checkout { buyer, offers: super::stock::offer_list(offers)?, number: OrderNumber(number) })
}

fn unanswered() -> StoreError {
    StoreError::Internal("the database gave fewer answers than it was asked questions".to_owned())
}
