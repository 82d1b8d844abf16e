//! `/v1/admin/variants/{id}/stock`

use axum::{extract::State, response::Response};
use commerce::catalogue::MoveStock;
use http::StatusCode;
use model::{Variant, VariantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    dto::{
        catalogue::{MoveStockDto, StockMovementDto},
        product::{Audience, VariantDto},
    },
    extract::{Catalogue, Creating, Path, Query, Staff, next_cursor, page_request},
    openapi::tag,
    problem::Problem,
    reply,
};

/// The name of this list and its order, for cursors.
const LIST: &str = "admin.stock.newest";

/// Which part of the ledger.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LedgerQuery {
    /// 1 to 100 items; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of the stock ledger.
#[derive(Serialize, ToSchema)]
pub(super) struct StockMovements {
    /// The movements, the newest first.
    items: Vec<StockMovementDto>,
    /// The `cursor` of the next page; `null` on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List the stock movements of a variant
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/variants/{id}/stock", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_list_stock_movements", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The variant"), LedgerQuery),
    responses((status = 200, description = "A page of movements, the newest first", body = StockMovements)),
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Path(id): Path<VariantId>,
    Query(query): Query<LedgerQuery>,
) -> Result<Response, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref(), LIST)?;
    app.engine().product_of_variant(id).await?.ok_or_else(Problem::not_found)?;
    let found = app.engine().movements(id, &page).await?;
    let next_cursor = next_cursor(found.next, LIST);
    let items = found.items.into_iter().map(StockMovementDto::from).collect();
    reply::json(StatusCode::OK, &StockMovements { items, next_cursor })
}

/// Move stock
///
/// Goods came in, went missing, or were counted again. The stock never falls below zero (409 `stock_out_of_range`).
/// With an `Idempotency-Key`, repeating the request moves nothing twice. Needs the permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/variants/{id}/stock", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_move_stock", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The variant"),
        ("Idempotency-Key" = Option<String>, Header, description = "A random key; with it, repeating the request is harmless"),
    ),
    request_body = MoveStockDto,
    responses(
        (status = 200, description = "The variant with its new stock", body = VariantDto),
        (status = 409, description = "`stock_out_of_range`, where `on_hand` says how many pieces there are, or `stock_not_tracked`"),
    ),
)]
pub(super) async fn move_stock(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(variant_id): Path<VariantId>,
    creating: Creating<MoveStockDto>,
) -> Result<Response, Problem> {
    let (actor, stamp) = (staff.account_id(), app.stamp()?);
    let claim = creating.claim(actor, "POST /v1/admin/variants/{id}/stock", stamp.now);
    let MoveStockDto { delta, reason, cause } = creating.body;
    let cause = cause.map(Into::into);
    let moved = MoveStock { variant_id, delta, cause, reason, actor_id: Some(actor), stamp };
    app.run_once_as(staff.actor(), claim, moved, |variant: &Variant| {
        reply::stored(StatusCode::OK, &VariantDto::new(variant, &Audience::Staff))
    })
    .await
}
