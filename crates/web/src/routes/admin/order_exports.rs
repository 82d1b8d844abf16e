//! `GET /v1/admin/exports/orders`: orders for spreadsheets and bookkeeping, written as they are sent.

use axum::{body::Body, extract::State, response::Response};
use commerce::export::orders::OrderWriter;
use futures_util::stream;
use http::Uri;
use model::{OrderStatus, Timestamp};
use serde::Deserialize;
use store::{LIMIT_MAX, OrderFilter, PageRequest, StoreError};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::{exports::attachment, orders::of_customer};
use crate::{
    App,
    dto::order::OrderStatusDto,
    extract::{Orders, Staff, read_several},
    openapi::tag,
    problem::Problem,
    routes::endpoint::routes,
    routes::orders::statuses,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(orders))
}

/// Which orders.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// With this status; it can be repeated, and of several any will do (`status=pending&status=confirmed`).
    #[param(value_type = Option<Vec<OrderStatusDto>>)]
    status: Option<OrderStatus>,
    /// Of the customer with this e-mail address, or account id.
    customer: Option<String>,
    /// Placed at or after this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    placed_from: Option<Timestamp>,
    /// Placed before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    placed_before: Option<Timestamp>,
}

/// Export orders
///
/// As a CSV file with a row for each line of an order, the newest order first. What an order comes to (`Order Total`) stands in its first row
/// alone, so that a column can be summed up. Times are RFC 3339, amounts decimals of the order's currency. Texts that a spreadsheet
/// would take for formulas begin with an apostrophe. Needs the permission `orders`.
#[utoipa::path(
    get, path = "/v1/admin/exports/orders", tag = tag::ADMIN_ORDERS, operation_id = "admin_export_orders", security(("bearer" = [])),
    params(ExportQuery),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
)]
async fn orders(State(app): State<App>, _: Staff<Orders>, uri: Uri) -> Result<Response, Problem> {
    let (query, others) = read_several::<ExportQuery>(&uri, "status")?;
    let ExportQuery { status, customer, placed_from, placed_before } = query;
    let filter =
        OrderFilter { statuses: statuses(status, &others)?, placed_from, placed_before, ..OrderFilter::default() };
    Ok(export_orders(app, of_customer(filter, customer.as_deref())?))
}

/// The file of these orders.
pub(in crate::routes) fn export_orders(app: App, filter: OrderFilter) -> Response {
    let first = Some(PageRequest { limit: LIMIT_MAX, after: None });
    let parts = stream::try_unfold((app, filter, first), async |(app, filter, request)| {
        let Some(request) = request else { return Ok(None) };
        let page = app.engine().orders(&filter, &request).await?;
        let mut writer = OrderWriter::new(Vec::new(), request.after.is_none()).map_err(internal)?;
        page.items.iter().try_for_each(|order| writer.write(order)).map_err(internal)?;
        let part = writer.finish().map_err(internal)?;
        let next = page.next.map(|after| PageRequest { limit: LIMIT_MAX, after: Some(after) });
        Ok::<_, StoreError>(Some((part, (app, filter, next))))
    });
    attachment("text/csv; charset=utf-8", "orders.csv", Body::from_stream(parts))
}

fn internal(error: std::io::Error) -> StoreError {
    StoreError::Internal(error.to_string())
}
