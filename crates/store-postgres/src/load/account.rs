//! Accounts, their saved addresses and challenges.

use model::{
    Account, AccountId, AddressId, Email, Permissions, SavedAddress,
    challenge::{Challenge, Purpose},
    session::SecretHash,
};
use store::{AccountRow, StoreError};
use tokio_postgres::Row;

use super::{locking, read_all, read_one, rows_of};
use crate::{
    flight::Statement,
    param::{params, sought},
    row::Columns,
};

/// The columns of [`account`], in its order; the password's hash follows them.
pub(crate) const COLUMNS: &str = "id, email, name, phone, role, permissions, email_verified_at, disabled_at, \
     deleted_at, created_at, updated_at, version";

/// Reads [`COLUMNS`].
pub(crate) fn account(columns: &mut Columns<'_>) -> Result<Account, StoreError> {
    Ok(Account {
        id: columns.id()?,
        email: columns.opt_string()?.map(Email::from_stored),
        name: columns.string()?,
        phone: columns.opt_string()?,
        role: columns.word()?,
        permissions: permissions(columns)?,
        email_verified_at: columns.opt_time()?,
        disabled_at: columns.opt_time()?,
        deleted_at: columns.opt_time()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
        version: columns.int()?,
    })
}

/// Reads a set of permissions.
pub(crate) fn permissions(columns: &mut Columns<'_>) -> Result<Permissions, StoreError> {
    let bits = columns.int()?;
    let known = u8::try_from(bits).ok().and_then(Permissions::from_bits);
    known.ok_or_else(|| StoreError::broken("accounts", bits, "is no set of permissions"))
}

/// The account with this id and its password's hash.
pub(crate) fn by_id(id: AccountId, is_locked: bool) -> Statement {
    let sql = format!("SELECT {COLUMNS}, password_hash FROM accounts WHERE id = $1{}", locking(is_locked));
    Statement::new(sql, params![id.0])
}

/// The account with this address and its password's hash.
pub(crate) fn by_email(email: &Email, is_locked: bool) -> Statement {
    let sql = format!("SELECT {COLUMNS}, password_hash FROM accounts WHERE email = $1{}", locking(is_locked));
    Statement::new(sql, params![sought(email.as_str())])
}

/// Reads what [`by_id`] and [`by_email`] ask.
pub(crate) fn row(rows: &[Row]) -> Result<Option<AccountRow>, StoreError> {
    read_one(rows, "accounts", account_row)
}

/// Reads [`COLUMNS`] and the password's hash.
pub(crate) fn account_row(columns: &mut Columns<'_>) -> Result<AccountRow, StoreError> {
    Ok(AccountRow { account: account(columns)?, password_hash: columns.opt_string()? })
}

/// Locks the account, and with it what hangs on it.
pub(crate) fn lock(id: AccountId) -> Statement {
    Statement::new("SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE", params![id.0])
}

/// How many usable owners there are.
pub(crate) fn owners() -> Statement {
    const SQL: &str =
        "SELECT count(*) FROM accounts WHERE role = 'owner' AND disabled_at IS NULL AND deleted_at IS NULL";
    Statement::new(SQL, params![])
}

/// Reads what [`owners`] asks.
pub(crate) fn count(rows: &[Vec<Row>]) -> Result<u64, StoreError> {
    let count = read_one(rows_of(rows.last()), "accounts", |columns| columns.int())?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The account's saved addresses, oldest first: their ids ascend with time.
pub(crate) fn addresses(account_id: AccountId) -> Statement {
    Statement::new("SELECT id, label, address FROM addresses WHERE account_id = $1 ORDER BY id", params![account_id.0])
}

/// The account's saved address with this id.
pub(crate) fn address_by_id(account_id: AccountId, id: AddressId) -> Statement {
    const SQL: &str = "SELECT id, label, address FROM addresses WHERE id = $1 AND account_id = $2 FOR NO KEY UPDATE";
    Statement::new(SQL, params![id.0, account_id.0])
}

/// Reads what [`addresses`] and [`address_by_id`] ask.
pub(crate) fn address_list(rows: Option<&Vec<Row>>) -> Result<Vec<SavedAddress>, StoreError> {
    read_all(rows_of(rows), "addresses", address)
}

/// Reads `id, label, address`.
pub(crate) fn address(columns: &mut Columns<'_>) -> Result<SavedAddress, StoreError> {
    Ok(SavedAddress { id: columns.id()?, label: columns.opt_string()?, address: columns.json()? })
}

/// The columns of [`challenge_row`], in its order.
pub(crate) const CHALLENGE_COLUMNS: &str =
    "account_id, secret_hash, new_email, expires_at, tries_left, sends, window_started_at";

/// The account's challenge of this purpose.
pub(crate) fn challenge_of(account_id: AccountId, purpose: Purpose) -> Statement {
    let sql =
        format!("SELECT {CHALLENGE_COLUMNS} FROM challenges WHERE account_id = $1 AND purpose = $2 FOR NO KEY UPDATE");
    Statement::new(sql, params![account_id.0, purpose.as_str()])
}

/// The challenge of this purpose whose secret has this hash.
pub(crate) fn challenge_by_secret(purpose: Purpose, hash: &SecretHash) -> Statement {
    let sql =
        format!("SELECT {CHALLENGE_COLUMNS} FROM challenges WHERE secret_hash = $1 AND purpose = $2 FOR NO KEY UPDATE");
    Statement::new(sql, params![hash.to_vec(), purpose.as_str()])
}

/// Reads what [`challenge_of`] and [`challenge_by_secret`] ask.
pub(crate) fn challenge(rows: &[Row], purpose: Purpose) -> Result<Option<Challenge>, StoreError> {
    read_one(rows, "challenges", |columns| challenge_row(columns, purpose))
}

/// Reads [`CHALLENGE_COLUMNS`].
pub(crate) fn challenge_row(columns: &mut Columns<'_>, purpose: Purpose) -> Result<Challenge, StoreError> {
    Ok(Challenge {
        account_id: columns.id()?,
        purpose,
        secret_hash: columns.opt_array()?,
        new_email: columns.opt_string()?.map(Email::from_stored),
        expires_at: columns.time()?,
        tries_left: columns.int()?,
        sends: columns.int()?,
        window_started_at: columns.time()?,
    })
}
