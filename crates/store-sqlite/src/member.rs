//! One job of a group: how its writes are undone, and what became of it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll, Waker},
};

use rusqlite::Connection;
use store::{Job, JobOutcome, StoreError};

use crate::{
    connection::Shared,
    error::{Fault, Reach},
    queue, sql,
    tx::{Failure, SqliteTx},
};

/// A job and who waits for it.
pub(crate) type Request = queue::Request<Box<dyn Job>>;

/// How a member's writes could be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Not without those of the whole group. A savepoint copies every page before its first change, a quarter of the
    /// time of an order; and hardly any member needs it, because operations decide before they write.
    Group,
    /// By a savepoint of its own.
    Savepoint,
}

/// Runs the job in the open transaction. On success the job ran to its end and its writes stay, or it asked for none to
/// stay.
///
/// # Errors
/// What was written is undone, unless the failure reaches beyond the statement: then the caller must end the whole
/// transaction.
pub(crate) fn run(shared: &Shared, job: &mut dyn Job, guard: Guard) -> Result<(), Failure> {
    let conn = &shared.lock();
    if guard == Guard::Savepoint {
        sql::run(conn, "SAVEPOINT member", []).map_err(failure)?;
    }
    let ran = poll_once(shared, job);
    if conn.is_autocommit() {
        // SQLite ended the transaction by itself, and any savepoint with it.
        let gone = || StoreError::Internal("the transaction is gone".to_owned());
        let error = ran.trouble.map_or_else(gone, |trouble| trouble.error);
        return Err(Failure { error, reach: Reach::Transaction });
    }
    let undo = |conn: &Connection| guard.undo(conn, ran.has_written);
    match (ran.outcome, ran.trouble) {
        (_, Some(trouble)) if trouble.reach > Reach::Statement => Err(trouble),
        // The operation has the error in its result, and says Rollback; if it says Commit, it lost the error.
        (Ok(JobOutcome::Rollback), _) => undo(conn),
        (Ok(JobOutcome::Commit), None) => guard.keep(conn),
        (Ok(JobOutcome::Commit), Some(trouble)) => undo(conn).and(Err(trouble)),
        (Err(bug), _) => {
            undo(conn)?;
            Err(Failure { error: StoreError::Internal(bug.to_owned()), reach: Reach::Statement })
        }
    }
}

/// What a job did.
struct Ran {
    outcome: Result<JobOutcome, &'static str>,
    /// What went wrong in its transaction.
    trouble: Option<Failure>,
    has_written: bool,
}

/// Polls the job's future once: it awaits nothing but the transaction, which is always ready.
fn poll_once(shared: &Shared, job: &mut dyn Job) -> Ran {
    let mut tx = SqliteTx::new(shared);
    // The job's result is not looked at after a panic, and its writes are undone: nothing half-done can be seen.
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let mut running = job.run(&mut tx);
        running.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }));
    let outcome = match polled {
        Ok(Poll::Ready(outcome)) => Ok(outcome),
        Ok(Poll::Pending) => Err("an operation awaited something other than its transaction"),
        Err(_) => Err("an operation panicked"),
    };
    if let Err(bug) = outcome {
        tracing::error!(bug, "an operation was rolled back");
    }
    Ran { outcome, has_written: tx.has_written(), trouble: tx.into_failure() }
}

impl Guard {
    fn keep(self, conn: &Connection) -> Result<(), Failure> {
        match self {
            Self::Group => Ok(()),
            Self::Savepoint => sql::run(conn, "RELEASE member", []).map(drop).map_err(failure),
        }
    }

    fn undo(self, conn: &Connection, has_written: bool) -> Result<(), Failure> {
        match self {
            Self::Group if has_written => {
                let error = StoreError::Internal("a member's writes must be undone".to_owned());
                Err(Failure { error, reach: Reach::Group })
            }
            Self::Group => Ok(()),
            Self::Savepoint => {
                sql::run(conn, "ROLLBACK TO member", []).map_err(failure)?;
                sql::run(conn, "RELEASE member", []).map(drop).map_err(failure)
            }
        }
    }
}

/// A savepoint that cannot be set or ended leaves the transaction in an unknown state.
fn failure(fault: Fault) -> Failure {
    let reach = fault.reach().max(Reach::Transaction);
    Failure { error: fault.into_store(), reach }
}
