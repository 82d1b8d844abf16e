//! `GET /v1/products/{id or slug}` and what goes with it.

use axum::{
    extract::{FromRequestParts, State},
    response::{IntoResponse, Response},
};
use commerce::catalogue::Redirected;
use http::{HeaderMap, Uri, request::Parts};
use model::{Product, ProductId, ProductStatus};

use crate::{
    App, Problem,
    dto::{ListDto, ProductDto},
    extract::{Path, Query, Shown},
    openapi::tag,
    routes::moved,
};

/// Read a product.
///
/// By its id or its slug. Drafts and archived products are answered like ones that do not exist. A slug that a product once
/// had leads on to it.
#[utoipa::path(get, path = "/v1/products/{product}", operation_id = "read_product", tag = tag::CATALOGUE,
    params(("product" = String, Path, description = "Id or slug of the product.", example = "linen-shirt"), Shown),
    responses(
        (status = 200, description = "The product.", body = ProductDto),
        (status = 301, description = "It has another slug now; `Location` says which."),
        (status = 304, description = "The caller has this version already (If-None-Match)."),
    ))]
pub(super) async fn read(
    State(app): State<App>,
    Path(product): Path<String>,
    Query(shown): Query<Shown>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let reply = app
        .cached(&uri, &request, async || {
            let audience = app.shoppers(shown.currency.as_deref(), shown.language.as_deref(), &request)?;
            let found = find(&app, &product).await?.ok_or_else(Problem::not_found)?;
            let categories = match found.category_id {
                Some(_) => app.engine().categories().await?,
                None => Vec::new(),
            };
            Ok((found.version, ProductDto::new(&found, &categories, &audience)))
        })
        .await;
    match reply {
        Err(problem) if problem.is_not_found() => match renamed(&app, &product).await? {
            Some(found) => Ok(moved("/v1/products", &found.slug, &uri).into_response()),
            None => Err(problem),
        },
        reply => reply,
    }
}

/// The active product with this id or slug.
async fn find(app: &App, product: &str) -> Result<Option<Product>, Problem> {
    let found = match product.parse::<ProductId>() {
        Ok(id) => app.engine().product(id).await?,
        Err(_) => app.engine().product_by_slug(product).await?,
    };
    Ok(found.filter(|product| product.status == ProductStatus::Active))
}

/// The active product that had this slug.
async fn renamed(app: &App, slug: &str) -> Result<Option<Product>, Problem> {
    let Some(id) = app.redirected(Redirected::Product, slug).await? else { return Ok(None) };
    let found = app.engine().product(ProductId(id)).await?;
    Ok(found.filter(|product| product.status == ProductStatus::Active))
}

/// The active product with this id or slug, or that once had the slug: for what is shown of it below its own path.
///
/// # Errors
/// 404, or the engine failed.
pub(in crate::routes) async fn find_also_renamed(app: &App, product: &str) -> Result<Product, Problem> {
    let found = match find(app, product).await? {
        None => renamed(app, product).await?,
        found => found,
    };
    found.ok_or_else(Problem::not_found)
}

/// The product that the path names by its id, by its slug, or by one that it once had, whatever its status: for operations on it, which
/// ask for that themselves. An id is taken as it is; a slug that is none's is 404 before the body is read, as any other part of a path.
#[derive(Clone, Copy, Debug)]
pub(in crate::routes) struct Named(pub(in crate::routes) ProductId);

impl FromRequestParts<App> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Path(product) = Path::<String>::from_request_parts(parts, app).await?;
        if let Ok(id) = product.parse() {
            return Ok(Self(id));
        }
        if let Some(found) = app.engine().product_by_slug(&product).await? {
            return Ok(Self(found.id));
        }
        let renamed = app.redirected(Redirected::Product, &product).await?;
        renamed.map(|id| Self(ProductId(id))).ok_or_else(Problem::not_found)
    }
}

/// List what goes with a product.
///
/// The products that the staff chose, in their order, as far as they are for sale.
#[utoipa::path(get, path = "/v1/products/{product}/related", operation_id = "list_related_products", tag = tag::CATALOGUE,
    params(("product" = String, Path, description = "Id or slug of the product.", example = "linen-shirt"), Shown),
    responses(
        (status = 200, description = "All of them; `next_cursor` is always null.", body = ListDto<ProductDto>),
        (status = 304, description = "The caller has this list already (If-None-Match)."),
    ))]
pub(super) async fn related(
    State(app): State<App>,
    Path(product): Path<String>,
    Query(shown): Query<Shown>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Problem> {
    app.cached(&uri, &request, async || {
        let audience = app.shoppers(shown.currency.as_deref(), shown.language.as_deref(), &request)?;
        let product = find_also_renamed(&app, &product).await?;
        let mut found = in_order(&app, &product.details.related).await?;
        found.retain(|product| product.status == ProductStatus::Active);
        let categories = app.engine().categories().await?;
        let items = found.iter().map(|product| ProductDto::new(product, &categories, &audience)).collect();
        Ok((0, ListDto { items, next_cursor: None }))
    })
    .await
}

/// The products with these ids, in their order; those that there are not are left out.
///
/// # Errors
/// The engine failed.
pub(in crate::routes) async fn in_order(app: &App, ids: &[ProductId]) -> Result<Vec<Product>, Problem> {
    let mut products = app.engine().products_by_id(ids).await?;
    products.sort_by_key(|product| ids.iter().position(|id| *id == product.id));
    Ok(products)
}
