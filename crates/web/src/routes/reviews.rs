//! `/v1/products/{product}/reviews`, `/v1/account/reviews`, `/v1/reviews`.

use axum::{extract::State, response::Response};
use commerce::reviews::{DeleteReview, EditReview, ReportReview, WriteReview};
use http::{HeaderMap, StatusCode, Uri};
use model::{ProductId, ProductStatus, Review, ReviewId, ReviewStatus, review::STARS_MAX};
use serde::Deserialize;
use store::{ReviewFilter, ReviewSort, StoredReply};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App, Problem,
    dto::{
        ListDto, ProductDto,
        review::{
            NewReviewDto, OwnReviewDto, OwnReviewItemDto, RatingCountDto, ReviewDto, ReviewListDto, ReviewPatchDto,
        },
    },
    extract::{Creating, IfMatch, Json, Path, Query, SignedIn, page_request},
    openapi::tag,
    problem::{Code, ProblemBody},
    reply,
    routes::endpoint::routes,
    routes::products::read::{Named, find_also_renamed},
    settings::ReviewMode,
};

/// The name of the list of a product's reviews, before its order, for cursors.
const OF_PRODUCT: &str = "product.reviews";
/// The name of the list of one's own and its order.
const OWN: &str = "account.reviews.newest";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, write))
        .routes(routes!(list_own))
        .routes(routes!(read, edit, delete))
        .routes(routes!(report))
}

/// Which reviews.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReviewQuery {
    /// With so many stars.
    #[param(minimum = 1, maximum = 5)]
    rating: Option<i64>,
    /// The order of the list; `newest` when left out. Of those with as many stars the newest comes first.
    #[param(inline)]
    sort: Option<Sort>,
    /// 1 to 100 items; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// One of the shop's. It changes nothing, as reviews are in the words of who wrote them; but it may be sent with every read of the catalogue.
    language: Option<String>,
    /// One of the shop's; the same.
    currency: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Newest,
    Oldest,
    Highest,
    Lowest,
}

impl From<Sort> for ReviewSort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Newest => Self::Newest,
            Sort::Oldest => Self::Oldest,
            Sort::Highest => Self::Highest,
            Sort::Lowest => Self::Lowest,
        }
    }
}

/// List the reviews of a product.
///
/// Those that the shop has approved. What they say together is the product's `rating`.
#[utoipa::path(get, path = "/v1/products/{product}/reviews", operation_id = "list_reviews", tag = tag::CATALOGUE,
    params(("product" = String, Path, description = "Id or slug of the product.", example = "linen-shirt"), ReviewQuery),
    responses(
        (status = 200, description = "A page of reviews, and how many there are by stars.", body = ReviewListDto),
        (status = 304, description = "The caller has this page already (If-None-Match)."),
    ))]
async fn list(
    State(app): State<App>,
    Path(product): Path<String>,
    Query(query): Query<ReviewQuery>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Problem> {
    app.cached(&uri, &request, async || {
        app.shoppers(query.currency.as_deref(), query.language.as_deref(), &request)?;
        let sort = ReviewSort::from(query.sort.unwrap_or_default());
        let list = format!("{OF_PRODUCT}.{}", sort.as_str());
        let page = page_request(query.limit, query.cursor.as_deref(), &list)?;
        if query.rating.is_some_and(|stars| !(1..=STARS_MAX).contains(&stars)) {
            let message = format!("must be 1 to {STARS_MAX}");
            return Err(Problem::new(Code::InvalidQuery).parameter("rating", "out_of_range", message));
        }
        let product = find_also_renamed(&app, &product).await?;
        let all = ReviewFilter {
            product_id: Some(product.id),
            status: Some(ReviewStatus::Approved),
            sort,
            ..ReviewFilter::default()
        };
        let found = app.engine().reviews(&ReviewFilter { stars: query.rating, ..all }, &page).await?;
        let ratings = RatingCountDto::all(&app.engine().review_stars(&all).await?);
        let ListDto { items, next_cursor } = ListDto::new(found, &list, |review| ReviewDto::from(review));
        Ok((0, ReviewListDto { items, next_cursor, ratings }))
    })
    .await
}

/// Review a product
///
/// Once for each product (409 `already_reviewed`). It counts, and others see it, when the shop has approved it, or at once where
/// the shop is set so. `verified_purchase` says whether its author has ordered the product.
#[utoipa::path(
    post, path = "/v1/products/{product}/reviews", operation_id = "create_review", tag = tag::CATALOGUE, security(("bearer" = [])),
    params(
        ("product" = String, Path, description = "Id or slug of the product.", example = "linen-shirt"),
        ("Idempotency-Key" = Option<String>, Header, description = "A random key; with it, repeating the request is harmless"),
    ),
    request_body = NewReviewDto,
    responses(
        (status = 201, description = "The review", body = OwnReviewDto),
        (status = 403, description = "`reviews_off`: this shop takes no reviews"),
        (status = 409, description = "`already_reviewed`: `review_id` is the review that there is",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
async fn write(
    State(app): State<App>,
    caller: SignedIn,
    Named(product_id): Named,
    creating: Creating<NewReviewDto>,
) -> Result<Response, Problem> {
    let status = status(&app)?;
    let (account_id, stamp) = (caller.account_id(), app.stamp()?);
    let claim = creating.claim(account_id, "POST /v1/products/{product}/reviews", stamp.now);
    let write = WriteReview { account_id, product_id, draft: creating.body.into(), status, stamp };
    app.run_once(claim, write, written).await
}

fn written(review: &Review) -> StoredReply {
    reply::stored_resource(format!("/v1/reviews/{}", review.id), review.version, &OwnReviewDto::from(review))
}

/// What a review begins as.
fn status(app: &App) -> Result<ReviewStatus, Problem> {
    match app.settings().reviews {
        ReviewMode::Moderated => Ok(ReviewStatus::Pending),
        ReviewMode::Immediate => Ok(ReviewStatus::Approved),
        ReviewMode::Off => Err(Problem::new(Code::ReviewsOff)),
    }
}

/// Which of one's own reviews, and how their products are shown.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OwnReviewQuery {
    /// Of this product.
    #[param(value_type = Option<uuid::Uuid>)]
    product_id: Option<ProductId>,
    /// 1 to 100 items; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// The currency of the prices: one of the shop's. What has no price in it is shown in its own.
    #[param(min_length = 3, max_length = 3, example = "EUR")]
    currency: Option<String>,
    /// The language of the products' texts: one of the shop's. `Accept-Language` counts when it is left out.
    #[param(example = "en")]
    language: Option<String>,
}

/// List one's own reviews
#[utoipa::path(
    get, path = "/v1/account/reviews", operation_id = "list_own_reviews", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(OwnReviewQuery),
    responses((status = 200, description = "A page of reviews, the newest first", body = ListDto<OwnReviewItemDto>)),
)]
async fn list_own(
    State(app): State<App>,
    caller: SignedIn,
    Query(query): Query<OwnReviewQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref(), OWN)?;
    let audience = app.shoppers(query.currency.as_deref(), query.language.as_deref(), &headers)?;
    let filter =
        ReviewFilter { account_id: Some(caller.account_id()), product_id: query.product_id, ..ReviewFilter::default() };
    let found = app.engine().reviews(&filter, &page).await?;
    let ids: Vec<ProductId> = found.items.iter().map(|review| review.product_id).collect();
    let products = app.engine().products_by_id(&ids).await?;
    let categories = app.engine().categories().await?;
    let item = |review: &Review| {
        let product = products.iter().find(|product| product.id == review.product_id);
        let product = product.filter(|product| product.status == ProductStatus::Active);
        OwnReviewItemDto {
            review: review.into(),
            product: product.map(|product| ProductDto::new(product, &categories, &audience)),
        }
    };
    reply::json(StatusCode::OK, &ListDto::new(found, OWN, item))
}

