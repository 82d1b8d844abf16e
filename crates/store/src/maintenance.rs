//! Looking after a database: checks and copies.

use std::path::Path;

use async_trait::async_trait;

use crate::StoreError;

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check found it, for example `ledger`.
    pub check: &'static str,
    /// What is wrong, with the row.
    pub what: String,
}

/// What the command line asks of an engine.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Proves that the data agree with themselves: the engine's own integrity check, foreign keys, ledger = level,
    /// totals = lines, every mail accounted for. Gives what is wrong, at most 100 findings a check.
    ///
    /// # Errors
    /// When the check itself could not run.
    async fn check(&self) -> Result<Vec<Finding>, StoreError>;

    /// Copies the live database into the new file `to`, and checks the copy. A file that is there already is refused.
    ///
    /// # Errors
    /// When the copy was not made; nothing is left at `to`.
    async fn backup(&self, to: &Path) -> Result<(), StoreError>;

    /// Answers the commands that are run beside this process and leave to it what it does better, until it is dropped. Ends at once when
    /// there are none, or none can reach it.
    async fn answer_commands(&self);

    /// Answers what is under way and lets go of the database. Later work is refused.
    ///
    /// # Errors
    /// When it did not end well.
    async fn close(&self) -> Result<(), StoreError>;
}

/// A whole engine.
pub trait Database: crate::Engine + Maintenance + crate::Copies {}

impl<E: crate::Engine + Maintenance + crate::Copies> Database for E {}
