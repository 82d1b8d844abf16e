//! What the shop's and the engine's errors are over HTTP.

use commerce::{Conflict, Error};
use identity::Overloaded;
use model::{VariantId, Violation, Violations, checkout::Shortage};
use pictures::{FetchError, MediaError};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use super::{Code, FieldError, Problem};
use crate::dto::MoneyDto;

impl From<Violations> for Problem {
    fn from(violations: Violations) -> Self {
        let mut problem = Self::new(Code::InvalidInput);
        problem.0.errors = violations.0.iter().map(FieldError::from).collect();
        problem
    }
}

impl From<Violation> for Problem {
    fn from(violation: Violation) -> Self {
        Violations(vec![violation]).into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (code, retry_after_secs) = match &error {
            StoreError::Busy => (Code::Busy, Some(1)),
            StoreError::Unavailable(_) => (Code::Unavailable, Some(2)),
            StoreError::Unknown(_) => (Code::OutcomeUnknown, Some(1)),
            StoreError::Full => (Code::DiskFull, None),
            StoreError::Broken(_) | StoreError::Constraint(_) | StoreError::Internal(_) => (Code::Internal, None),
        };
        let problem = Self::new(code).cause(error);
        match retry_after_secs {
            Some(secs) => problem.retry_after_secs(secs),
            None => problem,
        }
    }
}

/// A picture that was not taken, or could not be kept.
impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Refused(refusal) => Self::new(Code::PictureRefused).detail(sentence(&refusal.to_string())),
            MediaError::NotFound | MediaError::OutOfRange(_) => Self::not_found(),
            MediaError::Unavailable(_) => Self::new(Code::Unavailable).retry_after_secs(5).cause(error),
        }
    }
}

/// A picture that could not be fetched.
impl From<FetchError> for Problem {
    fn from(error: FetchError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            // No fault of the picture, nor of who asks for it.
            FetchError::NoCertificates(_) => {
                Self::new(Code::Unavailable).retry_after_secs(60).detail(detail).cause(error)
            }
            _ => Self::new(Code::PictureRefused).detail(detail),
        }
    }
}

/// Hashing passwords must not take the processor from those who order: it is refused instead.
impl From<Overloaded> for Problem {
    fn from(_: Overloaded) -> Self {
        Self::new(Code::Busy).retry_after_secs(1)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => violations.into(),
            Error::NotFound(_) => Self::not_found(),
            Error::Stale { .. } => Self::new(Code::VersionMismatch),
            Error::Conflict(conflict) => conflict.into(),
            Error::NotAuthenticated => Self::not_authenticated(),
            Error::Forbidden => Self::new(Code::Forbidden),
            Error::EmailNotVerified => Self::new(Code::EmailNotVerified),
            Error::AccountDisabled => Self::new(Code::AccountDisabled),
            Error::Store(error) => error.into(),
        }
    }
}

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        let problem = Self::new(code_of(&conflict)).detail(sentence(&conflict.to_string()));
        match conflict {
            Conflict::OutOfStock(shortages) => {
                let lines: Vec<_> = shortages.into_iter().map(ShortLine::from).collect();
                problem.member("short_lines", lines)
            }
            Conflict::PriceChanged(total) => problem.member("total", MoneyDto::from(total)),
            Conflict::AlreadyReviewed(id) => problem.member("review_id", id),
            Conflict::NotAllowed { from, to, allowed } => {
                let allowed: Vec<_> = allowed.iter().map(|status| status.as_str()).collect();
                problem.member("from", from.as_str()).member("to", to.as_str()).member("allowed", allowed)
            }
            Conflict::StockOutOfRange { on_hand } | Conflict::Recounted { on_hand } => {
                problem.member("on_hand", on_hand)
            }
            _ => problem,
        }
    }
}

const fn code_of(conflict: &Conflict) -> Code {
    match conflict {
        Conflict::OutOfStock(_) => Code::OutOfStock,
        Conflict::PriceChanged(_) => Code::PriceChanged,
        Conflict::NotAllowed { .. } => Code::TransitionNotAllowed,
        Conflict::EmailTaken => Code::EmailTaken,
        Conflict::SlugTaken(_) => Code::SlugTaken,
        Conflict::SkuTaken(_) => Code::SkuTaken,
        Conflict::KeyTaken(_) => Code::KeyTaken,
        Conflict::TooManyWishes => Code::TooManyWishes,
        Conflict::TooManyAlerts => Code::TooManyAlerts,
        Conflict::TooManyJobs => Code::TooManyJobs,
        Conflict::AlreadyReviewed(_) => Code::AlreadyReviewed,
        Conflict::InStock => Code::InStock,
        Conflict::LastOwner => Code::LastOwner,
        Conflict::OwnerExists => Code::OwnerExists,
        Conflict::HasSubcategories => Code::HasSubcategories,
        Conflict::CategoryInRule(_) => Code::CategoryInRule,
        Conflict::Misplaced(_) => Code::CategoryMisplaced,
        Conflict::LastVariant => Code::LastVariant,
        Conflict::VariantOrdered => Code::VariantOrdered,
        Conflict::StockOutOfRange { .. } => Code::StockOutOfRange,
        Conflict::Recounted { .. } | Conflict::CurrencyChanged { .. } => Code::VersionMismatch,
        Conflict::StockNotTracked => Code::StockNotTracked,
        Conflict::TooManyAddresses => Code::TooManyAddresses,
        Conflict::SecretGone => Code::SecretGone,
    }
}

/// A line of an order that asks for more than there is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShortLine {
    /// Which variant.
    #[schema(value_type = Uuid)]
    variant_id: VariantId,
    /// What its product is called.
    title: String,
    /// What tells the variant from its siblings; empty when there is nothing to tell.
    #[schema(example = "M / Blue")]
    variant_title: String,
    /// How many were asked for, over all lines.
    requested: i64,
    /// How many there are.
    available: i64,
}

impl From<Shortage> for ShortLine {
    fn from(short: Shortage) -> Self {
        let Shortage { variant_id, title, variant_title, requested, available } = short;
        Self { variant_id, title, variant_title, requested, available }
    }
}

/// `the slug is taken` as a sentence: `The slug is taken.`
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).chain(['.']).collect())
}
