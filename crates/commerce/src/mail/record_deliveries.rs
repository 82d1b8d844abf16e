//! Noting what became of mails.

use async_trait::async_trait;
use model::{
    MailId, Timestamp,
    mail::{ATTEMPTS_MAX, DeliveryOutcome, MailLease, retry_after},
};
use store::{Change, Operation, StoreError, Tx};

use crate::Error;

/// What became of one mail that was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which, as it was handed out.
    pub lease: MailLease,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// Whether a deferral says something about the server alone (it cannot be reached, the worker stops): then it
    /// does not bring the mail nearer to being given up, and the mail is due again soon.
    pub server_only: bool,
}

/// Notes what became of mails: sent, to be tried again (and when), or given up.
#[derive(Clone, Debug)]
pub struct RecordDeliveries {
    /// What became of which.
    pub deliveries: Vec<Delivery>,
    /// The time.
    pub now: Timestamp,
    /// A random number that spreads the next tries.
    pub jitter: u16,
    /// Whether to look for each mail first and pass over those that are gone, because their account was deleted while
    /// they were on their way. Rare, and a lookup each; so worth asking only after [`StoreError::Broken`].
    pub skip_missing: bool,
}

#[async_trait]
impl Operation for RecordDeliveries {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let mut changes = Vec::with_capacity(self.deliveries.len());
        for delivery in &self.deliveries {
            if !self.skip_missing || tx.mail(delivery.lease.mail).await?.is_some() {
                changes.push(self.change(delivery)?);
            }
        }
        Ok(tx.apply(&changes).await?)
    }
}

impl RecordDeliveries {
    fn change(&self, delivery: &Delivery) -> Result<Change, StoreError> {
        let lease = delivery.lease;
        let (attempts, retry_attempts) = match delivery.outcome {
            DeliveryOutcome::Deferred { .. } if delivery.server_only => (lease.attempts - 1, Some(1)),
            DeliveryOutcome::Deferred { .. } if lease.attempts < ATTEMPTS_MAX => (lease.attempts, Some(lease.attempts)),
            _ => (lease.attempts, None),
        };
        let next_attempt_at = retry_attempts
            .map(|attempts| self.now.checked_add(retry_after(attempts, self.jitter_of(lease.mail))))
            .transpose()
            .map_err(|e| StoreError::Internal(format!("the next try is beyond the end of time: {e}")))?;
        let outcome = delivery.outcome.clone();
        Ok(Change::RecordDelivery { lease, attempts, at: self.now, outcome, next_attempt_at })
    }

    /// Another number for each mail of the batch: what failed together shall not come back together.
    fn jitter_of(&self, id: MailId) -> u16 {
        let [.., high, low] = *id.0.as_bytes();
        (u16::from_be_bytes([high, low]) ^ self.jitter) % 1001
    }
}

#[cfg(test)]
mod tests {
    use model::SignedDuration;

    use super::*;

    fn next_after(attempts: i64, outcome: DeliveryOutcome, server_only: bool) -> Option<SignedDuration> {
        let now = Timestamp::UNIX_EPOCH;
        let lease = MailLease { mail: model::Stamp::new(now, 1).ids().draw(), attempts, until: now };
        let delivery = Delivery { lease, outcome, server_only };
        let operation = RecordDeliveries { deliveries: Vec::new(), now, jitter: 77, skip_missing: false };
        match operation.change(&delivery).expect("in range") {
            Change::RecordDelivery { next_attempt_at, .. } => next_attempt_at.map(|at| at.duration_since(now)),
            other => panic!("not a delivery: {other:?}"),
        }
    }

    fn deferred() -> DeliveryOutcome {
        DeliveryOutcome::Deferred { error: "450 later".into() }
    }

    #[test]
    fn deferrals_back_off_and_are_given_up_at_last() {
        let first = next_after(1, deferred(), false).expect("tried again");
        let fifth = next_after(5, deferred(), false).expect("tried again");
        assert!(first >= SignedDuration::from_secs(4) && first <= SignedDuration::from_secs(6), "{first:?}");
        assert!(fifth >= SignedDuration::from_secs(64) && fifth <= SignedDuration::from_secs(96), "{fifth:?}");
        assert!(next_after(ATTEMPTS_MAX - 1, deferred(), false).is_some());
        assert_eq!(next_after(ATTEMPTS_MAX, deferred(), false), None);
    }

    #[test]
    fn a_server_that_is_down_gives_no_mail_up() {
        let soon = next_after(ATTEMPTS_MAX + 3, deferred(), true).expect("tried again");
        assert!(soon <= SignedDuration::from_secs(6), "{soon:?}");
    }

    #[test]
    fn what_was_sent_or_rejected_is_not_tried_again() {
        assert_eq!(next_after(1, DeliveryOutcome::Sent { keep_secret: false }, false), None);
        assert_eq!(next_after(1, DeliveryOutcome::Rejected { error: "550 no".into() }, false), None);
    }
}
