//! Sessions and their refresh tokens.

use model::{
    AccountId, Session, SessionId, Timestamp,
    session::{RefreshToken, SecretHash},
};
use rusqlite::{Connection, params};
use store::StoreError;

use crate::{
    load,
    sql::{Key, Sql, opt_key, opt_micros, run, run_one},
};

pub(super) fn insert(conn: &Connection, session: &Session) -> Sql<()> {
    const SQL: &str = "INSERT INTO sessions (id, account_id, device, address, created_at, last_used_at, expires_at, \
         ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        session.id.key(),
        session.account_id.key(),
        session.device,
        session.address,
        session.created_at.as_microsecond(),
        session.last_used_at.as_microsecond(),
        session.expires_at.as_microsecond(),
        opt_micros(session.ended_at),
    ];
    run(conn, SQL, values).map(drop)
}

pub(super) fn touch(conn: &Connection, id: SessionId, at: Timestamp, address: &str, expires_at: Timestamp) -> Sql<()> {
    const SQL: &str = "UPDATE sessions SET last_used_at = ?, address = ?, expires_at = ? WHERE id = ?";
    let values = params![at.as_microsecond(), address, expires_at.as_microsecond(), id.key()];
    run_one(conn, "sessions", id, SQL, values)
}

pub(super) fn end(conn: &Connection, id: SessionId, at: Timestamp) -> Sql<()> {
    const SQL: &str = "UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL";
    if run(conn, SQL, params![at.as_microsecond(), id.key()])? == 0 && load::session::by_id(conn, id)?.is_none() {
        return Err(StoreError::broken("sessions", id, "is not there to be ended").into());
    }
    Ok(())
}

pub(super) fn end_all(conn: &Connection, account_id: AccountId, except: Option<SessionId>, at: Timestamp) -> Sql<()> {
    const SQL: &str = "UPDATE sessions SET ended_at = ? WHERE account_id = ? AND ended_at IS NULL AND id IS NOT ?";
    run(conn, SQL, params![at.as_microsecond(), account_id.key(), opt_key(except)]).map(drop)
}

pub(super) fn end_oldest(
    conn: &Connection,
    account_id: AccountId,
    keep: u32,
    latest_use: Timestamp,
    at: Timestamp,
) -> Sql<()> {
    const SQL: &str = "UPDATE sessions SET ended_at = ? WHERE id IN (SELECT id FROM sessions WHERE account_id = ? \
         AND ended_at IS NULL ORDER BY last_used_at > ?, last_used_at DESC, id DESC LIMIT -1 OFFSET ?)";
    run(conn, SQL, params![at.as_microsecond(), account_id.key(), latest_use.as_microsecond(), keep]).map(drop)
}

pub(super) fn forget_devices(conn: &Connection, account_id: AccountId) -> Sql<()> {
    const SQL: &str = "UPDATE sessions SET device = '', address = '' WHERE account_id = ?";
    run(conn, SQL, [account_id.key()]).map(drop)
}

pub(super) fn insert_refresh_token(
    conn: &Connection,
    token: &RefreshToken,
    predecessor: Option<&SecretHash>,
) -> Sql<()> {
    const SQL: &str = "INSERT INTO refresh_tokens (hash, session_id, issued_at, predecessor) VALUES (?, ?, ?, ?)";
    let values = params![token.hash, token.session_id.key(), token.issued_at.as_microsecond(), predecessor];
    run(conn, SQL, values).map(drop)
}

pub(super) fn use_refresh_token(conn: &Connection, hash: &SecretHash, at: Timestamp) -> Sql<()> {
    const SQL: &str = "UPDATE refresh_tokens SET used_at = ? WHERE hash = ?";
    // The hash stays out of the error: it stands for a token.
    run_one(conn, "refresh_tokens", "(hash)", SQL, params![at.as_microsecond(), hash])
}
