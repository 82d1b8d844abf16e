//! The accounts.

use model::Account;
use store::{AccountFilter, Cursor, CursorKey, Page, PageRequest, StoreError};
use tokio_postgres::Row;

use super::{NEWEST, limit, overfull};
use crate::{
    flight::{Select, Statement},
    load::account::{COLUMNS, account},
    param::{params, sought},
    row::Columns,
};

/// Newest first: the ids ascend with time.
pub(crate) fn select(filter: &AccountFilter, page: &PageRequest) -> Statement {
    let mut select = Select::new(format!("SELECT {COLUMNS} FROM accounts"));
    select.only("deleted_at IS NULL", params![]);
    if let Some(role) = filter.role {
        // Spelt out, so that the index of the few who work here is used.
        select.only(&format!("role = '{}'", role.as_str()), params![]);
    }
    if let Some(part) = &filter.text {
        select.only("(strpos(name_lower, ?) > 0 OR strpos(email, ?) > 0)", params![sought(part), sought(part)]);
    }
    if let Some(after) = &page.after {
        select.only("id < ?", params![after.id]);
    }
    select.add(" ORDER BY id DESC LIMIT ?", overfull(page));
    select.finish()
}

/// Reads what [`select`] asks.
pub(crate) fn read(rows: &[Row], page: &PageRequest) -> Result<Page<Account>, StoreError> {
    let found = rows.iter().map(|row| account(&mut Columns::new(row, "accounts", 0)));
    Ok(Page::from_overfull(found.collect::<Result<_, _>>()?, limit(page), |last: &Account| Cursor {
        sort: NEWEST.to_owned(),
        key: CursorKey::Number(last.created_at.as_microsecond()),
        id: last.id.0,
    }))
}
