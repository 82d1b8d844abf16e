//! Idempotency keys and the shop's own values.

use rusqlite::{Connection, params};
use store::{Claim, Claimed, StoreError, StoredReply};

use crate::{
    row::Columns,
    sql::{Key, Sql, one, run},
};

/// Claims the key, or gives what it was used for.
pub(crate) fn claim(conn: &Connection, claim: &Claim) -> Sql<Claimed> {
    const INSERT: &str = "INSERT INTO idempotency_keys (account_id, route, key, fingerprint, at) \
         VALUES (?, ?, ?, ?, ?) ON CONFLICT (account_id, route, key) DO NOTHING";
    let (account, at) = (claim.account_id.key(), claim.at.as_microsecond());
    if run(conn, INSERT, params![account, claim.route, claim.key, claim.fingerprint, at])? == 1 {
        return Ok(Claimed::New);
    }
    const SELECT: &str = "SELECT key, fingerprint, status, location, etag, body FROM idempotency_keys \
         WHERE account_id = ? AND route = ? AND key = ?";
    let before = one(conn, "idempotency_keys", SELECT, params![account, claim.route, claim.key], before)?;
    before.ok_or_else(|| StoreError::broken("idempotency_keys", &claim.key, "is there and is not").into())
}

fn before(columns: &mut Columns<'_>) -> Result<Claimed, StoreError> {
    let key = columns.string()?;
    let fingerprint = columns.array()?;
    let status = columns.int()?;
    let status = u16::try_from(status).map_err(|error| StoreError::broken("idempotency_keys", &key, error))?;
    let (location, etag) = (columns.opt_string()?, columns.opt_string()?);
    let reply = StoredReply { status, location, etag, body: columns.bytes()?.to_vec() };
    Ok(Claimed::Before { fingerprint, reply })
}

/// A value of the shop itself.
pub(crate) fn meta(conn: &Connection, key: &str) -> Sql<Option<String>> {
    one(conn, "meta", "SELECT value FROM meta WHERE key = ?", [key], |columns| columns.string())
}
