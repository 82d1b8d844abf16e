//! `POST /v1/auth/login`

use std::time::Duration;

use axum::{extract::State, response::Response};
use commerce::{
    Error,
    accounts::{StartSession, is_known_address, look_up},
    second_factor::second_factor,
};
use http::StatusCode;
use model::{Email, account::PASSWORD_MAX};

use super::tokens::{evenly, new_session, signed_in};
use crate::{
    App, CameFrom,
    dto::auth::{LoginDto, SignedInDto},
    extract::{ClientAddress, Device, Json},
    openapi::tag,
    problem::{Code, Problem},
    settings::SignUpMode,
};

/// How long it takes at least to look up who wants to sign in: longer than the engine needs for an account with a thousand sessions,
/// ended ones included.
const LOOK_UP_TIME: Duration = Duration::from_millis(10);

/// Log in
///
/// Signs the device in. 401 `wrong_credentials` says only that address and password do not belong together; 403
/// `email_not_verified` and `account_disabled` are told to those alone who gave the right password. An account has at most 100 sessions: the
/// one that was used longest ago ends when another begins.
#[utoipa::path(
    post, path = "/v1/auth/login", tag = tag::AUTH, operation_id = "log_in",
    request_body = LoginDto,
    responses(
        (status = 200, description = "Signed in", body = SignedInDto),
        (status = 401, description = "`wrong_credentials`: address and password do not belong together; `second_factor_required`: one of the staff sends `code` as well; `invalid_code`: that one is wrong or was used"),
        (status = 403, description = "`email_not_verified` or `account_disabled`, told after the right password only"),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn login(
    State(app): State<App>,
    device: Device,
    address: ClientAddress,
    Json(body): Json<LoginDto>,
) -> Result<Response, Problem> {
    let (session, refresh_token) = new_session(&app, device, address)?;
    let session_id = session.id;
    let start = authenticate(&app, &body.email, body.password, address).await?;
    // A form sends a field that nobody filled in as well.
    let code = body.code.as_deref().filter(|code| !code.trim().is_empty());
    second_step(&app, &start, &body.email, code, address).await?;
    match app.try_run(StartSession { session, ..start }).await {
        Ok(account) => signed_in(&app, StatusCode::OK, &account, session_id, &refresh_token),
        // The password was changed between comparing and signing in.
        Err(Error::NotAuthenticated) => Err(Problem::new(Code::WrongCredentials)),
        Err(error) => Err(error.into()),
    }
}

/// Asks those of the staff who have a second factor for a code of it.
async fn second_step(
    app: &App,
    start: &StartSession,
    email: &str,
    code: Option<&str>,
    address: ClientAddress,
) -> Result<(), Problem> {
    let account = app.engine().account(start.account_id).await?;
    let account = account.ok_or_else(|| Problem::new(Code::WrongCredentials))?;
    if !account.access().is_staff() {
        return Ok(());
    }
    if second_factor(app.engine(), account.id).await?.is_none() {
        let is_required = app.shop_settings().await?.require_second_factor;
        let detail = "This shop asks its staff for a second factor. Set yours up in the dashboard first.";
        return if is_required { Err(Problem::new(Code::Forbidden).detail(detail)) } else { Ok(()) };
    }
    let Some(code) = code else { return Err(Problem::new(Code::SecondFactorRequired)) };
    let email = Email::parse("/email", email)?;
    let is_known = is_known_address(app.engine(), account.id, address.0).await?;
    let attempt = app.throttle().attempt(&email, address.0, CameFrom::known(is_known)).await?;
    if !app.take_second_factor(account.id, code).await? {
        return Err(Problem::new(Code::InvalidCode));
    }
    attempt.give_back();
    Ok(())
}

/// Checks address and password; gives the operation that begins the session, with a session to be filled in.
///
/// # Errors
/// 401 when they do not belong together, 429 after too many tries, 503 when too many passwords wait to be compared.
pub(crate) async fn authenticate(
    app: &App,
    email: &str,
    password: String,
    address: ClientAddress,
) -> Result<StartSession, Problem> {
    let wrong = || Problem::new(Code::WrongCredentials);
    // No account has such an address or password; comparing would only cost time.
    let email = Email::parse("/email", email).map_err(|_| wrong())?;
    if password.chars().count() > PASSWORD_MAX {
        return Err(wrong());
    }
    let (row, is_known) = evenly(LOOK_UP_TIME, look_up(app.engine(), &email, address.0)).await?;
    let mut attempt = app.throttle().attempt(&email, address.0, CameFrom::known(is_known)).await?;
    let hash = row.as_ref().and_then(|row| row.password_hash.clone());
    let passwords = app.passwords().for_known(is_known).telling(attempt.until_begun());
    let verified = match passwords.verify(password.clone(), hash.clone()).await {
        Ok(verified) => verified,
        Err(overloaded) => {
            attempt.give_back();
            return Err(overloaded.into());
        }
    };
    let (Some(row), Some(verified_hash), true) = (row, hash, verified.matches) else { return Err(wrong()) };
    attempt.forgive();
    let rehashed = if verified.needs_rehash { Some(passwords.hash(password).await?) } else { None };
    attempt.give_back();
    let (session, _) = new_session(app, crate::extract::Device(String::new()), address)?;
    Ok(StartSession {
        account_id: row.account.id,
        verified_hash,
        rehashed,
        require_verified: app.settings().sign_up == SignUpMode::Verify,
        session,
        stamp: app.stamp()?,
    })
}
