//! The shop itself: stored replies, its own values, sweeping.

use model::Timestamp;
use rusqlite::{Connection, params};
use store::{Claim, StoredReply};

use crate::load::idempotency::digest;
use crate::sql::{Key, Sql, run};

pub(super) fn store_reply(conn: &Connection, claim: &Claim, reply: &StoredReply) -> Sql<()> {
    const SQL: &str = "INSERT INTO idempotency_keys (digest, account_id, route, key, fingerprint, at, status, \
         location, etag, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        digest(claim),
        claim.account_id.key(),
        claim.route.as_ref(),
        claim.key,
        claim.fingerprint,
        claim.at.as_microsecond(),
        reply.status,
        reply.location,
        reply.etag,
        reply.body,
    ];
    run(conn, SQL, values).map(drop)
}

pub(super) fn put_meta(conn: &Connection, key: &str, value: Option<&str>) -> Sql<()> {
    const PUT: &str =
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    match value {
        Some(value) => run(conn, PUT, [key, value]).map(drop),
        None => run(conn, "DELETE FROM meta WHERE key = ?", [key]).map(drop),
    }
}

pub(super) fn sweep(conn: &Connection, keys_before: Timestamp, sessions_before: Timestamp) -> Sql<()> {
    // Up to the first that is young enough: they were written in the order of their times, or nearly so.
    const KEYS: &str = "DELETE FROM idempotency_keys WHERE seq < coalesce( \
         (SELECT seq FROM idempotency_keys WHERE at >= ?1 ORDER BY seq LIMIT 1), \
         (SELECT max(seq) + 1 FROM idempotency_keys))";
    let before = sessions_before.as_microsecond();
    run(conn, KEYS, [keys_before.as_microsecond()])?;
    // A challenge also counts how many mails went out in its window, which lasts longer than the challenge.
    run(conn, "DELETE FROM challenges WHERE expires_at < ?", [before])?;
    // Their refresh tokens go with them.
    run(conn, "DELETE FROM sessions WHERE expires_at < ?", [before])?;
    run(conn, "DELETE FROM sessions WHERE ended_at < ?", params![before]).map(drop)
}
