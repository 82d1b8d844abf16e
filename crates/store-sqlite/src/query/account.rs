//! The accounts.

use model::Account;
use rusqlite::{Connection, params_from_iter};
use store::{AccountFilter, Cursor, CursorKey, Page, PageRequest};

use super::{NEWEST, limit, overfull, place, text};
use crate::{
    load::account::{COLUMNS, account},
    sql::{Select, Sql, all},
};

/// Newest first: the ids ascend with time.
pub(crate) fn list(conn: &Connection, filter: &AccountFilter, page: &PageRequest) -> Sql<Page<Account>> {
    let mut select = Select::new(&format!("SELECT {COLUMNS} FROM accounts"));
    select.only("deleted_at IS NULL", []);
    if let Some(role) = filter.role {
        select.only("role = ?", [text(role.as_str())]);
    }
    if let Some(part) = &filter.text {
        select.only("(instr(name_lower, ?) > 0 OR instr(email, ?) > 0)", [text(part), text(part)]);
    }
    if let Some(after) = &page.after {
        let [_, id] = place(after);
        select.only("id < ?", [id]);
    }
    let (sql, values) = select.end(" ORDER BY id DESC LIMIT ?", [overfull(page)]);
    let found = all(conn, "accounts", &sql, params_from_iter(values), account)?;
    Ok(Page::from_overfull(found, limit(page), |last| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.created_at.as_microsecond()),
        id: last.id.0,
    }))
}
