//! Reviews, wishlists, and who waits for what.

use commerce::reviews::{ReviewDraft, ReviewPatch, ReviewVerdict};
use model::{
    AccountId, ProductId, Rating, Review, ReviewId, ReviewStatus, StockAlert, Timestamp, VariantId,
    review::{ReviewReply, STARS_MAX},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ProductDto, patch};

/// What the reviews of a product say together.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Rating, example = json!({"average": 4.3, "count": 12}))]
pub struct RatingDto {
    /// The average of the stars, 1 to 5, to a tenth.
    pub average: f64,
    /// How many reviews count.
    pub count: i64,
}

impl RatingDto {
    /// The rating; `None` without reviews.
    #[must_use]
    pub fn of(rating: Rating) -> Option<Self> {
        let tenths = rating.tenths().and_then(|tenths| i32::try_from(tenths).ok())?;
        Some(Self { average: f64::from(tenths) / 10.0, count: rating.count })
    }
}

/// A page of the reviews of a product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewList)]
pub struct ReviewListDto {
    /// The reviews of this page.
    pub items: Vec<ReviewDto>,
    /// What to send as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// How many of all approved reviews of the product gave how many stars: one entry each for 5, 4, 3, 2 and 1, whatever this list is
    /// filtered by.
    pub ratings: Vec<RatingCountDto>,
}

/// How many reviews gave so many stars.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = RatingCount)]
pub struct RatingCountDto {
    /// The stars, 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i64,
    /// How many reviews.
    pub count: i64,
}

impl RatingCountDto {
    /// An entry for each number of stars, the most first, of the counts of those that some reviews gave.
    #[must_use]
    pub fn all(counts: &[(i64, i64)]) -> Vec<Self> {
        let count = |rating: i64| counts.iter().find(|(stars, _)| *stars == rating).map_or(0, |(_, count)| *count);
        (1..=STARS_MAX).rev().map(|rating| Self { rating, count: count(rating) }).collect()
    }
}

/// Whether others see a review.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewStatus)]
pub enum ReviewStatusDto {
    /// The staff have not looked at it yet.
    Pending,
    /// Everybody sees it.
    Approved,
    /// Its author alone sees it.
    Rejected,
}

