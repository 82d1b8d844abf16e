//! Who looks at a page: a member of staff with a cookie session, or anybody in a demonstration on this machine.

use std::marker::PhantomData;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use commerce::{Actor, accounts::TouchSession, second_factor::second_factor};
use http::{HeaderMap, HeaderName, StatusCode, request::Parts, uri::PathAndQuery};
use identity::OpaqueToken;
use model::{Access, Permission, Role, SessionId, SignedDuration, session::is_of_the_past};
use store::SessionAccess;

use super::{
    admin::team::permission_text,
    csrf::{self, Cookie},
};
use crate::{
    App,
    extract::{Area, ClientAddress, is_from_this_machine},
    front::ask_again,
    problem::{Code, Problem},
    reply::is_read,
    routes::auth::{verified_and_new_hash, verified_hash},
};

/// Where one's own account is: reached without the second factor that is set up there.
const ACCOUNT: &str = "/admin/account";
/// What the script of the pages says of itself when it asks for a part of one, and where it then takes the whole page to.
const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");
/// What is behind the address of a page whose form was sent when nobody was signed in any more: its script may have kept what was typed.
const UNSAVED: &str = "#unsaved";
/// How exactly the last use of a session is noted.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Somebody who may read the mails that the shop has sent.
pub(super) struct Reader {
    /// Who; `None` in a demonstration.
    pub(super) access: Option<Access>,
    address: ClientAddress,
    /// The cookie that forms are derived from, where there is one.
    pub(super) cookie: Option<OpaqueToken>,
}

impl Reader {
    /// Who it is, for the audit log; nobody in a demonstration.
    pub(super) fn actor(&self) -> Option<Actor> {
        let address = Some(self.address.0.to_string());
        self.access.map(|access| Actor { account_id: access.account_id, address, key: None })
    }

    /// Whether codes and links that let somebody in are shown: to the owner, and in a demonstration.
    pub(super) fn sees_secrets(&self) -> bool {
        self.access.is_none_or(|access| access.role == Role::Owner)
    }
}

/// Why a page is not shown.
pub(super) enum Turned {
    /// Sign in first; then come back.
    ToSignIn(SignIn),
    /// Set up a second factor first.
    ToSecondFactor,
    /// An error.
    Away(Problem),
}

/// What leads to where one signs in.
pub(super) struct SignIn {
    /// Where to go then: a path of this server.
    next: String,
    /// Whether a form was sent that did nothing.
    is_unsaved: bool,
    /// Whether it was a part of a page that was asked for, in the place of which no other page may stand.
    is_part: bool,
}

impl SignIn {
    /// Before what these parts of a request ask for.
    fn before(parts: &Parts) -> Self {
        let is_read = is_read(&parts.method);
        let path = parts.uri.path_and_query().map_or("/admin", PathAndQuery::as_str);
        // Only a page that was looked at can be come back to.
        let next = if is_read { path.to_owned() } else { format!("{}{UNSAVED}", page_of(parts.uri.path())) };
        Self { next, is_unsaved: !is_read, is_part: parts.headers.contains_key(HX_REQUEST) }
    }
}

/// The page that a form stands on, by where it is sent to.
fn page_of(path: &str) -> String {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        // All of them stand on one page, or belong to what it shows.
        ["admin", area @ ("account" | "attributes" | "categories" | "keys" | "reviews" | "settings" | "staff"), ..]
        | ["admin", area @ "orders", "move" | "views"]
        | ["admin", area @ "products", "quick"] => format!("/admin/{area}"),
        ["admin", area, id, _] => format!("/admin/{area}/{id}"),
        ["mailbox", id, _] => format!("/mailbox/{id}"),
        _ => path.to_owned(),
    }
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self::Away(problem)
    }
}

impl From<store::StoreError> for Turned {
    fn from(error: store::StoreError) -> Self {
        Self::Away(error.into())
    }
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self {
            Self::ToSignIn(SignIn { next, is_unsaved, is_part }) => {
                let unsaved = if is_unsaved { "&unsaved=1" } else { "" };
                let place = format!("/staff/sign-in?next={}{unsaved}", form_encode(&next));
                if is_part {
                    (StatusCode::NO_CONTENT, [(HX_REDIRECT, place)]).into_response()
                } else {
                    Redirect::to(&place).into_response()
                }
            }
            Self::ToSecondFactor => Redirect::to("/admin/account?factor=needed").into_response(),
            Self::Away(problem) => problem.into_response(),
        }
    }
}

