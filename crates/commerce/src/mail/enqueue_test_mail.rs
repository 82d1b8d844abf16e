//! A mail that tries whether mails arrive.

use async_trait::async_trait;
use model::{AuditContent, AuditEntry, Email, MailId, MailTemplate, OutboxMail, Stamp};
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

/// The same for those who run the program: nobody who is signed in asks for it, so the audit log names the shop itself.
#[derive(Clone, Debug)]
pub struct TestMailFromShell(pub EnqueueTestMail);

#[async_trait]
impl Operation for TestMailFromShell {
    type Output = MailId;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<MailId, Error> {
        let mail = self.0.run(tx).await?;
        let changes = vec!["sent on the command line".to_owned()];
        let entry = AuditEntry {
            id: self.0.stamp.nth(1).ids().draw(),
            at: self.0.stamp.now,
            actor_id: None,
            action: MAIL_TESTED.to_owned(),
            subject_id: Some(mail.0),
            content: AuditContent { changes, ..AuditContent::default() },
        };
        tx.apply(&[Change::InsertAudit(entry)]).await?;
        Ok(mail)
    }
}
