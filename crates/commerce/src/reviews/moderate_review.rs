//! What the staff make of a review.

use async_trait::async_trait;
use model::{Review, ReviewId, ReviewStatus, Timestamp, review::reply};
use store::{Operation, Tx};

use super::{find, put};
use crate::Error;

/// What changes; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ReviewVerdict {
    /// Whether others see it.
    pub status: Option<ReviewStatus>,
    /// What the shop says to it; `Some(None)` takes that back.
    pub reply: Option<Option<String>>,
    /// Whether the reports are done with: they are forgotten.
    pub dismiss_reports: bool,
}

/// Approves or rejects a review, or says something to it.
#[derive(Clone, Debug)]
pub struct ModerateReview {
    /// Which.
    pub id: ReviewId,
    /// The change.
    pub verdict: ReviewVerdict,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for ModerateReview {
    type Output = Review;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Review, Error> {
        let before = find(tx, self.id, None, self.if_version).await?;
        let mut after = Review { version: before.version + 1, ..before.clone() };
        if let Some(status) = self.verdict.status {
            after.status = status;
            // The order that it came of may have been cancelled since, or placed.
            after.content.is_verified = tx.has_ordered(before.account_id, before.product_id).await?;
        }
        if let Some(text) = &self.verdict.reply {
            after.content.reply = text.as_deref().map(|text| reply(text, self.now)).transpose()?;
        }
        if self.verdict.dismiss_reports {
            after.content.reported_by.clear();
        }
        tx.apply(&put(Some(&before), &after)).await?;
        Ok(after)
    }
}
