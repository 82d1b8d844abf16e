//! `/v1/admin/collections`

use axum::{extract::State, response::Response};
use commerce::catalogue::{CreateCollection, DeleteCollection, UpdateCollection};
use http::{HeaderMap, StatusCode};
use model::Collection;
use store::StoredReply;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::{
    App,
    dto::{
        ListDto,
        collection::{AdminCollectionDto, CollectionPatchDto, NewCollectionDto},
    },
    extract::{Catalogue, Creating, IfMatch, Json, Path, Staff},
    openapi::tag,
    problem::Problem,
    reply,
    routes::collections::{all, by_id},
    routes::endpoint::routes,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, update, delete))
}

/// List collections
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/collections", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_list_collections", security(("bearer" = [])),
    responses((status = 200, description = "All of them; `next_cursor` is always null", body = ListDto<AdminCollectionDto>)),
)]
async fn list(State(app): State<App>, _: Staff<Catalogue>) -> Result<Response, Problem> {
    let items: Vec<_> = all(&app).await?.iter().map(AdminCollectionDto::from).collect();
    reply::json(StatusCode::OK, &ListDto { items, next_cursor: None })
}

/// Make a collection
///
/// With products that are chosen by hand, or with a rule: every product that passes it is in it, as long as it does. Needs the
/// permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/collections", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_create_collection", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "A random key; with it, repeating the request is harmless")),
    request_body = NewCollectionDto,
    responses(
        (status = 201, description = "The collection", body = AdminCollectionDto),
        (status = 409, description = "`slug_taken`"),
    ),
)]
async fn create(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    creating: Creating<NewCollectionDto>,
) -> Result<Response, Problem> {
    let stamp = app.stamp()?;
    let claim = creating.claim(staff.account_id(), "POST /v1/admin/collections", stamp.now);
    app.run_once_as(staff.actor(), claim, CreateCollection { draft: creating.body.into_draft()?, stamp }, created).await
}

fn created(collection: &Collection) -> StoredReply {
    let location = format!("/v1/admin/collections/{}", collection.id);
    reply::stored_resource(location, collection.version, &AdminCollectionDto::from(collection))
}

/// Read a collection
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/collections/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_get_collection", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The collection")),
    responses(
        (status = 200, description = "The collection", body = AdminCollectionDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
async fn read(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = by_id(&app, id).await?.ok_or_else(Problem::not_found)?;
    reply::resource(found.version, &AdminCollectionDto::from(&found), &headers)
}

/// Change a collection
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    patch, path = "/v1/admin/collections/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_update_collection", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The collection"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = CollectionPatchDto,
    responses(
        (status = 200, description = "The collection as it is now", body = AdminCollectionDto),
        (status = 409, description = "`slug_taken`"),
    ),
)]
async fn update(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<Uuid>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<CollectionPatchDto>,
) -> Result<Response, Problem> {
    let update = UpdateCollection { id, patch: body.into_patch()?, if_version, stamp: app.stamp()? };
    let collection = app.run_as(staff.actor(), update).await?;
    reply::changed(collection.version, &AdminCollectionDto::from(&collection))
}

/// Remove a collection
///
/// Its products stay. Needs the permission `catalogue`.
#[utoipa::path(
    delete, path = "/v1/admin/collections/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_delete_collection", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The collection"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    responses((status = 204, description = "The collection is gone")),
)]
async fn delete(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<Uuid>,
    IfMatch(if_version): IfMatch,
) -> Result<Response, Problem> {
    app.run_as(staff.actor(), DeleteCollection { id, if_version }).await?;
    Ok(reply::no_content())
}
