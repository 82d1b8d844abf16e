//! Accounts, their saved addresses and challenges.

use model::{
    Account, AccountId, AddressId, Email, Permissions, SavedAddress,
    challenge::{Challenge, Purpose},
    session::SecretHash,
};
use rusqlite::{Connection, params};
use store::{AccountRow, StoreError};

use crate::{
    row::Columns,
    sql::{Key, Sql, all, one},
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

/// Reads [`COLUMNS`] and the password's hash.
pub(crate) fn account_row(columns: &mut Columns<'_>) -> Result<AccountRow, StoreError> {
    Ok(AccountRow { account: account(columns)?, password_hash: columns.opt_string()? })
}

/// The account with this id and its password's hash.
pub(crate) fn by_id(conn: &Connection, id: AccountId) -> Sql<Option<AccountRow>> {
    const SQL: &str = "SELECT id, email, name, phone, role, permissions, email_verified_at, disabled_at, deleted_at, \
         created_at, updated_at, version, password_hash FROM accounts WHERE id = ?";
    one(conn, "accounts", SQL, [id.key()], account_row)
}

/// The account with this address and its password's hash.
pub(crate) fn by_email(conn: &Connection, email: &Email) -> Sql<Option<AccountRow>> {
    const SQL: &str = "SELECT id, email, name, phone, role, permissions, email_verified_at, disabled_at, deleted_at, \
         created_at, updated_at, version, password_hash FROM accounts WHERE email = ?";
    one(conn, "accounts", SQL, [email.as_str()], account_row)
}

/// How many usable owners there are.
pub(crate) fn owners(conn: &Connection) -> Sql<u64> {
    const SQL: &str =
        "SELECT count(*) FROM accounts WHERE role = 'owner' AND disabled_at IS NULL AND deleted_at IS NULL";
    let count = one(conn, "accounts", SQL, [], |columns| columns.int())?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

const ADDRESS_COLUMNS: &str = "id, label, address";

/// Reads `id, label, address`.
pub(crate) fn address(columns: &mut Columns<'_>) -> Result<SavedAddress, StoreError> {
    Ok(SavedAddress { id: columns.id()?, label: columns.opt_string()?, address: columns.json()? })
}

/// The account's saved addresses, oldest first: their ids ascend with time.
pub(crate) fn addresses(conn: &Connection, account_id: AccountId) -> Sql<Vec<SavedAddress>> {
    let sql = format!("SELECT {ADDRESS_COLUMNS} FROM addresses WHERE account_id = ? ORDER BY id");
    all(conn, "addresses", &sql, [account_id.key()], address)
}

/// The account's saved address with this id.
pub(crate) fn address_by_id(conn: &Connection, account_id: AccountId, id: AddressId) -> Sql<Option<SavedAddress>> {
    let sql = format!("SELECT {ADDRESS_COLUMNS} FROM addresses WHERE id = ? AND account_id = ?");
    one(conn, "addresses", &sql, [id.key(), account_id.key()], address)
}

/// The columns of [`challenge`], in its order.
pub(crate) const CHALLENGE_COLUMNS: &str =
    "account_id, secret_hash, new_email, expires_at, tries_left, sends, window_started_at";

/// Reads [`CHALLENGE_COLUMNS`].
pub(crate) fn challenge(columns: &mut Columns<'_>, purpose: Purpose) -> Result<Challenge, StoreError> {
    Ok(Challenge {
        account_id: columns.id()?,
        purpose,
        secret_hash: columns.optional(Columns::array)?,
        new_email: columns.opt_string()?.map(Email::from_stored),
        expires_at: columns.time()?,
        tries_left: columns.int()?,
        sends: columns.int()?,
        window_started_at: columns.time()?,
    })
}

/// The account's challenge of this purpose.
pub(crate) fn challenge_of(conn: &Connection, account_id: AccountId, purpose: Purpose) -> Sql<Option<Challenge>> {
    let sql = format!("SELECT {CHALLENGE_COLUMNS} FROM challenges WHERE account_id = ? AND purpose = ?");
    one(conn, "challenges", &sql, params![account_id.key(), purpose.as_str()], |columns| challenge(columns, purpose))
}

/// The challenge of this purpose whose secret has this hash.
pub(crate) fn challenge_by_secret(conn: &Connection, purpose: Purpose, hash: &SecretHash) -> Sql<Option<Challenge>> {
    let sql = format!("SELECT {CHALLENGE_COLUMNS} FROM challenges WHERE secret_hash = ? AND purpose = ?");
    one(conn, "challenges", &sql, params![hash, purpose.as_str()], |columns| challenge(columns, purpose))
}
