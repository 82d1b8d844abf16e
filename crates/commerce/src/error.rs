//! Why an operation was refused, in the shop's terms. What that means over HTTP is the web crate's business.

use model::{
    Currency, Money, OrderStatus, ReviewId, Violation, Violations, address::SAVED_ADDRESSES_MAX, category::Misplaced,
    checkout::Shortage,
};
use store::StoreError;
use thiserror::Error;

/// Why an operation was refused.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// The input is wrong.
    #[error("invalid input: {0}")]
    Invalid(#[from] Violations),
    /// There is no such thing, or it is not the caller's to know of.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Somebody changed the resource since the caller read it.
    #[error("the version is {current}, not the expected one")]
    Stale {
        /// Its version now.
        current: i64,
    },
    /// The state of the shop stands against it.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The credentials, code or token are not (or no longer) good. Deliberately says no more.
    #[error("not authenticated")]
    NotAuthenticated,
    /// The caller may not do this.
    #[error("not allowed")]
    Forbidden,
    /// The password was right, but the address was never proven.
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// The password was right, but the staff locked the account.
    #[error("the account is disabled")]
    AccountDisabled,
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// Why, for whoever sent a file, where it may have to be read by a shopkeeper.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Invalid(violations) => violations.0.iter().map(Violation::sentence).collect::<Vec<_>>().join("; "),
            error => error.to_string(),
        }
    }
}

/// A state of the shop that stands against an operation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Conflict {
    /// Not enough of something.
    #[error("out of stock")]
    OutOfStock(Vec<Shortage>),
    /// The order comes to another total than its buyer was told: to this one.
    #[error("the order comes to {0} now")]
    PriceChanged(Money),
    /// The order cannot go there from where it is.
    #[error("an order that is {} cannot become {}", from.as_str(), to.as_str())]
    NotAllowed {
        /// Where it is.
        from: OrderStatus,
        /// Where it was asked to go.
        to: OrderStatus,
        /// Where it may go.
        allowed: &'static [OrderStatus],
    },
    /// Another account has the address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// Another product or category has the slug.
    #[error("the slug `{0}` is taken")]
    SlugTaken(String),
    /// Another variant has the SKU.
    #[error("the SKU `{0}` is taken by another variant")]
    SkuTaken(String),
    /// Another attribute has the key.
    #[error("the key `{0}` is taken by another attribute")]
    KeyTaken(String),
    /// The shop would be without an owner.
    #[error("the last owner cannot be removed")]
    LastOwner,
    /// There is an owner already, so the set-up link is no longer good.
    #[error("the shop has an owner already")]
    OwnerExists,
    /// Categories hang below it.
    #[error("the category has categories below it")]
    HasSubcategories,
    /// A collection takes its products from it.
    #[error("the rule of the collection `{0}` names the category; change that first")]
    CategoryInRule(String),
    /// It cannot hang there.
    #[error("the category cannot hang there")]
    Misplaced(Misplaced),
    /// A product needs at least one variant.
    #[error("the last variant of a product cannot be removed")]
    LastVariant,
    /// The variant is in an order.
    #[error("the variant was ordered and cannot be removed")]
    VariantOrdered,
    /// The stock would fall below zero, or rise beyond every measure.
    #[error("there are {on_hand} on hand")]
    StockOutOfRange {
        /// Pieces on hand.
        on_hand: i64,
    },
    /// Somebody counted, or something came or went that no order took or gave back, since what was counted was looked at.
    #[error("the stock was changed since it was looked at: there are {on_hand} on hand now")]
    Recounted {
        /// Pieces on hand.
        on_hand: i64,
    },
    /// The shop has another currency than when a file was read.
    #[error("the shop sells in {now} now, and no longer in {was}, in which the file was read")]
    CurrencyChanged {
        /// What products of the file are priced in.
        was: Currency,
        /// The shop's currency.
        now: Currency,
    },
    /// The variant's stock is not tracked.
    #[error("the stock of this variant is not tracked")]
    StockNotTracked,
    /// An account can keep no more addresses.
    #[error("an account keeps at most {} addresses; delete one first", SAVED_ADDRESSES_MAX)]
    TooManyAddresses,
    /// A wishlist can have no more products.
    #[error("a wishlist has at most {} products; take one off first", model::wishlist::ITEMS_MAX)]
    TooManyWishes,
    /// A customer can wait for no more variants.
    #[error("one can wait for at most {} variants; take one back first", model::review::ALERTS_MAX)]
    TooManyAlerts,
    /// As many jobs wait as may.
    #[error("too many jobs wait already")]
    TooManyJobs,
    /// The customer has reviewed the product already, with this review.
    #[error("there is a review by this customer already; change that one")]
    AlreadyReviewed(ReviewId),
    /// Nobody has to wait for the variant.
    #[error("the variant can be bought now")]
    InStock,
    /// The mail's code or token was wiped when it was sent.
    #[error("the code in this mail was wiped when it was sent; ask for a new one instead")]
    SecretGone,
}

/// Compares the version that a caller expects with the one there is.
///
/// # Errors
/// [`Error::Stale`] when they differ.
pub fn check_version(expected: Option<i64>, current: i64) -> Result<(), Error> {
    if expected.is_none_or(|expected| expected == current) { Ok(()) } else { Err(Error::Stale { current }) }
}
