//! What the shop's and the engine's errors are over HTTP.

use commerce::{Conflict, Error};
use identity::Overloaded;
use model::{Violation, Violations, checkout::Shortage};
use pictures::{FetchError, MediaError};
use serde_json::{Value, json};
use store::StoreError;

use super::{Code, FieldError, Problem};

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
        Self::new(Code::PictureRefused).detail(sentence(&error.to_string()))
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
            Conflict::OutOfStock(shortages) => problem.member("short_lines", short_lines(&shortages)),
            Conflict::NotAllowed { from, to, allowed } => {
                let allowed: Vec<_> = allowed.iter().map(|status| status.as_str()).collect();
                problem.member("from", from.as_str()).member("to", to.as_str()).member("allowed", allowed)
            }
            Conflict::StockOutOfRange { on_hand } => problem.member("on_hand", on_hand),
            _ => problem,
        }
    }
}

const fn code_of(conflict: &Conflict) -> Code {
    match conflict {
        Conflict::OutOfStock(_) => Code::OutOfStock,
        Conflict::NotAllowed { .. } => Code::TransitionNotAllowed,
        Conflict::EmailTaken => Code::EmailTaken,
        Conflict::SlugTaken(_) => Code::SlugTaken,
        Conflict::SkuTaken(_) => Code::SkuTaken,
        Conflict::KeyTaken(_) => Code::KeyTaken,
        Conflict::TooManyJobs => Code::TooManyJobs,
        Conflict::AlreadyReviewed => Code::AlreadyReviewed,
        Conflict::InStock => Code::InStock,
        Conflict::LastOwner => Code::LastOwner,
        Conflict::OwnerExists => Code::OwnerExists,
        Conflict::HasSubcategories => Code::HasSubcategories,
        Conflict::CategoryInRule(_) => Code::CategoryInRule,
        Conflict::Misplaced(_) => Code::CategoryMisplaced,
        Conflict::LastVariant => Code::LastVariant,
        Conflict::VariantOrdered => Code::VariantOrdered,
        Conflict::StockOutOfRange { .. } => Code::StockOutOfRange,
        Conflict::StockNotTracked => Code::StockNotTracked,
        Conflict::TooManyAddresses => Code::TooManyAddresses,
        Conflict::SecretGone => Code::SecretGone,
    }
}

fn short_lines(shortages: &[Shortage]) -> Vec<Value> {
    let line = |short: &Shortage| {
        json!({
            "variant_id": short.variant_id,
            "title": short.title,
            "requested": short.requested,
            "available": short.available,
        })
    };
    shortages.iter().map(line).collect()
}

/// `the slug is taken` as a sentence: `The slug is taken.`
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).chain(['.']).collect())
}
