//! What may go wrong below the rules.

use thiserror::Error;

/// An engine's failure. Nothing of the operation has been stored when one is returned, with the exception that
/// [`StoreError::Unknown`] names.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// More is asked of the engine than it can do now; try again shortly.
    #[error("the database is busy")]
    Busy,
    /// The engine cannot be reached, or is stopping; try again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// There is no room left to write. Reads go on.
    #[error("the disk is full")]
    Full,
    /// The connection was lost while committing: the operation may or may not have been stored. Repeating it with its
    /// idempotency key settles which.
    #[error("the outcome of the commit is not known: {0}")]
    Unknown(String),
    /// A row that must exist does not, or a stored value cannot be read: somebody wrote to the database by hand, or
    /// there is a bug.
    #[error("broken data: {0}")]
    Broken(String),
    /// A constraint of the schema stopped what the code should have refused: a bug, but nothing was stored.
    #[error("constraint violated: {0}")]
    Constraint(String),
    /// Anything else.
    #[error("database error: {0}")]
    Internal(String),
}

impl StoreError {
    /// Data in `table`, row `row` that cannot be what it claims to be.
    pub fn broken(table: &str, row: impl std::fmt::Display, what: impl std::fmt::Display) -> Self {
        Self::Broken(format!("{table} {row}: {what}"))
    }
}
