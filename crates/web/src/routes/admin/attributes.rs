//! `/v1/admin/attributes`

use axum::{extract::State, response::Response};
use commerce::catalogue::{CreateAttribute, DeleteAttribute, UpdateAttribute};
use http::StatusCode;
use model::AttributeDefinition;
use store::StoredReply;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::{
    App,
    dto::{
        ListDto,
        attribute::{AttributeDto, AttributePatchDto, NewAttributeDto},
    },
    extract::{Catalogue, Creating, IfMatch, Json, Path, Staff},
    openapi::tag,
    problem::Problem,
    reply,
    routes::attributes::definitions,
    routes::endpoint::routes,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(update, delete))
}

/// List the fields of the shop's own
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/attributes", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_list_attributes", security(("bearer" = [])),
    responses((status = 200, description = "All of them; `next_cursor` is always null", body = ListDto<AttributeDto>)),
)]
async fn list(State(app): State<App>, _: Staff<Catalogue>) -> Result<Response, Problem> {
    reply::json(StatusCode::OK, &definitions(&app).await?)
}

/// Define a field of the shop's own
///
/// Products or variants can then have a value of it. Needs the permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/attributes", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_create_attribute", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "A random key; with it, repeating the request is harmless")),
    request_body = NewAttributeDto,
    responses(
        (status = 201, description = "The definition", body = AttributeDto),
        (status = 409, description = "`key_taken`"),
    ),
)]
async fn create(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    creating: Creating<NewAttributeDto>,
) -> Result<Response, Problem> {
    let stamp = app.stamp()?;
    let claim = creating.claim(staff.account_id(), "POST /v1/admin/attributes", stamp.now);
    app.run_once_as(staff.actor(), claim, CreateAttribute { draft: creating.body.into(), stamp }, created).await
}

fn created(definition: &AttributeDefinition) -> StoredReply {
    let location = format!("/v1/admin/attributes/{}", definition.id);
    reply::stored_resource(location, definition.version, &AttributeDto::from(definition))
}

/// Change the definition of a field
///
/// Its key, owner and kind stay as they are: the values that there are would be wrong. Needs the permission `catalogue`.
#[utoipa::path(
    patch, path = "/v1/admin/attributes/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_update_attribute", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The definition"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = AttributePatchDto,
    responses((status = 200, description = "The definition as it is now", body = AttributeDto)),
)]
async fn update(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<Uuid>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<AttributePatchDto>,
) -> Result<Response, Problem> {
    let definition =
        app.run_as(staff.actor(), UpdateAttribute { id, patch: body.into(), if_version, stamp: app.stamp()? }).await?;
    reply::changed(definition.version, &AttributeDto::from(&definition))
}

/// Remove the definition of a field
///
/// Values that products have stay with them. Needs the permission `catalogue`.
#[utoipa::path(
    delete, path = "/v1/admin/attributes/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_delete_attribute", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The definition"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    responses((status = 204, description = "The definition is gone")),
)]
async fn delete(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<Uuid>,
    IfMatch(if_version): IfMatch,
) -> Result<Response, Problem> {
    app.run_as(staff.actor(), DeleteAttribute { id, if_version }).await?;
    Ok(reply::no_content())
}
