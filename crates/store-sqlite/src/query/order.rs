//! The orders.

use model::{AccountId, Order, OrderNumber};
use rusqlite::{Connection, params_from_iter, types::Value};
use store::{Cursor, CursorKey, OrderFilter, Page, PageRequest};

use super::{NEWEST, id, limit, overfull, place, text};
use crate::{
    load::order::{COLUMNS, chain, complete, head},
    sql::{Select, Sql, all, one},
};

/// Whether many orders may have to be looked at for a page: those of a buyer with many, for another condition.
pub(crate) fn is_slow(filter: &OrderFilter) -> bool {
    let by_buyer = filter.account_id.is_some() || filter.email.is_some();
    filter.text.is_some()
        || filter.numbers.is_some()
        || by_buyer
            && *filter
                != OrderFilter { account_id: filter.account_id, email: filter.email.clone(), ..OrderFilter::default() }
}

/// Whose orders are asked for.
enum Buyer {
    Any,
    One(AccountId),
    Nobody,
}

/// An e-mail address asks through the account, which has the address that the buyer uses now.
fn buyer(conn: &Connection, filter: &OrderFilter) -> Sql<Buyer> {
    const OF_EMAIL: &str = "SELECT id FROM accounts WHERE email = ?";
    let Some(email) = &filter.email else { return Ok(filter.account_id.map_or(Buyer::Any, Buyer::One)) };
    let found: Option<AccountId> = one(conn, "accounts", OF_EMAIL, [email.as_str()], |columns| columns.id())?;
    Ok(match (found, filter.account_id) {
        (Some(found), wanted) if wanted.is_none_or(|wanted| wanted == found) => Buyer::One(found),
        _ => Buyer::Nobody,
    })
}

/// Newest first. Several statements: the caller holds a snapshot.
pub(crate) fn list(conn: &Connection, filter: &OrderFilter, page: &PageRequest) -> Sql<Page<Order>> {
    let (sql, values) = match buyer(conn, filter)? {
        Buyer::Any => select(filter, page),
        Buyer::One(account_id) => select_own(account_id, filter, page),
        Buyer::Nobody => return Ok(Page { items: Vec::new(), next: None }),
    };
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
    let mut select = Select::new(&format!("SELECT {COLUMNS} FROM orders o"));
    only(&mut select, filter);
    if let Some(after) = &page.after {
        // Orders of one moment go by their numbers, which the indexes hold anyway.
        select.only("(placed_at, number) < (?, (SELECT number FROM orders WHERE id = ?))", place(after));
    }
    select.end(" ORDER BY placed_at DESC, number DESC LIMIT ?", [overfull(page)])
}

/// The orders of one account: along their chain, so latest number first.
fn select_own(account_id: AccountId, filter: &OrderFilter, page: &PageRequest) -> (String, Vec<Value>) {
    let sql = format!("{}SELECT {COLUMNS} FROM chain CROSS JOIN orders o USING (number)", chain!());
    let mut select = Select::with_values(&sql, [id(account_id)]);
    only(&mut select, filter);
    if let Some(after) = &page.after {
        let [_, id] = place(after);
        select.only("number < (SELECT number FROM orders WHERE id = ?)", [id]);
    }
    select.end(" LIMIT ?", [overfull(page)])
}

fn only(select: &mut Select, filter: &OrderFilter) {
    if !filter.statuses.is_empty() {
        // A parcel names an order or two: they come along its index, and not along that of the states.
        let status = if filter.tracking.is_some() { "+status" } else { "status" };
        // Of each state no more are read along its index than a page has.
        let places = vec!["?"; filter.statuses.len()].join(", ");
        let statuses = filter.statuses.iter().map(|status| text(status.as_str()));
        select.only(&format!("{status} IN ({places})"), statuses);
    }
    if let Some(number) = filter.number {
        select.only("number = ?", [Value::Integer(number.0)]);
    }
    if let Some(numbers) = &filter.numbers {
        // Few have most states: with a state the orders come along its index, and not one by one by their numbers.
        let number = if filter.statuses.is_empty() { "number" } else { "+number" };
        select.only(&format!("{number} IN (SELECT value FROM json_each(?))"), [text(listed(numbers))]);
    }
    if let Some(wanted) = &filter.text {
        // SQLite's lower() knows ASCII alone, and so does the other engine's.
        // The whole address is looked at first, which is quicker than taking the name out of it; the lines once, and not for
        // each order.
        let condition = "((instr(lower(ship_to), lower(?)) > 0 AND instr(lower(ship_to ->> '$.name'), lower(?)) > 0) \
             OR number IN (SELECT l.order_number FROM order_lines l WHERE lower(l.sku) = lower(?)))";
        select.only(condition, [text(written_in_json(wanted)), text(wanted), text(wanted)]);
    }
    if let Some(tracking) = &filter.tracking {
        // As the index says it.
        let condition = "tracking IS NOT NULL AND replace(lower(tracking ->> '$.number'), ' ', '') = ?";
        select.only(condition, [text(tracking)]);
    }
    if let Some(from) = filter.placed_from {
        select.only("placed_at >= ?", [Value::Integer(from.as_microsecond())]);
    }
    if let Some(before) = filter.placed_before {
        select.only("placed_at < ?", [Value::Integer(before.as_microsecond())]);
    }
}

/// Numbers as a JSON array.
pub(crate) fn listed(numbers: &[OrderNumber]) -> String {
    let numbers: Vec<_> = numbers.iter().map(|number| number.0.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

/// A text as it stands inside of a JSON string.
fn written_in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.trim_start_matches('"').strip_suffix('"').unwrap_or(&quoted).to_owned()
}
