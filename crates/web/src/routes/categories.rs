//! `GET /v1/categories` and below.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use commerce::catalogue::Redirected;
use http::{HeaderMap, Uri};
use model::{Category, CategoryId, Language, category::subtree};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::moved;
use crate::{
    App, Problem,
    dto::{Audience, CategoryDto, CategoryRefDto, ListDto, category::CategoryPageDto},
    extract::{Path, Query},
    openapi::tag,
    routes::endpoint::routes,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read))
}

/// In which language it is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Spoken {
    /// The language of the texts: one of the shop's. `Accept-Language` counts when it is left out.
    #[param(example = "en")]
    language: Option<String>,
    /// Changes nothing where no prices are shown; but who sends it with every read of the catalogue is not refused for it.
    #[param(ignore)]
    currency: Option<String>,
}

/// List all categories.
///
/// The whole tree as a flat list, siblings in the order in which they are shown; `parent_id` says what hangs where.
#[utoipa::path(get, path = "/v1/categories", operation_id = "list_categories", tag = tag::CATALOGUE, params(Spoken),
    responses(
        (status = 200, description = "All of them; `next_cursor` is always null.", body = ListDto<CategoryDto>),
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
        let categories = app.engine().categories().await?;
        let items = categories.iter().map(|category| CategoryDto::new(category, language.as_ref())).collect();
        Ok((0, ListDto { items, next_cursor: None }))
    })
    .await
}

/// Read a category.
///
/// By its id or its slug, with the path that leads to it and all that hangs below it. A slug that it once had leads on.
#[utoipa::path(get, path = "/v1/categories/{category}", operation_id = "read_category", tag = tag::CATALOGUE,
    params(("category" = String, Path, description = "Id or slug of the category.", example = "shirts"), Spoken),
    responses(
        (status = 200, description = "The category.", body = CategoryPageDto),
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
            let categories = app.engine().categories().await?;
            let found = find(&categories, &wanted).ok_or_else(Problem::not_found)?;
            Ok((found.version, page(found, &categories, language.as_ref())))
        })
        .await;
    match reply {
        Err(problem) if problem.is_not_found() => {
            let id = app.redirected(Redirected::Category, &wanted).await?;
            let categories = app.engine().categories().await?;
            match categories.iter().find(|category| Some(category.id.0) == id) {
                Some(category) => Ok(moved("/v1/categories", &category.slug, &uri).into_response()),
                None => Err(problem),
            }
        }
        reply => reply,
    }
}

fn find<'c>(categories: &'c [Category], wanted: &str) -> Option<&'c Category> {
    let id = wanted.parse::<CategoryId>().ok();
    categories.iter().find(|category| category.slug == wanted || Some(category.id) == id)
}

fn page(category: &Category, all: &[Category], language: Option<&Language>) -> CategoryPageDto {
    let mut ancestors = Vec::new();
    let mut above = category.parent_id;
    while let Some(parent) = above.and_then(|id| all.iter().find(|category| category.id == id)) {
        ancestors.insert(0, CategoryRefDto::new(parent, language));
        above = parent.parent_id.filter(|_| ancestors.len() < all.len());
    }
    let below = subtree(all, category.id);
    let descendants = below.iter().skip(1).filter_map(|id| all.iter().find(|category| category.id == *id));
    CategoryPageDto {
        category: CategoryDto::new(category, language),
        ancestors,
        descendants: descendants.map(|category| CategoryDto::new(category, language)).collect(),
    }
}

pub(super) fn language(app: &App, spoken: &Spoken, request: &HeaderMap) -> Result<Option<Language>, Problem> {
    match app.shoppers(spoken.currency.as_deref(), spoken.language.as_deref(), request)? {
        Audience::Shoppers { language, .. } => Ok(language),
        Audience::Staff => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sends_a_currency_with_every_read_of_the_catalogue_is_not_refused() {
        let uri = "/v1/categories?currency=EUR&language=en".parse().expect("an address");
        let spoken: Spoken = crate::extract::read_query(&uri).expect("taken");
        assert_eq!((spoken.language.as_deref(), spoken.currency.as_deref()), (Some("en"), Some("EUR")));
        let wrong = "/v1/categories?colour=red".parse().expect("an address");
        assert!(crate::extract::read_query::<Spoken>(&wrong).is_err());
    }
}
