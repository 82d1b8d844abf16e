//! The outbox.

use jiff::Timestamp;
use model::{Email, MailId, OutboxMail, mail::Due};
use store::{Backlog, StoreError};
use tokio_postgres::Row;

use super::{locking, read_all, read_one};
use crate::{flight::Statement, param::params, row::Columns};

/// The columns of [`list`], in its order.
pub(crate) const COLUMNS: &str = "id, recipient, account_id, order_id, content, secret, status, attempts, \
     next_attempt_at, last_error, created_at, sent_at";

/// Reads [`COLUMNS`].
pub(crate) fn list(rows: &[Row]) -> Result<Vec<OutboxMail>, StoreError> {
    read_all(rows, "mails", mail)
}

/// One row of [`list`].
pub(crate) fn mail(columns: &mut Columns<'_>) -> Result<OutboxMail, StoreError> {
    Ok(OutboxMail {
        id: columns.id()?,
        to: Email::from_stored(columns.string()?),
        account_id: columns.opt_id()?,
        order_id: columns.opt_id()?,
        template: columns.json()?,
        secret: columns.opt_string()?,
        status: columns.word()?,
        attempts: columns.int()?,
        next_attempt_at: columns.time()?,
        last_error: columns.opt_string()?,
        created_at: columns.time()?,
        sent_at: columns.opt_time()?,
    })
}

/// The mail with this id.
pub(crate) fn by_id(id: MailId, is_locked: bool) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM mails WHERE id = $1{}", locking(is_locked)), params![id.0])
}

/// Takes mails that are due, oldest first, and hides them until `until`. What another worker is taking at this moment is left
/// to it, and a mail about an order is left while one about it to the same address waits that came before it, whatever clocks said.
pub(crate) fn lease(due: Due, until: Timestamp, limit: u32) -> Statement {
    // One range of the index beside the other: both in one would have to be sorted.
    let range = |range: &str| {
        format!(
            "SELECT id AS due_id, next_attempt_at AS due_at FROM mails WHERE status = 'pending' AND next_attempt_at {range} \
             AND NOT EXISTS (SELECT 1 FROM mails AS older WHERE older.order_id = mails.order_id \
             AND older.recipient = mails.recipient AND older.status = 'pending' \
             AND (coalesce(older.came, 0), older.id) < (coalesce(mails.came, 0), mails.id)) ORDER BY next_attempt_at, id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"
        )
    };
    let (come, mistaken) = (range("<= $1"), range("> $4"));
    let sql = format!(
        "WITH come AS ({come}), mistaken AS ({mistaken}), \
         due AS (SELECT * FROM come UNION ALL SELECT * FROM mistaken ORDER BY due_at, due_id LIMIT $3), \
         taken AS (UPDATE mails SET attempts = attempts + 1, next_attempt_at = $2 FROM due WHERE id = due_id \
         RETURNING {COLUMNS}, due_at) \
         SELECT {COLUMNS} FROM taken ORDER BY due_at, id"
    );
    Statement::new(sql, params![due.now, until, i64::from(limit), due.latest])
}

/// Marks mails that are due as sent, oldest first; gives a row for each. They are a list: as a join with all mails it may be one of
/// everything.
pub(crate) fn keep(due: Due, limit: u32) -> Statement {
    const SQL: &str = "UPDATE mails SET status = 'sent', sent_at = $1, attempts = attempts + 1, last_error = NULL \
         WHERE id = ANY (ARRAY(SELECT id FROM mails WHERE status = 'pending' AND (next_attempt_at <= $1 OR next_attempt_at > $3) \
         ORDER BY next_attempt_at, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)) RETURNING 1";
    Statement::new(SQL, params![due.now, i64::from(limit), due.latest])
}

/// How much mail waits, and since when. The indexes of both kinds hold nothing else.
pub(crate) fn backlog() -> Statement {
    const SQL: &str = "SELECT (SELECT count(*) FROM mails WHERE status = 'pending'), \
         (SELECT count(*) FROM mails WHERE status = 'failed'), \
         (SELECT min(created_at) FROM mails WHERE status = 'pending')";
    Statement::new(SQL, params![])
}

/// Reads what [`backlog`] asks.
pub(crate) fn counted(rows: &[Row]) -> Result<Backlog, StoreError> {
    let counted = read_one(rows, "mails", |columns| {
        let (pending, failed) = (columns.int()?, columns.int()?);
        let count = |mails: i64| u64::try_from(mails).unwrap_or(0);
        Ok(Backlog { pending: count(pending), failed: count(failed), oldest: columns.opt_time()? })
    })?;
    Ok(counted.unwrap_or_default())
}
