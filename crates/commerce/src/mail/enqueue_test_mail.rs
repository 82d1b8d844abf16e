//! A mail that tries whether mails arrive.

use async_trait::async_trait;
use model::{Email, MailId, MailTemplate, OutboxMail, Stamp};
use store::{Change, Operation, Tx};

use crate::Error;

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
