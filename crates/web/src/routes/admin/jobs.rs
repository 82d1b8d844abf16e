//! `/v1/admin/imports`, `/v1/admin/jobs`: files that take their time.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Request},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use commerce::{
    Actor,
    jobs::{CancelJob, PART_BYTES, QueueJob},
};
use http::{StatusCode, header};
use model::{Job, job::JobKind};
use serde::Deserialize;
use store::DocumentKind;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App,
    dto::{ListDto, job::JobDto},
    extract::{Catalogue, Path, Query, Staff, check_encoding, read_at_most},
    openapi::tag,
    problem::{Code, Problem},
    reply,
    routes::endpoint::routes,
};

/// The largest file, in bytes: a hundred thousand products with their descriptions.
pub(in crate::routes) const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(import_products))
        .routes(routes!(import_prices))
        .routes(routes!(import_catalogue))
        .routes(routes!(list))
        .routes(routes!(read, cancel))
}

/// How a file is imported.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// `true`: rows with mistakes are left out. Otherwise one of them is enough for nothing to be done.
    #[serde(default)]
    keep_going: bool,
}

/// How a file of products is imported.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ProductsQuery {
    /// `true`: rows with mistakes are left out. Otherwise one of them is enough for nothing to be done.
    #[serde(default)]
    keep_going: bool,
    /// `true`: the pictures that products have on other servers are fetched, from the public internet only, and kept as uploads are. One
    /// that cannot be fetched keeps its address, and is told of in the `notes` of the job; where it may come another time, a product that
    /// has pictures of the shop's own keeps those. Repeat an import as it was done first: without this, products get the addresses that the file has.
    #[serde(default)]
    with_images: bool,
}

impl From<ImportQuery> for ProductsQuery {
    fn from(ImportQuery { keep_going }: ImportQuery) -> Self {
        Self { keep_going, with_images: false }
    }
}

/// Import products
///
/// From a CSV file in the format of Shopify, as `GET /v1/admin/exports/products` writes it; prices are in the shop's currency. New
/// products are added, known ones changed. It is done in the background: the reply names the job to look at. Needs the permission
/// `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/imports/products", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_import_products", security(("bearer" = [])),
    params(ProductsQuery),
    request_body(content = String, content_type = "text/csv", description = "The file, at most 64 MiB."),
    responses(
        (status = 202, description = "The job that was asked for; `Location` says where to look", body = JobDto),
        (status = 409, description = "`too_many_jobs`"),
        (status = 413, description = "`body_too_large`"),
    ),
)]
async fn import_products(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Query(query): Query<ProductsQuery>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    queue(&app, JobKind::ImportProducts, staff.actor(), query, request).await
}

/// Set prices and stock of many variants
///
/// From a CSV file with the column `SKU` and at least one of `Price`, `Compare At Price` and `Stock`, as
/// `GET /v1/admin/exports/prices` writes it. Empty fields leave alone what is there; `-` takes a price before away. It is done in
/// the background: the reply names the job to look at. Needs the permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/imports/prices", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_import_prices", security(("bearer" = [])),
    params(ImportQuery),
    request_body(content = String, content_type = "text/csv", description = "The file, at most 64 MiB."),
    responses(
        (status = 202, description = "The job that was asked for; `Location` says where to look", body = JobDto),
        (status = 409, description = "`too_many_jobs`"),
        (status = 413, description = "`body_too_large`"),
    ),
)]
async fn import_prices(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Query(query): Query<ImportQuery>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    queue(&app, JobKind::SetPrices, staff.actor(), query.into(), request).await
}

/// Import a whole catalogue
///
/// From lines of JSON, as `GET /v1/admin/exports/catalogue` writes them: attributes, categories, products with everything, related
/// products, collections. What is there already, by slug, key or SKU, takes what the line says; what no line names stays, and so does
/// the stock of known variants. It is done in the background: the reply names the job to look at. Needs the permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/imports/catalogue", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_import_catalogue", security(("bearer" = [])),
    params(ImportQuery),
    request_body(content = String, content_type = "application/x-ndjson", description = "The file, at most 64 MiB."),
    responses(
        (status = 202, description = "The job that was asked for; `Location` says where to look", body = JobDto),
        (status = 409, description = "`too_many_jobs`"),
        (status = 413, description = "`body_too_large`"),
    ),
)]
async fn import_catalogue(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Query(query): Query<ImportQuery>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    queue(&app, JobKind::ImportCatalogue, staff.actor(), query.into(), request).await
}

async fn queue(
    app: &App,
    kind: JobKind,
    by: Actor,
    query: ProductsQuery,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let expected = if kind == JobKind::ImportCatalogue { "application/x-ndjson" } else { "text/csv" };
    check_content_type(request.headers(), expected)?;
    let file = read_at_most(request.into_body(), FILE_BYTES_MAX, "file").await?;
    let parts = file.chunks(PART_BYTES).map(|part| STANDARD.encode(part)).collect();
    // Twice a large file is enough.
    drop(file);
    let account_id = by.account_id;
    let ProductsQuery { keep_going, with_images } = query;
    let queued = QueueJob { kind, keep_going, with_images, parts, account_id, stamp: app.stamp()? };
    let job = app.run_as(by, queued).await?;
    let mut response = reply::created(&format!("/v1/admin/jobs/{}", job.id), job.version, &JobDto::from(&job))?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// A form on another site could send plain text without asking, but not this.
fn check_content_type(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(expected) {
        return check_encoding(headers);
    }
    Err(Problem::new(Code::UnsupportedMediaType).detail(format!("Send the file as {expected}.")))
}

/// List jobs
///
/// Those that wait or run, and the last that came to their end. Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/jobs", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_list_jobs", security(("bearer" = [])),
    responses((status = 200, description = "All of them, newest first; `next_cursor` is always null", body = ListDto<JobDto>)),
)]
async fn list(State(app): State<App>, _: Staff<Catalogue>) -> Result<Response, Problem> {
    let documents = app.engine().documents(DocumentKind::Job).await?;
    let jobs: Vec<Job> = documents.iter().rev().map(store::Document::read).collect::<Result<_, _>>()?;
    let items: Vec<_> = jobs.iter().map(JobDto::from).collect();
    reply::json(StatusCode::OK, &ListDto { items, next_cursor: None })
}

/// Read a job
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/jobs/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_get_job", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The job")),
    responses(
        (status = 200, description = "The job", body = JobDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
async fn read(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Path(id): Path<uuid::Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = app.engine().document_named(DocumentKind::Job, &id.to_string()).await?;
    let job: Job = document.ok_or_else(Problem::not_found)?.read()?;
    reply::resource(job.version, &JobDto::from(&job), &headers)
}

/// Stop a job
///
/// What it has done stays. One that has come to its end stays as it is. Needs the permission `catalogue`.
#[utoipa::path(
    delete, path = "/v1/admin/jobs/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_cancel_job", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The job")),
    responses((status = 200, description = "The job as it is now", body = JobDto)),
)]
async fn cancel(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<uuid::Uuid>,
) -> Result<Response, Problem> {
    let job = app.run_as(staff.actor(), CancelJob { id, now: app.now() }).await?;
    reply::changed(job.version, &JobDto::from(&job))
}
