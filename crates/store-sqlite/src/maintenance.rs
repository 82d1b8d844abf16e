//! What the command line asks.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use store::{Finding, Maintenance, StoreError};
use tokio::runtime::Handle;

use crate::{
    backup, check, connection,
    engine::{SqliteEngine, blocking},
    error::{Fault, OpenError},
    neighbour,
    readers::in_snapshot,
};

#[async_trait]
impl Maintenance for SqliteEngine {
    async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let path = self.place();
        // A connection of its own: a check of a large shop takes seconds, and the readers are few.
        blocking(move || {
            let lent = neighbour::ask_for_copy(&path);
            let copy = match &lent {
                Ok(None) => Ok(None),
                Ok(Some(lent)) => {
                    connection::inspector_of_copy(lent.path()).map(Some).map_err(|error| error.to_string())
                }
                Err(why) => Err(why.clone()),
            };
            let copy = copy.unwrap_or_else(|why| {
                tracing::warn!(why, "what is checked is no copy: if there is a running shop, its log grows meanwhile");
                None
            });
            let check = || -> Result<Vec<Finding>, Fault> {
                let whole = || connection::inspector(&path, Duration::from_secs(5));
                in_snapshot(&copy.map_or_else(whole, Ok)?, check::run)
            };
            check().map_err(Fault::into_store)
        })
        .await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (from, to, callers) = (self.place(), to.to_owned(), Arc::clone(&self.callers));
        let runtime = Handle::current();
        blocking(move || {
            let copy = runtime.block_on(neighbour::copy(&from, &callers));
            let copied = backup::take_or_read(&from, &to, copy.as_ref().map(|copy| Some(copy.path())));
            copied.map(drop).map_err(|error| match error {
                OpenError::Full(_) => StoreError::Full,
                error => StoreError::Internal(error.to_string()),
            })
        })
        .await
    }

    async fn answer_commands(&self) {
        neighbour::answer_commands(&self.place(), Arc::clone(&self.callers)).await;
    }

    async fn close(&self) -> Result<(), StoreError> {
        Self::close(self).await
    }
}
