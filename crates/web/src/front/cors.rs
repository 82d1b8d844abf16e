//! Pages of other origins that call the API: a storefront on a host of its own (CORS, <https://fetch.spec.whatwg.org>).
//!
//! Credentials are never allowed: the API knows tokens, which scripts send themselves, and the pages of the staff, which
//! know cookies, are no API.

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use super::{ReplyBody, secure};
use crate::settings::AllowedOrigins;

/// The methods and headers that requests to the API have.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, idempotency-key, if-match, if-none-match");
/// The headers of replies that scripts may read, beyond the few that they always may.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("etag, location, retry-after, idempotent-replayed, www-authenticate, x-request-id");
/// For how long browsers remember the answer, in seconds: two hours, the longest that all of them accept.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Who may call.
pub(super) struct Cors {
    allowed: AllowedOrigins,
}

/// What a request is, seen from another origin.
pub(super) enum Seen {
    /// Nobody else may call, or it is no request to the API: the reply says nothing of origins.
    Ours,
    /// From no origin, or one that may not call. The reply tells caches that it depends on that.
    NotAllowed,
    /// From one that may, which the value names.
    Allowed { origin: HeaderValue, is_preflight: bool },
}

impl Cors {
    pub(super) fn new(allowed: &AllowedOrigins) -> Self {
        Self { allowed: allowed.clone() }
    }

    pub(super) fn of<B>(&self, request: &Request<B>) -> Seen {
        let is_off = matches!(&self.allowed, AllowedOrigins::These(these) if these.is_empty());
        let path = request.uri().path();
        if is_off || !(path.starts_with("/v1/") || path == "/openapi.json") {
            return Seen::Ours;
        }
        let Some(origin) = request.headers().get(header::ORIGIN) else { return Seen::NotAllowed };
        let is_allowed = match &self.allowed {
            AllowedOrigins::Any => true,
            AllowedOrigins::These(these) => these.iter().any(|allowed| origin == allowed.as_str()),
        };
        if !is_allowed {
            return Seen::NotAllowed;
        }
        let is_preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        Seen::Allowed { origin: origin.clone(), is_preflight }
    }
}

impl Seen {
    /// The answer to a browser that asks whether it may ask. A body, which browsers do not send with it, nobody reads: it would lie in front of
    /// the connection's next request.
    pub(super) fn preflight(&self, has_body: bool, strict_transport: bool) -> Option<Response<ReplyBody>> {
        let Self::Allowed { is_preflight: true, .. } = self else { return None };
        let mut response = Response::new(ReplyBody::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        if has_body {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        secure(headers, strict_transport);
        Some(response)
    }

    /// Says in a reply who may read it.
    pub(super) fn mark(&self, headers: &mut HeaderMap) {
        if matches!(self, Self::Ours) {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Self::Allowed { origin, .. } = self {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}
