//! The outbox.

use jiff::Timestamp;
use model::{AccountId, MailId, OutboxMail, mail::DeliveryOutcome};
use store::StoreError;

use crate::{
    flight::Statement,
    param::{json, params},
};

pub(super) fn insert(mail: &OutboxMail) -> Result<Statement, StoreError> {
    const SQL: &str = "INSERT INTO mails (id, recipient, account_id, order_id, template, content, secret, status, \
         attempts, next_attempt_at, last_error, created_at, sent_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let values = params![
        mail.id.0,
        mail.to.as_str().to_owned(),
        mail.account_id.map(|id| id.0),
        mail.order_id.map(|id| id.0),
        mail.template.name(),
        json(&mail.template)?,
        mail.secret.clone(),
        mail.status.as_str(),
        mail.attempts,
        mail.next_attempt_at,
        mail.last_error.clone(),
        mail.created_at,
        mail.sent_at,
    ];
    Ok(Statement::new(SQL, values).beside_others())
}

pub(super) fn record_delivery(
    id: MailId,
    at: Timestamp,
    outcome: &DeliveryOutcome,
    next_attempt_at: Option<Timestamp>,
) -> Statement {
    const SENT: &str = "UPDATE mails SET status = 'sent', sent_at = $2, last_error = NULL, \
         secret = CASE WHEN $3 THEN secret END WHERE id = $1";
    const LATER: &str =
        "UPDATE mails SET status = 'pending', sent_at = NULL, next_attempt_at = $2, last_error = $3 WHERE id = $1";
    const FAILED: &str = "UPDATE mails SET status = 'failed', sent_at = NULL, last_error = $2 WHERE id = $1";
    match (outcome, next_attempt_at) {
        (DeliveryOutcome::Sent { keep_secret }, _) => {
            Statement::changing(1, "mails", SENT, params![id.0, at, *keep_secret])
        }
        (DeliveryOutcome::Deferred { error }, Some(next)) => {
            Statement::changing(1, "mails", LATER, params![id.0, next, clean(error)])
        }
        // The secret stays: somebody may send the mail again.
        (DeliveryOutcome::Deferred { error } | DeliveryOutcome::Rejected { error }, _) => {
            Statement::changing(1, "mails", FAILED, params![id.0, clean(error)])
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
