//! Delivering to the built-in mailbox.

use async_trait::async_trait;
use model::{
    Timestamp,
    mail::{Due, WAIT_MAX},
};
use store::{Operation, Tx};

use crate::Error;

/// Delivers mails that are due to the built-in mailbox: they are there already, so that noting it is all. No lease is
/// needed, because there is no sending that could be done twice. Gives how many there were.
#[derive(Clone, Copy, Debug)]
pub struct KeepMails {
    /// The time.
    pub now: Timestamp,
    /// At most this many.
    pub limit: u32,
}

#[async_trait]
impl Operation for KeepMails {
    type Output = u32;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<u32, Error> {
        Ok(tx.keep_mails(Due::within(self.now, WAIT_MAX), self.limit).await?)
    }
}
