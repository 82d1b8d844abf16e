//! What is done from time to time.

use std::time::Duration;

use async_trait::async_trait;
use model::{SignedDuration, Timestamp, running_time::RunningTime};
use store::{Change, Operation, StoreError, Tx};

use crate::Error;

/// How many of each are removed in one transaction, which others may have to wait for.
const AT_ONCE: u32 = 1_000;
/// How often one of the processes takes a turn.
pub const TURN: SignedDuration = SignedDuration::from_hours(1);
/// Where the last turn is noted.
const LAST_TURN: &str = "upkeep_turn";
/// Where it is noted for how long the shop has run.
const RUNNING_TIME: &str = "upkeep_running_time";

/// Counts the time that passed, and takes the turn at what is done once an hour, whoever asks first: processes that share a database
/// share the work.
#[derive(Clone, Copy, Debug)]
pub struct TakeTurn {
    /// The time.
    pub now: Timestamp,
    /// What the caller saw of the time that is counted; `None` when it asks for the first time.
    pub watched: Option<Watched>,
}

/// For how long a process has seen the same count, by a clock that only goes forward. Whoever counts that is the only one to count it:
/// for all others the count is another one then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The count.
    pub counted: Duration,
    /// For how long.
    pub passed: Duration,
}

/// What [`TakeTurn`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// For how long the shop has run, as far as it was counted.
    pub counted: Duration,
    /// Whether it is the caller's turn.
    pub is_taken: bool,
    /// For [`Sweep`]; `None` while the shop has not run for long enough.
    pub kept_from: Option<Timestamp>,
}

#[async_trait]
impl Operation for TakeTurn {
    type Output = Turn;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Turn, Error> {
        // What cannot be read is counted anew: then everything is kept for longer.
        let noted = tx.meta(RUNNING_TIME).await?;
        let before: Option<RunningTime> = noted.and_then(|noted| serde_json::from_str(&noted).ok());
        let mut running = before.clone().unwrap_or_default();
        let watched = self.watched.filter(|watched| watched.counted == running.counted());
        running.pass(watched.map_or(Duration::ZERO, |watched| watched.passed), self.now);

        let last = tx.meta(LAST_TURN).await?;
        // What cannot be read, or lies in the future because somebody's clock was wrong, counts as long ago.
        let last = last.and_then(|last| last.parse::<Timestamp>().ok());
        let is_recent = |last: Timestamp| (SignedDuration::ZERO..TURN).contains(&self.now.duration_since(last));
        let is_taken = !last.is_some_and(is_recent);

        let mut changes = Vec::new();
        if before.as_ref() != Some(&running) {
            let noted = serde_json::to_string(&running).map_err(|error| StoreError::Internal(error.to_string()))?;
            changes.push(Change::PutMeta { key: RUNNING_TIME.into(), value: Some(noted) });
        }
        if is_taken {
            changes.push(Change::PutMeta { key: LAST_TURN.into(), value: Some(self.now.to_string()) });
        }
        if !changes.is_empty() {
            tx.apply(&changes).await?;
        }
        Ok(Turn { counted: running.counted(), is_taken, kept_from: running.kept_from(self.now) })
    }
}

/// Removes some of the idempotency keys, challenges and sessions that nobody needs any more, oldest first; to be repeated
/// until there are none.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// What was worth something after this time stays: see [`Turn::kept_from`].
    pub before: Timestamp,
}

#[async_trait]
impl Operation for Sweep {
    /// How many were removed.
    type Output = u32;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<u32, Error> {
        Ok(tx.sweep(self.before, self.before, AT_ONCE).await?)
    }
}
