//! The outbox.

use jiff::Timestamp;
use model::{
    AccountId, MailId, OutboxMail,
    mail::{DeliveryOutcome, MailLease},
};
use store::StoreError;

use crate::{
    flight::Statement,
    param::{each, json, params},
};

/// New mails, all of them in one statement.
pub(super) fn insert(mails: &[&OutboxMail]) -> Result<Statement, StoreError> {
    const SQL: &str = "INSERT INTO mails (id, recipient, account_id, order_id, template, content, secret, status, \
         attempts, next_attempt_at, last_error, created_at, sent_at) SELECT * FROM unnest($1::UUID[], $2::TEXT[], \
         $3::UUID[], $4::UUID[], $5::TEXT[], $6::JSONB[], $7::TEXT[], $8::TEXT[], $9::BIGINT[], $10::TIMESTAMPTZ[], \
         $11::TEXT[], $12::TIMESTAMPTZ[], $13::TIMESTAMPTZ[])";
    let values = params![
        each(mails, |mail| mail.id.0),
        each(mails, |mail| mail.to.as_str().to_owned()),
        each(mails, |mail| mail.account_id.map(|id| id.0)),
        each(mails, |mail| mail.order_id.map(|id| id.0)),
        each(mails, |mail| mail.template.name()),
        mails.iter().map(|mail| json(&mail.template)).collect::<Result<Vec<_>, _>>()?,
        each(mails, |mail| mail.secret.clone()),
        each(mails, |mail| mail.status.as_str()),
        each(mails, |mail| mail.attempts),
        each(mails, |mail| mail.next_attempt_at),
        each(mails, |mail| mail.last_error.clone()),
        each(mails, |mail| mail.created_at),
        each(mails, |mail| mail.sent_at),
    ];
    Ok(Statement::new(SQL, values).beside_others())
}

/// Whether a mail is still as it was handed out.
macro_rules! is_leased {
    () => {
        "status = 'pending' AND attempts = $2 AND next_attempt_at = $3"
    };
}

pub(super) fn record_delivery(
    (lease, attempts): (MailLease, i64),
    at: Timestamp,
    outcome: &DeliveryOutcome,
    next_attempt_at: Option<Timestamp>,
) -> Statement {
    const SENT: &str = "UPDATE mails SET status = 'sent', sent_at = $2, last_error = NULL, \
         secret = CASE WHEN $3 THEN secret END WHERE id = $1";
    const LATER: &str = concat!(
        "UPDATE mails SET attempts = CASE WHEN ",
        is_leased!(),
        " THEN $4 ELSE attempts END, \
         next_attempt_at = CASE WHEN ",
        is_leased!(),
        " THEN $5 ELSE next_attempt_at END, \
         last_error = CASE WHEN ",
        is_leased!(),
        " THEN $6 ELSE last_error END WHERE id = $1"
    );
    const FAILED: &str = concat!(
        "UPDATE mails SET status = CASE WHEN ",
        is_leased!(),
        " THEN 'failed' ELSE status END, \
         last_error = CASE WHEN ",
        is_leased!(),
        " THEN $4 ELSE last_error END WHERE id = $1"
    );
    let (id, until) = (lease.mail, lease.until);
    match (outcome, next_attempt_at) {
        (DeliveryOutcome::Sent { keep_secret }, _) => {
            Statement::changing(1, "mails", SENT, params![id.0, at, *keep_secret])
        }
        (DeliveryOutcome::Deferred { error }, Some(next)) => {
            Statement::changing(1, "mails", LATER, params![id.0, lease.attempts, until, attempts, next, clean(error)])
        }
        // The secret stays: somebody may send the mail again.
        (DeliveryOutcome::Deferred { error } | DeliveryOutcome::Rejected { error }, _) => {
            Statement::changing(1, "mails", FAILED, params![id.0, lease.attempts, until, clean(error)])
        }
    }
}

/// What a mail server says may be anything; PostgreSQL takes texts without zero characters alone.
fn clean(error: &str) -> String {
    error.replace('\0', "\u{fffd}")
}

pub(super) fn requeue(id: MailId, at: Timestamp) -> Statement {
    const SQL: &str =
        "UPDATE mails SET status = 'pending', attempts = 0, next_attempt_at = $2, sent_at = NULL WHERE id = $1";
    Statement::changing(1, "mails", SQL, params![id.0, at])
}

pub(super) fn delete_of(account_id: AccountId) -> Statement {
    Statement::new("DELETE FROM mails WHERE account_id = $1", params![account_id.0])
}
