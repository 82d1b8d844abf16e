//! `POST /v1/orders/{id}/cancel`

use axum::{extract::State, response::Response};
use commerce::orders::{MoveOrder, Mover};
use model::{OrderId, OrderStatus};

use crate::{
    App,
    dto::order::{CancelOrderDto, OrderDto},
    extract::{IfMatch, OptionalJson, Path, SignedIn},
    openapi::tag,
    problem::{Problem, ProblemBody},
    reply,
};

/// Cancel one's order
///
/// While it has not been shipped (`can_be_cancelled`). The stock goes back.
///
/// Repeating it is harmless, and takes no `Idempotency-Key`: who has cancelled an order already gets it as it is, with the `ETag` from before
/// in `If-Match` too.
#[utoipa::path(
    post, path = "/v1/orders/{id}/cancel", tag = tag::ORDERS, operation_id = "cancel_order", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The order"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body(content = Option<CancelOrderDto>, description = "May be left out"),
    responses(
        (status = 200, description = "The cancelled order; also when its buyer had cancelled it before", body = OrderDto),
        (status = 409, description = "`transition_not_allowed`: `allowed` lists where the order can go",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel(
    State(app): State<App>,
    caller: SignedIn,
    Path(id): Path<OrderId>,
    IfMatch(if_version): IfMatch,
    OptionalJson(body): OptionalJson<CancelOrderDto>,
) -> Result<Response, Problem> {
    let cancel = MoveOrder {
        id,
        to: OrderStatus::Cancelled,
        mover: Mover::Customer(caller.account_id()),
        note: body.note,
        tracking: None,
        is_lost: false,
        if_version,
        stamp: app.stamp()?,
    };
    let order = app.run(cancel).await?;
    reply::changed(order.version, &OrderDto::from(&order))
}
