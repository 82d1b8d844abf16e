//! `GET /v1/products/{id or slug}`.

use axum::{extract::State, response::Response};
use http::{HeaderMap, Uri};
use model::{ProductId, ProductStatus};

use crate::{App, Problem, dto::ProductDto, extract::Path, openapi::tag};

/// Read a product.
///
/// By its id or its slug. Drafts and archived products are answered like ones that do not exist.
#[utoipa::path(get, path = "/v1/products/{product}", operation_id = "read_product", tag = tag::CATALOGUE,
    params(("product" = String, Path, description = "Id or slug of the product.", example = "linen-shirt")),
    responses(
        (status = 200, description = "The product.", body = ProductDto),
        (status = 304, description = "The caller has this version already (If-None-Match)."),
    ))]
pub(super) async fn read(
    State(app): State<App>,
    Path(product): Path<String>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Problem> {
    app.cached(&uri, &request, async || {
        let found = match product.parse::<ProductId>() {
            Ok(id) => app.engine().product(id).await?,
            Err(_) => app.engine().product_by_slug(&product).await?,
        };
        let found = found.filter(|product| product.status == ProductStatus::Active).ok_or_else(Problem::not_found)?;
        let categories = match found.category_id {
            Some(_) => app.engine().categories().await?,
            None => Vec::new(),
        };
        Ok((found.version, ProductDto::new(&found, &categories)))
    })
    .await
}
