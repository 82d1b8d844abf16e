//! What every request passes through: id, cache, route, time limit, panics, security headers, log, metrics.
//!
//! One function instead of a stack of layers: each layer would box the request once more, and a cached product is
//! answered in less time than a few allocations take.

mod ask_again;
mod body;
mod cors;
mod log;
mod request_id;
mod table;
mod unread;

use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{Router, body::Body, response::IntoResponse};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::{Body as _, Incoming};
use tower::Service;
use tracing::Instrument;

pub(crate) use ask_again::{AcceptedAt, ask_again};
pub(crate) use body::ReplyBody;
pub(crate) use request_id::RequestId;

use self::{
    ask_again::Question,
    cors::Cors,
    table::{Route, RouteTable},
    unread::SharedBody,
};
use crate::{
    App,
    cache::CachedReply,
    problem::{Code, Problem},
    reply, router,
};

/// What keeps windows of other origins apart from ours (HTML, 7.1.3.2).
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What pages of the API may load: nothing. Our own pages bring a policy of theirs.
const API_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// Caches may keep a read of the catalogue, but must ask whether it is still true.
const REVALIDATE: HeaderValue = HeaderValue::from_static("public, no-cache");

const ACCEPT_LANGUAGE: HeaderValue = HeaderValue::from_static("accept-language");

/// What is known of a request before it is routed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestContext {
    /// The other end of the connection.
    pub(crate) peer: IpAddr,
}

/// The outermost function of the server.
pub(crate) struct Front {
    app: App,
    router: Router,
    routes: RouteTable,
    /// The headers of a cached reply that are the same each time.
    cached_headers: HeaderMap,
    strict_transport: bool,
    cors: Cors,
}

impl Front {
    pub(crate) fn new(app: App) -> Arc<Self> {
        let (router, templates) = router::build(app.clone());
        let routes = RouteTable::new(templates, app.metrics());
        let strict_transport = app.settings().public_url.starts_with("https://");
        let mut cached_headers = HeaderMap::with_capacity(16);
        cached_headers.insert(header::CONTENT_TYPE, reply::JSON);
        cached_headers.insert(header::CACHE_CONTROL, REVALIDATE);
        if app.settings().languages.len() > 1 {
            cached_headers.insert(header::VARY, ACCEPT_LANGUAGE);
        }
        secure(&mut cached_headers, strict_transport);
        let cors = Cors::new(&app.settings().allowed_origins);
        Arc::new(Self { app, router, routes, cached_headers, strict_transport, cors })
    }

