//! Writing a review, and changing it.

use async_trait::async_trait;
use model::{
    AccountId, ProductId, ProductStatus, Review, ReviewId, ReviewStatus, Stamp,
    review::{ReviewContent, author},
};
use store::{Operation, Tx};

use super::{find, put};
use crate::{Conflict, Error, accounts::usable_row};

/// What a customer says.
#[derive(Clone, Debug)]
pub struct ReviewDraft {
    /// 1 to 5.
    pub stars: i64,
    /// A line above the text.
    pub title: Option<String>,
    /// The text.
    pub text: String,
    /// The name under it; made from the account's name when `None`.
    pub author: Option<String>,
}

/// Writes a customer's review of a product: one for each product.
#[derive(Clone, Debug)]
pub struct WriteReview {
    /// Who writes.
    pub account_id: AccountId,
    /// About what.
    pub product_id: ProductId,
    /// What.
    pub draft: ReviewDraft,
    /// What it begins as: approved, where the shop does not look at reviews first.
    pub status: ReviewStatus,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for WriteReview {
    type Output = Review;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Review, Error> {
        // The account comes first: its lock keeps two reviews of one customer apart.
        let account = usable_row(tx.account(self.account_id).await?)?.account;
        let product = tx.product(self.product_id).await?.filter(|product| product.status == ProductStatus::Active);
        let product = product.ok_or(Error::NotFound("product"))?;
        if let Some(before) = tx.reviews_of(account.id, Some(product.id)).await?.first() {
            return Err(Conflict::AlreadyReviewed(before.id).into());
        }
        let is_verified = tx.has_ordered(account.id, product.id).await?;
        let (id, now) = (self.stamp.ids().draw(), self.stamp.now);
        let ReviewDraft { stars, title, text, author: name } = self.draft.clone();
        let review = Review {
            id,
            product_id: product.id,
            account_id: account.id,
            status: self.status,
            stars,
            content: ReviewContent {
                title,
                text,
                author: name.unwrap_or_else(|| author(&account.name)),
                is_verified,
                reply: None,
                reported_by: Vec::new(),
                updated_at: now,
            },
            created_at: now,
            version: 1,
        };
        let review = review.validate()?;
        tx.apply(&put(None, &review)).await?;
        Ok(review)
    }
}

/// What a customer says otherwise now; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ReviewPatch {
    /// See [`ReviewDraft`].
    pub stars: Option<i64>,
    /// `Some(None)` removes it.
    pub title: Option<Option<String>>,
    /// See [`ReviewDraft`].
    pub text: Option<String>,
    /// See [`ReviewDraft`].
    pub author: Option<String>,
}

/// Changes one's own review. Where the staff look at reviews first, they look at this one again. A change that says what is there
/// already changes nothing.
#[derive(Clone, Debug)]
pub struct EditReview {
    /// Which.
    pub id: ReviewId,
    /// Whose it must be.
    pub account_id: AccountId,
    /// The change.
    pub patch: ReviewPatch,
    /// What it is afterwards, as in [`WriteReview`].
    pub status: ReviewStatus,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// The clock.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for EditReview {
    type Output = Review;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Review, Error> {
        let account = usable_row(tx.account(self.account_id).await?)?.account;
        let before = find(tx, self.id, Some(account.id), self.if_version).await?;
        let ReviewPatch { stars, title, text, author } = self.patch.clone();
        let content = before.content.clone();
        let after = Review {
            stars: stars.unwrap_or(before.stars),
            status: edited(before.status, self.status),
            content: ReviewContent {
                title: title.unwrap_or(content.title),
                text: text.unwrap_or(content.text),
                author: author.unwrap_or(content.author),
                is_verified: tx.has_ordered(account.id, before.product_id).await?,
                updated_at: self.stamp.now,
                ..content
            },
            version: before.version + 1,
            ..before.clone()
        };
        let after = after.validate()?;
        // What says the same as before need not be looked at again, and would only be hidden until it was.
        if says(&after) == says(&before) {
            return Ok(before);
        }
        tx.apply(&put(Some(&before), &after)).await?;
        Ok(after)
    }
}

/// What its author says with a review.
fn says(review: &Review) -> (i64, Option<&str>, &str, &str) {
    let ReviewContent { title, text, author, .. } = &review.content;
    (review.stars, title.as_deref(), text, author)
}

/// What a review is once its author has changed it. Only one that is shown goes on being shown where nobody looks first: one that the
/// staff rejected waits for them, however often it is changed.
fn edited(before: ReviewStatus, otherwise: ReviewStatus) -> ReviewStatus {
    if before == ReviewStatus::Approved { otherwise } else { ReviewStatus::Pending }
}
