//! Running operations.

use std::any::Any;

use async_trait::async_trait;

use crate::{Operation, Queries, StoreError, Tx};

/// A database that can run operations and answer queries.
#[async_trait]
pub trait Engine: Queries {
    /// Runs the job in a transaction of its own: commits when it says so, rolls back otherwise, and gives it back
    /// only when a commit is durable. The job may be run more than once; the last run counts.
    ///
    /// # Errors
    /// Nothing was stored (but see [`StoreError::Unknown`]).
    async fn submit(&self, job: Box<dyn Job>) -> Result<Box<dyn Job>, StoreError>;
}

/// Whether a job's transaction shall stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// Keep what was written.
    Commit,
    /// Undo what was written.
    Rollback,
}

/// An operation with the place for its result, as the engines see it.
#[async_trait]
pub trait Job: Send {
    /// See [`Operation::may_share_transaction`].
    fn may_share_transaction(&self) -> bool;
    /// Runs the operation and keeps its result.
    async fn run(&mut self, tx: &mut dyn Tx) -> JobOutcome;
    /// Itself, so that the result can be taken out.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// Runs `operation` on `engine`.
///
/// # Errors
/// The operation's refusal, or the engine's failure as the operation's error.
pub async fn execute<O: Operation>(engine: &dyn Engine, operation: O) -> Result<O::Output, O::Error> {
    let job = Box::new(Runner { operation, result: None });
    let done = engine.submit(job).await?;
    let runner = done.into_any().downcast::<Runner<O>>();
    match runner.ok().and_then(|runner| runner.result) {
        Some(result) => result,
        None => Err(StoreError::Internal("the engine gave back a job that it had not run".to_owned()).into()),
    }
}

struct Runner<O: Operation> {
    operation: O,
    result: Option<Result<O::Output, O::Error>>,
}

#[async_trait]
impl<O: Operation> Job for Runner<O> {
    fn may_share_transaction(&self) -> bool {
        self.operation.may_share_transaction()
    }

    async fn run(&mut self, tx: &mut dyn Tx) -> JobOutcome {
        let result = self.operation.run(tx).await;
        let outcome = if result.is_ok() { JobOutcome::Commit } else { JobOutcome::Rollback };
        self.result = Some(result);
        outcome
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
