//! Who asks: the access token, the live session behind it, and what it may do.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use commerce::{Actor, api_keys::api_key_access, second_factor::second_factor};
use http::{HeaderMap, header, request::Parts};
use identity::OpaqueToken;
use model::{Access, AccountId, Permission, Role, SessionId};

use super::ClientAddress;
use crate::{
    App,
    front::{AcceptedAt, ask_again},
    problem::{Code, Problem},
};

/// A signed-in caller. The session is looked up on every request, so that one which was ended is worthless at once.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    /// Who it is and what it may do.
    pub access: Access,
    /// The session.
    pub session_id: SessionId,
    /// Whether the e-mail address is proven.
    pub email_verified: bool,
}

impl SignedIn {
    /// The account.
    #[must_use]
    pub const fn account_id(&self) -> AccountId {
        self.access.account_id
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = signed_in(parts, app).await?;
        ask_again::<Self>(parts, app);
        Ok(caller)
    }
}

/// Whose access token it is.
async fn signed_in(parts: &mut Parts, app: &App) -> Result<SignedIn, Problem> {
    let now = app.now();
    let AcceptedAt(accepted_at) = *parts.extensions.get_or_insert(AcceptedAt(now));
    let token = bearer(&parts.headers).ok_or_else(Problem::not_authenticated)?;
    let claims = app.tokens().verify(token, accepted_at).map_err(|_| Problem::invalid_token())?;
    let session = app.engine().session_access(claims.session_id, now).await?;
    let session = session.filter(|session| session.access.account_id == claims.account_id);
    let session = session.ok_or_else(Problem::invalid_token)?;
    Ok(SignedIn { access: session.access, session_id: session.session_id, email_verified: session.email_verified })
}

/// The token of `Authorization: Bearer …` (RFC 6750). The scheme's name is written in any case.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    let is_alone = values.next().is_none();
    (is_alone && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}

/// What the secrets of API keys begin with, so that people and scanners see what they are.
pub(crate) const API_KEY_PREFIX: &str = "cwk_";

/// The secret of an API key, if the token is one.
pub(super) fn api_key(token: &str) -> Option<OpaqueToken> {
    OpaqueToken::parse(token.strip_prefix(API_KEY_PREFIX)?)
}

/// An area of the shop that staff may be trusted with, as a type.
pub trait Area: Send + Sync + 'static {
    /// The permission it takes.
    const PERMISSION: Permission;
}

macro_rules! areas {
    ($($(#[$doc:meta])* $name:ident => $permission:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Area for $name {
            const PERMISSION: Permission = Permission::$permission;
        }
    )+};
}

areas! {
    /// Products, categories, stock.
    Catalogue => Catalogue;
    /// Orders and their moves.
    Orders => Orders;
    /// Accounts of customers and the mails sent to them.
    Customers => Customers;
    /// How the shop is set up.
    ShopSettings => Settings;
}

/// A member of staff (or the owner) who may act in the area `A`: `Staff<Catalogue>`. Others who are signed in get 403.
#[derive(Clone, Debug)]
pub struct Staff<A> {
    /// Who it is.
    pub access: Access,
    /// The session; none where an API key was used.
    pub session_id: Option<SessionId>,
    address: ClientAddress,
    /// The name of the API key that was used.
    key: Option<String>,
    area: PhantomData<A>,
}

impl<A: Area> Staff<A> {
    /// The account.
    #[must_use]
    pub const fn account_id(&self) -> AccountId {
        self.access.account_id
    }

    /// Who it is, for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { account_id: self.access.account_id, address: Some(self.address.0.to_string()), key: self.key.clone() }
    }
}

impl<A: Area> FromRequestParts<App> for Staff<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (access, session_id, key) = match bearer(&parts.headers).and_then(api_key) {
            Some(secret) => {
                let found = api_key_access(app.engine(), &secret.hash(), app.now()).await?;
                let (key, access) = found.ok_or_else(Problem::invalid_token)?;
                (access, None, Some(key.name))
            }
            None => {
                let SignedIn { access, session_id, .. } = signed_in(parts, app).await?;
                (access, Some(session_id), None)
            }
        };
        needs_no_second_factor(app, access).await?;
        if access.may(A::PERMISSION) || faults::is_lifted("guard.permission") {
            let Ok(address) = ClientAddress::from_request_parts(parts, app).await;
            ask_again::<Self>(parts, app);
            Ok(Self { access, session_id, address, key, area: PhantomData })
        } else {
            Err(forbidden(&format!("This takes the permission `{}`.", A::PERMISSION.as_str())))
        }
    }
}

/// Refuses those who have no second factor in a shop that asks its staff for one: they may have signed in, or made a key, before it did.
async fn needs_no_second_factor(app: &App, access: Access) -> Result<(), Problem> {
    let is_asked = access.is_staff() && app.shop_settings().await?.require_second_factor;
    if is_asked && second_factor(app.engine(), access.account_id).await?.is_none() {
        return Err(forbidden("This shop asks its staff for a second factor. Set yours up in the dashboard first."));
    }
    Ok(())
}

/// An owner of the shop. Others who are signed in get 403.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// Who it is.
    pub access: Access,
    /// The session.
    pub session_id: SessionId,
}

impl FromRequestParts<App> for Owner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let SignedIn { access, session_id, .. } = signed_in(parts, app).await?;
        if access.role == Role::Owner {
            ask_again::<Self>(parts, app);
            Ok(Self { access, session_id })
        } else {
            Err(forbidden("This takes an owner."))
        }
    }
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(Code::Forbidden).detail(detail.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_one_bearer_token_is_read() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(read("bearer abc").as_deref(), Some("abc"));
        for bad in ["abc", "Basic abc", "Bearer", ""] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let mut two = HeaderMap::new();
        two.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer a"));
        two.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer b"));
        assert_eq!(bearer(&two), None);
    }
}
