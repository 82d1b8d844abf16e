//! The outbox, as staff see it.

use model::OutboxMail;
use rusqlite::{Connection, params_from_iter};
use store::{Cursor, CursorKey, MailFilter, Page, PageRequest};

use super::{NEWEST, id, limit, overfull, place, text};
use crate::{
    load::{
        mail::{COLUMNS, mail},
        order::chain,
    },
    sql::{Select, Sql, all},
};

/// Those of the account `?1`. Order mails are found through the orders, as when they are deleted.
const OF_ACCOUNT: &str = concat!(
    "seq IN (",
    chain!(),
    "SELECT seq FROM mails WHERE account_id = ?1 AND order_id IS NULL UNION ALL \
     SELECT m.seq FROM chain CROSS JOIN orders o ON o.number = chain.number CROSS JOIN mails m ON m.order_id = o.id \
     WHERE m.account_id = ?1)"
);

/// Newest first: the ids ascend with time.
pub(crate) fn list(conn: &Connection, filter: &MailFilter, page: &PageRequest) -> Sql<Page<OutboxMail>> {
    let mut select = Select::new(&format!("SELECT {COLUMNS} FROM mails"));
    // The first of the conditions, because it names its value by its place.
    if let Some(account_id) = filter.account_id {
        select.only(OF_ACCOUNT, [id(account_id)]);
    }
    match filter.status {
        // Spelt out, so that the indexes of these two are used.
        Some(model::MailStatus::Pending) => select.only("status = 'pending'", []),
        Some(model::MailStatus::Failed) => select.only("status = 'failed'", []),
        Some(status) => select.only("status = ?", [text(status.as_str())]),
        None => {}
    }
    if let Some(to) = &filter.to {
        select.only("recipient = ?", [text(to.as_str())]);
    }
    if let Some(order_id) = filter.order_id {
        select.only("order_id = ?", [id(order_id)]);
    }
    if let Some(after) = &page.after {
        let [_, id] = place(after);
        select.only("id < ?", [id]);
    }
    let (sql, values) = select.end(" ORDER BY id DESC LIMIT ?", [overfull(page)]);
    let found = all(conn, "mails", &sql, params_from_iter(values), mail)?;
    Ok(Page::from_overfull(found, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.created_at.as_microsecond()),
        id: last.id.0,
    }))
}