/// Read one's own review
///
/// Whether others see it or not; its `ETag` is what `If-Match` takes when it is changed or deleted.
#[utoipa::path(
    get, path = "/v1/reviews/{id}", operation_id = "read_own_review", tag = tag::CATALOGUE, security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The review")),
    responses(
        (status = 200, description = "The review", body = OwnReviewDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
async fn read(
    State(app): State<App>,
    caller: SignedIn,
    Path(id): Path<ReviewId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let review = app.engine().review(id).await?;
    let review = review.filter(|review| review.account_id == caller.account_id()).ok_or_else(Problem::not_found)?;
    reply::resource(review.version, &OwnReviewDto::from(&review), &headers)
}

/// Change one's own review
///
/// Where the shop looks at reviews first, it looks at this one again, and until then others do not see it. What says the same as
/// before changes nothing: the review stays as it is, with its `ETag`.
#[utoipa::path(
    patch, path = "/v1/reviews/{id}", operation_id = "update_review", tag = tag::CATALOGUE, security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The review"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = ReviewPatchDto,
    responses(
        (status = 200, description = "The review as it is now", body = OwnReviewDto),
        (status = 403, description = "`reviews_off`: this shop takes no reviews"),
    ),
)]
async fn edit(
    State(app): State<App>,
    caller: SignedIn,
    Path(id): Path<ReviewId>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<ReviewPatchDto>,
) -> Result<Response, Problem> {
    let (account_id, status) = (caller.account_id(), status(&app)?);
    let edit = EditReview { id, account_id, patch: body.into(), status, if_version, stamp: app.stamp()? };
    let review = app.run(edit).await?;
    reply::changed(review.version, &OwnReviewDto::from(&review))
}

/// Delete one's own review
#[utoipa::path(
    delete, path = "/v1/reviews/{id}", operation_id = "delete_review", tag = tag::CATALOGUE, security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The review"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    responses((status = 204, description = "The review is gone, and no longer counts")),
)]
async fn delete(
    State(app): State<App>,
    caller: SignedIn,
    Path(id): Path<ReviewId>,
    IfMatch(if_version): IfMatch,
) -> Result<Response, Problem> {
    app.run(DeleteReview { id, author: Some(caller.account_id()), if_version }).await?;
    Ok(reply::no_content())
}

/// Report a review
///
/// Tells the shop that it should not be there. It stays until the shop has looked at it.
#[utoipa::path(
    post, path = "/v1/reviews/{id}/report", operation_id = "report_review", tag = tag::CATALOGUE, security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The review")),
    responses((status = 204, description = "It is noted, once for each customer")),
)]
async fn report(State(app): State<App>, caller: SignedIn, Path(id): Path<ReviewId>) -> Result<Response, Problem> {
    app.run(ReportReview { id, account_id: caller.account_id() }).await?;
    Ok(reply::no_content())
}
