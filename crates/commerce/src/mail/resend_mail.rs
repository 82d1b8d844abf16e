//! Sending a mail again.

use async_trait::async_trait;
use model::{MailId, Timestamp};
use store::{Change, Operation, Tx};

use crate::{Conflict, Error};

/// Makes a mail due again, whatever became of it, with all its tries before it.
#[derive(Clone, Copy, Debug)]
pub struct ResendMail {
    /// Which.
    pub id: MailId,
    /// The time.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for ResendMail {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let mail = tx.mail(self.id).await?.ok_or(Error::NotFound("mail"))?;
        if mail.template.needs_secret() && mail.secret.is_none() {
            return Err(Conflict::SecretGone.into());
        }
        Ok(tx.apply(&[Change::RequeueMail { id: self.id, at: self.now }]).await?)
    }
}
