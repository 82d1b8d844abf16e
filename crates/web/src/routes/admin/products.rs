//! `/v1/admin/products`

use std::future::ready;

use async_trait::async_trait;
use axum::{extract::State, response::Response};
use commerce::catalogue::{CreateProduct, DeleteProduct, Deleted, ProductDraft, ProductPatch, UpdateProduct};
use http::{HeaderMap, StatusCode};
use model::{Category, Product, ProductId, ProductStatus};
use serde::Deserialize;
use store::{Operation, StoredReply, Tx};
use utoipa::IntoParams;

use super::currencies;
use crate::{
    App,
    dto::{
        catalogue::{NewProductDto, ProductPatchDto, ProductStatusDto},
        list::ListDto,
        product::{Audience, ProductDto},
    },
    extract::{Catalogue, Creating, IfMatch, Json, Path, Query, Staff},
    openapi::tag,
    problem::Problem,
    reply,
    routes::products::list::{Params, Sort, find},
};

/// Which products, of every status.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AdminParams {
    /// With this status.
    #[param(value_type = Option<ProductStatusDto>)]
    status: Option<ProductStatus>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// In this category (id or slug) or one below it.
    category: Option<String>,
    /// With each of these words, or beginnings and parts of words, in title, vendor, tags or SKU; case and accents do not matter.
    #[param(max_length = 200)]
    q: Option<String>,
    /// With this tag; case does not matter.
    tag: Option<String>,
    /// With a variant that costs at least this, in minor units.
    price_min: Option<i64>,
    /// With a variant that costs at most this, in minor units (the same one, when both are given).
    price_max: Option<i64>,
    /// With a variant on sale (`true`), or with none (`false`).
    on_sale: Option<bool>,
    /// With a variant that can be bought (`true`), or with none (`false`).
    in_stock: Option<bool>,
    /// The order of the list; `newest` when left out.
    #[param(inline)]
    sort: Option<Sort>,
}

impl AdminParams {
    /// The status, and what shoppers can ask for as well.
    fn split(self) -> (Option<ProductStatus>, Params) {
        let Self { status, limit, cursor, category, q, tag, price_min, price_max, on_sale, in_stock, sort } = self;
        let params = Params {
            limit,
            cursor,
            category,
            variant_id: None,
            q,
            tag,
            price_min,
            price_max,
            on_sale,
            in_stock,
            sort,
            currency: None,
            language: None,
        };
        (status, params)
    }
}

/// List products
///
/// Those of every status. Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/products", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_list_products", security(("bearer" = [])),
    params(AdminParams),
    responses((status = 200, description = "A page of products", body = ListDto<ProductDto>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Query(params): Query<AdminParams>,
) -> Result<Response, Problem> {
    let (status, params) = params.split();
    reply::json(StatusCode::OK, &find(&app, &params, status, Vec::new(), &Audience::Staff).await?)
}

/// Read a product
///
/// Whatever its status. Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/products/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_get_product", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The product")),
    responses(
        (status = 200, description = "The product", body = ProductDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Path(id): Path<ProductId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let product = app.engine().product(id).await?.ok_or_else(Problem::not_found)?;
    reply::resource(product.version, &with_category(&app, &product).await?, &headers)
}

/// Add a product
///
/// With its variants and their first stock. A simple product has one variant and no options. Needs the permission
/// `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/products", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_create_product", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "A random key; with it, repeating the request is harmless")),
    request_body = NewProductDto,
    responses(
        (status = 201, description = "The product", body = ProductDto),
        (status = 409, description = "`slug_taken` or `sku_taken`"),
    ),
)]
pub(super) async fn create(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    creating: Creating<NewProductDto>,
) -> Result<Response, Problem> {
    let (actor, stamp) = (staff.account_id(), app.stamp()?);
    let claim = creating.claim(actor, "POST /v1/admin/products", stamp.now);
    let draft: ProductDraft = creating.body.into();
    let set = draft.set_prices();
    currencies::check(&app, &set, ready(Ok(None))).await?;
    let create = CreateAndShow(CreateProduct { draft, actor_id: Some(actor), stamp });
    let create = app.priced_in(set, create);
    app.run_once_as(staff.actor(), claim, create, created).await
}

/// The product is shown with its category, which it knows by its id alone, and the reply is kept in the transaction.
struct CreateAndShow(CreateProduct);

#[async_trait]
impl Operation for CreateAndShow {
    type Output = (Product, Vec<Category>);
    type Error = commerce::Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Self::Output, Self::Error> {
        let product = self.0.run(tx).await?;
        let categories = if product.category_id.is_some() { tx.categories().await? } else { Vec::new() };
        Ok((product, categories))
    }
}

fn created((product, categories): &(Product, Vec<Category>)) -> StoredReply {
    let location = format!("/v1/admin/products/{}", product.id);
    reply::stored_resource(location, product.version, &ProductDto::new(product, categories, &Audience::Staff))
}

/// Change a product
///
/// What is left out stays. Send the `ETag` that you read as `If-Match`, so that nobody's change is overwritten unseen
/// (412 `version_mismatch`). Needs the permission `catalogue`.
#[utoipa::path(
    patch, path = "/v1/admin/products/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_update_product", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The product"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = ProductPatchDto,
    responses(
        (status = 200, description = "The product as it is now", body = ProductDto),
        (status = 409, description = "`slug_taken`, `sku_taken` or `variant_ordered`"),
    ),
)]
pub(super) async fn update(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<ProductId>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<ProductPatchDto>,
) -> Result<Response, Problem> {
    let actor_id = Some(staff.account_id());
    let patch: ProductPatch = body.into();
    currencies::check(&app, &patch.set_prices(), app.engine().product(id)).await?;
    let update = UpdateProduct { id, patch, if_version, actor_id, stamp: app.stamp()? };
    let product = app.run_as(staff.actor(), update).await?;
    reply::changed(product.version, &with_category(&app, &product).await?)
}

/// Delete a product
///
/// One that was ever ordered is archived instead, because its orders point at it. Needs the permission `catalogue`.
#[utoipa::path(
    delete, path = "/v1/admin/products/{id}", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_delete_product", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The product"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    responses(
        (status = 204, description = "The product is gone"),
        (status = 200, description = "The product was ordered and is archived now", body = ProductDto),
    ),
)]
pub(super) async fn delete(
    State(app): State<App>,
    staff: Staff<Catalogue>,
    Path(id): Path<ProductId>,
    IfMatch(if_version): IfMatch,
) -> Result<Response, Problem> {
    match app.run_as(staff.actor(), DeleteProduct { id, if_version, stamp: app.stamp()? }).await? {
        Deleted::Erased => Ok(reply::no_content()),
        Deleted::Archived(product) => reply::changed(product.version, &with_category(&app, &product).await?),
    }
}

/// The product with its category, which the product itself knows by its id alone.
async fn with_category(app: &App, product: &Product) -> Result<ProductDto, Problem> {
    Ok(ProductDto::new(product, &app.engine().categories().await?, &Audience::Staff))
}
