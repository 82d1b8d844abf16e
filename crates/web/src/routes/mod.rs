//! The endpoints: one file each, or for a tight group, in folders like their paths.

mod account;
mod admin;
mod attributes;
mod auth;
mod categories;
mod collections;
mod docs;
pub(crate) mod endpoint;
mod operations;
mod orders;
pub(crate) mod pages;
mod problems;
mod products;
mod reviews;
mod search;
mod shop;
mod wishlists;

use axum::{response::IntoResponse, routing::MethodRouter};
use commerce::catalogue::{Redirect, Redirected};
use endpoint::{get, routes};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
pub(crate) use pages::KeptFigures;
use store::DocumentKind;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::{App, Problem, extract, openapi, reply};

/// Reads the query of an address as `GET /v1/search` and as `GET /v1/products` do, and no more. What they say to it: nothing, or a 400
/// that names the parameter.
pub fn check_query(uri: &Uri) -> [Result<(), Problem>; 2] {
    let list = products::list::check(uri);
    [search::check(uri.query().unwrap_or_default()), list]
}

/// Reads a header with this value as handlers do, and no more. Whether anything is made of it as `If-Match`, `Accept-Language`,
/// `X-Forwarded-For`, `Authorization` and `Range`.
pub fn check_headers(value: &HeaderValue) -> [bool; 5] {
    let names = [
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::ACCEPT_LANGUAGE,
        header::AUTHORIZATION,
        header::RANGE,
        header::USER_AGENT,
        HeaderName::from_static("x-forwarded-for"),
    ];
    let headers: HeaderMap = names.into_iter().map(|name| (name, value.clone())).collect();
    let _ = reply::is_match(&headers, value);
    let [version, language, client, token] = extract::check_headers(&headers);
    [version, language, client, token, pages::range(&headers, value).is_some()]
}

/// Everything that the OpenAPI document describes.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(auth::router())
        .merge(account::router())
        .merge(attributes::router())
        .merge(categories::router())
        .merge(collections::router())
        .merge(products::router())
        .merge(reviews::router())
        .merge(wishlists::router())
        .merge(search::router())
        .routes(routes!(shop::read))
        .merge(orders::router())
        .merge(admin::router())
        .merge(operations::router())
}

/// What is for people rather than programs, by its path.
pub(crate) fn pages(app: &App) -> Vec<(&'static str, MethodRouter<App>)> {
    let mut pages = pages::all(app);
    let documents = [
        ("/docs", get(docs::redirect)),
        ("/docs/", get(docs::index)),
        ("/docs/{*file}", get(docs::file)),
        ("/docs/problems", get(problems::page)),
    ];
    pages.extend(documents.map(|(path, methods)| (path, methods.into_router())));
    pages
}

/// Where something is now that had another slug: the same request, with the slug that it has.
fn moved(base: &str, slug: &str, uri: &Uri) -> impl IntoResponse {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{base}/{slug}{query}");
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)])
}

impl App {
    /// The id of what had this slug, if that is known.
    async fn redirected(&self, what: Redirected, slug: &str) -> Result<Option<Uuid>, Problem> {
        let found = self.engine().document_named(DocumentKind::Redirect, &what.name(slug)).await?;
        Ok(found.map(|document| document.read::<Redirect>()).transpose()?.map(|redirect| redirect.id))
    }
}
