//! Removing a review.

use async_trait::async_trait;
use model::{AccountId, ReviewId};
use store::{Operation, Tx};

use super::{find, remove};
use crate::Error;

/// Removes a review: its author their own, the staff any.
#[derive(Clone, Copy, Debug)]
pub struct DeleteReview {
    /// Which.
    pub id: ReviewId,
    /// Whose it must be; `None` for the staff.
    pub author: Option<AccountId>,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
}

#[async_trait]
impl Operation for DeleteReview {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let review = find(tx, self.id, self.author, self.if_version).await?;
        Ok(tx.apply(&remove(&review)).await?)
    }
}
