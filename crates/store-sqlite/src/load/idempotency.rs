//! Idempotency keys and the shop's own values.

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use store::{Claim, Claimed, StoreError, StoredReply};

use crate::{
    row::Columns,
    sql::{Key, Sql, one},
};

/// What the key was used for. The writer is alone, so that a free key needs no mark: it stays free until the reply is
/// stored with it.
pub(crate) fn claim(conn: &Connection, claim: &Claim) -> Sql<Claimed> {
    const SELECT: &str = "SELECT key, fingerprint, status, location, etag, body FROM idempotency_keys \
         WHERE digest = ?";
    let before = one(conn, "idempotency_keys", SELECT, [digest(claim)], before)?;
    Ok(before.unwrap_or(Claimed::New))
}

/// What the key is found by. The account has a fixed length and a route no zero byte, so that no two claims look alike.
pub(crate) fn digest(claim: &Claim) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in [&claim.account_id.key(), claim.route.as_bytes(), &[0], claim.key.as_bytes()] {
        hasher.update(part);
    }
    let whole: [u8; 32] = hasher.finalize().into();
    std::array::from_fn(|at| whole[at])
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
