//! Noting that mails of this shop go out by SMTP.

use async_trait::async_trait;
use store::{Change, Operation, Tx};

use crate::Error;

/// Where it is noted that the shop's mails go to a mail server.
pub(super) const SENDS_BY_SMTP: &str = "mails_by_smtp";

/// Notes that the shop's mails go to a mail server: from then on a program that was started without its settings leaves them waiting
/// ([`KeepMails`](super::KeepMails)).
#[derive(Clone, Copy, Debug)]
pub struct NoteSmtp;

#[async_trait]
impl Operation for NoteSmtp {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        if tx.meta(SENDS_BY_SMTP).await?.is_none() {
            tx.apply(&[Change::PutMeta { key: SENDS_BY_SMTP.into(), value: Some("yes".to_owned()) }]).await?;
        }
        Ok(())
    }
}
