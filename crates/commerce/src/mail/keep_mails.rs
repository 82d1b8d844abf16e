//! Delivering to the built-in mailbox.

use async_trait::async_trait;
use model::{
    Timestamp,
    mail::{Due, WAIT_MAX},
};
use store::{Operation, Tx};

use super::note_smtp::SENDS_BY_SMTP;
use crate::Error;

/// Delivers mails that are due to the built-in mailbox: they are there already, so that noting it is all. No lease is
/// needed, because there is no sending that could be done twice. Gives how many there were.
///
/// A shop whose mails go to a mail server was started without its settings when this runs: to call its mails sent would lose them. They are
/// left waiting, and it gives nothing, unless the mailbox was asked for by name.
#[derive(Clone, Copy, Debug)]
pub struct KeepMails {
    /// The time.
    pub now: Timestamp,
    /// At most this many.
    pub limit: u32,
    /// Whether the mailbox was asked for by name, and is not just what is there when nothing is set.
    pub is_chosen: bool,
}

#[async_trait]
impl Operation for KeepMails {
    type Output = Option<u32>;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Option<u32>, Error> {
        if !self.is_chosen && tx.meta(SENDS_BY_SMTP).await?.is_some() {
            return Ok(None);
        }
        Ok(Some(tx.keep_mails(Due::within(self.now, WAIT_MAX), self.limit).await?))
    }
}
