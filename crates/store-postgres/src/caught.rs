//! Bugs of operations: one that panics ends itself, and neither whoever asked for it nor those in its company.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use store::StoreError;

/// Polls what runs an operation. After a panic it must not be polled again, and what it did must be undone: then nothing half-done can be
/// seen.
///
/// # Errors
/// It panicked.
pub(crate) fn poll<T>(
    running: Pin<&mut (dyn Future<Output = T> + Send + '_)>,
    context: &mut Context<'_>,
) -> Poll<Result<T, StoreError>> {
    let polled = catch_unwind(AssertUnwindSafe(|| running.poll(context)));
    match polled {
        Ok(Poll::Ready(outcome)) => Poll::Ready(Ok(outcome)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => {
            let bug = "an operation panicked";
            tracing::error!(bug, "an operation was rolled back");
            Poll::Ready(Err(StoreError::Internal(bug.to_owned())))
        }
    }
}
