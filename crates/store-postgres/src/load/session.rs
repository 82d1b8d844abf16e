//! Sessions and their refresh tokens.

use jiff::Timestamp;
use model::{
    Access, AccountId, Session, SessionId,
    session::{RefreshToken, SecretHash},
};
use store::{SessionAccess, StoreError};
use tokio_postgres::Row;

use super::{account::permissions, read_all, read_one, rows_of};
use crate::{
    flight::Statement,
    param::{params, sought},
    row::Columns,
};

/// The columns of [`session`], in its order.
pub(crate) const COLUMNS: &str = "id, account_id, device, address, created_at, last_used_at, expires_at, ended_at";

/// Reads [`COLUMNS`].
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
pub(crate) fn by_id(id: SessionId) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM sessions WHERE id = $1 FOR NO KEY UPDATE"), params![id.0])
}

/// Reads what [`by_id`] asks.
pub(crate) fn one(rows: &[Row]) -> Result<Option<Session>, StoreError> {
    read_one(rows, "sessions", session)
}

/// The live sessions of an account, last used first.
pub(crate) fn live_of(account_id: AccountId, now: Timestamp) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM sessions WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 \
         ORDER BY last_used_at DESC, id DESC"
    );
    Statement::new(sql, params![account_id.0, now])
}

/// Reads what [`live_of`] asks.
pub(crate) fn list(rows: &[Row]) -> Result<Vec<Session>, StoreError> {
    read_all(rows, "sessions", session)
}

const ACCESS: &str =
    "SELECT s.id, s.account_id, a.role, a.permissions, a.email_verified_at IS NOT NULL, s.last_used_at";
const USABLE: &str = "s.ended_at IS NULL AND s.expires_at > $2 AND a.disabled_at IS NULL AND a.deleted_at IS NULL";

/// What a live session of a usable account stands for.
pub(crate) fn access(id: SessionId, now: Timestamp) -> Statement {
    let sql = format!("{ACCESS} FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.id = $1 AND {USABLE}");
    Statement::new(sql, params![id.0, now])
}

/// What the live session of an unused refresh token stands for, if its account is usable.
pub(crate) fn access_by_token(hash: &SecretHash, now: Timestamp) -> Statement {
    let sql = format!(
        "{ACCESS} FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN accounts a ON a.id = s.account_id \
         WHERE t.hash = $1 AND t.used_at IS NULL AND {USABLE}"
    );
    Statement::new(sql, params![hash.to_vec(), now])
}

/// Reads what [`access`] and [`access_by_token`] ask.
pub(crate) fn session_access(rows: &[Row]) -> Result<Option<SessionAccess>, StoreError> {
    read_one(rows, "sessions", |columns| {
        let session_id = columns.id()?;
        let access = Access { account_id: columns.id()?, role: columns.word()?, permissions: permissions(columns)? };
        Ok(SessionAccess { access, session_id, email_verified: columns.bool()?, last_used_at: columns.time()? })
    })
}

/// The network addresses that sessions of this account were used from last, each once: this one, and those of a thousand sessions.
pub(crate) fn addresses(account_id: AccountId, address: &str) -> Statement {
    const SQL: &str = "SELECT address FROM (SELECT address FROM sessions WHERE account_id = $1 AND address = $2 LIMIT 1) \
         AS this UNION SELECT address FROM (SELECT address FROM sessions WHERE account_id = $1 \
         ORDER BY last_used_at DESC LIMIT 1000) AS others";
    Statement::new(SQL, params![account_id.0, sought(address)])
}

/// Reads what [`addresses`] asks.
pub(crate) fn address_list(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    read_all(rows, "sessions", |columns| columns.string())
}

/// The refresh token with this hash, and its session: locks the session, which all tokens of one family share, then asks.
pub(crate) fn refresh_token(hash: &SecretHash) -> Vec<Statement> {
    const LOCK: &str = "SELECT 1 FROM sessions WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = $1) \
         FOR NO KEY UPDATE";
    const SELECT: &str = "SELECT t.session_id, t.issued_at, t.used_at, \
         EXISTS (SELECT 1 FROM refresh_tokens n WHERE n.predecessor = t.hash AND n.used_at IS NOT NULL), \
         s.id, s.account_id, s.device, s.address, s.created_at, s.last_used_at, s.expires_at, s.ended_at \
         FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash = $1";
    vec![Statement::new(LOCK, params![hash.to_vec()]), Statement::new(SELECT, params![hash.to_vec()])]
}

/// Reads what [`refresh_token`] asks.
pub(crate) fn token_row(rows: &[Vec<Row>], hash: &SecretHash) -> Result<Option<(RefreshToken, Session)>, StoreError> {
    read_one(rows_of(rows.last()), "refresh_tokens", |columns| {
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
