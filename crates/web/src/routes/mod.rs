//! The endpoints: one file each, or for a tight group, in folders like their paths.

mod account;
mod admin;
mod auth;
mod categories;
mod docs;
mod operations;
mod orders;
mod pages;
mod problems;
mod products;

use axum::routing::{MethodRouter, get};
use utoipa_axum::router::OpenApiRouter;

use crate::{App, openapi};

/// Everything that the OpenAPI document describes.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(auth::router())
        .merge(account::router())
        .merge(categories::router())
        .merge(products::router())
        .merge(orders::router())
        .merge(admin::router())
        .merge(operations::router())
}

/// What is for people rather than programs, by its path.
pub(crate) fn pages() -> Vec<(&'static str, MethodRouter<App>)> {
    let mut pages = pages::all();
    pages.extend([
        ("/docs", get(docs::redirect)),
        ("/docs/", get(docs::index)),
        ("/docs/{*file}", get(docs::file)),
        ("/docs/problems", get(problems::page)),
    ]);
    pages
}
