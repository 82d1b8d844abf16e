//! All routes, put together from what the API documents and the pages beside it.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Uri};

use crate::{
    App,
    problem::{Code, Problem},
    routes::{self, pages::mishap},
};

/// The router, and the templates of everything in it.
pub(crate) fn build(app: App) -> (Router, Vec<String>) {
    let (mut router, openapi) = routes::api().split_for_parts();
    let mut templates: Vec<String> = openapi.paths.paths.keys().cloned().collect();
    for (template, methods) in routes::pages(&app) {
        router = router.route(template, methods);
        templates.push(template.to_owned());
    }
    let router = router.fallback(nothing_there).method_not_allowed_fallback(other_method);
    (router.with_state(app), templates)
}

async fn nothing_there(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    told(&app, &uri, &headers, Problem::not_found())
}

/// axum adds the Allow header.
async fn other_method(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    told(&app, &uri, &headers, Problem::new(Code::MethodNotAllowed))
}

fn told(app: &App, uri: &Uri, asked: &HeaderMap, problem: Problem) -> Response {
    let response = problem.into_response();
    // Nobody but programs asks for what is under /v1.
    if uri.path().starts_with("/v1/") { response } else { mishap::tell(app, asked, response) }
}
