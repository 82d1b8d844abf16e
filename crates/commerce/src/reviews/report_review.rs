//! Reporting a review.

use async_trait::async_trait;
use model::{AccountId, ReviewId, ReviewStatus, review::REPORTS_MAX};
use store::{Change, Operation, Tx};

use crate::{Error, accounts::usable_row};

/// Notes that a customer finds that a review should not be there. Doing it again changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct ReportReview {
    /// Which.
    pub id: ReviewId,
    /// Who.
    pub account_id: AccountId,
}

#[async_trait]
impl Operation for ReportReview {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let account_id = usable_row(tx.account(self.account_id).await?)?.account.id;
        let found = tx.review(self.id).await?.filter(|review| review.status == ReviewStatus::Approved);
        let mut review = found.ok_or(Error::NotFound("review"))?;
        let reports = &mut review.content.reported_by;
        if reports.contains(&account_id) || reports.len() >= REPORTS_MAX {
            return Ok(());
        }
        reports.push(account_id);
        // What the staff see is another version, what its author wrote is not: an edit must not fail for it.
        Ok(tx.apply(&[Change::PutReview(review)]).await?)
    }
}
