//! The shop itself: stored replies, its own values, sweeping.

use model::Timestamp;
use rusqlite::{Connection, params};
use store::{Claim, StoredReply};

use crate::sql::{Key, Sql, run, run_one};

pub(super) fn store_reply(conn: &Connection, claim: &Claim, reply: &StoredReply) -> Sql<()> {
    const SQL: &str = "UPDATE idempotency_keys SET status = ?, location = ?, etag = ?, body = ? \
         WHERE account_id = ? AND route = ? AND key = ? AND fingerprint = ?";
    let values = params![
        reply.status,
        reply.location,
        reply.etag,
        reply.body,
        claim.account_id.key(),
        claim.route,
        claim.key,
        claim.fingerprint,
    ];
    run_one(conn, "idempotency_keys", &claim.key, SQL, values)
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
    let before = sessions_before.as_microsecond();
    run(conn, "DELETE FROM idempotency_keys WHERE at < ?", [keys_before.as_microsecond()])?;
    // A challenge also counts how many mails went out in its window, which lasts longer than the challenge.
    run(conn, "DELETE FROM challenges WHERE expires_at < ?", [before])?;
    // Their refresh tokens go with them.
    run(conn, "DELETE FROM sessions WHERE expires_at < ?", [before])?;
    run(conn, "DELETE FROM sessions WHERE ended_at < ?", params![before]).map(drop)
}
