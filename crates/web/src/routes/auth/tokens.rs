//! What signing in by any way gives: a session, its tokens, and the reply that shows them.

use std::{future::Future, time::Duration};

use axum::response::Response;
use commerce::{
    Error,
    accounts::{CodeChecked, MailedSecret, NewSession, is_known_address},
};
use http::StatusCode;
use identity::OpaqueToken;
use model::{
    Account, AccountId, SessionId,
    challenge::Purpose,
    session::{ACCESS_TOKEN_LIFETIME, SESSION_LIFETIME},
};
use store::Operation;

use crate::{
    App, Attempt, CameFrom,
    dto::auth::{AcceptedDto, SignedInDto},
    extract::{ClientAddress, Device},
    problem::{Code, Problem},
    reply,
};

/// How long what is written takes at least, where it would tell whether an address is known.
pub(super) const EVEN_TIME: Duration = Duration::from_millis(80);

/// The one reply to everything that must not tell whether an address is known.
pub(super) const ACCEPTED: AcceptedDto =
    AcceptedDto { status: "accepted", message: "If the address can be used, a mail is on its way to it." };

/// 202 with [`ACCEPTED`].
pub(in crate::routes) fn accepted() -> Result<Response, Problem> {
    reply::json(StatusCode::ACCEPTED, &ACCEPTED)
}

/// Does the work, but is done no sooner than after this time: who measures it learns nothing, as long as the work takes less.
pub(super) async fn evenly<T>(time: Duration, work: impl Future<Output = T>) -> T {
    let (done, ()) = tokio::join!(work, tokio::time::sleep(time));
    done
}

/// Runs what mails something to an address, if that may be mailed to. Nobody learns from the time whether somebody has the address, nor
/// whether somebody else had it mailed to just now.
///
/// # Errors
/// The operation's refusal or the engine's failure, as a reply.
pub(in crate::routes) async fn mail_evenly(
    app: &App,
    may_mail: bool,
    operation: impl Operation<Output = (), Error = Error>,
) -> Result<(), Problem> {
    evenly(EVEN_TIME, async { if may_mail { app.run(operation).await } else { Ok(()) } }).await
}

/// A session about to begin on this device, and its first refresh token.
pub(super) fn new_session(
    app: &App,
    device: Device,
    address: ClientAddress,
) -> Result<(NewSession, OpaqueToken), Problem> {
    let refresh_token = OpaqueToken::random();
    let session = NewSession {
        id: app.stamp()?.ids().draw(),
        refresh_hash: refresh_token.hash(),
        device: device.0,
        address: address.0.to_string(),
    };
    Ok((session, refresh_token))
}

/// The reply to everybody who has just been signed in.
pub(super) fn signed_in(
    app: &App,
    status: StatusCode,
    account: &Account,
    session_id: SessionId,
    refresh_token: &OpaqueToken,
) -> Result<Response, Problem> {
    let now = app.now();
    let jti = app.stamp()?.ids().draw();
    let dto = SignedInDto {
        account: account.into(),
        access_token: app.tokens().issue(account.id, session_id, now, jti),
        refresh_token: refresh_token.expose(),
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
        refresh_expires_in: SESSION_LIFETIME.as_secs(),
    };
    reply::json(status, &dto)
}

/// A new six-digit code for `purpose`, bound to `subject`: an address or an account.
pub(in crate::routes) fn code_for(app: &App, purpose: Purpose, subject: &str) -> MailedSecret {
    let plain = identity::random_code();
    let hash = app.keys().code_hash(purpose.as_str(), subject, &plain);
    MailedSecret { plain, hash }
}

/// Whose code it was that was right; 401 `invalid_code` otherwise.
pub(in crate::routes) fn right(checked: CodeChecked) -> Result<Account, Problem> {
    match checked {
        CodeChecked::Right(account) => Ok(account),
        CodeChecked::Wrong => Err(Problem::new(Code::InvalidCode)),
    }
}

/// The hash that the password of a signed-in account matches, for operations that ask for the password again. Wrong ones
/// count like failed sign-ins: who stole an access token must not be able to guess the password with it.
///
/// # Errors
/// 401 `wrong_credentials` when it does not match, 429 after too many tries, 503 when too many passwords wait to be
/// compared.
pub(in crate::routes) async fn verified_hash(
    app: &App,
    account_id: AccountId,
    password: String,
    address: ClientAddress,
) -> Result<String, Problem> {
    let (hash, attempt) = compared(app, account_id, password, address).await?;
    attempt.give_back();
    Ok(hash)
}

/// The same, and the hash of the password that is to come instead. Both are one try: whoever changes a password again and again has no more of
/// them wait than whoever signs in.
///
/// # Errors
/// As those of [`verified_hash`].
pub(in crate::routes) async fn verified_and_new_hash(
    app: &App,
    account_id: AccountId,
    password: String,
    new_password: String,
    address: ClientAddress,
) -> Result<(String, String), Problem> {
    let (hash, attempt) = compared(app, account_id, password, address).await?;
    let new_hash = app.passwords().for_known(true).hash(new_password).await;
    attempt.give_back();
    Ok((hash, new_hash?))
}

/// The hash that the password matches, and the try that it was, which does not count any more.
async fn compared(
    app: &App,
    account_id: AccountId,
    password: String,
    address: ClientAddress,
) -> Result<(String, Attempt), Problem> {
    let account = app.engine().account(account_id).await?.ok_or_else(Problem::not_authenticated)?;
    let email = account.email.as_ref().ok_or_else(Problem::not_authenticated)?;
    let is_known = is_known_address(app.engine(), account_id, address.0).await?;
    let mut attempt = app.throttle().attempt(email, address.0, CameFrom::known(is_known)).await?;
    let hash = app.engine().password_hash(account_id).await?;
    let passwords = app.passwords().for_known(true).telling(attempt.until_begun());
    let verified = match passwords.verify(password, hash.clone()).await {
        Ok(verified) => verified,
        Err(overloaded) => {
            attempt.give_back();
            return Err(overloaded.into());
        }
    };
    let Some(hash) = hash.filter(|_| verified.matches) else {
        return Err(Problem::new(Code::WrongCredentials).detail("The current password is wrong."));
    };
    attempt.forgive();
    Ok((hash, attempt))
}