    /// Answers a request.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: IpAddr) -> Response<ReplyBody> {
        let started = Instant::now();
        let id = RequestId::next();
        let route = self.routes.find(request.uri().path());
        let method = request.method().clone();
        let cors = self.cors.of(&request);
        let preflight = || cors.preflight(!request.body().is_end_stream(), self.strict_transport);
        let response = match self.kept(&request).await.or_else(preflight) {
            Some(response) => response,
            None => {
                let span = tracing::debug_span!("request", %id, %method, route = route.template());
                let is_public = is_public_read(&request);
                // Boxed for those who only hold a connection: it would be most of the memory of one that is idle.
                let mut response = Box::pin(self.through_router(request, peer).instrument(span)).await;
                self.add_headers(response.headers_mut(), is_public);
                response.map(ReplyBody::Routed)
            }
        };
        let mut response = response;
        cors.mark(response.headers_mut());
        self.finish(response, id, &method, route, started)
    }

    /// The reply, if it is a read of the catalogue that was answered before and nothing has changed since.
    async fn kept(&self, request: &Request<Incoming>) -> Option<Response<ReplyBody>> {
        // A body, which nobody expects here, would lie in front of the next request: the router's way has it read.
        if !is_public_read(request) || !request.body().is_end_stream() {
            return None;
        }
        let kept = self.app.cache().get(&self.app.cache_key(request.uri(), request.headers())?)?;
        if self.app.engine().change_counter().await != Some(kept.counter) {
            return None;
        }
        self.app.metrics().cache_hit();
        Some(self.reply_from(&kept, request.headers()))
    }

    fn reply_from(&self, kept: &CachedReply, request: &HeaderMap) -> Response<ReplyBody> {
        let has_it = reply::is_match(request, &kept.etag);
        let body = if has_it { ReplyBody::empty() } else { ReplyBody::whole(kept.body.clone()) };
        let mut response = Response::new(body);
        let mut headers = self.cached_headers.clone();
        headers.insert(header::ETAG, kept.etag.clone());
        if has_it {
            headers.remove(header::CONTENT_TYPE);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        *response.headers_mut() = headers;
        response
    }

    /// Routes the request, within the time limit; a panic is a reply.
    async fn through_router(&self, request: Request<Incoming>, peer: IpAddr) -> axum::response::Response {
        let is_read = reply::is_read(request.method());
        let (parts, body) = request.into_parts();
        let has_body = !body.is_end_stream();
        let question = Question::default();
        let body = SharedBody::new(body, self.app.settings().limits.body_timeout, question.clone());
        let mut request = Request::from_parts(parts, Body::new(body.clone()));
        request.extensions_mut().insert(RequestContext { peer });
        if has_body {
            request.extensions_mut().insert(question);
        }
        let mut response = self.routed(request, &body, is_read).await;
        // Who might send the body when it began might not when it came; to its reader it broke off, and nothing was done.
        if let Some(refusal) = body.refusal() {
            response = refusal;
        }
        // Whoever reads the body sees only that it broke off. What a page says of that is true.
        if body.is_late() && response.status().is_client_error() {
            if is_page(response.headers()) {
                *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
            } else {
                response = Problem::new(Code::RequestTimeout).into_response();
            }
        }
        if has_body && !body.is_read_out().await {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    async fn routed(&self, request: Request<Body>, body: &SharedBody, is_read: bool) -> axum::response::Response {
        let routed = AssertUnwindSafe(self.router.clone().call(request)).catch_unwind();
        match tokio::time::timeout(self.app.settings().limits.request_timeout, routed).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(panic)) => {
                self.app.metrics().panicked();
                Problem::internal(panic_message(&*panic)).into_response()
            }
            // Nothing is done before all of the body is there.
            Err(_) if body.is_waited_for() => Problem::new(Code::RequestTimeout).into_response(),
            // What writes may still be carried out; what reads may simply be asked again.
            Err(_) => Problem::new(if is_read { Code::Unavailable } else { Code::OutcomeUnknown })
                .detail("The request took too long.")
                .retry_after_secs(1)
                .cause("time limit")
                .into_response(),
        }
    }

    fn add_headers(&self, headers: &mut HeaderMap, is_public: bool) {
        secure(headers, self.strict_transport);
        if !headers.contains_key(header::CACHE_CONTROL) {
            // What is tagged and public may be kept and asked for again; everything else is somebody's own.
            let is_tagged = is_public && headers.contains_key(header::ETAG);
            let value = if is_tagged { REVALIDATE } else { HeaderValue::from_static("no-store") };
            headers.insert(header::CACHE_CONTROL, value);
        }
        if is_public && self.app.settings().languages.len() > 1 {
            headers.append(header::VARY, ACCEPT_LANGUAGE);
        }
    }

    fn finish(
        &self,
        mut response: Response<ReplyBody>,
        id: RequestId,
        method: &Method,
        route: &Route,
        started: Instant,
    ) -> Response<ReplyBody> {
        response.headers_mut().insert(X_REQUEST_ID, id.header());
        let latency = started.elapsed();
        self.app.metrics().request(route.metrics(), method, response.status(), latency);
        let slow = self.app.settings().limits.slow;
        log::request(&response, id, method, route.template(), latency, slow);
        response
    }
}

/// Where the catalogue is, and what else is the same for everybody.
const PUBLIC: [&str; 7] =
    ["/v1/products", "/v1/categories", "/v1/collections", "/v1/attributes", "/v1/search", "/v1/shop", "/openapi.json"];

/// Whether it reads what is the same for everybody.
fn is_public_read<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    reply::is_read(request.method()) && PUBLIC.iter().any(|public| path.starts_with(public))
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

/// The headers that keep browsers from misusing a reply.
fn secure(headers: &mut HeaderMap, strict_transport: bool) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    // A window that opened ours, or that ours opened, has no handle on it.
    headers.entry(OPENER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(API_POLICY);
    if strict_transport {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.unwrap_or_else(|| "without a message".to_owned()))
}
