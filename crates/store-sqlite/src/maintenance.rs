//! What the command line asks.

use std::path::Path;

use async_trait::async_trait;
use store::{Finding, Maintenance, StoreError};

use crate::{
    backup, check, connection,
    engine::{SqliteEngine, blocking},
    error::{Fault, OpenError},
    readers::in_snapshot,
};

#[async_trait]
impl Maintenance for SqliteEngine {
    async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let path = self.path.clone();
        // A connection of its own: a check of a large shop takes seconds, and the readers are few.
        blocking(move || {
            let check = || -> Result<Vec<Finding>, Fault> {
                let conn = connection::reader(&path, std::time::Duration::from_secs(5))?;
                in_snapshot(&conn, check::run)
            };
            check().map_err(Fault::into_store)
        })
        .await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (from, to) = (self.path.clone(), to.to_owned());
        blocking(move || {
            backup::copy_database(&from, &to).map_err(|error| match error {
                OpenError::Full(_) => StoreError::Full,
                error => StoreError::Internal(error.to_string()),
            })
        })
        .await
    }

    async fn close(&self) -> Result<(), StoreError> {
        Self::close(self).await
    }
}
