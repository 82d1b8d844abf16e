//! The orders.

use model::Order;
use rusqlite::{Connection, params_from_iter, types::Value};
use store::{Cursor, CursorKey, OrderFilter, Page, PageRequest};

use super::{NEWEST, id, limit, overfull, place, text};
use crate::{
    load::order::{COLUMNS, complete, head},
    sql::{Select, Sql, all},
};

/// Whether many orders may have to be looked at for a page: two conditions that no index answers together.
pub(crate) fn is_slow(filter: &OrderFilter) -> bool {
    let by_buyer = filter.account_id.is_some() || filter.email.is_some();
    by_buyer && filter.status.is_some()
}

/// Newest first. Several statements: the caller holds a snapshot.
pub(crate) fn list(conn: &Connection, filter: &OrderFilter, page: &PageRequest) -> Sql<Page<Order>> {
    let (sql, values) = select(filter, page);
    let mut orders = all(conn, "orders", &sql, params_from_iter(values), head)?;
    for order in orders.iter_mut().take(limit(page) as usize) {
        complete(conn, order)?;
    }
    Ok(Page::from_overfull(orders, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.placed_at.as_microsecond()),
        id: last.id.0,
    }))
}

fn select(filter: &OrderFilter, page: &PageRequest) -> (String, Vec<Value>) {
    let mut select = Select::new(&format!("SELECT {COLUMNS} FROM orders"));
    if let Some(account_id) = filter.account_id {
        select.only("account_id = ?", [id(account_id)]);
    }
    if let Some(email) = &filter.email {
        // Through the account, which has the address that the buyer uses now.
        select.only("account_id = (SELECT id FROM accounts WHERE email = ?)", [text(email.as_str())]);
    }
    if let Some(status) = filter.status {
        select.only("status = ?", [text(status.as_str())]);
    }
    if let Some(number) = filter.number {
        select.only("number = ?", [Value::Integer(number.0)]);
    }
    if let Some(from) = filter.placed_from {
        select.only("placed_at >= ?", [Value::Integer(from.as_microsecond())]);
    }
    if let Some(before) = filter.placed_before {
        select.only("placed_at < ?", [Value::Integer(before.as_microsecond())]);
    }
    if let Some(after) = &page.after {
        // Orders of one moment go by their numbers, which the indexes hold anyway.
        select.only("(placed_at, number) < (?, (SELECT number FROM orders WHERE id = ?))", place(after));
    }
    select.end(" ORDER BY placed_at DESC, number DESC LIMIT ?", [overfull(page)])
}
