//! `/v1/admin/products/{id}/variants` and `/v1/admin/variants/{id}`

use axum::{extract::State, response::Response};
use commerce::catalogue::{CreateVariant, DeleteVariant, GenerateVariants, UpdateVariant, VariantDraft, VariantPatch};
use http::{HeaderMap, StatusCode};
use model::{Product, ProductId, VariantId};
use serde::Serialize;
use store::StoredReply;
use utoipa::ToSchema;

use super::currencies;
use crate::{
    App,
    dto::{
        ListDto,
        catalogue::{GenerateVariantsDto, NewVariantDto, VariantPatchDto},
        price::PriceChangeDto,
        product::{Audience, VariantDto},
    },
    extract::{Catalogue, Creating, IfMatch, Json, Path, Staff},
    openapi::tag,
    problem::Problem,
    reply,
};

/// The most entries of a history that are shown.
const HISTORY_MAX: u32 = 1000;

/// The variants of a product.
#[derive(Serialize, ToSchema)]
pub(super) struct Variants {
    /// In their order.
    items: Vec<VariantDto>,
}

/// List the variants of a product
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/products/{id}/variants", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_list_variants", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The product")),
    responses(
        (status = 200, description = "Its variants", body = Variants),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Path(id): Path<ProductId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let product = app.engine().product(id).await?.ok_or_else(Problem::not_found)?;
    let items = product.variants.iter().map(|variant| VariantDto::new(variant, &Audience::Staff)).collect();
    reply::resource(product.version, &Variants { items }, &headers)
}

/// Add a variant to a product
///
/// Needs the permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/products/{id}/variants", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_create_variant", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The product"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
        ("Idempotency-Key" = Option<String>, Header, description = "A random key; with it, repeating the request is harmless"),
    ),
    request_body = NewVariantDto,
    responses(
        (status = 201, description = "The variant", body = VariantDto),
        (status = 409, description = "`sku_taken`"),
    ),
)]
pub(super) async fn create(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(product_id): Path<ProductId>,
    IfMatch(if_version): IfMatch,
    creating: Creating<NewVariantDto>,
) -> Result<Response, Problem> {
    let (actor, stamp) = (staff.account_id(), app.stamp()?);
    let claim = creating.claim(actor, "POST /v1/admin/products/{id}/variants", stamp.now);
    let draft: VariantDraft = creating.body.into();
    currencies::check(&app, &draft.set_prices(), app.engine().product(product_id)).await?;
    app.run_once_as(
        staff.actor(),
        claim,
        CreateVariant { product_id, draft, if_version, actor_id: Some(actor), stamp },
        created,
    )
    .await
}

fn created(product: &Product) -> StoredReply {
    let Some(variant) = product.variants.last() else { return reply::stored(StatusCode::CREATED, &()) };
    let location = format!("/v1/admin/variants/{}", variant.id);
    reply::stored_resource(location, product.version, &VariantDto::new(variant, &Audience::Staff))
}

/// Make variants from the values of options
///
/// Adds a variant for every combination that the product lacks; those that it has stay, with their stock, and get the first value of an
/// option that is new. An option is known by its name, or by its place when it gets another one. A value that a variant has cannot be
/// left out (`in_use`). Needs the permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/products/{id}/variants/generate", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_generate_variants", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The product"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = GenerateVariantsDto,
    responses(
        (status = 200, description = "All variants of the product", body = Variants),
        (status = 409, description = "`sku_taken`"),
    ),
)]
pub(super) async fn generate(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(product_id): Path<ProductId>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<GenerateVariantsDto>,
) -> Result<Response, Problem> {
    let GenerateVariantsDto { options, price, sku_prefix } = body;
    let generate = GenerateVariants {
        product_id,
        options: options.map(|options| options.into_iter().map(Into::into).collect()),
        renames: false,
        price: price.map(Into::into),
        sku_prefix,
        if_version,
        actor_id: Some(staff.account_id()),
        stamp: app.stamp()?,
    };
    let product = app.run_as(staff.actor(), generate).await?.product;
    let items = product.variants.iter().map(|variant| VariantDto::new(variant, &Audience::Staff)).collect();
    reply::changed(product.version, &Variants { items })
}

/// List what a variant cost
///
/// From when on it cost how much, newest first, at most 1000 entries; a variant whose price never changed has none. Needs the
/// permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/variants/{id}/prices", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_list_prices", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The variant")),
    responses((status = 200, description = "The history; `next_cursor` is always null", body = ListDto<PriceChangeDto>)),
)]
pub(super) async fn prices(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Path(id): Path<VariantId>,
) -> Result<Response, Problem> {
    app.engine().product_of_variant(id).await?.ok_or_else(Problem::not_found)?;
    let history = app.engine().price_history(id, HISTORY_MAX).await?;
    let items = history.into_iter().map(PriceChangeDto::from).collect();
    reply::json(StatusCode::OK, &ListDto { items, next_cursor: None })
}

/// Read a variant
///
/// Its `ETag` carries the version of its product. Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/variants/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_get_variant", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The variant")),
    responses(
        (status = 200, description = "The variant", body = VariantDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Path(id): Path<VariantId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let product = app.engine().product_of_variant(id).await?.ok_or_else(Problem::not_found)?;
    reply::resource(product.version, &of_product(&product, id)?, &headers)
}

/// The variant among its product's.
fn of_product(product: &Product, id: VariantId) -> Result<VariantDto, Problem> {
    let variant = product.variants.iter().find(|variant| variant.id == id);
    variant.map(|variant| VariantDto::new(variant, &Audience::Staff)).ok_or_else(Problem::not_found)
}

/// Change a variant
///
/// What is left out stays. Stock changes by movements: `POST /v1/admin/variants/{id}/stock`. Needs the permission
/// `catalogue`.
#[utoipa::path(
    patch, path = "/v1/admin/variants/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_update_variant", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The variant"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = VariantPatchDto,
    responses(
        (status = 200, description = "The variant as it is now", body = VariantDto),
        (status = 409, description = "`sku_taken`"),
    ),
)]
pub(super) async fn update(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<VariantId>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<VariantPatchDto>,
) -> Result<Response, Problem> {
    let patch: VariantPatch = body.into();
    currencies::check(&app, &patch.set_prices(), app.engine().product_of_variant(id)).await?;
    let product = app.run_as(staff.actor(), UpdateVariant { id, patch, if_version, stamp: app.stamp()? }).await?;
    reply::changed(product.version, &of_product(&product, id)?)
}

/// Delete a variant
///
/// One that was never ordered and is not the last of its product. Needs the permission `catalogue`.
#[utoipa::path(
    delete, path = "/v1/admin/variants/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_delete_variant", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The variant"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    responses(
        (status = 204, description = "The variant is gone"),
        (status = 409, description = "`last_variant` or `variant_ordered`"),
    ),
)]
pub(super) async fn delete(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<VariantId>,
    IfMatch(if_version): IfMatch,
) -> Result<Response, Problem> {
    app.run_as(staff.actor(), DeleteVariant { id, if_version, stamp: app.stamp()? }).await?;
    Ok(reply::no_content())
}
