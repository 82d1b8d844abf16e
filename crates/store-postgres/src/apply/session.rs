//! Sessions and their refresh tokens.

use jiff::Timestamp;
use model::{
    AccountId, Session, SessionId,
    session::{RefreshToken, SecretHash},
};

use crate::{flight::Statement, param::params};

pub(super) fn insert(session: &Session) -> Statement {
    const SQL: &str = "INSERT INTO sessions (id, account_id, device, address, created_at, last_used_at, expires_at, \
         ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = params![
        session.id.0,
        session.account_id.0,
        session.device.clone(),
        session.address.clone(),
        session.created_at,
        session.last_used_at,
        session.expires_at,
        session.ended_at,
    ];
    Statement::new(SQL, values)
}

pub(super) fn touch(id: SessionId, at: Timestamp, address: &str, expires_at: Timestamp) -> Statement {
    const SQL: &str = "UPDATE sessions SET last_used_at = $2, address = $3, expires_at = $4 WHERE id = $1";
    Statement::changing(1, "sessions", SQL, params![id.0, at, address.to_owned(), expires_at])
}

/// One that has ended keeps the time at which it did.
pub(super) fn end(id: SessionId, at: Timestamp) -> Statement {
    const SQL: &str = "UPDATE sessions SET ended_at = coalesce(ended_at, $2) WHERE id = $1";
    Statement::changing(1, "sessions", SQL, params![id.0, at])
}

pub(super) fn end_all(account_id: AccountId, except: Option<SessionId>, at: Timestamp) -> Statement {
    const SQL: &str = "UPDATE sessions SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL \
         AND id IS DISTINCT FROM $3";
    Statement::new(SQL, params![account_id.0, at, except.map(|id| id.0)])
}

pub(super) fn end_oldest(account_id: AccountId, keep: u32, latest_use: Timestamp, at: Timestamp) -> Statement {
    const SQL: &str = "UPDATE sessions SET ended_at = $2 WHERE id IN (SELECT id FROM sessions WHERE account_id = $1 \
         AND ended_at IS NULL ORDER BY last_used_at > $4, last_used_at DESC, id DESC OFFSET $3)";
    Statement::new(SQL, params![account_id.0, at, i64::from(keep), latest_use])
}

pub(super) fn forget_devices(account_id: AccountId) -> Statement {
    Statement::new("UPDATE sessions SET device = '', address = '' WHERE account_id = $1", params![account_id.0])
}

pub(super) fn insert_refresh_token(token: &RefreshToken, predecessor: Option<&SecretHash>) -> Statement {
    const SQL: &str = "INSERT INTO refresh_tokens (hash, session_id, issued_at, predecessor) VALUES ($1, $2, $3, $4)";
    let values =
        params![token.hash.to_vec(), token.session_id.0, token.issued_at, predecessor.map(|hash| hash.to_vec())];
    Statement::new(SQL, values)
}

pub(super) fn use_refresh_token(hash: &SecretHash, at: Timestamp) -> Statement {
    const SQL: &str = "UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1";
    Statement::changing(1, "refresh_tokens", SQL, params![hash.to_vec(), at])
}
