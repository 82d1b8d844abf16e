//! `/v1/account/stock-alerts`

use axum::{extract::State, response::Response};
use commerce::stock_alerts::{AskForStockAlert, CancelStockAlert};
use http::StatusCode;
use model::{ProductStatus, VariantId};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App,
    dto::{
        ListDto, ProductDto,
        review::{StockAlertDto, StockAlertItemDto},
    },
    extract::{Path, Shopper, Shown, SignedIn},
    openapi::tag,
    problem::Problem,
    reply,
    routes::endpoint::routes,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(ask, cancel))
}

/// List what one waits for
#[utoipa::path(
    get, path = "/v1/account/stock-alerts", operation_id = "list_stock_alerts", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(Shown),
    responses((status = 200, description = "All of it, longest first; `next_cursor` is always null", body = ListDto<StockAlertItemDto>)),
)]
async fn list(State(app): State<App>, caller: SignedIn, Shopper(audience): Shopper) -> Result<Response, Problem> {
    let alerts = app.engine().stock_alerts(caller.account_id()).await?;
    let categories = app.engine().categories().await?;
    let mut items = Vec::with_capacity(alerts.len());
    for alert in &alerts {
        let product = app.engine().product_of_variant(alert.variant_id).await?;
        let product = product.filter(|product| product.status == ProductStatus::Active);
        items.push(StockAlertItemDto {
            variant_id: alert.variant_id,
            product: product.map(|product| ProductDto::new(&product, &categories, &audience)),
            created_at: alert.created_at,
        });
    }
    reply::json(StatusCode::OK, &ListDto { items, next_cursor: None })
}

/// Ask for a mail when a variant is in stock again
///
/// It is sent once, and then one no longer waits. Asking again while it is sold out changes nothing.
#[utoipa::path(
    put, path = "/v1/account/stock-alerts/{variant_id}", operation_id = "ask_for_stock_alert", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(("variant_id" = uuid::Uuid, Path, description = "The variant that is sold out")),
    responses(
        (status = 200, description = "It is noted", body = StockAlertDto),
        (status = 409, description = "`in_stock`, or `too_many_alerts`: one can wait for at most 100 variants"),
    ),
)]
async fn ask(State(app): State<App>, caller: SignedIn, Path(variant_id): Path<VariantId>) -> Result<Response, Problem> {
    let alert = app.run(AskForStockAlert { account_id: caller.account_id(), variant_id, now: app.now() }).await?;
    reply::json(StatusCode::OK, &StockAlertDto::from(&alert))
}

/// Wait for a variant no longer
#[utoipa::path(
    delete, path = "/v1/account/stock-alerts/{variant_id}", operation_id = "cancel_stock_alert", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(("variant_id" = uuid::Uuid, Path, description = "The variant")),
    responses((status = 204, description = "No mail is sent")),
)]
async fn cancel(
    State(app): State<App>,
    caller: SignedIn,
    Path(variant_id): Path<VariantId>,
) -> Result<Response, Problem> {
    app.run(CancelStockAlert { account_id: caller.account_id(), variant_id }).await?;
    Ok(reply::no_content())
}
