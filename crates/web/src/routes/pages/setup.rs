//! `/setup/{token}`: the one-time link that makes the first owner.

use std::collections::BTreeMap;

use axum::{
    extract::{Form, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Conflict, Error,
    accounts::{CheckSetupLink, CreateOwner},
};
use http::{HeaderMap, StatusCode};
use identity::OpaqueToken;
use minijinja::context;
use model::{Email, Violations, account::NAME_MAX, text};
use serde::Deserialize;

use super::{csrf, template};
use crate::{
    App,
    extract::{ClientAddress, Path},
    problem::Problem,
};

pub(super) async fn form(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if OpaqueToken::parse(&token).is_none() || app.engine().has_owner().await? {
        return used(&app);
    }
    show(&app, &headers, StatusCode::OK, &Submission::default(), None, &Violations::default())
}

/// The link is not (or no longer) good.
fn used(app: &App) -> Result<Response, Problem> {
    let text =
        "It works once, and only while the shop has no owner. The newest one stands in the output of the program.";
    template::message(app, StatusCode::NOT_FOUND, "This link is not valid", text, Some(("/staff/sign-in", "Sign in")))
}

fn show(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    form: &Submission,
    error: Option<&str>,
    wrong: &Violations,
) -> Result<Response, Problem> {
    let errors: BTreeMap<_, _> =
        wrong.0.iter().map(|violation| (violation.pointer.trim_start_matches('/'), &violation.message)).collect();
    let values = context! { name => form.name, email => form.email, error, errors };
    template::open_form(app, headers, status, "setup.html", values)
}

#[derive(Default, Deserialize)]
pub(super) struct Submission {
    csrf: String,
    name: String,
    email: String,
    password: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    Path(token): Path<String>,
    address: ClientAddress,
    headers: HeaderMap,
    Form(form): Form<Submission>,
) -> Result<Response, Problem> {
    csrf::check_open(&app, &headers, &form.csrf)?;
    let Some(token) = OpaqueToken::parse(&token) else { return used(&app) };
    // Nothing is judged or hashed for whoever finds this address.
    let attempt = app.throttle().code_attempt(address.0)?;
    if !app.run(CheckSetupLink { hash: token.hash() }).await? {
        return used(&app);
    }
    attempt.give_back();
    let email = match check(&form) {
        Ok(email) => email,
        Err(wrong) => return show(&app, &headers, StatusCode::UNPROCESSABLE_ENTITY, &form, None, &wrong),
    };
    let password_hash = app.passwords().hash(form.password.clone()).await?;
    let setup_link = Some(token.hash());
    let create = CreateOwner { email, name: form.name.clone(), password_hash, setup_link, stamp: app.stamp()? };
    match app.try_run(create).await {
        Ok(_) => Ok(Redirect::to("/staff/sign-in?welcome=1&next=/admin/welcome").into_response()),
        Err(Error::NotAuthenticated | Error::Conflict(Conflict::OwnerExists)) => used(&app),
        Err(Error::Conflict(Conflict::EmailTaken)) => {
            let error = Some("A customer has this e-mail address already. Use another one.");
            show(&app, &headers, StatusCode::CONFLICT, &form, error, &Violations::default())
        }
        Err(error) => Err(error.into()),
    }
}

fn check(form: &Submission) -> Result<Email, Violations> {
    let mut wrong = Violations::default();
    wrong.take(text::line("/name", &form.name, NAME_MAX));
    let email = wrong.take(Email::parse("/email", &form.email));
    wrong.take(identity::check_password("/password", &form.password, &[&form.email, &form.name]));
    match email {
        Some(email) if wrong.0.is_empty() => Ok(email),
        _ => Err(wrong),
    }
}
