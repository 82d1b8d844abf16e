//! Forms that only our own pages can send.
//!
//! A form carries a token that is derived from a cookie: another site can make a browser send the cookie, but can neither
//! read nor set it, so it cannot know the token. Signed-in pages use the session's cookie, the others one for forms.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use identity::OpaqueToken;
use sha2::{Digest, Sha256};

use crate::{
    App,
    problem::{Code, Problem},
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Which cookie.
#[derive(Clone, Copy)]
pub(super) enum Cookie {
    /// Of a signed-in member of staff.
    Session,
    /// Of forms that need nobody signed in.
    Form,
}

impl Cookie {
    /// Its name. The prefix `__Host-` (RFC 6265bis) keeps other hosts from setting it, and needs https.
    fn name(self, app: &App) -> &'static str {
        match (self, is_secure(app)) {
            (Self::Session, true) => "__Host-cartwright-session",
            (Self::Session, false) => "cartwright-session",
            (Self::Form, true) => "__Host-cartwright-form",
            (Self::Form, false) => "cartwright-form",
        }
    }
}

fn is_secure(app: &App) -> bool {
    app.settings().public_url.starts_with("https://")
}

/// The token in a cookie of the request.
pub(super) fn read(app: &App, headers: &HeaderMap, cookie: Cookie) -> Option<OpaqueToken> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == cookie.name(app))?;
    OpaqueToken::parse(value)
}

/// Sets a cookie until the browser closes, or removes it.
pub(super) fn set(
    app: &App,
    response: &mut Response,
    cookie: Cookie,
    token: Option<&OpaqueToken>,
) -> Result<(), Problem> {
    let (value, age) = token.map_or((String::new(), "; Max-Age=0"), |token| (token.expose(), ""));
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", cookie.name(app));
    let value = HeaderValue::from_str(&text).map_err(Problem::internal)?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(())
}

/// The token that a form carries beside this cookie.
pub(super) fn token(cookie: &OpaqueToken) -> String {
    hex::encode(Sha256::new().chain_update(b"csrf").chain_update(cookie.hash()).finalize())
}

/// Compares digests, so that the time says nothing of how much of a secret was right.
pub(super) fn is_equal(secret: &str, presented: &str) -> bool {
    Sha256::digest(secret) == Sha256::digest(presented)
}

/// Refuses what came from no [`super::template::open_form`] of ours.
///
/// # Errors
/// 403.
pub(super) fn check_open(app: &App, headers: &HeaderMap, presented: &str) -> Result<(), Problem> {
    check(headers, read(app, headers, Cookie::Form).as_ref(), presented)
}

/// Refuses a form that our own page did not send.
///
/// # Errors
/// 403.
pub(super) fn check(headers: &HeaderMap, cookie: Option<&OpaqueToken>, presented: &str) -> Result<(), Problem> {
    let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    let is_own_site = site.is_none_or(|site| matches!(site, b"same-origin" | b"none"));
    let is_right = cookie.is_some_and(|cookie| is_equal(&token(cookie), presented));
    if is_own_site && is_right {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden).detail("The form is too old or came from elsewhere. Open the page again."))
}
