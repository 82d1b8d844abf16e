//! The shop itself: stored replies, its own values.

use model::AccountId;
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

/// Looks at every kept reply: an index of them by account would cost every order a write of its own, and few accounts are deleted.
/// What the staff got about somebody's orders names the account: those who work here or did, which the audit log knows. The bodies of
/// others are not looked into.
pub(super) fn forget_replies(conn: &Connection, account_id: AccountId) -> Sql<()> {
    const SQL: &str = "DELETE FROM idempotency_keys WHERE account_id = ?1 \
         OR (account_id IN (SELECT id FROM accounts WHERE role <> 'customer' \
         UNION SELECT actor_id FROM audit_log WHERE actor_id IS NOT NULL) AND instr(body, ?2) > 0)";
    run(conn, SQL, params![account_id.key(), account_id.to_string().into_bytes()]).map(drop)
}

pub(super) fn put_meta(conn: &Connection, key: &str, value: Option<&str>) -> Sql<()> {
    const PUT: &str =
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    match value {
        Some(value) => run(conn, PUT, [key, value]).map(drop),
        None => run(conn, "DELETE FROM meta WHERE key = ?", [key]).map(drop),
    }
}
