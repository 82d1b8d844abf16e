//! What is done from time to time.

use async_trait::async_trait;
use model::Timestamp;
use store::{Change, Operation, Tx};

use crate::Error;

/// For how long a repeated request gets the first one's reply.
pub const IDEMPOTENCY_DAYS: i64 = 7;
/// For how long ended sessions are kept, so that the reuse of their tokens is still recognised.
const SESSION_DAYS: i64 = 7;

/// Removes idempotency keys, challenges and sessions that nobody needs any more.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// The time.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for Sweep {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let days_ago = |days: i64| self.now - model::SignedDuration::from_hours(days * 24);
        let sweep = Change::Sweep { keys_before: days_ago(IDEMPOTENCY_DAYS), sessions_before: days_ago(SESSION_DAYS) };
        Ok(tx.apply(&[sweep]).await?)
    }
}
