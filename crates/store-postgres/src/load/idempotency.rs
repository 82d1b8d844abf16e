//! Idempotency keys and the shop's own values.

use sha2::{Digest as _, Sha256};
use store::{Claim, Claimed, StoreError, StoredReply};
use tokio_postgres::Row;

use super::{read_one, rows_of};
use crate::{flight::Statement, param::params};

/// Locks the key until the transaction ends, then asks what it was used for. A statement sees what was committed before it
/// began, so a transaction that waited for the lock finds the reply of the one that held it.
pub(crate) fn claim(claim: &Claim) -> Vec<Statement> {
    const LOCK: &str = "SELECT pg_advisory_xact_lock($1)";
    const SELECT: &str = "SELECT fingerprint, status, location, etag, body FROM idempotency_keys \
         WHERE account_id = $1 AND route = $2 AND key = $3";
    vec![
        Statement::new(LOCK, params![lock_number(claim)]),
        Statement::new(SELECT, params![claim.account_id.0, claim.route, claim.key.clone()]),
    ]
}

/// What the lock is known by. Two keys with one number would only wait for each other.
fn lock_number(claim: &Claim) -> i64 {
    let mut hasher = Sha256::new();
    for part in [claim.account_id.0.as_bytes().as_slice(), claim.route.as_bytes(), &[0], claim.key.as_bytes()] {
        hasher.update(part);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    i64::from_le_bytes(std::array::from_fn(|at| digest[at]))
}

/// Reads what [`claim`] asks.
pub(crate) fn claimed(rows: &[Vec<Row>]) -> Result<Claimed, StoreError> {
    let before = read_one(rows_of(rows.last()), "idempotency_keys", |columns| {
        let fingerprint = columns.array()?;
        let status = columns.int()?;
        let status = u16::try_from(status).map_err(|error| StoreError::broken("idempotency_keys", status, error))?;
        let (location, etag) = (columns.opt_string()?, columns.opt_string()?);
        let reply = StoredReply { status, location, etag, body: columns.bytes()?.to_vec() };
        Ok(Claimed::Before { fingerprint, reply })
    })?;
    Ok(before.unwrap_or(Claimed::New))
}

/// A value of the shop itself.
pub(crate) fn meta(key: &'static str) -> Statement {
    Statement::new("SELECT value FROM meta WHERE key = $1", params![key])
}
