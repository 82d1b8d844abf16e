//! `/v1/admin/categories`

use axum::{extract::State, response::Response};
use commerce::catalogue::{CreateCategory, DeleteCategory, MoveCategory, UpdateCategory};
use http::{HeaderMap, StatusCode};
use model::{Category, CategoryId};
use serde::Serialize;
use store::StoredReply;
use utoipa::ToSchema;

use crate::{
    App,
    dto::{
        ListDto,
        catalogue::{CategoryPatchDto, MoveCategoryDto, NewCategoryDto},
        category::CategoryDto,
    },
    extract::{Catalogue, Creating, IfMatch, Json, Path, Staff},
    openapi::tag,
    problem::Problem,
    reply,
};

/// All categories.
#[derive(Serialize, ToSchema)]
pub(super) struct AdminCategories {
    /// By position and name; `parent_id` makes the tree.
    items: Vec<CategoryDto>,
}

/// List categories
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/categories", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_list_categories", security(("bearer" = [])),
    responses((status = 200, description = "All categories", body = AdminCategories)),
)]
pub(super) async fn list(State(app): State<App>, _: Staff<Catalogue>) -> Result<Response, Problem> {
    let items = app.engine().categories().await?.iter().map(CategoryDto::from).collect();
    reply::json(StatusCode::OK, &AdminCategories { items })
}

/// Read a category
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/categories/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_get_category", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The category")),
    responses(
        (status = 200, description = "The category", body = CategoryDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Path(id): Path<CategoryId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let category = app.engine().categories().await?.into_iter().find(|category| category.id == id);
    let category = category.ok_or_else(Problem::not_found)?;
    reply::resource(category.version, &CategoryDto::from(&category), &headers)
}

/// Add a category
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/categories", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_create_category", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "A random key; with it, repeating the request is harmless")),
    request_body = NewCategoryDto,
    responses(
        (status = 201, description = "The category", body = CategoryDto),
        (status = 409, description = "`slug_taken` or `category_misplaced`"),
    ),
)]
pub(super) async fn create(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    creating: Creating<NewCategoryDto>,
) -> Result<Response, Problem> {
    let stamp = app.stamp()?;
    let claim = creating.claim(staff.account_id(), "POST /v1/admin/categories", stamp.now);
    app.run_once_as(staff.actor(), claim, CreateCategory { draft: creating.body.into(), stamp }, created).await
}

fn created(category: &Category) -> StoredReply {
    let location = format!("/v1/admin/categories/{}", category.id);
    reply::stored_resource(location, category.version, &CategoryDto::from(category))
}

/// Change or move a category
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    patch, path = "/v1/admin/categories/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_update_category", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The category"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = CategoryPatchDto,
    responses(
        (status = 200, description = "The category as it is now", body = CategoryDto),
        (status = 409, description = "`slug_taken` or `category_misplaced`"),
    ),
)]
pub(super) async fn update(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<CategoryId>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<CategoryPatchDto>,
) -> Result<Response, Problem> {
    let category =
        app.run_as(staff.actor(), UpdateCategory { id, patch: body.into(), if_version, stamp: app.stamp()? }).await?;
    reply::changed(category.version, &CategoryDto::from(&category))
}

/// Move a category
///
/// With all that hang below it, to another place in the tree. Needs the permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/categories/{id}/move", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_move_category", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The category"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = MoveCategoryDto,
    responses(
        (status = 200, description = "The whole tree as it is now; `next_cursor` is always null", body = ListDto<CategoryDto>),
        (status = 409, description = "`category_misplaced`"),
    ),
)]
pub(super) async fn move_to(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<CategoryId>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<MoveCategoryDto>,
) -> Result<Response, Problem> {
    let MoveCategoryDto { parent_id, after_id } = body;
    let tree = app
        .run_as(staff.actor(), MoveCategory { id, parent_id, after: after_id, if_version, stamp: app.stamp()? })
        .await?;
    let items = tree.iter().map(CategoryDto::from).collect();
    reply::json(StatusCode::OK, &ListDto { items, next_cursor: None })
}

/// Delete a category
///
/// Its products stay, without a category. 409 `has_subcategories` while categories hang below it, `category_in_rule` while the rule of
/// a collection names it. Needs the permission `catalogue`.
#[utoipa::path(
    delete, path = "/v1/admin/categories/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_delete_category", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The category"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    responses(
        (status = 204, description = "The category is gone"),
        (status = 409, description = "`has_subcategories`, `category_in_rule`"),
    ),
)]
pub(super) async fn delete(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<CategoryId>,
    IfMatch(if_version): IfMatch,
) -> Result<Response, Problem> {
    app.run_as(staff.actor(), DeleteCategory { id, if_version }).await?;
    Ok(reply::no_content())
}
