//! `/staff/sign-in` and `/staff/sign-out`

use axum::{
    extract::{Form, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Error,
    accounts::{EndSession, NewSession, StartSession, is_known_address},
    second_factor::second_factor,
};
use http::{HeaderMap, StatusCode};
use identity::{Keys, OpaqueToken};
use minijinja::context;
use model::{AccountId, Email, Timestamp};
use serde::Deserialize;

use super::{
    csrf::{self, Cookie},
    template,
};
use crate::{
    App, CameFrom, SignUpMode,
    extract::{ClientAddress, Device},
    problem::{Code, Problem},
    routes::auth::{authenticate, mail_reset_link},
};

/// Where to go after signing in, when nobody says.
const HOME: &str = "/admin";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FormQuery {
    next: String,
    welcome: String,
    unsaved: String,
}

pub(super) async fn form(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<FormQuery>,
) -> Result<Response, Problem> {
    let welcome = (!query.welcome.is_empty()).then_some("Your account is ready. Sign in with it.");
    let unsaved = (!query.unsaved.is_empty())
        .then_some("You were signed out; nothing was saved. Sign in to go back to the form.");
    show(&app, &headers, StatusCode::OK, &query.next, "", unsaved, welcome)
}

fn show(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    next: &str,
    email: &str,
    error: Option<&str>,
    welcome: Option<&str>,
) -> Result<Response, Problem> {
    let values = context! { next => own_path(next), email, error, welcome };
    template::open_form(app, headers, status, "sign_in.html", values)
}

/// A path on this server, whatever was asked for: a sign-in page that sends people elsewhere helps those who fish.
fn own_path(next: &str) -> &str {
    // Browsers drop tabs and ends of lines from addresses (WHATWG URL), and take a backslash for a slash.
    let is_own =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(|c: char| c == '\\' || c.is_control());
    if is_own { next } else { HOME }
}

#[derive(Deserialize)]
pub(super) struct Submission {
    csrf: String,
    #[serde(default)]
    next: String,
    email: String,
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
    let token = OpaqueToken::random();
    let refused = match begin(&app, &form, device, address, &token).await {
        Ok(None) => return go_on(&app, &form.next, &token),
        Ok(Some(ticket)) => return show_second(&app, &headers, StatusCode::OK, &form.next, &ticket, None),
        Err(problem) => problem,
    };
    let text = match refused.code() {
        Code::WrongCredentials => "The e-mail address or the password is wrong.",
        Code::TooManyRequests => "Too many attempts. Wait a minute, then try again.",
        Code::Busy => "The shop is busy. Try again in a moment.",
        Code::AccountDisabled => "This account is locked. Ask the owner of the shop.",
        Code::EmailNotVerified => "The e-mail address of this account is not verified yet.",
        Code::Forbidden => "This account does not work in the shop.",
        _ => return Err(refused),
    };
    show(&app, &headers, refused.status(), &form.next, &form.email, Some(text), None)
}

/// Signed in: to where somebody wanted to go.
fn go_on(app: &App, next: &str, token: &OpaqueToken) -> Result<Response, Problem> {
    let mut response = Redirect::to(own_path(next)).into_response();
    csrf::set(app, &mut response, Cookie::Session, Some(token))?;
    Ok(response)
}

/// For how long somebody may look for the telephone, in seconds.
const TICKET_SECS: i64 = 300;

/// What proves, for some minutes, that the password was right: worth nothing without the second factor, nor once the password is
/// changed.
fn ticket(keys: &Keys, id: AccountId, password_hash: &str, now: Timestamp) -> String {
    ticket_until(keys, id, password_hash, now.as_second() + TICKET_SECS)
}

/// Whether the ticket is ours, for this account, password and end, and is not over.
fn is_good_ticket(keys: &Keys, id: AccountId, password_hash: &str, until: i64, ticket: &str, now: Timestamp) -> bool {
    let is_ours = csrf::is_equal(&ticket_until(keys, id, password_hash, until), ticket);
    is_ours && until > now.as_second()
}

fn ticket_until(keys: &Keys, id: AccountId, password_hash: &str, until: i64) -> String {
    let subject = format!("{id}.{until}");
    let mac = keys.code_hash("sign_in_ticket", &subject, password_hash);
    format!("{subject}.{}", hex::encode(mac))
}

fn show_second(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    next: &str,
    ticket: &str,
    error: Option<&str>,
) -> Result<Response, Problem> {
    let values = context! { next => own_path(next), ticket, error };
    template::open_form(app, headers, status, "second_factor.html", values)
}

#[derive(Deserialize)]
pub(super) struct Second {
    csrf: String,
    #[serde(default)]
    next: String,
    ticket: String,
    code: String,
}

/// The second step of signing in: a code of the app, or a recovery code.
pub(super) async fn second(
    State(app): State<App>,
    device: Device,
    address: ClientAddress,
    headers: HeaderMap,
    Form(form): Form<Second>,
) -> Result<Response, Problem> {
    csrf::check_open(&app, &headers, &form.csrf)?;
    let again = || show(&app, &headers, StatusCode::UNAUTHORIZED, &form.next, "", Some("Sign in once more."), None);
    let mut parts = form.ticket.split('.');
    let (Some(Ok(id)), Some(Ok(until))) =
        (parts.next().map(str::parse::<AccountId>), parts.next().map(str::parse::<i64>))
    else {
        return again();
    };
    let (Some(account), Some(hash)) = (app.engine().account(id).await?, app.engine().password_hash(id).await?) else {
        return again();
    };
    let is_good = is_good_ticket(app.keys(), id, &hash, until, &form.ticket, app.now());
    let Some(email) = account.email.as_ref().filter(|_| is_good && account.access().is_staff()) else { return again() };
    let is_known = is_known_address(app.engine(), id, address.0).await?;
    let attempt = match app.throttle().attempt(email, address.0, CameFrom::known(is_known)).await {
        Ok(attempt) => attempt,
        Err(problem) => {
            let text = "Too many attempts. Wait a minute, then try again.";
            return show_second(&app, &headers, problem.status(), &form.next, &form.ticket, Some(text));
        }
    };
    if !app.take_second_factor(id, &form.code).await? {
        let text = "The code is not right, or was used already. Wait for the next one.";
        return show_second(&app, &headers, StatusCode::UNAUTHORIZED, &form.next, &form.ticket, Some(text));
    }
    attempt.give_back();
    let token = OpaqueToken::random();
    let session = NewSession {
        id: app.stamp()?.ids().draw(),
        refresh_hash: token.page_hash(),
        device: device.0,
        address: address.0.to_string(),
    };
    let start = StartSession {
        account_id: id,
        verified_hash: hash,
        rehashed: None,
        require_verified: app.settings().sign_up == SignUpMode::Verify,
        session,
        stamp: app.stamp()?,
    };
    match app.try_run(start).await {
        Ok(_) => go_on(&app, &form.next, &token),
        Err(Error::NotAuthenticated | Error::AccountDisabled | Error::EmailNotVerified) => again(),
        Err(error) => Err(error.into()),
    }
}

async fn begin(
    app: &App,
    form: &Submission,
    device: Device,
    address: ClientAddress,
    token: &OpaqueToken,
) -> Result<Option<String>, Problem> {
    let start = authenticate(app, &form.email, form.password.clone(), address).await?;
    let account = app.engine().account(start.account_id).await?.ok_or_else(Problem::not_authenticated)?;
    if !account.access().is_staff() {
        return Err(Problem::new(Code::Forbidden));
    }
    if second_factor(app.engine(), account.id).await?.is_some() {
        return Ok(Some(ticket(app.keys(), account.id, &start.verified_hash, app.now())));
    }
    let session = NewSession { refresh_hash: token.page_hash(), device: device.0, ..start.session.clone() };
    match app.try_run(StartSession { session, ..start }).await {
        Ok(_) => Ok(None),
        // The password was changed between comparing and signing in.
        Err(Error::NotAuthenticated) => Err(Problem::new(Code::WrongCredentials)),
        Err(error) => Err(error.into()),
    }
}

/// The form of those who have forgotten the password.
pub(super) async fn forgotten(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    show_forgotten(&app, &headers, false)
}

fn show_forgotten(app: &App, headers: &HeaderMap, is_done: bool) -> Result<Response, Problem> {
    let values = context! { is_done };
    template::open_form(app, headers, StatusCode::OK, "forgotten.html", values)
}

#[derive(Deserialize)]
pub(super) struct Forgotten {
    csrf: String,
    email: String,
}

/// Mails a link that sets a new password. What is said is the same whether there is such an account or not.
pub(super) async fn send_link(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<Forgotten>,
) -> Result<Response, Problem> {
    csrf::check_open(&app, &headers, &form.csrf)?;
    if let Ok(email) = Email::parse("/email", &form.email) {
        mail_reset_link(&app, email).await?;
    }
    show_forgotten(&app, &headers, true)
}

#[derive(Deserialize)]
pub(super) struct SignOut {
    csrf: String,
}

pub(super) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<SignOut>,
) -> Result<Response, Problem> {
    let cookie = csrf::read(&app, &headers, Cookie::Session);
    csrf::check(&headers, cookie.as_ref(), &form.csrf)?;
    let now = app.now();
    if let Some(cookie) = &cookie
        && let Some(session) = app.engine().session_access_by_token(&cookie.page_hash(), now).await?
    {
        let end = EndSession { account_id: session.access.account_id, id: session.session_id, now };
        match app.try_run(end).await {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut response = Redirect::to("/staff/sign-in").into_response();
    csrf::set(&app, &mut response, Cookie::Session, None)?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(own_path("/mailbox/1"), "/mailbox/1");
        for elsewhere in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/a\r\nb",
            "/\t/evil.example",
        ] {
            assert_eq!(own_path(elsewhere), HOME, "{elsewhere}");
        }
    }

    #[test]
    fn a_ticket_is_good_for_five_minutes_and_for_one_password() {
        let (keys, id, now) = (Keys::generate(), AccountId::from(uuid::Uuid::from_u128(1)), Timestamp::UNIX_EPOCH);
        let ticket = ticket(&keys, id, "a hash", now);
        let is_good = |password_hash: &str, seconds: i64| {
            let later = Timestamp::from_second(now.as_second() + seconds).expect("a time");
            is_good_ticket(&keys, id, password_hash, now.as_second() + 300, &ticket, later)
        };
        assert!(is_good("a hash", 0) && is_good("a hash", 299));
        assert!(!is_good("a hash", 300) && !is_good("a hash", 86_400), "it is over");
        assert!(!is_good("another hash", 0), "the password was changed meanwhile");
    }
}
