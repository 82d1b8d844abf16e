//! `/v1/admin/reviews`

use axum::{extract::State, response::Response};
use commerce::reviews::{DeleteReview, ModerateReview};
use http::{HeaderMap, StatusCode};
use model::{ProductId, ReviewId, ReviewStatus};
use serde::Deserialize;
use store::ReviewFilter;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App,
    dto::{
        ListDto,
        review::{AdminReviewDto, ReviewStatusDto, ReviewVerdictDto},
    },
    extract::{Catalogue, IfMatch, Json, Path, Query, Staff, page_request},
    openapi::tag,
    problem::Problem,
    reply,
    routes::endpoint::routes,
};

/// The name of this list and its order, for cursors.
const LIST: &str = "admin.reviews.newest";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read, moderate, delete))
}

/// Which reviews.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AdminReviewQuery {
    /// With this status: `pending` is what waits for somebody to look at it.
    #[param(value_type = Option<ReviewStatusDto>)]
    status: Option<ReviewStatus>,
    /// Of this product.
    #[param(value_type = Option<uuid::Uuid>)]
    product_id: Option<ProductId>,
    /// `true`: that somebody reported.
    reported: Option<bool>,
    /// 1 to 100 items; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List reviews
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/reviews", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_list_reviews", security(("bearer" = [])),
    params(AdminReviewQuery),
    responses((status = 200, description = "A page of reviews, the newest first", body = ListDto<AdminReviewDto>)),
)]
async fn list(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Query(query): Query<AdminReviewQuery>,
) -> Result<Response, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref(), LIST)?;
    let filter = ReviewFilter {
        product_id: query.product_id,
        status: query.status,
        is_reported: query.reported == Some(true),
        ..ReviewFilter::default()
    };
    let found = app.engine().reviews(&filter, &page).await?;
    reply::json(StatusCode::OK, &ListDto::new(found, LIST, |review| AdminReviewDto::from(review)))
}

/// Read a review
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/reviews/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_get_review", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The review")),
    responses(
        (status = 200, description = "The review", body = AdminReviewDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
async fn read(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Path(id): Path<ReviewId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let review = app.engine().review(id).await?.ok_or_else(Problem::not_found)?;
    reply::resource(review.version, &AdminReviewDto::from(&review), &headers)
}

/// Approve, reject or answer a review
///
/// The product's `rating` follows at once. Needs the permission `catalogue`.
#[utoipa::path(
    patch, path = "/v1/admin/reviews/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_moderate_review", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The review"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = ReviewVerdictDto,
    responses((status = 200, description = "The review as it is now", body = AdminReviewDto)),
)]
async fn moderate(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<ReviewId>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<ReviewVerdictDto>,
) -> Result<Response, Problem> {
    let review =
        app.run_as(staff.actor(), ModerateReview { id, verdict: body.into(), if_version, now: app.now() }).await?;
    reply::changed(review.version, &AdminReviewDto::from(&review))
}

/// Delete a review
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    delete, path = "/v1/admin/reviews/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_delete_review", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The review"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    responses((status = 204, description = "The review is gone, and no longer counts")),
)]
async fn delete(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<ReviewId>,
    IfMatch(if_version): IfMatch,
) -> Result<Response, Problem> {
    app.run_as(staff.actor(), DeleteReview { id, author: None, if_version }).await?;
    Ok(reply::no_content())
}