/// A review, as everybody sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Review)]
pub struct ReviewDto {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: ReviewId,
    /// What it is about.
    #[schema(value_type = Uuid)]
    pub product_id: ProductId,
    /// 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i64,
    /// A line above the text.
    #[schema(required)]
    pub title: Option<String>,
    /// The text; plain, not HTML.
    pub text: String,
    /// The name under it.
    #[schema(example = "Ann F.")]
    pub author: String,
    /// Whether its author had bought the product when it was written.
    pub verified_purchase: bool,
    /// What the shop says to it.
    #[schema(required)]
    pub reply: Option<ReviewReplyDto>,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its author last changed it.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl From<&Review> for ReviewDto {
    fn from(review: &Review) -> Self {
        let content = &review.content;
        Self {
            id: review.id,
            product_id: review.product_id,
            rating: review.stars,
            title: content.title.clone(),
            text: content.text.clone(),
            author: content.author.clone(),
            verified_purchase: content.is_verified,
            reply: content.reply.as_ref().map(ReviewReplyDto::from),
            created_at: review.created_at,
            updated_at: content.updated_at,
        }
    }
}

/// What the shop says to a review.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewReply)]
pub struct ReviewReplyDto {
    /// The text; plain, not HTML.
    pub text: String,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<&ReviewReply> for ReviewReplyDto {
    fn from(reply: &ReviewReply) -> Self {
        Self { text: reply.text.clone(), at: reply.at }
    }
}

/// A review, as its author sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnReview)]
pub struct OwnReviewDto {
    /// What everybody sees, once it is approved.
    #[serde(flatten)]
    pub review: ReviewDto,
    /// Whether others see it.
    #[schema(value_type = ReviewStatusDto)]
    pub status: ReviewStatus,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl From<&Review> for OwnReviewDto {
    fn from(review: &Review) -> Self {
        Self { review: review.into(), status: review.status, version: review.version }
    }
}

/// A review in the list of its author, with the product that it is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnReviewItem)]
pub struct OwnReviewItemDto {
    /// The review.
    #[serde(flatten)]
    pub review: OwnReviewDto,
    /// Its product; null when that is no longer for sale.
    #[schema(required)]
    pub product: Option<ProductDto>,
}

/// A review, as the staff see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminReview)]
pub struct AdminReviewDto {
    /// What its author sees.
    #[serde(flatten)]
    pub review: OwnReviewDto,
    /// Whose it is.
    #[schema(value_type = Uuid)]
    pub account_id: AccountId,
    /// How many customers find that it should not be there.
    pub reports: usize,
}

impl From<&Review> for AdminReviewDto {
    fn from(review: &Review) -> Self {
        Self { review: review.into(), account_id: review.account_id, reports: review.content.reported_by.len() }
    }
}

/// What a customer says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReview, example = json!({"rating": 5, "title": "Just right", "text": "Soft, and it keeps its shape."}))]
pub struct NewReviewDto {
    /// 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i64,
    /// A line above the text, up to 120 characters.
    pub title: Option<String>,
    /// The text, up to 5,000 characters; plain, not HTML.
    #[serde(default)]
    pub text: String,
    /// The name under it; the first name and a letter when left out, such as `Ann F.`.
    pub author: Option<String>,
}

impl From<NewReviewDto> for ReviewDraft {
    fn from(dto: NewReviewDto) -> Self {
        Self { stars: dto.rating, title: dto.title, text: dto.text, author: dto.author }
    }
}

/// A change of one's review; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewPatch, example = json!({"rating": 4}))]
pub struct ReviewPatchDto {
    /// 1 to 5.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = i64, minimum = 1, maximum = 5)]
    pub rating: Option<i64>,
    /// A line above the text; `null` removes it.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<String>)]
    pub title: Option<Option<String>>,
    /// The text.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub text: Option<String>,
    /// The name under it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub author: Option<String>,
}

impl From<ReviewPatchDto> for ReviewPatch {
    fn from(dto: ReviewPatchDto) -> Self {
        Self { stars: dto.rating, title: dto.title, text: dto.text, author: dto.author }
    }
}

/// What the staff make of a review; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewVerdict, example = json!({"status": "approved", "reply": "Thank you, Ann!"}))]
pub struct ReviewVerdictDto {
    /// Whether others see it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = ReviewStatusDto)]
    pub status: Option<ReviewStatus>,
    /// What the shop says to it, up to 5,000 characters; `null` takes it back.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<String>)]
    pub reply: Option<Option<String>>,
    /// Whether the reports are done with: they are forgotten.
    #[serde(default)]
    pub dismiss_reports: bool,
}

impl From<ReviewVerdictDto> for ReviewVerdict {
    fn from(dto: ReviewVerdictDto) -> Self {
        Self { status: dto.status, reply: dto.reply, dismiss_reports: dto.dismiss_reports }
    }
}

/// One's own wishlist.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Wishlist)]
pub struct WishlistDto {
    /// What is on it, in the order in which it was added. What is no longer for sale is left out.
    pub items: Vec<WishlistItemDto>,
    /// The end of the link that shares it, `GET /v1/wishlists/{token}`; null while it is not shared.
    #[schema(required)]
    pub share_token: Option<String>,
}

/// A wishlist that somebody shares.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SharedWishlist)]
pub struct SharedWishlistDto {
    /// What is on it, in the order in which it was added. What is no longer for sale is left out.
    pub items: Vec<WishlistItemDto>,
}

/// A product on a wishlist.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WishlistItem)]
pub struct WishlistItemDto {
    /// The product.
    pub product: ProductDto,
    /// Since when it is on the list.
    #[schema(value_type = String, format = DateTime)]
    pub added_at: Timestamp,
}

/// What one waits for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockAlert)]
pub struct StockAlertDto {
    /// The variant that is sold out.
    #[schema(value_type = Uuid)]
    pub variant_id: VariantId,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<&StockAlert> for StockAlertDto {
    fn from(alert: &StockAlert) -> Self {
        Self { variant_id: alert.variant_id, created_at: alert.created_at }
    }
}

/// What one waits for, with the product that it is of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockAlertItem)]
pub struct StockAlertItemDto {
    /// The variant that is sold out.
    #[schema(value_type = Uuid)]
    pub variant_id: VariantId,
    /// Its product; null when that is no longer for sale.
    #[schema(required)]
    pub product: Option<ProductDto>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}
