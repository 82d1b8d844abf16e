//! `/reset-password`: where the link in the mail leads when no storefront has a page of its own.

use axum::{
    extract::{Form, Query, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use identity::OpaqueToken;
use minijinja::context;
use serde::Deserialize;

use super::{
    csrf::{self, Cookie},
    template,
};
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
    let cookie = csrf::read(app, headers, Cookie::Form).unwrap_or_else(OpaqueToken::random);
    let values = context! { csrf => csrf::token(&cookie), token, field_error };
    let mut response = template::page(app, status, "reset_password.html", values)?;
    csrf::set(app, &mut response, Cookie::Form, Some(&cookie))?;
    Ok(response)
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
    csrf::check(&headers, csrf::read(&app, &headers, Cookie::Form).as_ref(), &form.csrf)?;
    if let Err(wrong) = identity::check_password("/password", &form.password, &[]) {
        return show(&app, &headers, StatusCode::UNPROCESSABLE_ENTITY, &form.token, Some(&wrong.message));
    }
    let like_person = "must be harder to guess: it is like your address or your name";
    match set_password(&app, &form.token, form.password, device, address).await {
        Err(problem) if problem.code() == Code::InvalidInput => {
            show(&app, &headers, StatusCode::UNPROCESSABLE_ENTITY, &form.token, Some(like_person))
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
