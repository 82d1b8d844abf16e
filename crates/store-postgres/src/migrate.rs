//! Bringing a database to this program's schema.
//!
//! Each migration is one transaction, so it happens whole or not at all, and processes that start at once wait for each
//! other at its first statement. Never edit a migration that was released: add `migrations/000N_name.sql` and its line here.

use std::cmp::Ordering;

use deadpool_postgres::Object;
use tokio_postgres::error::SqlState;

use crate::{
    error::{OpenError, error_is_connection_class, is_lost, text},
    server::Options,
};

/// The migrations, in their order: the first brings an empty database to version 1.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_shop.sql"),
    include_str!("../migrations/0002_catalogue.sql"),
    include_str!("../migrations/0003_reviews.sql"),
    include_str!("../migrations/0004_dashboard.sql"),
    include_str!("../migrations/0005_parcels.sql"),
    include_str!("../migrations/0006_alerts.sql"),
    include_str!("../migrations/0007_mails.sql"),
];

/// The version that this program works with.
pub(crate) fn latest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The lock that one process holds while it migrates: "cart" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1667330676)";
/// Another process may be at a migration that takes minutes.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = 0";
const STATE: &str = "SELECT to_regclass('schema_version') IS NOT NULL, EXISTS (SELECT 1 FROM pg_class c \
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S'))";

/// Whether the user has rights without which no shop can work; that nobody took some other one away is not asked.
pub(crate) const MAY_WRITE: &str = "SELECT bool_and(has_table_privilege(t, p)) FROM (VALUES ('orders', 'INSERT'), ('orders', 'UPDATE'), \
     ('stock_levels', 'UPDATE'), ('accounts', 'UPDATE'), ('sessions', 'INSERT'), ('mails', 'INSERT')) AS needed (t, p)";

/// Refuses a user who may look at the shop and not work in it.
///
/// # Errors
/// It is such a user.
pub(crate) async fn must_write(client: &Object) -> Result<(), OpenError> {
    let failed = |error| failed(latest(), &error);
    let rows = client.query_typed(MAY_WRITE, &[]).await.map_err(failed)?;
    let may_write: Option<bool> = rows.first().map(|row| row.try_get(0)).transpose().map_err(failed)?;
    match may_write {
        Some(true) => Ok(()),
        _ => Err(OpenError::Rights("it may read tables and not write them".to_owned())),
    }
}

/// Removes entries of the catalogue's feed that came with a copy from another server, and have numbers there that no transaction
/// here has reached: each index would read them again with every look until they are a week old. An index that is made after them
/// needs none.
pub(crate) async fn part_from_another_server(client: &Object) {
    const SQL: &str = "DELETE FROM catalogue_feed WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())";
    // They cost time and nothing else. Another process that starts may be at them.
    if let Err(error) = client.query_typed(SQL, &[]).await {
        tracing::warn!(error = %text(&error), "what another server noted of changes could not be removed");
    }
}

/// Runs what is missing of `migrations`.
///
/// # Errors
/// The database is newer, is somebody else's, or a migration failed.
pub(crate) async fn run(client: &Object, migrations: &[&str]) -> Result<(), OpenError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    loop {
        let version = match version(client).await? {
            Some(version) if version > known => return Err(OpenError::Newer { found: version, known }),
            Some(version) if version == known => return Ok(()),
            found => found,
        };
        let next = version.unwrap_or(0);
        let sql = usize::try_from(next).ok().and_then(|at| migrations.get(at)).copied().unwrap_or_default();
        step(client, version, next + 1, sql).await?;
    }
}

/// Refuses a database that is not at this program's schema.
///
/// # Errors
/// The database is empty, older, newer, or somebody else's.
pub(crate) async fn must_be_done(client: &Object, options: &Options) -> Result<(), OpenError> {
    let found = version(client).await?.ok_or_else(|| OpenError::Empty(options.server()))?;
    let known = latest();
    match found.cmp(&known) {
        Ordering::Less => Err(OpenError::Older { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(OpenError::Newer { found, known }),
    }
}

/// Whether nothing of a shop is there, or not even a place for it, and no shop is open on it.
pub(crate) async fn is_unused(client: &Object) -> Result<bool, OpenError> {
    let ask = async |sql: &str| {
        let rows = client.query_typed(sql, &[]).await.map_err(|error| failed(0, &error))?;
        rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0).map_err(|error| failed(0, &error)))
    };
    if ask(crate::copy::OTHERS).await? > 0 {
        return Ok(false);
    }
    for table in crate::copy::OF_A_SHOP {
        let is_there = ask(&format!("SELECT count(to_regclass('{table}'))")).await? > 0;
        if is_there && ask(&format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1) AS one")).await? > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The version of the schema; `None` when the database is empty.
pub(crate) async fn version(client: &Object) -> Result<Option<i64>, OpenError> {
    let failed = |error| failed(0, &error);
    let row = client.query_typed(STATE, &[]).await.map_err(failed)?;
    let (is_ours, is_used) = match row.first() {
        Some(row) => (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?),
        None => (false, false),
    };
    match (is_ours, is_used) {
        (false, false) => Ok(None),
        (false, true) => Err(OpenError::NotOurs),
        (true, _) => {
            let rows = client.query_typed("SELECT version FROM schema_version", &[]).await.map_err(failed)?;
            rows.first().map(|row| row.try_get(0).map_err(failed)).transpose()
        }
    }
}

/// Runs one migration, unless another process has in the meantime.
async fn step(client: &Object, from: Option<i64>, to: i64, sql: &str) -> Result<(), OpenError> {
    let failed = |error| failed(to, &error);
    client.batch_execute(BEGIN).await.map_err(failed)?;
    let done = async {
        client.batch_execute(LOCK).await.map_err(failed)?;
        // A new statement sees what another process committed while this one waited.
        if version(client).await? != from {
            return Ok(());
        }
        client.batch_execute(sql).await.map_err(failed)?;
        let note = match from {
            None => format!(
                "CREATE TABLE schema_version (version BIGINT NOT NULL); INSERT INTO schema_version VALUES ({to})"
            ),
            Some(_) => format!("UPDATE schema_version SET version = {to}"),
        };
        client.batch_execute(&note).await.map_err(failed)?;
        tracing::info!(version = to, "database migrated");
        Ok(())
    };
    match done.await {
        Ok(()) => client.batch_execute("COMMIT").await.map_err(failed),
        Err(error) => {
            // The connection is dropped with the error; undoing is only quicker.
            let _ = client.batch_execute("ROLLBACK").await;
            Err(error)
        }
    }
}

/// Why the version `version` was not reached.
fn failed(version: i64, error: &tokio_postgres::Error) -> OpenError {
    match error.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => OpenError::Rights(text(error)),
        // The server went away, without a word or with one: it stops, or begins (57P).
        None if is_lost(error) => OpenError::Lost(text(error)),
        Some(code) if error_is_connection_class(code) || code.code().starts_with("57P") => OpenError::Lost(text(error)),
        _ => OpenError::Migration { version, reason: text(error) },
    }
}
