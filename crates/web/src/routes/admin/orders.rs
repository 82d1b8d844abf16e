//! `/v1/admin/orders`

use std::slice;

use axum::{extract::State, response::Response};
use commerce::orders::{CorrectOrder, MoveOrder, Mover};
use http::{HeaderMap, StatusCode, Uri};
use model::{Email, Order, OrderId, OrderStatus, Timestamp, Tracking, order::Correction};
use serde::{Deserialize, Serialize};
use store::{OrderFilter, StoredReply};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    dto::order::{AdminOrderDto, OrderPatchDto, OrderStatusDto, OrderTransitionDto},
    extract::{Creating, IfMatch, Json, Orders, Path, Staff, next_cursor, page_request, read_several},
    openapi::tag,
    problem::{Code, Problem, ProblemBody},
    reply,
    routes::orders::{faces, number, statuses},
};

/// The name of this list and its order, for cursors.
const LIST: &str = "admin.orders.newest";

/// Which orders.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AdminOrderQuery {
    /// With this status; it can be repeated, and of several any will do (`status=pending&status=confirmed`).
    #[param(value_type = Option<Vec<OrderStatusDto>>)]
    status: Option<OrderStatus>,
    /// With this number, `CW-10001` or `10001`.
    number: Option<String>,
    /// Of the customer with this e-mail address, or account id.
    customer: Option<String>,
    /// Placed at or after this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    placed_from: Option<Timestamp>,
    /// Placed before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    placed_before: Option<Timestamp>,
    /// 1 to 100 items; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl AdminOrderQuery {
    fn filter(&self, other_statuses: &[String]) -> Result<OrderFilter, Problem> {
        let filter = OrderFilter {
            statuses: statuses(self.status, other_statuses)?,
            number: self.number.as_deref().map(number).transpose()?,
            placed_from: self.placed_from,
            placed_before: self.placed_before,
            ..OrderFilter::default()
        };
        of_customer(filter, self.customer.as_deref())
    }
}

/// The filter for the orders of this customer alone, if one is named.
///
/// # Errors
/// 400: neither an address nor an id.
pub(super) fn of_customer(filter: OrderFilter, customer: Option<&str>) -> Result<OrderFilter, Problem> {
    match customer.map(|customer| (customer.parse(), Email::parse("", customer))) {
        None => Ok(filter),
        Some((Ok(id), _)) => Ok(OrderFilter { account_id: Some(id), ..filter }),
        Some((Err(_), Ok(email))) => Ok(OrderFilter { email: Some(email), ..filter }),
        Some((Err(_), Err(_))) => {
            let what = "must be an e-mail address or an account's id";
            Err(Problem::new(Code::InvalidQuery).parameter("customer", "invalid_value", what))
        }
    }
}

/// A page of orders, as the staff see them.
#[derive(Serialize, ToSchema)]
pub(super) struct AdminOrders {
    /// The orders, the newest first.
    items: Vec<AdminOrderDto>,
    /// The `cursor` of the next page; `null` on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List orders
///
/// Needs the permission `orders`.
#[utoipa::path(
    get, path = "/v1/admin/orders", tag = tag::ADMIN_ORDERS, operation_id = "admin_list_orders", security(("bearer" = [])),
    params(AdminOrderQuery),
    responses((status = 200, description = "A page of orders, the newest first", body = AdminOrders)),
)]
pub(super) async fn list(State(app): State<App>, _: Staff<Orders>, uri: Uri) -> Result<Response, Problem> {
    let (query, others) = read_several::<AdminOrderQuery>(&uri, "status")?;
    let page = page_request(query.limit, query.cursor.as_deref(), LIST)?;
    let found = app.engine().orders(&query.filter(&others)?, &page).await?;
    let faces = faces(&app, &found.items).await?;
    let items = found.items.iter().map(|order| AdminOrderDto::with_faces(order, &faces)).collect();
    reply::json(StatusCode::OK, &AdminOrders { items, next_cursor: next_cursor(found.next, LIST) })
}

/// Read an order
///
/// Needs the permission `orders`.
#[utoipa::path(
    get, path = "/v1/admin/orders/{id}", tag = tag::ADMIN_ORDERS, operation_id = "admin_get_order", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = AdminOrderDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    _: Staff<Orders>,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let order = app.engine().order(id).await?.ok_or_else(Problem::not_found)?;
    let faces = faces(&app, slice::from_ref(&order)).await?;
    reply::resource(order.version, &AdminOrderDto::with_faces(&order, &faces), &headers)
}

/// Correct an order
///
/// Its address, as long as it is pending or confirmed; how its parcel can be followed, once it is shipped or delivered. Nothing else of
/// it changes. The timeline says that it was corrected, and the audit log too, neither of them with the address. The buyer gets no mail,
/// but for the first tracking number of an order that is on its way: the mail about the shipment is sent once more, with it. `"tracking": null`
/// removes the tracking, and the number that takes its place is mailed to nobody. Too early or too late is 422 `not_allowed`. Needs the
/// permission `orders`.
#[utoipa::path(
    patch, path = "/v1/admin/orders/{id}", tag = tag::ADMIN_ORDERS, operation_id = "admin_update_order", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The order"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = OrderPatchDto,
    responses((status = 200, description = "The order as it is now", body = AdminOrderDto)),
)]
pub(super) async fn update(
    State(app): State<App>,
    staff: Staff<Orders>,
    Path(id): Path<OrderId>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<OrderPatchDto>,
) -> Result<Response, Problem> {
    let (staff_id, correction) = (staff.account_id(), Correction::from(body));
    let (settings, stamp) = (app.shop_settings().await?, app.stamp()?);
    let correct = CorrectOrder { id, correction, staff_id, settings, if_version, stamp };
    let order = app.run_as(staff.actor(), correct).await?.order;
    reply::changed(order.version, &AdminOrderDto::from(&order))
}

/// Move an order on
///
/// `pending → confirmed → shipped → delivered`, or `cancelled` from pending or confirmed, which gives the stock back unless `restock` is false.
/// The buyer gets a mail. Needs the permission `orders`.
#[utoipa::path(
    post, path = "/v1/admin/orders/{id}/transitions", tag = tag::ADMIN_ORDERS, operation_id = "admin_move_order", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The order"),
        ("Idempotency-Key" = Option<String>, Header, description = "A random key; with it, repeating the request is harmless"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = OrderTransitionDto,
    responses(
        (status = 200, description = "The order as it is now", body = AdminOrderDto),
        (status = 409, description = "`transition_not_allowed`: `allowed` lists where the order can go",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn transition(
    State(app): State<App>,
    staff: Staff<Orders>,
    Path(id): Path<OrderId>,
    IfMatch(if_version): IfMatch,
    creating: Creating<OrderTransitionDto>,
) -> Result<Response, Problem> {
    let (actor, stamp) = (staff.account_id(), app.stamp()?);
    let claim = creating.claim(actor, "POST /v1/admin/orders/{id}/transitions", stamp.now);
    let OrderTransitionDto { to, note, tracking, restock } = creating.body;
    let is_lost = restock == Some(false);
    let tracking = tracking.map(Tracking::from);
    let order = MoveOrder { id, to, mover: Mover::Staff(actor), note, tracking, is_lost, if_version, stamp };
    app.run_once_as(staff.actor(), claim, order, moved).await
}

fn moved(order: &Order) -> StoredReply {
    reply::stored_change(order.version, &AdminOrderDto::from(order))
}
