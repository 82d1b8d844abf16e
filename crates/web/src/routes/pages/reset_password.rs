//! `/reset-password`: where the link in the mail leads when no storefront has a page of its own.

use axum::{
    extract::{Form, Query, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use identity::OpaqueToken;
use minijinja::context;
use serde::Deserialize;

use super::{csrf, template};
use crate::{
    App,
    extract::{ClientAddress, Device},
    problem::{Code, Problem},
    routes::auth::set_password,
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FormQuery {
    token: String,
}

pub(super) async fn form(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<FormQuery>,
) -> Result<Response, Problem> {
    if OpaqueToken::parse(&query.token).is_none() {
        return expired(&app);
    }
    show(&app, &headers, StatusCode::OK, &query.token, None)
}

fn expired(app: &App) -> Result<Response, Problem> {
    let text = "It works once, for ten minutes. Ask for a new one where you sign in.";
    template::message(app, StatusCode::NOT_FOUND, "This link is not valid", text, None)
}

fn show(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    token: &str,
    field_error: Option<&str>,
) -> Result<Response, Problem> {
    let values = context! { token, field_error };
    template::open_form(app, headers, status, "reset_password.html", values)
}

#[derive(Deserialize)]
pub(super) struct Submission {
    csrf: String,
    token: String,
    password: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    device: Device,
    address: ClientAddress,
    headers: HeaderMap,
    Form(form): Form<Submission>,
) -> Result<Response, Problem> {
    csrf::check_open(&app, &headers, &form.csrf)?;
    match set_password(&app, &form.token, form.password.clone(), device, address).await {
        Err(problem) if problem.code() == Code::InvalidInput => {
            let wrong = identity::check_password("/password", &form.password, &[]).err();
            let like_person = "must be harder to guess: it is like your address or your name";
            let why = wrong.as_ref().map_or(like_person, |wrong| &wrong.message);
            show(&app, &headers, StatusCode::UNPROCESSABLE_ENTITY, &form.token, Some(why))
        }
        Ok(account) => {
            // Customers sign in where they came from.
            let link = account.access().is_staff().then_some(("/staff/sign-in", "Sign in"));
            template::message(&app, StatusCode::OK, "Your password is set", "You can sign in with it now.", link)
        }
        Err(problem) if problem.code() == Code::InvalidCode => expired(&app),
        Err(problem) => Err(problem),
    }
}
