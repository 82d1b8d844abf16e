//! The outbox.

use model::{AccountId, MailId, OutboxMail, Timestamp, mail::DeliveryOutcome};
use rusqlite::{Connection, params};

use crate::load::order::chain;
use crate::sql::{Key, Sql, json, opt_key, opt_micros, run, run_one};

pub(super) fn insert(conn: &Connection, mail: &OutboxMail) -> Sql<()> {
    const SQL: &str = "INSERT INTO mails (id, recipient, account_id, order_id, template, content, secret, status, \
         attempts, next_attempt_at, last_error, created_at, sent_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        mail.id.key(),
        mail.to.as_str(),
        opt_key(mail.account_id),
        opt_key(mail.order_id),
        mail.template.name(),
        json(&mail.template)?,
        mail.secret,
        mail.status.as_str(),
        mail.attempts,
        mail.next_attempt_at.as_microsecond(),
        mail.last_error,
        mail.created_at.as_microsecond(),
        opt_micros(mail.sent_at),
    ];
    run(conn, SQL, values).map(drop)
}

pub(super) fn record_delivery(
    conn: &Connection,
    (id, attempts): (MailId, i64),
    at: Timestamp,
    outcome: &DeliveryOutcome,
    next_attempt_at: Option<Timestamp>,
) -> Sql<()> {
    const SENT: &str = "UPDATE mails SET status = 'sent', sent_at = ?, last_error = NULL, \
         secret = CASE WHEN ? THEN secret END WHERE id = ?";
    const LATER: &str = "UPDATE mails SET \
         next_attempt_at = CASE WHEN status = 'pending' AND attempts = ?2 THEN ?3 ELSE next_attempt_at END, \
         last_error = CASE WHEN status = 'pending' AND attempts = ?2 THEN ?4 ELSE last_error END WHERE id = ?1";
    const FAILED: &str = "UPDATE mails SET \
         status = CASE WHEN status = 'pending' AND attempts = ?2 THEN 'failed' ELSE status END, \
         last_error = CASE WHEN status = 'pending' AND attempts = ?2 THEN ?3 ELSE last_error END WHERE id = ?1";
    match (outcome, next_attempt_at) {
        (DeliveryOutcome::Sent { keep_secret }, _) => {
            run_one(conn, "mails", id, SENT, params![at.as_microsecond(), keep_secret, id.key()])
        }
        (DeliveryOutcome::Deferred { error }, Some(next)) => {
            run_one(conn, "mails", id, LATER, params![id.key(), attempts, next.as_microsecond(), error])
        }
        // The secret stays: somebody may send the mail again.
        (DeliveryOutcome::Deferred { error } | DeliveryOutcome::Rejected { error }, _) => {
            run_one(conn, "mails", id, FAILED, params![id.key(), attempts, error])
        }
    }
}

pub(super) fn requeue(conn: &Connection, id: MailId, at: Timestamp) -> Sql<()> {
    const SQL: &str =
        "UPDATE mails SET status = 'pending', attempts = 0, next_attempt_at = ?, sent_at = NULL WHERE id = ?";
    run_one(conn, "mails", id, SQL, params![at.as_microsecond(), id.key()])
}

/// Order mails are found through the orders: an index of them by account would cost every order a write of its own.
pub(super) fn delete_of(conn: &Connection, account_id: AccountId) -> Sql<()> {
    const PLAIN: &str = "DELETE FROM mails WHERE account_id = ? AND order_id IS NULL";
    const OF_ORDERS: &str = concat!(
        chain!(),
        "DELETE FROM mails WHERE account_id = ?1 \
         AND order_id IN (SELECT o.id FROM chain JOIN orders o ON o.number = chain.number)"
    );
    run(conn, PLAIN, [account_id.key()])?;
    run(conn, OF_ORDERS, [account_id.key()]).map(drop)
}
