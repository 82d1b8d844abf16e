//! The outbox.

use model::{Email, MailId, OutboxMail, Timestamp, mail::Due};
use rusqlite::{Connection, params};
use store::{Backlog, StoreError};

use crate::{
    row::Columns,
    sql::{Key, Sql, all, one, run, run_one},
};

/// The columns of [`mail`], in its order.
pub(crate) const COLUMNS: &str = "id, recipient, account_id, order_id, content, secret, status, attempts, \
     next_attempt_at, last_error, created_at, sent_at";

/// Reads [`COLUMNS`].
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
pub(crate) fn by_id(conn: &Connection, id: MailId) -> Sql<Option<OutboxMail>> {
    let sql = format!("SELECT {COLUMNS} FROM mails WHERE id = ?");
    one(conn, "mails", &sql, [id.key()], mail)
}

/// Takes mails that are due, oldest first, and hides them until `until`. A mail about an order is left while one about it to the
/// same address waits that came before it, whatever the clock said.
pub(crate) fn lease(conn: &Connection, due: Due, until: Timestamp, limit: u32) -> Sql<Vec<OutboxMail>> {
    const UPDATE: &str = "UPDATE mails SET attempts = attempts + 1, next_attempt_at = ? WHERE id = ?";
    // One range of the index after the other: both at once would have to be sorted.
    let select = |range: &str, bound: Timestamp, limit: usize| {
        let sql = format!(
            "SELECT {COLUMNS} FROM mails WHERE status = 'pending' AND next_attempt_at {range} ? \
             AND NOT EXISTS (SELECT 1 FROM mails AS older WHERE older.order_id = mails.order_id \
             AND older.recipient = mails.recipient AND older.status = 'pending' AND older.seq < mails.seq) ORDER BY next_attempt_at, id LIMIT ?"
        );
        all(conn, "mails", &sql, params![bound.as_microsecond(), i64::try_from(limit).unwrap_or(i64::MAX)], mail)
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut taken = select("<=", due.now, limit)?;
    if taken.len() < limit {
        taken.extend(select(">", due.latest, limit - taken.len())?);
    }
    for mail in &mut taken {
        run_one(conn, "mails", mail.id, UPDATE, params![until.as_microsecond(), mail.id.key()])?;
        mail.attempts += 1;
        mail.next_attempt_at = until;
    }
    Ok(taken)
}

/// Marks mails that are due as sent, oldest first.
pub(crate) fn keep(conn: &Connection, due: Due, limit: u32) -> Sql<u32> {
    const SQL: &str = "UPDATE mails SET status = 'sent', sent_at = ?1, attempts = attempts + 1, last_error = NULL \
         WHERE seq IN (SELECT seq FROM mails WHERE status = 'pending' AND (next_attempt_at <= ?1 OR next_attempt_at > ?2) \
         ORDER BY next_attempt_at, id LIMIT ?3)";
    let kept = run(conn, SQL, params![due.now.as_microsecond(), due.latest.as_microsecond(), limit])?;
    Ok(u32::try_from(kept).unwrap_or(u32::MAX))
}

/// How much mail waits, and since when. The indexes of both kinds hold nothing else.
pub(crate) fn backlog(conn: &Connection) -> Sql<Backlog> {
    const SQL: &str = "SELECT (SELECT count(*) FROM mails WHERE status = 'pending'), \
         (SELECT count(*) FROM mails WHERE status = 'failed'), \
         (SELECT min(created_at) FROM mails WHERE status = 'pending')";
    let counted = one(conn, "mails", SQL, [], |columns| {
        let (pending, failed) = (columns.int()?, columns.int()?);
        let count = |mails: i64| u64::try_from(mails).unwrap_or(0);
        Ok(Backlog { pending: count(pending), failed: count(failed), oldest: columns.opt_time()? })
    })?;
    Ok(counted.unwrap_or_default())
}
