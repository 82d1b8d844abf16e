//! Accounts, their saved addresses and challenges.

use model::{
    Account, AccountId, AddressId, Email, SavedAddress,
    challenge::{Challenge, Purpose},
};
use rusqlite::{Connection, params};

use crate::sql::{Key, Sql, json, opt_micros, run, run_one};

pub(super) fn insert(conn: &Connection, account: &Account, password_hash: Option<&str>) -> Sql<()> {
    const SQL: &str = "INSERT INTO accounts (id, email, name, phone, role, permissions, email_verified_at, \
         disabled_at, deleted_at, created_at, updated_at, version, password_hash, name_lower) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        account.id.key(),
        account.email.as_ref().map(Email::as_str),
        account.name,
        account.phone,
        account.role.as_str(),
        account.permissions.bits(),
        opt_micros(account.email_verified_at),
        opt_micros(account.disabled_at),
        opt_micros(account.deleted_at),
        account.created_at.as_microsecond(),
        account.updated_at.as_microsecond(),
        account.version,
        password_hash,
        account.name.to_lowercase(),
    ];
    run(conn, SQL, values).map(drop)
}

pub(super) fn update(conn: &Connection, account: &Account) -> Sql<()> {
    const SQL: &str = "UPDATE accounts SET email = ?, name = ?, phone = ?, role = ?, permissions = ?, \
         email_verified_at = ?, disabled_at = ?, deleted_at = ?, created_at = ?, updated_at = ?, version = ?, \
         name_lower = ? WHERE id = ?";
    let values = params![
        account.email.as_ref().map(Email::as_str),
        account.name,
        account.phone,
        account.role.as_str(),
        account.permissions.bits(),
        opt_micros(account.email_verified_at),
        opt_micros(account.disabled_at),
        opt_micros(account.deleted_at),
        account.created_at.as_microsecond(),
        account.updated_at.as_microsecond(),
        account.version,
        account.name.to_lowercase(),
        account.id.key(),
    ];
    run_one(conn, "accounts", account.id, SQL, values)
}

pub(super) fn set_password(conn: &Connection, id: AccountId, password_hash: Option<&str>) -> Sql<()> {
    const SQL: &str = "UPDATE accounts SET password_hash = ? WHERE id = ?";
    run_one(conn, "accounts", id, SQL, params![password_hash, id.key()])
}

pub(super) fn put_challenge(conn: &Connection, challenge: &Challenge) -> Sql<()> {
    const SQL: &str = "INSERT OR REPLACE INTO challenges (account_id, purpose, secret_hash, new_email, expires_at, \
         tries_left, sends, window_started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        challenge.account_id.key(),
        challenge.purpose.as_str(),
        challenge.secret_hash,
        challenge.new_email.as_ref().map(Email::as_str),
        challenge.expires_at.as_microsecond(),
        challenge.tries_left,
        challenge.sends,
        challenge.window_started_at.as_microsecond(),
    ];
    run(conn, SQL, values).map(drop)
}

pub(super) fn delete_challenge(conn: &Connection, account_id: AccountId, purpose: Purpose) -> Sql<()> {
    const SQL: &str = "DELETE FROM challenges WHERE account_id = ? AND purpose = ?";
    run(conn, SQL, params![account_id.key(), purpose.as_str()]).map(drop)
}

/// An address that belongs to somebody else is not there to be changed.
pub(super) fn put_address(conn: &Connection, account_id: AccountId, saved: &SavedAddress) -> Sql<()> {
    const SQL: &str = "INSERT INTO addresses (id, account_id, label, address) VALUES (?, ?, ?, ?) \
         ON CONFLICT (id) DO UPDATE SET label = excluded.label, address = excluded.address \
         WHERE account_id = excluded.account_id";
    let values = params![saved.id.key(), account_id.key(), saved.label, json(&saved.address)?];
    run_one(conn, "addresses", saved.id, SQL, values)
}

pub(super) fn delete_address(conn: &Connection, id: AddressId) -> Sql<()> {
    run_one(conn, "addresses", id, "DELETE FROM addresses WHERE id = ?", [id.key()])
}

pub(super) fn delete_addresses(conn: &Connection, account_id: AccountId) -> Sql<()> {
    run(conn, "DELETE FROM addresses WHERE account_id = ?", [account_id.key()]).map(drop)
}
