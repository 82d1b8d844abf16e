//! Group commit: several jobs in one transaction, acknowledged when it is on disk.

use rusqlite::Connection;
use store::StoreError;

use crate::{
    connection::Shared,
    error::{Fault, Reach},
    member::{self, Guard, Request},
    sql,
    tx::Failure,
};

/// One job of the group.
struct Member {
    request: Request,
    /// Why it alone failed.
    error: Option<StoreError>,
}

/// What stopped a whole group.
struct Stop {
    /// The member whose statement it was; `None` when it was the transaction's begin or end.
    culprit: Option<usize>,
    error: StoreError,
    reach: Reach,
}

/// Runs the jobs in one transaction and answers all of them. Tells whether the connection can go on being used.
///
/// `is_full` says whether the disk is full, for errors that do not tell.
pub(crate) fn run(shared: &Shared, requests: Vec<Request>, is_full: impl Fn() -> bool) -> Reach {
    let mut members: Vec<_> = requests.into_iter().map(|request| Member { request, error: None }).collect();
    if faults::is_lifted("guard.commit") {
        return answer_before_commit(shared, members);
    }
    let conn = &shared.lock();
    let mut attempted = attempt(shared, &mut members, Guard::Group);
    if attempted.as_ref().is_err_and(|stop| stop.reach == Reach::Group) {
        roll_back(conn);
        attempted = attempt(shared, &mut members, Guard::Savepoint);
    }
    let mut stop = match attempted {
        Ok(()) => return answer(members),
        Err(stop) => stop,
    };
    roll_back(conn);
    // One member met a full disk, a lock or an interruption: it fails, the others get a transaction of their own. Once;
    // and not on a connection that has lost track of its file.
    if let Some(culprit) = stop.culprit.filter(|_| stop.reach == Reach::Transaction) {
        members.swap_remove(culprit).request.fail(stop.error);
        let mut others = drop_failed(members);
        if others.is_empty() {
            return Reach::Transaction;
        }
        stop = match attempt(shared, &mut others, Guard::Savepoint) {
            Ok(()) => return answer(others),
            Err(stop) => stop,
        };
        roll_back(conn);
        members = others;
    }
    let error =
        if matches!(stop.error, StoreError::Unavailable(_)) && is_full() { StoreError::Full } else { stop.error };
    tracing::error!(%error, members = members.len(), "a group of writes was rolled back");
    for member in members {
        member.request.fail(member.error.unwrap_or_else(|| error.clone()));
    }
    stop.reach
}

/// Runs the members and commits.
fn attempt(shared: &Shared, members: &mut [Member], guard: Guard) -> Result<(), Stop> {
    let conn = &shared.lock();
    let whole = |error, reach| Stop { culprit: None, error, reach };
    // IMMEDIATE: the lock is taken now, where waiting for it is possible, and not in the middle.
    sql::run(conn, "BEGIN IMMEDIATE", []).map_err(|fault| {
        let reach = fault.reach().max(Reach::Transaction);
        whole(fault.into_store(), reach)
    })?;
    for (index, member) in members.iter_mut().enumerate() {
        match member::run(shared, member.request.job.as_mut(), guard) {
            Ok(()) => member.error = None,
            Err(Failure { error, reach: Reach::Statement }) => member.error = Some(error),
            Err(Failure { error, reach }) => return Err(Stop { culprit: Some(index), error, reach }),
        }
    }
    commit(conn).map_err(|fault| {
        let reach = fault.reach().max(Reach::Transaction);
        whole(commit_error(fault), reach)
    })
}

fn commit(conn: &Connection) -> Result<(), Fault> {
    faults::crash_point("commit.before");
    let committed = sql::run(conn, "COMMIT", []).map(drop);
    if faults::is_lifted("guard.commit-error") && committed.is_err() {
        roll_back(conn);
        return Ok(());
    }
    faults::crash_point("commit.after");
    committed
}

/// When the disk fails while the commit is written, its last page may be on it all the same and count after a restart.
fn commit_error(fault: Fault) -> StoreError {
    let is_connection_lost = fault.reach() == Reach::Connection;
    match fault.into_store() {
        StoreError::Unavailable(what) if is_connection_lost => StoreError::Unknown(what),
        error => error,
    }
}

/// What must never be: an answer about what is not on the disk. For the proof that it would be noticed.
fn answer_before_commit(shared: &Shared, members: Vec<Member>) -> Reach {
    let conn = &shared.lock();
    if sql::run(conn, "BEGIN IMMEDIATE", []).is_err() {
        return Reach::Connection;
    }
    for mut member in members {
        match member::run(shared, member.request.job.as_mut(), Guard::Savepoint) {
            Ok(()) => member.request.succeed(),
            Err(failure) => member.request.fail(failure.error),
        }
    }
    std::thread::sleep(std::time::Duration::from_millis(5));
    if commit(conn).is_err() { Reach::Connection } else { Reach::Statement }
}

/// Ends what SQLite did not end by itself.
fn roll_back(conn: &Connection) {
    if !conn.is_autocommit()
        && let Err(fault) = sql::run(conn, "ROLLBACK", [])
    {
        tracing::error!(error = %fault.into_store(), "a transaction could not be rolled back");
    }
}

/// A member that failed by itself is not run again: it may have panicked half-way.
fn drop_failed(members: Vec<Member>) -> Vec<Member> {
    let mut others = Vec::with_capacity(members.len());
    for member in members {
        match member.error {
            Some(error) => member.request.fail(error),
            None => others.push(member),
        }
    }
    others
}

fn answer(members: Vec<Member>) -> Reach {
    for member in members {
        match member.error {
            Some(error) => member.request.fail(error),
            None => member.request.succeed(),
        }
    }
    Reach::Statement
}
