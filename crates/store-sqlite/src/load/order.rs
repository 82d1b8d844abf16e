//! Orders with their lines and timeline.

use model::{Email, Money, Order, OrderEvent, OrderId, OrderLine, OrderNumber};
use rusqlite::Connection;
use store::StoreError;

use crate::{
    row::Columns,
    sql::{Key, Sql, all, one},
};

/// The columns of [`head`], in its order.
pub(crate) const COLUMNS: &str = "number, id, account_id, email, status, currency, total, ship_to, tracking, \
     placed_at, updated_at, version";

/// Begins a statement that uses `chain`: the numbers of the orders of the account `?1`, latest first. That is the order in
/// which SQLite gives them, as long as nothing sorts them and the other tables come by CROSS JOIN.
macro_rules! chain {
    () => {
        "WITH RECURSIVE chain (number) AS ( \
         SELECT last_order FROM order_chains WHERE account_id = ?1 \
         UNION ALL \
         SELECT o.previous FROM chain JOIN orders o ON o.number = chain.number WHERE o.previous IS NOT NULL) "
    };
}
pub(crate) use chain;

/// Reads [`COLUMNS`]: the order without lines and timeline.
pub(crate) fn head(columns: &mut Columns<'_>) -> Result<Order, StoreError> {
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
        tracking: columns.optional(Columns::json)?,
        timeline: Vec::new(),
        placed_at: columns.time()?,
        updated_at: columns.time()?,
        version: columns.int()?,
    })
}

/// Adds lines and timeline to what [`head`] read.
pub(crate) fn complete(conn: &Connection, order: &mut Order) -> Sql<()> {
    const LINES: &str = "SELECT order_number, product_id, variant_id, title, variant_title, sku, quantity, \
         unit_price, stock_taken FROM order_lines WHERE order_number = ? ORDER BY position";
    const EVENTS: &str = "SELECT order_number, at, status, actor, actor_id, note FROM order_events \
         WHERE order_number = ? ORDER BY position";
    let currency = order.total.currency;
    order.lines = all(conn, "order_lines", LINES, [order.number.0], |columns| {
        columns.int()?;
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
    })?;
    order.timeline = all(conn, "order_events", EVENTS, [order.number.0], |columns| {
        columns.int()?;
        Ok(OrderEvent {
            at: columns.time()?,
            status: columns.word()?,
            actor: columns.word()?,
            actor_id: columns.opt_id()?,
            note: columns.opt_string()?,
        })
    })?;
    Ok(())
}

/// The order with this id, whole. Three statements: the caller holds a transaction.
pub(crate) fn by_id(conn: &Connection, id: OrderId) -> Sql<Option<Order>> {
    const SQL: &str = "SELECT number, id, account_id, email, status, currency, total, ship_to, tracking, placed_at, \
         updated_at, version FROM orders WHERE id = ?";
    let Some(mut order) = one(conn, "orders", SQL, [id.key()], head)? else { return Ok(None) };
    complete(conn, &mut order)?;
    Ok(Some(order))
}

/// A number that no order has.
pub(crate) fn next_number(conn: &Connection) -> Sql<OrderNumber> {
    let last = one(conn, "orders", "SELECT max(number) FROM orders", [], |columns| columns.optional(Columns::int))?;
    Ok(last.flatten().map_or(OrderNumber::FIRST, |last| OrderNumber(last + 1)))
}
