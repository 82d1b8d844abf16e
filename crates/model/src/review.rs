//! Reviews: what customers think of a product, and what their stars add up to.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, ProductId, ReviewId, text,
    violation::{Violation, Violations},
};

/// The best that a review can say; the worst is 1.
pub const STARS_MAX: i64 = 5;
/// How many reports of one review are noted; by then somebody has looked, or nobody does.
pub const REPORTS_MAX: usize = 100;

/// Whether others see a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// The staff have not looked at it yet.
    Pending,
    /// Everybody sees it, and its stars count.
    Approved,
    /// Its author alone sees it.
    Rejected,
}

impl ReviewStatus {
    /// As it is stored and spoken in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl FromStr for ReviewStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Pending, Self::Approved, Self::Rejected].into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// What a customer thinks of a product; each says it once for each product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// Of what.
    pub product_id: ProductId,
    /// Whose.
    pub account_id: AccountId,
    /// Whether others see it.
    pub status: ReviewStatus,
    /// 1 to [`STARS_MAX`].
    pub stars: i64,
    /// The rest of it.
    pub content: ReviewContent,
    /// When it was written.
    pub created_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: i64,
}

/// What is shown of a review, beside its stars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewContent {
    /// A line above the text.
    pub title: Option<String>,
    /// The text; may be empty.
    pub text: String,
    /// The name under it.
    pub author: String,
    /// Whether its author had bought the product when it was written.
    pub is_verified: bool,
    /// What the shop says to it.
    pub reply: Option<ReviewReply>,
    /// Who finds that it should not be there.
    pub reported_by: Vec<AccountId>,
    /// When its author last changed it.
    pub updated_at: Timestamp,
}

/// What the shop says to a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewReply {
    /// The text.
    pub text: String,
    /// When it was last changed.
    pub at: Timestamp,
}

impl Review {
    /// Trims the texts and checks what its author writes.
    ///
    /// # Errors
    /// What is wrong.
    pub fn validate(mut self) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        if !(1..=STARS_MAX).contains(&self.stars) {
            wrong.add("/rating", "out_of_range", format!("must be 1 to {STARS_MAX}"));
        }
        let content = &mut self.content;
        content.title = content.title.take().and_then(|title| wrong.take(text::optional_line("/title", &title, 120)));
        content.title = content.title.take().filter(|title| !title.is_empty());
        content.text = wrong.take(paragraph("/text", &content.text)).unwrap_or_default();
        content.author = wrong.take(text::line("/author", &content.author, 60)).unwrap_or_default();
        wrong.into_result().map(|()| self)
    }

    /// How many of the product's reviews and stars it is: none while others do not see it.
    fn counts(&self) -> Rating {
        if self.status == ReviewStatus::Approved { Rating { count: 1, stars: self.stars } } else { Rating::default() }
    }
}

/// A reply as it is stored.
///
/// # Errors
/// When it is too long or says nothing.
pub fn reply(text: &str, at: Timestamp) -> Result<ReviewReply, Violations> {
    let text = paragraph("/reply", text).map_err(|wrong| Violations(vec![wrong]))?;
    if text.is_empty() {
        return Err(Violations::one("/reply", "required", "must say something; null removes it"));
    }
    Ok(ReviewReply { text, at })
}

fn paragraph(pointer: &str, words: &str) -> Result<String, Violation> {
    text::paragraph(pointer, words, 5000)
}

/// The name that is shown for a person who did not choose one: the first name, and the first letter of the last.
#[must_use]
pub fn author(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().unwrap_or("Customer");
    match words.next_back().and_then(|last| last.chars().next()) {
        Some(initial) => format!("{first} {initial}."),
        None => first.to_owned(),
    }
}

/// What the stars of a product's reviews add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rating {
    /// How many reviews count.
    pub count: i64,
    /// Their stars together.
    pub stars: i64,
}

impl Rating {
    /// The average in tenths of a star, rounded; `None` without reviews.
    #[must_use]
    pub const fn tenths(self) -> Option<i64> {
        if self.count > 0 { Some((self.stars * 20 + self.count) / (self.count * 2)) } else { None }
    }

    /// What a review adds to its product when it was `before` and is `after`.
    #[must_use]
    pub fn change(before: Option<&Review>, after: Option<&Review>) -> Self {
        let [before, after] = [before, after].map(|review| review.map(Review::counts).unwrap_or_default());
        Self { count: after.count - before.count, stars: after.stars - before.stars }
    }
}

/// Somebody waits for a variant to be in stock again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockAlert {
    /// Which variant.
    pub variant_id: crate::VariantId,
    /// Who.
    pub account_id: AccountId,
    /// Since when.
    pub created_at: Timestamp,
}

/// The most variants that one customer waits for.
pub const ALERTS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn review(status: ReviewStatus, stars: i64) -> Review {
        let now = Timestamp::UNIX_EPOCH;
        Review {
            id: ReviewId(uuid::Uuid::nil()),
            product_id: ProductId(uuid::Uuid::nil()),
            account_id: AccountId(uuid::Uuid::nil()),
            status,
            stars,
            content: ReviewContent {
                title: Some("  Good ".to_owned()),
                text: String::new(),
                author: author("Ann Mary Fox"),
                is_verified: false,
                reply: None,
                reported_by: Vec::new(),
                updated_at: now,
            },
            created_at: now,
            version: 1,
        }
    }

    #[test]
    fn names_are_shortened_and_stars_bounded() {
        assert_eq!([author("Ann Mary Fox"), author("Ann"), author(" ")], ["Ann F.", "Ann", "Customer"]);
        assert!(review(ReviewStatus::Pending, 5).validate().is_ok());
        for stars in [0, 6, -1, i64::MAX] {
            assert_eq!(review(ReviewStatus::Pending, stars).validate().expect_err("refused").0[0].pointer, "/rating");
        }
        assert!(reply(" ", Timestamp::UNIX_EPOCH).is_err());
    }

    #[test]
    fn averages_are_rounded_to_tenths() {
        let tenths = |count, stars| Rating { count, stars }.tenths();
        assert_eq!([tenths(0, 0), tenths(1, 5), tenths(3, 14), tenths(3, 13)], [None, Some(50), Some(47), Some(43)]);
    }

    proptest! {
        /// Whatever becomes of a review, the changes add up to what it is in the end.
        #[test]
        fn changes_add_up(moves in prop::collection::vec((0_usize..3, 1_i64..=5), 1..20)) {
            let status = [ReviewStatus::Pending, ReviewStatus::Approved, ReviewStatus::Rejected];
            let mut total = Rating::default();
            let mut before: Option<Review> = None;
            for (which, stars) in moves {
                let after = review(status[which], stars);
                let change = Rating::change(before.as_ref(), Some(&after));
                total = Rating { count: total.count + change.count, stars: total.stars + change.stars };
                before = Some(after);
            }
            prop_assert_eq!(Some(total), before.as_ref().map(Review::counts));
            let last = Rating::change(before.as_ref(), None);
            prop_assert_eq!((total.count + last.count, total.stars + last.stars), (0, 0));
        }
    }
}
