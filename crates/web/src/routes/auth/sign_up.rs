//! `POST /v1/auth/signup`

use axum::{extract::State, response::Response};
use commerce::accounts::{SignUp, SignUpAtOnce};
use http::StatusCode;
use model::{Email, Violations, account::NAME_MAX, challenge::Purpose, text};

use super::tokens::{accepted, code_for, mail_evenly, new_session, signed_in};
use crate::{
    App,
    dto::auth::{AcceptedDto, SignUpDto, SignedInDto},
    extract::{ClientAddress, Device, Json},
    openapi::tag,
    problem::Problem,
    settings::SignUpMode,
};

/// Sign up
///
/// Makes an account and mails a six-digit code, good for ten minutes. The reply is the same for a new and for a known
/// address; the owner of a known one gets a mail that says so.
///
/// A shop may be set to sign customers in at once (`--signup immediate`). Then the reply is 201 with the tokens, or 409
/// `email_taken`: sign-up then tells whether an address is known.
#[utoipa::path(
    post, path = "/v1/auth/signup", tag = tag::AUTH, operation_id = "sign_up",
    request_body = SignUpDto,
    responses(
        (status = 202, description = "A mail is on its way", body = AcceptedDto),
        (status = 201, description = "Signed in, in shops that sign customers in at once", body = SignedInDto),
        (status = 409, description = "`email_taken`, in shops that sign customers in at once"),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn sign_up(
    State(app): State<App>,
    device: Device,
    address: ClientAddress,
    Json(body): Json<SignUpDto>,
) -> Result<Response, Problem> {
    app.throttle().sign_up(address.0)?;
    let email = check(&body)?;
    let code = code_for(&app, Purpose::VerifyEmail, email.as_str());
    let password_hash = app.passwords().hash(body.password).await?;
    let may_mail = app.throttle().may_mail(&email, Purpose::VerifyEmail);
    let sign_up = SignUp { email, name: body.name, password_hash, code, stamp: app.stamp()? };
    match app.settings().sign_up {
        SignUpMode::Verify => {
            mail_evenly(&app, may_mail, sign_up).await?;
            accepted()
        }
        SignUpMode::Immediate => {
            let (session, refresh_token) = new_session(&app, device, address)?;
            let session_id = session.id;
            let account = app.run(SignUpAtOnce { sign_up, is_code_mailed: may_mail, session }).await?;
            signed_in(&app, StatusCode::CREATED, &account, session_id, &refresh_token)
        }
    }
}

/// Everything that is wrong with the input at once, before anything costs time.
fn check(body: &SignUpDto) -> Result<Email, Violations> {
    let mut wrong = Violations::default();
    let email = wrong.take(Email::parse("/email", &body.email));
    wrong.take(identity::check_password("/password", &body.password, &[&body.email, &body.name]));
    wrong.take(text::line("/name", &body.name, NAME_MAX));
    match email {
        Some(email) if wrong.0.is_empty() => Ok(email),
        _ => Err(wrong),
    }
}
