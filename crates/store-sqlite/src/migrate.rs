//! Bringing a database to the newest schema, step by step.

use std::path::{Path, PathBuf};

use file_owner::hand_over;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::{backup, connection::pragma, error::OpenError, open::APPLICATION_ID};

/// One step. Steps are numbered from 1 without gaps; the number is the schema version that it leads to.
pub(crate) struct Migration {
    /// The version that it leads to.
    pub(crate) version: i64,
    /// What it does.
    pub(crate) sql: &'static str,
}

/// All steps, in their order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: include_str!("../migrations/0001_shop.sql") },
    Migration { version: 2, sql: include_str!("../migrations/0002_catalogue.sql") },
    Migration { version: 3, sql: include_str!("../migrations/0003_reviews.sql") },
    Migration { version: 4, sql: include_str!("../migrations/0004_dashboard.sql") },
    Migration { version: 5, sql: include_str!("../migrations/0005_parcels.sql") },
    Migration { version: 6, sql: include_str!("../migrations/0006_alerts.sql") },
];

/// The version that this program works with.
pub(crate) fn latest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// Runs the steps that `conn`, the database at `path`, has not seen. Two processes may do this at once: each step
/// looks at the version again once it holds the lock. Before the first step, a database with data is copied to
/// `{path}.before-v{version}`.
///
/// # Errors
/// The database is then at the last step that succeeded.
pub(crate) fn run(conn: &mut Connection, path: &Path, migrations: &[Migration]) -> Result<(), OpenError> {
    let known = migrations.last().map_or(0, |migration| migration.version);
    let mut is_safe = false;
    loop {
        let locked = conn.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = locked.map_err(|error| OpenError::from_sqlite(path, &error))?;
        let version = pragma(&transaction, "user_version").map_err(|error| OpenError::from_sqlite(path, &error))?;
        if version > known {
            // Another, newer process was quicker.
            return Err(OpenError::Newer { path: path.display().to_string(), found: version, known });
        }
        let Some(step) = migrations.iter().find(|migration| migration.version > version) else { return Ok(()) };
        if version > 0 && !is_safe {
            // The lock is held, so this is the state that the step begins from.
            let copy = copy_path(path, known);
            backup::copy_database(path, &copy)?;
            hand_over(&copy, path);
        }
        // Copied, or made a moment ago.
        is_safe = true;
        apply(transaction, step).map_err(|error| OpenError::Migration {
            path: path.display().to_string(),
            version: step.version,
            reason: error.to_string(),
        })?;
        tracing::info!(version = step.version, "database migrated");
    }
}

fn apply(transaction: Transaction<'_>, step: &Migration) -> rusqlite::Result<()> {
    transaction.execute_batch(step.sql)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", step.version)?;
    transaction.commit()
}

/// `shop.db.before-v2`, or `shop.db.before-v2.1` and so on when an earlier attempt left a copy: the older one may be
/// the one that is wanted.
fn copy_path(path: &Path, version: i64) -> PathBuf {
    let named = |suffix: String| backup::beside(path, &format!(".before-v{version}{suffix}"));
    let numbered = (1..1000).map(|n| named(format!(".{n}")));
    let mut candidates = std::iter::once(named(String::new())).chain(numbered);
    candidates.find(|candidate| !candidate.exists()).unwrap_or_else(|| named(".last".to_owned()))
}

#[cfg(test)]
mod tests;
