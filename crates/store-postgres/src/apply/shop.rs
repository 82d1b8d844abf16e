//! The shop itself: stored replies, its own values, sweeping.

use jiff::Timestamp;
use store::{Claim, StoredReply};

use crate::{flight::Statement, param::params};

pub(super) fn store_reply(claim: &Claim, reply: &StoredReply) -> Statement {
    const SQL: &str = "INSERT INTO idempotency_keys (account_id, route, key, fingerprint, at, status, location, etag, \
         body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![
        claim.account_id.0,
        claim.route,
        claim.key.clone(),
        claim.fingerprint.to_vec(),
        claim.at,
        i64::from(reply.status),
        reply.location.clone(),
        reply.etag.clone(),
        reply.body.clone(),
    ];
    Statement::new(SQL, values).beside_others()
}

pub(super) fn put_meta(key: &'static str, value: Option<String>) -> Statement {
    const PUT: &str =
        "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    match value {
        Some(value) => Statement::new(PUT, params![key, value]),
        None => Statement::new("DELETE FROM meta WHERE key = $1", params![key]),
    }
}

pub(super) fn sweep(keys_before: Timestamp, sessions_before: Timestamp) -> Vec<Statement> {
    vec![
        Statement::new("DELETE FROM idempotency_keys WHERE at < $1", params![keys_before]),
        // A challenge also counts how many mails went out in its window, which lasts longer than the challenge.
        Statement::new("DELETE FROM challenges WHERE expires_at < $1", params![sessions_before]),
        // Their refresh tokens go with them.
        Statement::new("DELETE FROM sessions WHERE expires_at < $1 OR ended_at < $1", params![sessions_before]),
    ]
}
