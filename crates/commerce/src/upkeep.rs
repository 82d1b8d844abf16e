//! What is done from time to time.

use async_trait::async_trait;
use model::{SignedDuration, Timestamp};
use store::{Change, Operation, Tx};

use crate::Error;

/// For how long a repeated request gets the first one's reply.
pub const IDEMPOTENCY_DAYS: i64 = 7;
/// For how long ended sessions are kept, so that the reuse of their tokens is still recognised; and what changed in the catalogue,
/// so that every index has read it.
const SESSION_DAYS: i64 = 7;
/// How many of each are removed in one transaction, which others may have to wait for.
const AT_ONCE: u32 = 1_000;
/// How often one of the processes takes a turn.
pub const TURN: SignedDuration = SignedDuration::from_hours(1);
/// Where the last turn is noted.
const LAST_TURN: &str = "upkeep_turn";

/// Takes the turn at what is done once an hour, whoever asks first: processes that share a database share the work.
#[derive(Clone, Copy, Debug)]
pub struct TakeTurn {
    /// The time.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for TakeTurn {
    /// Whether it is the caller's turn.
    type Output = bool;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<bool, Error> {
        let last = tx.meta(LAST_TURN).await?;
        // What cannot be read, or lies in the future because somebody's clock was wrong, counts as long ago.
        let last = last.and_then(|last| last.parse::<Timestamp>().ok());
        let is_taken = |last: Timestamp| (SignedDuration::ZERO..TURN).contains(&self.now.duration_since(last));
        if last.is_some_and(is_taken) {
            return Ok(false);
        }
        tx.apply(&[Change::PutMeta { key: LAST_TURN.into(), value: Some(self.now.to_string()) }]).await?;
        Ok(true)
    }
}

/// Removes some of the idempotency keys, challenges and sessions that nobody needs any more, oldest first; to be repeated
/// until there are none.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// The time.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for Sweep {
    /// How many were removed.
    type Output = u32;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<u32, Error> {
        let days_ago = |days: i64| self.now - SignedDuration::from_hours(days * 24);
        Ok(tx.sweep(days_ago(IDEMPOTENCY_DAYS), days_ago(SESSION_DAYS), AT_ONCE).await?)
    }
}
