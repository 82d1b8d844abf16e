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

/// Where it is noted which keys the shop has.
const NOTED: &str = "keys_fingerprint";

/// Notes which keys the shop has, so that others are told from them: with those, nobody stays signed in, and no second factor is good.
#[derive(Clone, Debug)]
pub struct NoteKeys {
    /// What tells these keys from others, and nothing else of them.
    pub fingerprint: String,
}

#[async_trait]
impl Operation for NoteKeys {
    /// Whether the shop had other ones before.
    type Output = bool;
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<bool, StoreError> {
        let noted = tx.meta(NOTED).await?;
        if noted.as_ref() == Some(&self.fingerprint) {
            return Ok(false);
        }
        tx.apply(&[Change::PutMeta { key: NOTED.into(), value: Some(self.fingerprint.clone()) }]).await?;
        Ok(noted.is_some())
    }
}

impl std::fmt::Debug for ShareKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShareKeys(..)")
    }
}
