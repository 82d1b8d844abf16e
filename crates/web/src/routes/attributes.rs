//! `GET /v1/attributes`.

use axum::{extract::State, response::Response};
use http::{HeaderMap, Uri};
use model::AttributeDefinition;
use store::DocumentKind;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App, Problem,
    dto::{ListDto, attribute::AttributeDto},
    openapi::tag,
    routes::endpoint::routes,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List the fields of the shop's own.
///
/// What the `attributes` of products and variants mean: their labels, kinds and units.
#[utoipa::path(get, path = "/v1/attributes", operation_id = "list_attributes", tag = tag::CATALOGUE,
    responses(
        (status = 200, description = "All of them; `next_cursor` is always null.", body = ListDto<AttributeDto>),
        (status = 304, description = "The caller has this list already (If-None-Match)."),
    ))]
async fn list(State(app): State<App>, uri: Uri, request: HeaderMap) -> Result<Response, Problem> {
    app.cached(&uri, &request, async || Ok((0, definitions(&app).await?))).await
}

/// All definitions, in the order of their keys.
pub(super) async fn definitions(app: &App) -> Result<ListDto<AttributeDto>, Problem> {
    Ok(ListDto { items: known(app).await?.iter().map(AttributeDto::from).collect(), next_cursor: None })
}

/// The attributes themselves, in the same order.
///
/// # Errors
/// The engine failed.
pub(super) async fn known(app: &App) -> Result<Vec<AttributeDefinition>, Problem> {
    let documents = app.engine().documents(DocumentKind::Attribute).await?;
    let read = documents.iter().map(|document| document.read::<AttributeDefinition>());
    Ok(read.collect::<Result<_, _>>()?)
}
