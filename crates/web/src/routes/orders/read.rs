//! `GET /v1/orders` and `GET /v1/orders/{id}`

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use model::{OrderId, OrderStatus};
use serde::{Deserialize, Serialize};
use store::{Cursor, OrderFilter};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    dto::order::{OrderDto, OrderStatusDto},
    extract::{Path, Query, SignedIn, page_request},
    openapi::tag,
    problem::Problem,
    reply,
};

/// Which of one's orders.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// With this status.
    #[param(value_type = Option<OrderStatusDto>)]
    status: Option<OrderStatus>,
    /// 1 to 100 items; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
pub(super) struct Orders {
    /// The orders, the newest first.
    items: Vec<OrderDto>,
    /// The `cursor` of the next page; `null` on the last.
    next_cursor: Option<String>,
}

/// List one's orders
#[utoipa::path(
    get, path = "/v1/orders", tag = tag::ORDERS, operation_id = "list_orders", security(("bearer" = [])),
    params(OrderQuery),
    responses((status = 200, description = "A page of orders, the newest first", body = Orders)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: SignedIn,
    Query(query): Query<OrderQuery>,
) -> Result<Response, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref(), "newest")?;
    let filter = OrderFilter { account_id: Some(caller.account_id()), status: query.status, ..OrderFilter::default() };
    let found = app.engine().orders(&filter, &page).await?;
    let items = found.items.iter().map(OrderDto::from).collect();
    reply::json(StatusCode::OK, &Orders { items, next_cursor: found.next.as_ref().map(Cursor::encode) })
}

/// Read one of one's orders
#[utoipa::path(
    get, path = "/v1/orders/{id}", tag = tag::ORDERS, operation_id = "get_order", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The order with its timeline", body = OrderDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: SignedIn,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let order = app.engine().order(id).await?;
    let order = order.filter(|order| order.account_id == caller.account_id()).ok_or_else(Problem::not_found)?;
    reply::resource(order.version, &OrderDto::from(&order), &headers)
}
