//! Handing out mails for delivery.

use async_trait::async_trait;
use model::{
    OutboxMail, SignedDuration, Timestamp,
    mail::{ATTEMPTS_MAX, DeliveryOutcome, Due},
};
use store::{Change, Operation, StoreError, Tx};

use crate::Error;

/// How often a mail is handed out in all, but for when the server could not be reached. More than [`ATTEMPTS_MAX`], because some
/// leases never become a try: the program was killed.
const LEASES_MAX: i64 = ATTEMPTS_MAX * 2;

/// Hands out mails that are due, and hides them from other workers for the length of the lease. A worker that dies
/// loses nothing: its mails come back when the lease is over.
#[derive(Clone, Copy, Debug)]
pub struct LeaseMails {
    /// The time.
    pub now: Timestamp,
    /// For how long the mails are this worker's.
    pub lease: SignedDuration,
    /// What is to wait for longer than this waits for a time that a wrong clock said, and is due: [`WAIT_MAX`](model::mail::WAIT_MAX),
    /// or little more than a lease where the clock was just put back.
    pub wait_max: SignedDuration,
    /// At most this many.
    pub limit: u32,
}

#[async_trait]
impl Operation for LeaseMails {
    type Output = Vec<OutboxMail>;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Vec<OutboxMail>, Error> {
        let until = self
            .now
            .checked_add(self.lease)
            .map_err(|e| StoreError::Internal(format!("the lease ends beyond the end of time: {e}")))?;
        let leased = tx.lease_mails(Due::within(self.now, self.wait_max), until, self.limit).await?;

        // A mail that ends the worker each time it is tried would be handed out for ever.
        let (hopeless, leased): (Vec<_>, Vec<_>) = leased.into_iter().partition(|mail| mail.attempts > LEASES_MAX);
        if !hopeless.is_empty() {
            let changes: Vec<_> = hopeless.iter().map(|mail| self.give_up(mail)).collect();
            tx.apply(&changes).await?;
        }
        Ok(leased)
    }
}

impl LeaseMails {
    fn give_up(&self, mail: &OutboxMail) -> Change {
        let error = match &mail.last_error {
            Some(error) => error.clone(),
            None => format!("delivery was begun {LEASES_MAX} times and never came to an end"),
        };
        let outcome = DeliveryOutcome::Rejected { error };
        let (lease, attempts) = (mail.lease(), mail.attempts);
        Change::RecordDelivery { lease, attempts, at: self.now, outcome, next_attempt_at: None }
    }
}
