//! Idempotency keys and the shop's own values.

use jiff::Timestamp;
use model::AccountId;
use sha2::{Digest as _, Sha256};
use store::{Claim, Claimed, StoreError, StoredReply};
use tokio_postgres::Row;

use super::rows_of;
use crate::{
    flight::Statement,
    param::{each, params},
    row::Columns,
};

/// Locks the keys until the transaction ends, in one order, then asks what they were used for. A statement sees what was
/// committed before it began, so a transaction that waited for a lock finds the reply of the one that held it.
pub(crate) fn claims(claims: &[&Claim]) -> Vec<Statement> {
    const LOCK: &str = "SELECT pg_advisory_xact_lock(number) FROM unnest($1::BIGINT[]) AS number";
    const SELECT: &str = "SELECT k.account_id, k.route, k.key, fingerprint, status, location, etag, body \
         FROM unnest($1::UUID[], $2::TEXT[], $3::TEXT[]) AS c (account_id, route, key) \
         JOIN idempotency_keys k ON k.account_id = c.account_id AND k.route = c.route AND k.key = c.key";
    let mut numbers = each(claims, |claim| lock_number(claim));
    numbers.sort_unstable();
    let sought = params![
        each(claims, |claim| claim.account_id.0),
        each(claims, |claim| claim.route.clone().into_owned()),
        each(claims, |claim| claim.key.clone()),
    ];
    vec![Statement::new(LOCK, params![numbers]), Statement::new(SELECT, sought)]
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

/// Reads what [`claims`] asks: what each claim found.
pub(crate) fn claimed(rows: &[Vec<Row>], claims: &[&Claim]) -> Result<Vec<Claimed>, StoreError> {
    let mut found = vec![Claimed::New; claims.len()];
    for row in rows_of(rows.last()) {
        let mut columns = Columns::new(row, "idempotency_keys", 0);
        let (account_id, route, key) = (AccountId(columns.get()?), columns.string()?, columns.string()?);
        let of_row = |claim: &&Claim| claim.account_id == account_id && claim.route == route && claim.key == key;
        let Some(at) = claims.iter().position(of_row) else { continue };
        found[at] = before(&mut columns)?;
    }
    Ok(found)
}

fn before(columns: &mut Columns<'_>) -> Result<Claimed, StoreError> {
    let fingerprint = columns.array()?;
    Ok(Claimed::Before { fingerprint, reply: reply(columns)? })
}

/// Reads `status, location, etag, body`.
pub(crate) fn reply(columns: &mut Columns<'_>) -> Result<StoredReply, StoreError> {
    let status = columns.int()?;
    let status = u16::try_from(status).map_err(|error| StoreError::broken("idempotency_keys", status, error))?;
    let (location, etag) = (columns.opt_string()?, columns.opt_string()?);
    Ok(StoredReply { status, location, etag, body: columns.bytes()?.to_vec() })
}

/// A value of the shop itself.
pub(crate) fn meta(key: &'static str) -> Statement {
    Statement::new("SELECT value FROM meta WHERE key = $1", params![key])
}

/// Removes what nobody needs any more, at most `limit` of each; gives the count of each. What is to go is a list: as a join with
/// all that there is it may be one of everything.
pub(crate) fn sweep(keys_before: Timestamp, sessions_before: Timestamp, limit: u32) -> Vec<Statement> {
    const KEYS: &str = "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(SELECT ctid \
         FROM idempotency_keys WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))";
    // A challenge also counts how many mails went out in its window, which lasts longer than the challenge.
    const CHALLENGES: &str = "DELETE FROM challenges WHERE ctid = ANY (ARRAY(SELECT ctid \
         FROM challenges WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))";
    // Their refresh tokens go with them.
    const EXPIRED: &str = "DELETE FROM sessions WHERE id = ANY (ARRAY(SELECT id FROM sessions WHERE expires_at < $1 \
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))";
    const ENDED: &str = "DELETE FROM sessions WHERE id = ANY (ARRAY(SELECT id FROM sessions WHERE ended_at < $1 \
         ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED))";
    // An index that has not read these for so long is one of a process that is gone. There is no index by time; but what comes before
    // a row that is so old is as old, whatever a wrong clock said of it. Such a row is looked for among the first, and from there at
    // distances that double.
    const FEED: &str = "DELETE FROM catalogue_feed WHERE seq = ANY (ARRAY(WITH RECURSIVE \
         probe (place, step) AS (SELECT min(seq), greatest($2, 1) FROM catalogue_feed UNION ALL \
         SELECT place + step, step * 2 FROM probe WHERE place < (SELECT max(seq) FROM catalogue_feed)), \
         old (seq) AS (SELECT seq FROM (SELECT seq, at FROM catalogue_feed ORDER BY seq LIMIT $2) AS first WHERE at < $1 \
         UNION ALL SELECT next.seq FROM probe CROSS JOIN LATERAL \
         (SELECT seq, at FROM catalogue_feed WHERE seq >= place ORDER BY seq LIMIT 1) AS next WHERE next.at < $1) \
         SELECT seq FROM (SELECT seq, at FROM catalogue_feed WHERE seq <= (SELECT max(seq) FROM old) ORDER BY seq LIMIT $2) AS first \
         WHERE at < $1 OR at > (SELECT at FROM catalogue_feed ORDER BY seq DESC LIMIT 1)))";
    let others = [CHALLENGES, EXPIRED, ENDED, FEED].map(|sql| (sql, sessions_before));
    let all = [(KEYS, keys_before)].into_iter().chain(others);
    let counted = |(sql, before)| {
        let sql = format!("WITH gone AS ({sql} RETURNING 1) SELECT count(*) FROM gone");
        Statement::new(sql, params![before, i64::from(limit)])
    };
    all.map(counted).collect()
}

/// Reads what [`sweep`] gives.
pub(crate) fn swept(rows: &[Vec<Row>]) -> Result<u32, StoreError> {
    let counts = rows.iter().flatten().map(|row| Columns::new(row, "swept", 0).int());
    let removed = counts.sum::<Result<i64, _>>()?;
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}
