//! The secrets that all processes of a shop share.

use async_trait::async_trait;
use store::{Change, Operation, StoreError, Tx};

/// The name of the value that keeps them.
pub const SHARED_KEYS: &str = "keys";

/// Gives the keys that the database keeps. The first process that asks gives its own.
#[derive(Clone)]
pub struct ShareKeys {
    /// New keys, in case there are none.
    pub fresh: String,
}

#[async_trait]
impl Operation for ShareKeys {
    type Output = String;
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<String, StoreError> {
        if let Some(kept) = tx.meta(SHARED_KEYS).await? {
            return Ok(kept);
        }
        tx.apply(&[Change::PutMeta { key: SHARED_KEYS.into(), value: Some(self.fresh.clone()) }]).await?;
        Ok(self.fresh.clone())
    }
}

impl std::fmt::Debug for ShareKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShareKeys(..)")
    }
}
