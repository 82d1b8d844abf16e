//! `GET /v1/categories`.

use axum::{extract::State, response::Response};
use http::{HeaderMap, Uri};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App, Problem,
    dto::{CategoryDto, ListDto},
    openapi::tag,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List all categories.
///
/// The whole tree as a flat list, siblings in the order in which they are shown; `parent_id` says what hangs where.
#[utoipa::path(get, path = "/v1/categories", operation_id = "list_categories", tag = tag::CATALOGUE,
    responses(
        (status = 200, description = "All of them; `next_cursor` is always null.", body = ListDto<CategoryDto>),
        (status = 304, description = "The caller has this list already (If-None-Match)."),
    ))]
async fn list(State(app): State<App>, uri: Uri, request: HeaderMap) -> Result<Response, Problem> {
    app.cached(&uri, &request, async || {
        let categories = app.engine().categories().await?;
        let items = categories.iter().map(CategoryDto::from).collect();
        Ok((0, ListDto { items, next_cursor: None }))
    })
    .await
}
