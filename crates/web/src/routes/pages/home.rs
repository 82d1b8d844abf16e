//! `/`: what this is, and where to go from here.

use axum::{extract::State, response::Response};
use http::StatusCode;
use minijinja::context;

use super::template;
use crate::{App, problem::Problem};

pub(super) async fn page(State(app): State<App>) -> Result<Response, Problem> {
    template::page(&app, StatusCode::OK, "home.html", context! {})
}
