//! `POST /v1/orders`

use axum::{extract::State, response::Response};
use commerce::orders::{PlaceOrder, PlaceUnderTerms, Placed};
use model::{Money, checkout::RequestedLine};
use store::StoredReply;

use crate::{
    App,
    dto::order::{OrderDto, PlaceOrderDto, faces_of},
    extract::{Creating, SignedIn},
    openapi::tag,
    problem::{Problem, ProblemBody},
    reply,
};

/// Place an order
///
/// Takes the stock and writes the order in one transaction; prices are the catalogue's. An acknowledged order is on
/// disk. Send an `Idempotency-Key` that you draw for this order: repeating the request with it gives the same reply
/// again, and never a second order: the same to the byte, so the `slug` and `image` of its lines are as they were then. A reply that an
/// older version of the program kept is without them.
///
/// Prices may change, and sales begin and end, between what a customer sees and what they order. With `expected_total` an order that comes
/// to another total by then is not placed (409 `price_changed`); show the `total` of that problem, and ask again.
///
/// While the shop takes no orders (`takes_orders` of `GET /v1/shop`), it is 422 `invalid_input` with the code `shop_closed` at the
/// empty pointer: nothing is wrong with the request, and `message` says what to tell the customer. What else an order can be refused
/// for stands in `errors` too, for instance `not_for_sale`, `no_price` and `not_shipped_to`; `/docs/problems` explains all codes.
#[utoipa::path(
    post, path = "/v1/orders", tag = tag::ORDERS, operation_id = "place_order", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "A random key for this order, 1 to 255 printable ASCII characters; kept for seven days")),
    request_body = PlaceOrderDto,
    responses(
        (status = 201, description = "The order", body = OrderDto),
        (status = 409, description = "`out_of_stock`: `short_lines` names each line that is short and what is available of it; \
            `price_changed`: `total` is what the order comes to, which is not `expected_total`",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn place(
    State(app): State<App>,
    caller: SignedIn,
    creating: Creating<PlaceOrderDto>,
) -> Result<Response, Problem> {
    let stamp = app.stamp()?;
    let claim = creating.require_claim(caller.account_id(), "POST /v1/orders", stamp.now)?;
    let PlaceOrderDto { lines, currency, expected_total, ship_to } = creating.body;
    let lines = lines.into_iter().map(RequestedLine::from).collect();
    let expected_total = expected_total.map(Money::from);
    let place =
        PlaceOrder { buyer: caller.account_id(), lines, currency, expected_total, ship_to: ship_to.into(), stamp };
    let settings = app.shop_settings().await?;
    let currencies = app.currencies();
    app.run_once(Some(claim), PlaceUnderTerms { settings, currencies, place }, placed).await
}

fn placed(Placed { order, offers }: &Placed) -> StoredReply {
    let dto = OrderDto::with_faces(order, &faces_of(offers));
    reply::stored_resource(format!("/v1/orders/{}", order.id), order.version, &dto)
}
