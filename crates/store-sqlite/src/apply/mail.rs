//! The outbox.

use model::{
    AccountId, MailId, OutboxMail, Timestamp,
    mail::{DeliveryOutcome, MailLease},
};
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

/// Whether a mail is still as it was handed out.
macro_rules! is_leased {
    () => {
        "status = 'pending' AND attempts = ?2 AND next_attempt_at = ?3"
    };
}

pub(super) fn record_delivery(
    conn: &Connection,
    (lease, attempts): (MailLease, i64),
    at: Timestamp,
    outcome: &DeliveryOutcome,
    next_attempt_at: Option<Timestamp>,
) -> Sql<()> {
    const SENT: &str = "UPDATE mails SET status = 'sent', sent_at = ?, last_error = NULL, \
         secret = CASE WHEN ? THEN secret END WHERE id = ?";
    const LATER: &str = concat!(
        "UPDATE mails SET attempts = CASE WHEN ",
        is_leased!(),
        " THEN ?4 ELSE attempts END, \
         next_attempt_at = CASE WHEN ",
        is_leased!(),
        " THEN ?5 ELSE next_attempt_at END, \
         last_error = CASE WHEN ",
        is_leased!(),
        " THEN ?6 ELSE last_error END WHERE id = ?1"
    );
    const FAILED: &str = concat!(
        "UPDATE mails SET status = CASE WHEN ",
        is_leased!(),
        " THEN 'failed' ELSE status END, \
         last_error = CASE WHEN ",
        is_leased!(),
        " THEN ?4 ELSE last_error END WHERE id = ?1"
    );
    let (id, until) = (lease.mail, lease.until.as_microsecond());
    match (outcome, next_attempt_at) {
        (DeliveryOutcome::Sent { keep_secret }, _) => {
            run_one(conn, "mails", id, SENT, params![at.as_microsecond(), keep_secret, id.key()])
        }
        (DeliveryOutcome::Deferred { error }, Some(next)) => run_one(
            conn,
            "mails",
            id,
            LATER,
            params![id.key(), lease.attempts, until, attempts, next.as_microsecond(), error],
        ),
        // The secret stays: somebody may send the mail again.
        (DeliveryOutcome::Deferred { error } | DeliveryOutcome::Rejected { error }, _) => {
            run_one(conn, "mails", id, FAILED, params![id.key(), lease.attempts, until, error])
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
