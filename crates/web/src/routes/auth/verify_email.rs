//! `POST /v1/auth/verify-email` and `/resend`

use axum::{extract::State, response::Response};
use commerce::accounts::{CodeChecked, ResendCode, VerifyEmail, is_signed_in_by_code};
use http::StatusCode;
use model::{Account, Email, account::PASSWORD_MAX, challenge::Purpose};

use super::tokens::{EVEN_TIME, accepted, code_for, evenly, mail_evenly, new_session, right, signed_in};
use crate::{
    App, CameFrom,
    dto::auth::{AcceptedDto, EmailOnlyDto, SignedInDto, VerifyEmailDto},
    extract::{ClientAddress, Device, Json},
    openapi::tag,
    problem::{Code, Problem},
};

/// Verify an e-mail address
///
/// Proves the address with the six-digit code from the mail and the password that was chosen, and signs the device in. A code is
/// good once, for ten minutes and for five tries; after that, ask for a new one. A wrong, used or expired code is 401 `invalid_code`, and
/// so is any with another password: the last sign-up with an address that is not verified counts, and that may have been somebody else's.
/// Sign up again then, or choose a password by `POST /v1/auth/password/forgot`, which proves the address as well. Those who work in the shop are not signed in by a code (403 `forbidden`, once the address is verified).
#[utoipa::path(
    post, path = "/v1/auth/verify-email", tag = tag::AUTH, operation_id = "verify_email",
    request_body = VerifyEmailDto,
    responses(
        (status = 200, description = "Verified and signed in", body = SignedInDto),
        (status = 401, description = "`invalid_code`: the code is wrong, was used, or has expired, or the password is not the one of the last sign-up"),
        (status = 403, description = "`forbidden`: the address is verified, and one of the staff signs in with the password"),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn verify_email(
    State(app): State<App>,
    device: Device,
    address: ClientAddress,
    Json(body): Json<VerifyEmailDto>,
) -> Result<Response, Problem> {
    let email = Email::parse("/email", &body.email)?;
    let code_hash = app.keys().code_hash(Purpose::VerifyEmail.as_str(), email.as_str(), &body.code);
    let (session, refresh_token) = new_session(&app, device, address)?;
    let session_id = session.id;
    let attempt = app.throttle().code_attempt(address.0)?;
    let verify = VerifyEmail { email, verified_hash: String::new(), code_hash, session, stamp: app.stamp()? };
    let account = attempt.settle(with_password(&app, verify, body.password, address).await)?;
    if !is_signed_in_by_code(&account) {
        let detail = "The address is verified. Who works in the shop signs in with the password.";
        return Err(Problem::new(Code::Forbidden).detail(detail));
    }
    signed_in(&app, StatusCode::OK, &account, session_id, &refresh_token)
}

/// Presents a code with a password. Whatever does not fit is answered alike, takes the same way and counts the same: whoever has just
/// signed up must not learn whether the address was known, nor try out the passwords of those who are.
async fn with_password(
    app: &App,
    verify: VerifyEmail,
    password: String,
    address: ClientAddress,
) -> Result<Account, Problem> {
    if password.chars().count() > PASSWORD_MAX {
        return Err(Problem::new(Code::InvalidCode));
    }
    let mut attempt = app.throttle().attempt(&verify.email, address.0, CameFrom::WithCode).await?;
    let hash = app.engine().credentials(&verify.email).await?.and_then(|row| row.password_hash);
    let passwords = app.passwords().for_known(false).telling(attempt.until_begun());
    let verified = match passwords.verify(password, hash.clone()).await {
        Ok(verified) => verified,
        Err(overloaded) => {
            attempt.give_back();
            return Err(overloaded.into());
        }
    };
    let verified_hash = hash.filter(|_| verified.matches).unwrap_or_default();
    // A wrong code is a try that is written down where the password is the one of the sign-up, which it never is where the address was
    // proven already.
    let checked = evenly(EVEN_TIME, app.run(VerifyEmail { verified_hash, ..verify })).await;
    if !matches!(checked, Ok(CodeChecked::Wrong)) {
        attempt.give_back();
    }
    checked.and_then(right)
}

/// Mail a new code
///
/// Mails a new code to an address that is not verified yet; the old one stops being good. At most five an hour are
/// mailed. The reply is the same whether there is such an account or not.
#[utoipa::path(
    post, path = "/v1/auth/verify-email/resend", tag = tag::AUTH, operation_id = "resend_code",
    request_body = EmailOnlyDto,
    responses((status = 202, description = "If the address can be used, a mail is on its way", body = AcceptedDto)),
)]
pub(super) async fn resend(State(app): State<App>, Json(body): Json<EmailOnlyDto>) -> Result<Response, Problem> {
    let email = Email::parse("/email", &body.email)?;
    let code = code_for(&app, Purpose::VerifyEmail, email.as_str());
    let may_mail = app.throttle().may_mail(&email, Purpose::VerifyEmail);
    mail_evenly(&app, may_mail, ResendCode { email, code, stamp: app.stamp()? }).await?;
    accepted()
}
