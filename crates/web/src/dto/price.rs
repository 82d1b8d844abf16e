//! Prices in other currencies, sales, history.

use model::{ListPrice, PriceChange, Sale, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{money::MoneyDto, object::only_from_objects};

only_from_objects!(; both ListPriceDto, SaleDto);

/// The price in another currency.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = ListPrice, example = json!({"price": {"amount": 4200, "currency": "USD"}, "compare_at_price": null}))]
pub struct ListPriceDto {
    /// What it costs.
    pub price: MoneyDto,
    /// What it cost before, in the same currency.
    pub compare_at_price: Option<MoneyDto>,
}

impl From<ListPriceDto> for ListPrice {
    fn from(dto: ListPriceDto) -> Self {
        Self { price: dto.price.into(), compare_at_price: dto.compare_at_price.map(Into::into) }
    }
}

impl From<&ListPrice> for ListPriceDto {
    fn from(price: &ListPrice) -> Self {
        Self { price: price.price.into(), compare_at_price: price.compare_at_price.map(Into::into) }
    }
}

/// Lower prices for a time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = Sale, example = json!({"prices": [{"amount": 2900, "currency": "EUR"}], "starts_at": "2026-11-27T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}))]
pub struct SaleDto {
    /// What it costs meanwhile, one price a currency, each below the regular one; a currency without one keeps its regular
    /// price.
    pub prices: Vec<MoneyDto>,
    /// From when; at once when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// Until when, not included; until it is taken off when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
}

impl From<SaleDto> for Sale {
    fn from(dto: SaleDto) -> Self {
        let prices = dto.prices.into_iter().map(Into::into).collect();
        Self { prices, starts_at: dto.starts_at, ends_at: dto.ends_at }
    }
}

impl From<&Sale> for SaleDto {
    fn from(sale: &Sale) -> Self {
        let prices = sale.prices.iter().map(|price| (*price).into()).collect();
        Self { prices, starts_at: sale.starts_at, ends_at: sale.ends_at }
    }
}

/// From when on a variant cost how much.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PriceChange)]
pub struct PriceChangeDto {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How much.
    pub price: MoneyDto,
}

impl From<PriceChange> for PriceChangeDto {
    fn from(change: PriceChange) -> Self {
        Self { at: change.at, price: change.price.into() }
    }
}
