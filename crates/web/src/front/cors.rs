//! Pages of other origins that call the API: a storefront on a host of its own (CORS, <https://fetch.spec.whatwg.org>).
//!
//! Credentials are never allowed: the API knows tokens, which scripts send themselves, and the pages of the staff, which
//! know cookies, are no API.

use std::sync::{Mutex, PoisonError};

use axum::response::IntoResponse;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use tracing::warn;

use super::{ReplyBody, secure};
use crate::{
    problem::{Code, Problem},
    settings::AllowedOrigins,
};

/// What pages of other origins may ask for: the API, and the pictures of what it sells, which everybody sees.
const SHARED: [&str; 3] = ["/v1/", "/media/", "/pictures/"];
/// So many origins that may not call are told of in the log, each once: anybody can make up more.
const TOLD_MAX: usize = 20;
/// How much of an origin is said back, in characters.
const ORIGIN_SHOWN: usize = 200;
/// The methods and headers that requests to the API have.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
///
/// Beside what the API reads: what storefronts send along without asking whether anybody reads it, for tracing (W3C Trace Context and Baggage)
/// and from habit. Refused, a page that sends one of them could call nothing at all, and its browser would not say why.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, if-none-match, accept-language, cache-control, x-request-id, \
     x-requested-with, traceparent, tracestate, baggage, sentry-trace",
);
/// The headers of replies that scripts may read, beyond the few that they always may.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("etag, location, retry-after, idempotent-replayed, www-authenticate, x-request-id");
/// For how long browsers remember the answer, in seconds: two hours, the longest that all of them accept.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Who may call.
pub(super) struct Cors {
    allowed: AllowedOrigins,
    /// Those that were told of.
    told: Mutex<Vec<HeaderValue>>,
}

/// What a request is, seen from another origin.
pub(super) enum Seen {
    /// Nobody else may call, or it is no request to the API: the reply says nothing of origins.
    Ours,
    /// From no origin, or one that may not call. The reply tells caches that it depends on that.
    NotAllowed,
    /// A browser asks whether a page of this origin may call, and it may not.
    Refused(HeaderValue),
    /// From one that may, which the value names.
    Allowed { origin: HeaderValue, is_preflight: bool },
}

impl Cors {
    pub(super) fn new(allowed: &AllowedOrigins) -> Self {
        Self { allowed: allowed.clone(), told: Mutex::default() }
    }

    pub(super) fn of<B>(&self, request: &Request<B>) -> Seen {
        let path = request.uri().path();
        if !(SHARED.iter().any(|shared| path.starts_with(shared)) || path == "/openapi.json") {
            return Seen::Ours;
        }
        let is_off = matches!(&self.allowed, AllowedOrigins::These(these) if these.is_empty());
        let is_preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        match request.headers().get(header::ORIGIN) {
            Some(origin) if self.allows(origin) => Seen::Allowed { origin: origin.clone(), is_preflight },
            Some(origin) if is_preflight => {
                self.tell(origin);
                Seen::Refused(origin.clone())
            }
            _ if is_off => Seen::Ours,
            _ => Seen::NotAllowed,
        }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        match &self.allowed {
            AllowedOrigins::Any => true,
            AllowedOrigins::These(these) => these.iter().any(|allowed| origin == allowed.as_str()),
        }
    }

    /// Whoever forgot to name a storefront sees it in the browser alone otherwise, where little is said of why.
    fn tell(&self, origin: &HeaderValue) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TOLD_MAX && !told.contains(origin) {
            told.push(origin.clone());
            let origin = shown(origin);
            warn!(%origin, "a page asked to call the API from an origin that may not; if it is the shop's, name it with --allowed-origins");
        }
    }
}

/// An origin as it can be said back.
fn shown(origin: &HeaderValue) -> String {
    String::from_utf8_lossy(origin.as_bytes()).chars().filter(|c| !c.is_control()).take(ORIGIN_SHOWN).collect()
}

impl Seen {
    /// The answer to a browser that asks whether it may ask. A body, which browsers do not send with it, nobody reads: it would lie in front of
    /// the connection's next request.
    pub(super) fn preflight(&self, has_body: bool, strict_transport: bool) -> Option<Response<ReplyBody>> {
        let mut response = match self {
            Self::Allowed { is_preflight: true, .. } => permission(),
            Self::Refused(origin) => refusal(origin),
            _ => return None,
        };
        let headers = response.headers_mut();
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

/// What requests may have.
fn permission() -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}

/// That a page of this origin may not call. Its browser says no more than that there was no permission; whoever looks at the reply is told
/// why.
fn refusal(origin: &HeaderValue) -> Response<ReplyBody> {
    let origin = shown(origin);
    let detail =
        format!("Pages of `{origin}` may not call this shop: it is not among the origins of `--allowed-origins`.");
    let problem = Problem::new(Code::OriginNotAllowed).detail(detail);
    let mut response = problem.into_response().map(ReplyBody::Routed);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
