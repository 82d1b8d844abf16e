//! Idempotency keys and the shop's own values.

use model::Timestamp;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use store::{Claim, Claimed, StoreError, StoredReply};

use crate::{
    row::Columns,
    sql::{Key, Sql, one, run},
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
    Ok(Claimed::Before { fingerprint, reply: reply(columns, &key)? })
}

/// Reads `status, location, etag, body` of the row of `key`.
pub(crate) fn reply(columns: &mut Columns<'_>, key: &str) -> Result<StoredReply, StoreError> {
    let status = columns.int()?;
    let status = u16::try_from(status).map_err(|error| StoreError::broken("idempotency_keys", key, error))?;
    let (location, etag) = (columns.opt_string()?, columns.opt_string()?);
    Ok(StoredReply { status, location, etag, body: columns.bytes()?.to_vec() })
}

/// A value of the shop itself.
pub(crate) fn meta(conn: &Connection, key: &str) -> Sql<Option<String>> {
    one(conn, "meta", "SELECT value FROM meta WHERE key = ?", [key], |columns| columns.string())
}

/// Removes what nobody needs any more, at most `limit` of each; gives how many.
pub(crate) fn sweep(conn: &Connection, keys_before: Timestamp, sessions_before: Timestamp, limit: u32) -> Sql<u32> {
    // A challenge also counts how many mails went out in its window, which lasts longer than the challenge.
    const CHALLENGES: &str = "DELETE FROM challenges WHERE (account_id, purpose) IN \
         (SELECT account_id, purpose FROM challenges WHERE expires_at < ?1 LIMIT ?2)";
    // Their refresh tokens go with them.
    const EXPIRED: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ?1 LIMIT ?2)";
    const ENDED: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ended_at < ?1 LIMIT ?2)";
    let mut removed = run(conn, &oldest("idempotency_keys"), params![keys_before.as_microsecond(), limit])?;
    for sql in [CHALLENGES, EXPIRED, ENDED] {
        removed += run(conn, sql, params![sessions_before.as_microsecond(), limit])?;
    }
    // An index that has not read these for so long is one of a process that is gone.
    removed += run(conn, &oldest("catalogue_feed"), params![sessions_before.as_microsecond(), limit])?;
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}

/// Removes the first `?2` rows of a table that has no index by time, as far as they are from before `?1`. Rows are written one after
/// the other, so what comes before a row that is so old, and says that it is younger than the last one, was written by a clock that was ahead: it
/// is as old. A row that a clock behind wrote takes nothing with it. Such a row is looked for among the first, and from there at distances that
/// double.
fn oldest(table: &str) -> String {
    format!(
        "DELETE FROM {table} WHERE seq IN (WITH RECURSIVE \
         probe (place, step) AS (SELECT min(seq), max(?2, 1) FROM {table} UNION ALL \
         SELECT place + step, step * 2 FROM probe WHERE place < (SELECT max(seq) FROM {table})), \
         old (seq) AS (SELECT seq FROM (SELECT seq, at FROM {table} ORDER BY seq LIMIT ?2) WHERE at < ?1 UNION ALL \
         SELECT t.seq FROM probe JOIN {table} t ON t.seq = (SELECT min(seq) FROM {table} WHERE seq >= place) \
         WHERE t.at < ?1) \
         SELECT seq FROM (SELECT seq, at FROM {table} WHERE seq <= (SELECT max(seq) FROM old) ORDER BY seq LIMIT ?2) \
         WHERE at < ?1 OR at > (SELECT at FROM {table} ORDER BY seq DESC LIMIT 1))"
    )
}
