//! `/`: the shop window where there is one; otherwise what this is, and where to go from here.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use minijinja::context;

use super::template;
use crate::{App, extract::Path, problem::Problem, reply};

/// The page of the shop window. Everything else in it is made in the browser, out of the public API.
const SHOP: &str = include_str!("../../../assets/shop.html");
/// What it may load: from here alone, and nothing written into the page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whether there is a shop window.
async fn is_shown(app: &App) -> Result<bool, Problem> {
    Ok(app.settings().demo || app.shop_settings().await?.shop_window)
}

pub(super) async fn page(State(app): State<App>) -> Result<Response, Problem> {
    if is_shown(&app).await? {
        return Ok(reply::page("text/html; charset=utf-8", POLICY, SHOP));
    }
    template::page(&app, StatusCode::OK, "home.html", context! {})
}

/// A page of the shop window.
pub(super) async fn window(State(app): State<App>) -> Result<Response, Problem> {
    if is_shown(&app).await? {
        return Ok(reply::page("text/html; charset=utf-8", POLICY, SHOP));
    }
    Err(Problem::not_found())
}

/// Where mails lead to, and where another storefront has its products: the shop window has them elsewhere.
pub(super) async fn product(State(app): State<App>, Path(slug): Path<String>) -> Result<Response, Problem> {
    if is_shown(&app).await? {
        let slug: String = form_urlencoded::byte_serialize(slug.as_bytes()).collect();
        return Ok(Redirect::to(&format!("/shop/{slug}")).into_response());
    }
    Err(Problem::not_found())
}
