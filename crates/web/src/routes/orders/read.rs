//! `GET /v1/orders` and `GET /v1/orders/{id}`

use std::{collections::BTreeSet, slice};

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, Uri};
use model::{Order, OrderId, OrderNumber, OrderStatus, ProductId};
use serde::{Deserialize, Serialize};
use store::OrderFilter;
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    dto::order::{Faces, LineFace, OrderDto, OrderStatusDto},
    extract::{Path, SignedIn, next_cursor, page_request, read_several},
    openapi::tag,
    problem::{Code, Problem},
    reply,
};

/// The name of this list and its order, for cursors.
const LIST: &str = "orders.newest";
/// How many products are asked for at once: a page of the largest orders names thousands.
const PRODUCTS_AT_ONCE: usize = 100;

/// Which of one's orders.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// With this status; it can be repeated, and of several any will do (`status=pending&status=confirmed`).
    #[param(value_type = Option<Vec<OrderStatusDto>>)]
    status: Option<OrderStatus>,
    /// With this number, `CW-10001` or `10001`.
    number: Option<String>,
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
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List one's orders
#[utoipa::path(
    get, path = "/v1/orders", tag = tag::ORDERS, operation_id = "list_orders", security(("bearer" = [])),
    params(OrderQuery),
    responses((status = 200, description = "A page of orders, the newest first", body = Orders)),
)]
pub(super) async fn list(State(app): State<App>, caller: SignedIn, uri: Uri) -> Result<Response, Problem> {
    let (query, others) = read_several::<OrderQuery>(&uri, "status")?;
    let page = page_request(query.limit, query.cursor.as_deref(), LIST)?;
    let filter = OrderFilter {
        account_id: Some(caller.account_id()),
        statuses: statuses(query.status, &others)?,
        number: query.number.as_deref().map(number).transpose()?,
        ..OrderFilter::default()
    };
    let found = app.engine().orders(&filter, &page).await?;
    let faces = faces(&app, &found.items).await?;
    let items = found.items.iter().map(|order| OrderDto::with_faces(order, &faces)).collect();
    reply::json(StatusCode::OK, &Orders { items, next_cursor: next_cursor(found.next, LIST) })
}

/// The statuses that a query has, each once.
///
/// # Errors
/// 400 that names the parameter.
pub(in crate::routes) fn statuses(first: Option<OrderStatus>, others: &[String]) -> Result<Vec<OrderStatus>, Problem> {
    let mut statuses: Vec<OrderStatus> = first.into_iter().collect();
    for other in others {
        let status = other.parse::<OrderStatus>().map_err(|()| {
            let message = format!("must be one of {}", OrderStatus::ALL.map(OrderStatus::as_str).join(", "));
            Problem::new(Code::InvalidQuery).parameter("status", "unknown_value", message)
        })?;
        if !statuses.contains(&status) {
            statuses.push(status);
        }
    }
    Ok(statuses)
}

/// The number of an order, as a query has it.
///
/// # Errors
/// 400 that names the parameter.
pub(in crate::routes) fn number(text: &str) -> Result<OrderNumber, Problem> {
    let message = "must be an order number such as CW-10001";
    text.parse().map_err(|()| Problem::new(Code::InvalidQuery).parameter("number", "invalid_value", message))
}

/// Read one of one's orders
///
/// Its `ETag` is another one when the order has changed, or what its lines show of products as they are now. As `If-Match` it stands for
/// the order alone.
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
    let faces = faces(&app, slice::from_ref(&order)).await?;
    reply::resource(order.version, &OrderDto::with_faces(&order, &faces), &headers)
}

/// What the lines of these orders show of their products as they are now: one query for all of them, as long as they are no more than
/// [`PRODUCTS_AT_ONCE`].
///
/// # Errors
/// The engine failed.
pub(in crate::routes) async fn faces(app: &App, orders: &[Order]) -> Result<Faces, Problem> {
    let ids: BTreeSet<ProductId> = orders.iter().flat_map(|order| &order.lines).map(|line| line.product_id).collect();
    let ids: Vec<ProductId> = ids.into_iter().collect();
    let mut faces = Faces::with_capacity(ids.len());
    for ids in ids.chunks(PRODUCTS_AT_ONCE) {
        let products = app.engine().product_faces(ids).await?;
        faces.extend(products.iter().filter_map(|product| Some((product.id, LineFace::of(product)?))));
    }
    Ok(faces)
}
