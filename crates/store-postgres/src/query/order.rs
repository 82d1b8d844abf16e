//! The orders.

use model::{Order, OrderStatus};
use store::{Cursor, CursorKey, OrderFilter, Page, PageRequest};

use super::{NEWEST, limit, overfull, time_place};
use crate::{
    flight::Select,
    load::order::COLUMNS,
    param::{params, sought},
};

/// Newest first. The orders of one buyer go by their numbers alone, those of all by time and number.
pub(crate) fn select(filter: &OrderFilter, page: &PageRequest) -> Select {
    const BY_TIME: &str = " ORDER BY placed_at DESC, number DESC LIMIT ?";
    const BY_STATE: &str = " ORDER BY status DESC, placed_at DESC, number DESC LIMIT ?";
    let is_by_buyer = filter.account_id.is_some() || filter.email.is_some();
    let statuses: Vec<&'static str> = OrderStatus::ALL
        .into_iter()
        .filter(|status| filter.statuses.contains(status))
        .map(OrderStatus::as_str)
        .collect();
    // Of each state along the index of states: no more are read than a page has, where the index of all by time would be read down to the
    // oldest for the last of a few. Neither would be chosen by how many have a state, which differs from shop to shop: as a range, and
    // sorted by it, only that index has the order.
    let is_of_each = !statuses.is_empty() && !is_by_buyer;
    let mut select = Select::new(format!("SELECT {COLUMNS} FROM "));
    if is_of_each {
        let each = "unnest(?) AS wanted (state) CROSS JOIN LATERAL (SELECT * FROM orders";
        select.add(each, params![statuses]);
        select.only("status >= wanted.state AND status <= wanted.state", params![]);
    } else {
        select.add("orders", params![]);
        if !statuses.is_empty() {
            select.only("status = ANY(?)", params![statuses]);
        }
    }
    only(&mut select, filter);
    if is_by_buyer {
        if let Some(after) = &page.after {
            select.only("number < (SELECT number FROM orders WHERE id = ?)", params![after.id]);
        }
        select.add(" ORDER BY number DESC LIMIT ?", overfull(page));
    } else {
        if let Some(after) = &page.after {
            select.only("(placed_at, number) < (?, (SELECT number FROM orders WHERE id = ?))", time_place(after));
        }
        select.add(if is_of_each { BY_STATE } else { BY_TIME }, overfull(page));
    }
    if is_of_each {
        select.add(") AS each_of", params![]);
        select.add(BY_TIME, overfull(page));
    }
    select
}

/// The conditions but for the states. An e-mail address asks through the account, which has the address that the buyer uses now.
fn only(select: &mut Select, filter: &OrderFilter) {
    if let Some(account_id) = filter.account_id {
        select.only("account_id = ?", params![account_id.0]);
    }
    if let Some(email) = &filter.email {
        select.only("account_id = (SELECT a.id FROM accounts a WHERE a.email = ?)", params![sought(email.as_str())]);
    }
    if let Some(number) = filter.number {
        select.only("number = ?", params![number.0]);
    }
    if let Some(numbers) = &filter.numbers {
        let numbers: Vec<i64> = numbers.iter().map(|number| number.0).collect();
        select.only("number = ANY(?)", params![numbers]);
    }
    if let Some(wanted) = &filter.text {
        let condition = "(position(lower(? COLLATE \"C\") IN lower((ship_to ->> 'name') COLLATE \"C\")) > 0 \
             OR number IN (SELECT l.order_number FROM order_lines l \
             WHERE lower(l.sku COLLATE \"C\") = lower(? COLLATE \"C\")))";
        select.only(condition, params![sought(wanted), sought(wanted)]);
    }
    if let Some(tracking) = &filter.tracking {
        // As the index says it, and by itself: nobody knows how few these are, since PostgreSQL keeps no figures about an expression on
        // some of the rows, and in the order of time all orders may be read for them.
        let condition = "number = ANY (ARRAY(SELECT number FROM orders WHERE tracking IS NOT NULL \
             AND replace(lower((tracking ->> 'number') COLLATE \"C\"), ' ', '') = ?))";
        select.only(condition, params![sought(tracking)]);
    }
    if let Some(from) = filter.placed_from {
        select.only("placed_at >= ?", params![from]);
    }
    if let Some(before) = filter.placed_before {
        select.only("placed_at < ?", params![before]);
    }
}

/// The page of these orders.
pub(crate) fn page(orders: Vec<Order>, page: &PageRequest) -> Page<Order> {
    Page::from_overfull(orders, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.placed_at.as_microsecond()),
        id: last.id.0,
    })
}
