//! Accounts, their saved addresses and challenges.

use model::{
    Account, AccountId, AddressId, Email, SavedAddress,
    challenge::{Challenge, Purpose},
};
use store::StoreError;

use crate::{
    flight::Statement,
    param::{json, params},
};

fn address_of(account: &Account) -> Option<String> {
    account.email.as_ref().map(|email| email.as_str().to_owned())
}

pub(super) fn insert(account: &Account, password_hash: Option<String>) -> Statement {
    const SQL: &str = "INSERT INTO accounts (id, email, name, phone, role, permissions, email_verified_at, \
         disabled_at, deleted_at, created_at, updated_at, version, name_lower, password_hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let values = params![
        account.id.0,
        address_of(account),
        account.name.clone(),
        account.phone.clone(),
        account.role.as_str(),
        i64::from(account.permissions.bits()),
        account.email_verified_at,
        account.disabled_at,
        account.deleted_at,
        account.created_at,
        account.updated_at,
        account.version,
        account.name.to_lowercase(),
        password_hash,
    ];
    Statement::new(SQL, values)
}

pub(super) fn update(account: &Account) -> Statement {
    const SQL: &str = "UPDATE accounts SET email = $2, name = $3, phone = $4, role = $5, permissions = $6, \
         email_verified_at = $7, disabled_at = $8, deleted_at = $9, created_at = $10, updated_at = $11, version = $12, \
         name_lower = $13 WHERE id = $1";
    let values = params![
        account.id.0,
        address_of(account),
        account.name.clone(),
        account.phone.clone(),
        account.role.as_str(),
        i64::from(account.permissions.bits()),
        account.email_verified_at,
        account.disabled_at,
        account.deleted_at,
        account.created_at,
        account.updated_at,
        account.version,
        account.name.to_lowercase(),
    ];
    Statement::changing(1, "accounts", SQL, values)
}

pub(super) fn set_password(id: AccountId, password_hash: Option<String>) -> Statement {
    const SQL: &str = "UPDATE accounts SET password_hash = $2 WHERE id = $1";
    Statement::changing(1, "accounts", SQL, params![id.0, password_hash])
}

pub(super) fn put_challenge(challenge: &Challenge) -> Statement {
    const SQL: &str = "INSERT INTO challenges (account_id, purpose, secret_hash, new_email, expires_at, tries_left, \
         sends, window_started_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (account_id, purpose) DO UPDATE SET secret_hash = excluded.secret_hash, \
         new_email = excluded.new_email, expires_at = excluded.expires_at, tries_left = excluded.tries_left, \
         sends = excluded.sends, window_started_at = excluded.window_started_at";
    let values = params![
        challenge.account_id.0,
        challenge.purpose.as_str(),
        challenge.secret_hash.map(|hash| hash.to_vec()),
        challenge.new_email.as_ref().map(|email: &Email| email.as_str().to_owned()),
        challenge.expires_at,
        challenge.tries_left,
        challenge.sends,
        challenge.window_started_at,
    ];
    Statement::new(SQL, values)
}

pub(super) fn delete_challenge(account_id: AccountId, purpose: Purpose) -> Statement {
    const SQL: &str = "DELETE FROM challenges WHERE account_id = $1 AND purpose = $2";
    Statement::new(SQL, params![account_id.0, purpose.as_str()])
}

/// An address that belongs to somebody else is not there to be changed.
pub(super) fn put_address(account_id: AccountId, saved: &SavedAddress) -> Result<Statement, StoreError> {
    const SQL: &str = "INSERT INTO addresses AS a (id, account_id, label, address) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE SET label = excluded.label, address = excluded.address \
         WHERE a.account_id = excluded.account_id";
    let values = params![saved.id.0, account_id.0, saved.label.clone(), json(&saved.address)?];
    Ok(Statement::changing(1, "addresses", SQL, values))
}

pub(super) fn delete_address(id: AddressId) -> Statement {
    Statement::changing(1, "addresses", "DELETE FROM addresses WHERE id = $1", params![id.0])
}

pub(super) fn delete_addresses(account_id: AccountId) -> Statement {
    Statement::new("DELETE FROM addresses WHERE account_id = $1", params![account_id.0])
}
