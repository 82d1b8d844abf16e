//! Reviews: written by customers, looked at by staff; and what their stars add up to.

mod delete_review;
mod moderate_review;
mod report_review;
mod write_review;

pub use delete_review::DeleteReview;
pub use moderate_review::{ModerateReview, ReviewVerdict};
pub use report_review::ReportReview;
pub use write_review::{EditReview, ReviewDraft, ReviewPatch, WriteReview};

use model::{AccountId, Rating, Review, ReviewId};
use store::{Change, Tx};

use crate::{Error, check_version};

/// What stores a review that was `before`, and counts it.
fn put(before: Option<&Review>, after: &Review) -> Vec<Change> {
    let change = Rating::change(before, Some(after));
    let mut changes = vec![Change::PutReview(after.clone())];
    if change != Rating::default() {
        changes.push(Change::AddRating { product_id: after.product_id, change });
    }
    changes
}

/// What removes a review, and no longer counts it.
pub(crate) fn remove(review: &Review) -> Vec<Change> {
    let change = Rating::change(Some(review), None);
    let mut changes = vec![Change::DeleteReview { id: review.id }];
    if change != Rating::default() {
        changes.push(Change::AddRating { product_id: review.product_id, change });
    }
    changes
}

/// The review in the version that the caller saw; of `author`, if that is given.
async fn find(
    tx: &mut dyn Tx,
    id: ReviewId,
    author: Option<AccountId>,
    if_version: Option<i64>,
) -> Result<Review, Error> {
    let review = tx.review(id).await?.filter(|review| author.is_none_or(|author| author == review.account_id));
    let review = review.ok_or(Error::NotFound("review"))?;
    check_version(if_version, review.version)?;
    Ok(review)
}
