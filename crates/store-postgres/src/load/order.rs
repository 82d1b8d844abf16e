//! Orders with their lines and timeline.

use std::collections::HashMap;

use model::{AccountId, Email, Money, Order, OrderEvent, OrderId, OrderLine, OrderNumber, VariantId};
use store::{Checkout, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{account, locking, read_all};
use crate::{
    flight::{Select, Statement},
    param::{each, params},
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

/// Lines and timelines of the orders that `page` (called twice) selects. Their numbers are a list, which comes along the keys in any
/// plan: as a join it may be one of everything, since a plan that is made once for all pages expects a tenth of the orders in each.
pub(crate) fn parts_of(page: impl Fn() -> Select) -> [Statement; 2] {
    let of = |parts: &str, page: &str| {
        format!(
            "{parts} WHERE order_number = ANY (ARRAY(SELECT number FROM ({page}) AS page)) \
             ORDER BY order_number, position"
        )
    };
    [page().inside(|page| of(LINES, page)), page().inside(|page| of(EVENTS, page))]
}

/// Lines and timelines of the orders with these numbers.
pub(crate) fn parts_of_numbers(numbers: &[i64]) -> [Statement; 2] {
    [LINES, EVENTS].map(|parts| {
        let sql = format!("{parts} WHERE order_number = ANY($1) ORDER BY order_number, position");
        Statement::new(sql, params![numbers.to_vec()])
    })
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

/// What orders begin with: numbers that no order has, the buyers, the variants. Locks the buyers and then the levels, each
/// in the order of their ids.
pub(crate) fn checkouts(wanted: &[(AccountId, &[VariantId])]) -> Vec<Statement> {
    const NUMBERS: &str = "SELECT nextval('order_numbers') FROM generate_series(1, $1)";
    let buyers = format!(
        "SELECT {}, password_hash FROM accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        account::COLUMNS
    );
    let count = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
    let mut variants: Vec<Uuid> = wanted.iter().flat_map(|(_, variants)| variants.iter().map(|id| id.0)).collect();
    variants.sort_unstable();
    variants.dedup();
    let [lock, offers] = super::stock::offers(variants);
    let numbers = Statement::new(NUMBERS, params![count]);
    vec![numbers, Statement::new(buyers, params![each(wanted, |(buyer, _)| buyer.0)]), lock, offers]
}

/// Reads what [`checkouts`] asks, for each of those that are wanted.
pub(crate) fn checkout_list(
    rows: &[Vec<Row>],
    wanted: &[(AccountId, &[VariantId])],
) -> Result<Vec<Checkout>, StoreError> {
    let [numbers, buyers, _, offers] = rows else { return Err(unanswered()) };
    let numbers = read_all(numbers, "orders", |columns| Ok(OrderNumber(columns.int()?)))?;
    let buyers = read_all(buyers, "accounts", account::account_row)?;
    let offers = super::stock::offer_list(offers)?;
    if numbers.len() != wanted.len() {
        return Err(unanswered());
    }
    let checkout = |((buyer, variants), number): (&(AccountId, &[VariantId]), OrderNumber)| Checkout {
        buyer: buyers.iter().find(|row| row.account.id == *buyer).cloned(),
        offers: offers.iter().filter(|offer| variants.contains(&offer.variant.id)).cloned().collect(),
        number,
    };
    Ok(wanted.iter().zip(numbers).map(checkout).collect())
}

/// The error for a flight with too few answers.
pub(crate) fn unanswered() -> StoreError {
    StoreError::Internal("the database gave fewer answers than it was asked questions".to_owned())
}
