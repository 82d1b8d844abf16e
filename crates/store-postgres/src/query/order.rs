//! The orders.

use model::Order;
use store::{Cursor, CursorKey, OrderFilter, Page, PageRequest};

use super::{NEWEST, limit, overfull, time_place};
use crate::{
    flight::Select,
    load::order::COLUMNS,
    param::{params, sought},
};

/// Newest first. An e-mail address asks through the account, which has the address that the buyer uses now. The orders of one
/// buyer go by their numbers alone, those of all by time and number.
pub(crate) fn select(filter: &OrderFilter, page: &PageRequest) -> Select {
    let mut select = Select::new(format!("SELECT {COLUMNS} FROM orders o"));
    if let Some(account_id) = filter.account_id {
        select.only("account_id = ?", params![account_id.0]);
    }
    if let Some(email) = &filter.email {
        select.only("account_id = (SELECT a.id FROM accounts a WHERE a.email = ?)", params![sought(email.as_str())]);
    }
    match filter.statuses[..] {
        [] => {}
        [status] => select.only("status = ?", params![status.as_str()]),
        _ => {
            let statuses: Vec<&'static str> = filter.statuses.iter().map(|status| status.as_str()).collect();
            select.only("status = ANY(?)", params![statuses]);
        }
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
        // As the index says it.
        let condition = "tracking IS NOT NULL AND replace(lower((tracking ->> 'number') COLLATE \"C\"), ' ', '') = ?";
        select.only(condition, params![sought(tracking)]);
    }
    if let Some(from) = filter.placed_from {
        select.only("placed_at >= ?", params![from]);
    }
    if let Some(before) = filter.placed_before {
        select.only("placed_at < ?", params![before]);
    }
    if filter.account_id.is_some() || filter.email.is_some() {
        if let Some(after) = &page.after {
            select.only("number < (SELECT number FROM orders WHERE id = ?)", params![after.id]);
        }
        select.add(" ORDER BY number DESC LIMIT ?", overfull(page));
    } else {
        if let Some(after) = &page.after {
            select.only("(placed_at, number) < (?, (SELECT number FROM orders WHERE id = ?))", time_place(after));
        }
        select.add(" ORDER BY placed_at DESC, number DESC LIMIT ?", overfull(page));
    }
    select
}

/// The page of these orders.
pub(crate) fn page(orders: Vec<Order>, page: &PageRequest) -> Page<Order> {
    Page::from_overfull(orders, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.placed_at.as_microsecond()),
        id: last.id.0,
    })
}
