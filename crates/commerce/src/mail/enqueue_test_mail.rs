//! A mail that tries whether mails arrive.

use async_trait::async_trait;
use model::{AuditContent, AuditEntry, Email, MailId, MailStatus, MailTemplate, OutboxMail, Stamp};
use store::{Change, Operation, Tx};

use crate::{Error, audit::MAIL_TESTED};

/// Puts a test mail into the outbox. Gives its id, by which its fate can be watched.
#[derive(Clone, Debug)]
pub struct EnqueueTestMail {
    /// To whom.
    pub to: Email,
    /// Clock and ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for EnqueueTestMail {
    type Output = MailId;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<MailId, Error> {
        let id = self.stamp.ids().draw();
        let mail = OutboxMail::new(id, self.to.clone(), MailTemplate::Test, self.stamp.now);
        tx.apply(&[Change::InsertMail(mail)]).await?;
        Ok(id)
    }
}

/// Notes a test mail that the command line has sent itself: the mails that wait are none of its business. Nobody who is signed in asks for
/// it, so the audit log names the shop itself.
#[derive(Clone, Debug)]
pub struct TestMailFromShell {
    /// The mail, as it was handed to the server.
    pub mail: OutboxMail,
    /// Clock and ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for TestMailFromShell {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let sent_at = Some(self.stamp.now);
        let mail = OutboxMail { status: MailStatus::Sent, attempts: 1, sent_at, ..self.mail.clone() };
        let changes = vec!["sent on the command line".to_owned()];
        let entry = AuditEntry {
            id: self.stamp.nth(1).ids().draw(),
            at: self.stamp.now,
            actor_id: None,
            action: MAIL_TESTED.to_owned(),
            subject_id: Some(mail.id.0),
            content: AuditContent { changes, ..AuditContent::default() },
        };
        Ok(tx.apply(&[Change::InsertMail(mail), Change::InsertAudit(entry)]).await?)
    }
}
