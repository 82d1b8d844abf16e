//! Sending a mail again.

use async_trait::async_trait;
use model::{MailId, Timestamp};
use store::{Change, Operation, Tx};

use crate::{Conflict, Error};

/// Makes a mail due again, whatever became of it, with all its tries before it; but for one that somebody may be sending at this moment:
/// it would be sent twice.
#[derive(Clone, Copy, Debug)]
pub struct ResendMail {
    /// Which.
    pub id: MailId,
    /// The time.
    pub now: Timestamp,
}

/// What becomes of the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resent {
    /// It is due.
    Due,
    /// It is left as it is: it is being sent, or is tried again by itself within minutes.
    OnItsWay,
}

#[async_trait]
impl Operation for ResendMail {
    type Output = Resent;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Resent, Error> {
        let mail = tx.mail(self.id).await?.ok_or(Error::NotFound("mail"))?;
        if mail.template.needs_secret() && mail.secret.is_none() {
            return Err(Conflict::SecretGone.into());
        }
        if mail.may_be_on_its_way(self.now) {
            return Ok(Resent::OnItsWay);
        }
        tx.apply(&[Change::RequeueMail { id: self.id, at: self.now }]).await?;
        Ok(Resent::Due)
    }
}
