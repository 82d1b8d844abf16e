//! The outbox, as staff see it.

use model::OutboxMail;
use rusqlite::{Connection, params_from_iter};
use store::{Cursor, CursorKey, MailFilter, Page, PageRequest};

use super::{NEWEST, id, limit, overfull, place, text};
use crate::{
    load::mail::{COLUMNS, mail},
    sql::{Select, Sql, all},
};

/// Newest first: the ids ascend with time.
pub(crate) fn list(conn: &Connection, filter: &MailFilter, page: &PageRequest) -> Sql<Page<OutboxMail>> {
    let mut select = Select::new(&format!("SELECT {COLUMNS} FROM mails"));
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
