//! The shop itself: stored replies, its own values.

use model::AccountId;
use store::{Claim, StoredReply};

use crate::{
    flight::Statement,
    param::{each, params},
};

/// Replies for the keys that their transaction claimed, all of them in one statement.
pub(super) fn store_replies(replies: &[(&Claim, &StoredReply)]) -> Statement {
    const SQL: &str = "INSERT INTO idempotency_keys (account_id, route, key, fingerprint, at, status, location, etag, \
         body) SELECT * FROM unnest($1::UUID[], $2::TEXT[], $3::TEXT[], $4::BYTEA[], $5::TIMESTAMPTZ[], $6::BIGINT[], \
         $7::TEXT[], $8::TEXT[], $9::BYTEA[])";
    let values = params![
        each(replies, |(claim, _)| claim.account_id.0),
        each(replies, |(claim, _)| claim.route.clone().into_owned()),
        each(replies, |(claim, _)| claim.key.clone()),
        each(replies, |(claim, _)| claim.fingerprint.to_vec()),
        each(replies, |(claim, _)| claim.at),
        each(replies, |(_, reply)| i64::from(reply.status)),
        each(replies, |(_, reply)| reply.location.clone()),
        each(replies, |(_, reply)| reply.etag.clone()),
        each(replies, |(_, reply)| reply.body.clone()),
    ];
    Statement::new(SQL, values).beside_others()
}

/// What the staff got about somebody's orders names the account. Along the primary key: of whoever it is and of the few who work here or
/// did, which the audit log knows (looked up one behind the other in its index), and not of all customers.
pub(super) fn forget_replies(account_id: AccountId) -> Statement {
    const SQL: &str = "WITH RECURSIVE actors (id) AS ((SELECT actor_id FROM audit_log WHERE actor_id IS NOT NULL \
         ORDER BY actor_id LIMIT 1) UNION ALL SELECT (SELECT actor_id FROM audit_log WHERE actor_id > actors.id \
         ORDER BY actor_id LIMIT 1) FROM actors WHERE actors.id IS NOT NULL) DELETE FROM idempotency_keys \
         WHERE account_id = ANY (ARRAY(SELECT id FROM accounts WHERE role <> 'customer' \
         UNION SELECT id FROM actors) || $1::UUID) \
         AND (account_id = $1 OR position($2 IN body) > 0)";
    Statement::new(SQL, params![account_id.0, account_id.to_string().into_bytes()])
}

pub(super) fn put_meta(key: String, value: Option<String>) -> Statement {
    const PUT: &str =
        "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    match value {
        Some(value) => Statement::new(PUT, params![key, value]),
        None => Statement::new("DELETE FROM meta WHERE key = $1", params![key]),
    }
}