/// Percent-encodes what is not plainly part of a path.
fn form_encode(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

impl FromRequestParts<App> for Reader {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Turned> {
        let Ok(address) = ClientAddress::from_request_parts(parts, app).await;
        if app.settings().demo && is_from_this_machine(address.0, &parts.headers) {
            return Ok(Self { access: None, address, cookie: csrf::read(app, &parts.headers, Cookie::Form) });
        }
        let (session, cookie) = signed_in(parts, app, Some(Permission::Customers), address).await?;
        ask_again::<Self>(parts, app);
        Ok(Self { access: Some(session.access), address, cookie: Some(cookie) })
    }
}

/// A member of staff who may work in the area `A`, on a page.
pub(super) struct StaffPage<A> {
    /// Who.
    pub(super) access: Access,
    /// The session.
    pub(super) session_id: SessionId,
    cookie: OpaqueToken,
    address: ClientAddress,
    area: PhantomData<A>,
}

impl<A> StaffPage<A> {
    /// Who it is, for the audit log.
    pub(super) fn actor(&self) -> Actor {
        Actor { account_id: self.access.account_id, address: Some(self.address.0.to_string()), key: None }
    }

    /// What forms of this page carry.
    pub(super) fn csrf(&self) -> String {
        csrf::token(&self.cookie)
    }

    /// Asks for the password once more, before something that a session alone must not do. Gives the hash that it matches, or what
    /// to say when it is not right.
    ///
    /// # Errors
    /// The engine failed.
    pub(super) async fn confirm(&self, app: &App, password: &str) -> Result<Result<String, &'static str>, Problem> {
        match verified_hash(app, self.access.account_id, password.to_owned(), self.address).await {
            Ok(hash) => Ok(Ok(hash)),
            Err(problem) => said(problem).map(Err),
        }
    }

    /// The same, with the hash of the password that is to come instead.
    ///
    /// # Errors
    /// The engine failed.
    pub(super) async fn confirm_and_hash(
        &self,
        app: &App,
        password: &str,
        new: &str,
    ) -> Result<Result<(String, String), &'static str>, Problem> {
        let (id, password, new) = (self.access.account_id, password.to_owned(), new.to_owned());
        match verified_and_new_hash(app, id, password, new, self.address).await {
            Ok(hashes) => Ok(Ok(hashes)),
            Err(problem) => said(problem).map(Err),
        }
    }

    /// Refuses a form that our own page did not send.
    ///
    /// # Errors
    /// 403.
    pub(super) fn check(&self, headers: &HeaderMap, presented: &str) -> Result<(), Problem> {
        csrf::check(headers, Some(&self.cookie), presented)
    }
}

impl<A: Area> FromRequestParts<App> for StaffPage<A> {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Turned> {
        let Ok(address) = ClientAddress::from_request_parts(parts, app).await;
        let (session, cookie) = signed_in(parts, app, Some(A::PERMISSION), address).await?;
        ask_again::<Self>(parts, app);
        let SessionAccess { access, session_id, .. } = session;
        Ok(Self { access, session_id, cookie, address, area: PhantomData })
    }
}

/// What a page says to a password that was not taken.
fn said(problem: Problem) -> Result<&'static str, Problem> {
    match problem.code() {
        Code::WrongCredentials => Ok("Your password is not right. It is asked for because this matters."),
        Code::TooManyRequests => Ok("Too many attempts. Wait a minute, then try again."),
        Code::Busy => Ok("The shop is busy. Try again in a moment."),
        _ => Err(problem),
    }
}

/// What it takes to be somebody who works in the shop, whatever they may do there.
pub(super) struct Anything;

/// Anybody who works in the shop, whatever they may do there.
pub(super) type Anyone = StaffPage<Anything>;

impl FromRequestParts<App> for Anyone {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Turned> {
        let Ok(address) = ClientAddress::from_request_parts(parts, app).await;
        let (session, cookie) = signed_in(parts, app, None, address).await?;
        ask_again::<Self>(parts, app);
        let SessionAccess { access, session_id, .. } = session;
        Ok(Self { access, session_id, cookie, address, area: PhantomData })
    }
}

/// Who is signed in, if that is somebody who works here, with this permission if one is needed.
async fn signed_in(
    parts: &Parts,
    app: &App,
    permission: Option<Permission>,
    address: ClientAddress,
) -> Result<(SessionAccess, OpaqueToken), Turned> {
    let to_sign_in = || Turned::ToSignIn(SignIn::before(parts));
    let cookie = csrf::read(app, &parts.headers, Cookie::Session).ok_or_else(to_sign_in)?;
    let now = app.now();
    let session = app.engine().session_access_by_token(&cookie.page_hash(), now).await?;
    let session = session.filter(|session| is_of_the_past(session.last_used_at, now)).ok_or_else(to_sign_in)?;
    let detail = match permission {
        Some(permission) if !session.access.may(permission) => {
            Some(format!("This takes the permission “{}”.", permission_text(permission)))
        }
        None if !session.access.is_staff() => Some("This is for those who work in the shop.".to_owned()),
        _ => None,
    };
    if let Some(detail) = detail {
        return Err(Problem::new(Code::Forbidden).detail(detail).into());
    }
    if app.shop_settings().await?.require_second_factor
        && !parts.uri.path().starts_with(ACCOUNT)
        && second_factor(app.engine(), session.access.account_id).await?.is_none()
    {
        return Err(Turned::ToSecondFactor);
    }
    if now.duration_since(session.last_used_at) > TOUCH_EVERY {
        touch(app, session.session_id, address).await?;
    }
    Ok((session, cookie))
}

async fn touch(app: &App, id: SessionId, address: ClientAddress) -> Result<(), Problem> {
    app.run(TouchSession { id, address: address.0.to_string(), now: app.stamp()?.now }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_page() {
        let places = [
            ("/admin/products/quick", "/admin/products"),
            ("/admin/products/new", "/admin/products/new"),
            ("/admin/products/1", "/admin/products/1"),
            ("/admin/products/1/options", "/admin/products/1"),
            ("/admin/orders/move", "/admin/orders"),
            ("/admin/orders/1/note", "/admin/orders/1"),
            ("/admin/categories/1", "/admin/categories"),
            ("/admin/account/sessions/1/end", "/admin/account"),
            ("/admin/collections/1", "/admin/collections/1"),
            ("/admin/import/1/stop", "/admin/import/1"),
            ("/admin/welcome/mail", "/admin/welcome/mail"),
            ("/mailbox/1/resend", "/mailbox/1"),
        ];
        for (path, page) in places {
            assert_eq!(page_of(path), page, "{path}");
        }
    }
}
