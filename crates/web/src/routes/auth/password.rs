//! `POST /v1/auth/password/forgot` and `/reset`

use axum::{extract::State, response::Response};
use commerce::{
    Error,
    accounts::{CheckResetToken, MailedSecret, RequestPasswordReset, ResetPassword},
};
use identity::OpaqueToken;
use model::{Account, Email, challenge::Purpose};

use super::tokens::{accepted, mail_evenly};
use crate::{
    App,
    dto::auth::{AcceptedDto, EmailOnlyDto, ResetPasswordDto},
    extract::{ClientAddress, Device, Json},
    openapi::tag,
    problem::{Code, Problem},
    reply,
};

/// Forgotten password
///
/// Mails a link with a token that is good once, for ten minutes; a new one replaces it. Five an hour are mailed at most: two at once, and
/// then one every quarter of an hour. The reply is the same whether there is such an account or not, and whether a mail is sent.
#[utoipa::path(
    post, path = "/v1/auth/password/forgot", tag = tag::AUTH, operation_id = "forgot_password",
    request_body = EmailOnlyDto,
    responses((status = 202, description = "If the address can be used, a mail is on its way", body = AcceptedDto)),
)]
pub(super) async fn forgot(State(app): State<App>, Json(body): Json<EmailOnlyDto>) -> Result<Response, Problem> {
    let email = Email::parse("/email", &body.email)?;
    mail_reset_link(&app, email).await?;
    accepted()
}

/// Mails a link that sets a new password, if there is such an account. Takes as long either way.
pub(in crate::routes) async fn mail_reset_link(app: &App, email: Email) -> Result<(), Problem> {
    // The same kind of secret as a refresh token: 256 random bits, kept as a hash.
    let token = OpaqueToken::random();
    let token = MailedSecret { hash: token.hash(), plain: token.expose() };
    let may_mail = app.throttle().may_mail(&email, Purpose::ResetPassword);
    mail_evenly(app, may_mail, RequestPasswordReset { email, token, stamp: app.stamp()? }).await
}

/// Set a new password
///
/// Takes the token from the mail. All sessions of the account end. A wrong, used or expired token is 401
/// `invalid_code`.
#[utoipa::path(
    post, path = "/v1/auth/password/reset", tag = tag::AUTH, operation_id = "reset_password",
    request_body = ResetPasswordDto,
    responses(
        (status = 204, description = "The password is set"),
        (status = 401, description = "`invalid_code`: the token is wrong, was used, or has expired"),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn reset(
    State(app): State<App>,
    device: Device,
    address: ClientAddress,
    Json(body): Json<ResetPasswordDto>,
) -> Result<Response, Problem> {
    set_password(&app, &body.token, body.password, device, address).await?;
    Ok(reply::no_content())
}

/// Sets a password for whoever has the token from the mail. Nothing is judged or hashed for others: that is work which those who sign in
/// would wait for. Gives whose it is.
///
/// # Errors
/// 401 `invalid_code` when the token is wrong, was used, or has expired; 422 when the password is too short or easy to guess, or like the
/// person's address or name; 429 after too many wrong tokens.
pub(in crate::routes) async fn set_password(
    app: &App,
    token: &str,
    password: String,
    device: Device,
    address: ClientAddress,
) -> Result<Account, Problem> {
    let attempt = app.throttle().code_attempt(address.0)?;
    attempt.settle(reset_with(app, token, password, device, address).await)
}

async fn reset_with(
    app: &App,
    token: &str,
    password: String,
    device: Device,
    address: ClientAddress,
) -> Result<Account, Problem> {
    let wrong = || Problem::new(Code::InvalidCode);
    let token_hash = OpaqueToken::parse(token).ok_or_else(wrong)?.hash();
    let account = app.run(CheckResetToken { token_hash, now: app.now() }).await?.ok_or_else(wrong)?;
    let email = account.email.as_ref().map_or("", |email| email.as_str());
    identity::check_password("/password", &password, &[email, &account.name])?;
    let new_hash = app.passwords().hash(password).await?;
    let (device, address) = (device.0, address.0.to_string());
    match app.try_run(ResetPassword { token_hash, new_hash, device, address, stamp: app.stamp()? }).await {
        Ok(()) => Ok(account),
        Err(Error::NotAuthenticated) => Err(wrong()),
        Err(error) => Err(error.into()),
    }
}
