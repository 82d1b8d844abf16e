//! Sessions and their refresh tokens.

use model::{
    Access, AccountId, Session, SessionId, Timestamp,
    session::{RefreshToken, SecretHash},
};
use rusqlite::{Connection, params};
use store::{SessionAccess, StoreError};

use super::account::permissions;
use crate::{
    row::Columns,
    sql::{Key, Sql, all, one},
};

/// Reads `id, account_id, device, address, created_at, last_used_at, expires_at, ended_at`.
pub(crate) fn session(columns: &mut Columns<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: columns.id()?,
        account_id: columns.id()?,
        device: columns.string()?,
        address: columns.string()?,
        created_at: columns.time()?,
        last_used_at: columns.time()?,
        expires_at: columns.time()?,
        ended_at: columns.opt_time()?,
    })
}

/// The session with this id, ended ones included.
pub(crate) fn by_id(conn: &Connection, id: SessionId) -> Sql<Option<Session>> {
    const SQL: &str = "SELECT id, account_id, device, address, created_at, last_used_at, expires_at, ended_at \
         FROM sessions WHERE id = ?";
    one(conn, "sessions", SQL, [id.key()], session)
}

/// The live sessions of an account, last used first.
pub(crate) fn live_of(conn: &Connection, account_id: AccountId, now: Timestamp) -> Sql<Vec<Session>> {
    const SQL: &str = "SELECT id, account_id, device, address, created_at, last_used_at, expires_at, ended_at \
         FROM sessions WHERE account_id = ? AND ended_at IS NULL AND expires_at > ? \
         ORDER BY last_used_at DESC, id DESC";
    all(conn, "sessions", SQL, params![account_id.key(), now.as_microsecond()], session)
}

/// What a live session of a usable account stands for.
pub(crate) fn access(conn: &Connection, id: SessionId, now: Timestamp) -> Sql<Option<SessionAccess>> {
    const SQL: &str = "SELECT s.id, s.account_id, a.role, a.permissions, a.email_verified_at IS NOT NULL, \
         s.last_used_at FROM sessions s JOIN accounts a ON a.id = s.account_id \
         WHERE s.id = ? AND s.ended_at IS NULL AND s.expires_at > ? \
         AND a.disabled_at IS NULL AND a.deleted_at IS NULL";
    one(conn, "sessions", SQL, params![id.key(), now.as_microsecond()], session_access)
}

/// What the live session of an unused refresh token stands for, if its account is usable.
pub(crate) fn access_by_token(conn: &Connection, hash: &SecretHash, now: Timestamp) -> Sql<Option<SessionAccess>> {
    const SQL: &str = "SELECT s.id, s.account_id, a.role, a.permissions, a.email_verified_at IS NOT NULL, \
         s.last_used_at FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id \
         JOIN accounts a ON a.id = s.account_id \
         WHERE t.hash = ? AND t.used_at IS NULL AND s.ended_at IS NULL AND s.expires_at > ? \
         AND a.disabled_at IS NULL AND a.deleted_at IS NULL";
    one(conn, "sessions", SQL, params![hash, now.as_microsecond()], session_access)
}

fn session_access(columns: &mut Columns<'_>) -> Result<SessionAccess, StoreError> {
    let session_id = columns.id()?;
    let access = Access { account_id: columns.id()?, role: columns.word()?, permissions: permissions(columns)? };
    Ok(SessionAccess { access, session_id, email_verified: columns.bool()?, last_used_at: columns.time()? })
}

/// The network addresses that sessions of this account were used from last, each once: this one, and those of a thousand sessions.
pub(crate) fn addresses(conn: &Connection, account_id: AccountId, sought: &str) -> Sql<Vec<String>> {
    const SQL: &str = "SELECT address FROM (SELECT address FROM sessions WHERE account_id = ?1 AND address = ?2 LIMIT 1) \
         UNION SELECT address FROM (SELECT address FROM sessions WHERE account_id = ?1 \
         ORDER BY last_used_at DESC LIMIT 1000)";
    all(conn, "sessions", SQL, params![account_id.key(), sought], |columns| columns.string())
}

/// The refresh token with this hash, and its session.
pub(crate) fn refresh_token(conn: &Connection, hash: &SecretHash) -> Sql<Option<(RefreshToken, Session)>> {
    const SQL: &str = "SELECT t.session_id, t.issued_at, t.used_at, \
         EXISTS (SELECT 1 FROM refresh_tokens n WHERE n.predecessor = t.hash AND n.used_at IS NOT NULL), \
         s.id, s.account_id, s.device, s.address, s.created_at, s.last_used_at, s.expires_at, s.ended_at \
         FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash = ?";
    one(conn, "refresh_tokens", SQL, [hash], |columns| {
        let token = RefreshToken {
            hash: *hash,
            session_id: columns.id()?,
            issued_at: columns.time()?,
            used_at: columns.opt_time()?,
            successor_used: columns.bool()?,
        };
        Ok((token, session(columns)?))
    })
}
