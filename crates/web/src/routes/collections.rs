//! `/v1/collections`: what shoppers see of them. What is in one, `GET /v1/search?collection=` finds.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use commerce::catalogue::Redirected;
use http::{HeaderMap, Uri};
use model::Collection;
use store::{Document, DocumentKind};
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::{
    App, Problem,
    dto::{ListDto, collection::CollectionDto},
    extract::{Path, Query},
    openapi::tag,
    routes::endpoint::routes,
    routes::{
        categories::{Spoken, language},
        moved,
    },
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read))
}

/// List the collections.
///
/// What is in one, `GET /v1/search?collection={slug}` finds, with filters and facets.
#[utoipa::path(get, path = "/v1/collections", operation_id = "list_collections", tag = tag::CATALOGUE, params(Spoken),
    responses(
        (status = 200, description = "All of them; `next_cursor` is always null.", body = ListDto<CollectionDto>),
        (status = 304, description = "The caller has this list already (If-None-Match)."),
    ))]
async fn list(
    State(app): State<App>,
    Query(spoken): Query<Spoken>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Problem> {
    app.cached(&uri, &request, async || {
        let language = language(&app, &spoken, &request)?;
        let collections = all(&app).await?;
        let active = collections.iter().filter(|collection| collection.is_active);
        let items = active.map(|collection| CollectionDto::new(collection, language.as_ref())).collect();
        Ok((0, ListDto { items, next_cursor: None }))
    })
    .await
}

/// Read a collection.
///
/// By its id or its slug. What is in it, `GET /v1/search?collection={slug}` finds. A slug that it once had leads on.
#[utoipa::path(get, path = "/v1/collections/{collection}", operation_id = "read_collection", tag = tag::CATALOGUE,
    params(("collection" = String, Path, description = "Id or slug of the collection.", example = "summer"), Spoken),
    responses(
        (status = 200, description = "The collection.", body = CollectionDto),
        (status = 301, description = "It has another slug now; `Location` says which."),
        (status = 304, description = "The caller has this version already (If-None-Match)."),
    ))]
async fn read(
    State(app): State<App>,
    Path(wanted): Path<String>,
    Query(spoken): Query<Spoken>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let reply = app
        .cached(&uri, &request, async || {
            let language = language(&app, &spoken, &request)?;
            let found = find(&app, &wanted).await?.ok_or_else(Problem::not_found)?;
            Ok((found.version, CollectionDto::new(&found, language.as_ref())))
        })
        .await;
    match reply {
        Err(problem) if problem.is_not_found() => match renamed(&app, &wanted).await? {
            Some(collection) => Ok(moved("/v1/collections", &collection.slug, &uri).into_response()),
            None => Err(problem),
        },
        reply => reply,
    }
}

/// All collections, in the order of their slugs.
pub(super) async fn all(app: &App) -> Result<Vec<Collection>, Problem> {
    let documents = app.engine().documents(DocumentKind::Collection).await?;
    Ok(documents.iter().map(Document::read).collect::<Result<_, _>>()?)
}

/// The collection with this id, whether shoppers see it or not. It alone is read: anybody can ask for ids that there are not, and
/// all collections together can be large.
pub(super) async fn by_id(app: &App, id: Uuid) -> Result<Option<Collection>, Problem> {
    let document = app.engine().document(DocumentKind::Collection, id).await?;
    Ok(document.map(|document| document.read()).transpose()?)
}

/// The collection with this id or slug, if shoppers see it.
pub(super) async fn find(app: &App, wanted: &str) -> Result<Option<Collection>, Problem> {
    let found = match wanted.parse::<Uuid>() {
        Ok(id) => by_id(app, id).await?,
        Err(_) => {
            let document = app.engine().document_named(DocumentKind::Collection, wanted).await?;
            document.map(|document| document.read()).transpose()?
        }
    };
    Ok(found.filter(|collection| collection.is_active))
}

/// The collection that had this slug, if shoppers see it.
pub(super) async fn renamed(app: &App, slug: &str) -> Result<Option<Collection>, Problem> {
    let Some(id) = app.redirected(Redirected::Collection, slug).await? else { return Ok(None) };
    Ok(by_id(app, id).await?.filter(|collection| collection.is_active))
}
