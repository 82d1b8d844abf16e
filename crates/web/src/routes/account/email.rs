//! `POST /v1/account/email` and `/confirm`

use axum::{extract::State, response::Response};
use commerce::accounts::{ConfirmEmailChange, RequestEmailChange};
use model::{Email, challenge::Purpose};

use crate::{
    App,
    dto::{
        account::AccountDto,
        auth::{AcceptedDto, ChangeEmailDto, ConfirmEmailDto},
    },
    extract::{ClientAddress, Json, SignedIn},
    openapi::tag,
    problem::Problem,
    reply,
    routes::auth::{accepted, code_for, mail_evenly, right, verified_hash},
};

/// Change the e-mail address
///
/// Asks for the password and mails a six-digit code to the new address. Nothing changes until it is confirmed.
#[utoipa::path(
    post, path = "/v1/account/email", tag = tag::ACCOUNT, operation_id = "change_email", security(("bearer" = [])),
    request_body = ChangeEmailDto,
    responses(
        (status = 202, description = "If the address can be used, a mail is on its way", body = AcceptedDto),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn change(
    State(app): State<App>,
    caller: SignedIn,
    address: ClientAddress,
    Json(body): Json<ChangeEmailDto>,
) -> Result<Response, Problem> {
    let new_email = Email::parse("/new_email", &body.new_email)?;
    let account_id = caller.account_id();
    let verified_hash = verified_hash(&app, account_id, body.password, address).await?;
    let code = code_for(&app, Purpose::ChangeEmail, &account_id.to_string());
    let may_mail = app.throttle().may_mail(&new_email, Purpose::ChangeEmail);
    let request = RequestEmailChange { account_id, verified_hash, new_email, code, stamp: app.stamp()? };
    mail_evenly(&app, may_mail, request).await?;
    accepted()
}

/// Confirm the new e-mail address
///
/// Takes the code from the mail; the old address is told. A wrong, used or expired code is 401 `invalid_code`.
#[utoipa::path(
    post, path = "/v1/account/email/confirm", tag = tag::ACCOUNT, operation_id = "confirm_email", security(("bearer" = [])),
    request_body = ConfirmEmailDto,
    responses(
        (status = 200, description = "The account with its new address", body = AccountDto),
        (status = 409, description = "`email_taken`: somebody signed up with the address in the meantime"),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn confirm(
    State(app): State<App>,
    caller: SignedIn,
    address: ClientAddress,
    Json(body): Json<ConfirmEmailDto>,
) -> Result<Response, Problem> {
    let account_id = caller.account_id();
    let code_hash = app.keys().code_hash(Purpose::ChangeEmail.as_str(), &account_id.to_string(), &body.code);
    let attempt = app.throttle().code_attempt(address.0)?;
    let confirm = ConfirmEmailChange { account_id, code_hash, stamp: app.stamp()? };
    let account = attempt.settle(app.run(confirm).await.and_then(right))?;
    reply::changed(account.version, &AccountDto::from(&account))
}
