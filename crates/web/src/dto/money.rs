//! Money.

use model::{Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::object::only_from_objects;

only_from_objects!(; both MoneyDto);

/// An amount of money in minor units: `{"amount": 1999, "currency": "EUR"}` is 19.99 €.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = Money, example = json!({"amount": 1999, "currency": "EUR"}))]
pub struct MoneyDto {
    /// Minor units: cents for EUR, yen for JPY.
    #[schema(example = 1999)]
    pub amount: i64,
    /// ISO 4217 code.
    #[schema(value_type = String, example = "EUR", min_length = 3, max_length = 3)]
    pub currency: Currency,
}

impl From<Money> for MoneyDto {
    fn from(Money { amount, currency }: Money) -> Self {
        Self { amount, currency }
    }
}

impl From<MoneyDto> for Money {
    fn from(MoneyDto { amount, currency }: MoneyDto) -> Self {
        Self { amount, currency }
    }
}
