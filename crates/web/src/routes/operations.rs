//! What those who run the shop ask: is it up, is it ready, what does it count, what is its API.

use std::{net::IpAddr, sync::OnceLock};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ipnet::IpNet;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App,
    extract::{Peer, is_from_this_machine, is_trusted},
    openapi::{self, tag},
    problem::{Code, Problem},
    reply,
    routes::endpoint::routes,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(ready))
        .routes(routes!(metrics))
        .routes(routes!(document))
}

/// That a check passed.
#[derive(Serialize, ToSchema)]
struct Status {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process is up.
///
/// Asks nothing of the database: a process that answers this need not be restarted.
#[utoipa::path(get, path = "/healthz", operation_id = "health", tag = tag::OPERATIONS,
    responses((status = 200, description = "It is.", body = Status)))]
async fn health() -> Result<Response, Problem> {
    reply::json(StatusCode::OK, &Status { status: "ok" })
}

/// Whether requests should be sent here.
///
/// Not while the database does not answer, nor while the server is stopping.
#[utoipa::path(get, path = "/readyz", operation_id = "ready", tag = tag::OPERATIONS,
    responses((status = 200, description = "They should.", body = Status)))]
async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    if app.is_stopping() {
        return Err(Problem::new(Code::Unavailable).detail("The server is stopping.").retry_after_secs(1));
    }
    app.engine().ping().await?;
    reply::json(StatusCode::OK, &Status { status: "ok" })
}

/// Counters for Prometheus.
///
/// In the text format of Prometheus. Nothing personal is counted. Takes the bearer token that the setting
/// `metrics-token` names; where it is not set, only requests from the same machine to `localhost` or a loopback address (`127.0.0.1`,
/// `[::1]`) that came through no proxy are answered.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = tag::OPERATIONS,
    responses(
        (status = 200, description = "The counters.", body = String, content_type = "text/plain"),
        (status = 401, description = "`not_authenticated`: the token is absent or wrong"),
        (status = 404, description = "`not_found`: no `metrics-token` is set, and the request comes from elsewhere"),
    ))]
async fn metrics(State(app): State<App>, Peer(peer): Peer, headers: HeaderMap) -> Result<Response, Problem> {
    match &app.settings().metrics_token {
        Some(token) if !presents(&headers, token) => return Err(Problem::new(Code::NotAuthenticated)),
        None if !is_from_here(peer, &headers, &app.settings().trusted_proxies) => return Err(Problem::not_found()),
        _ => {}
    }
    let backlog = app.engine().backlog().await;
    // A database that can be read and not written is not up.
    let is_up = backlog.is_ok() && app.engine().ping().await.is_ok();
    app.metrics().observe(is_up, backlog.ok(), app.cache().bytes(), app.now());
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, text)], app.metrics().render()).into_response())
}

/// Whether it was asked on this machine: a proxy that was named asks for others.
fn is_from_here(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    is_from_this_machine(peer, headers) && !is_trusted(peer, trusted)
}

/// Whether the request has this bearer token. Digests are compared, so that the time says nothing about the token.
fn presents(headers: &HeaderMap, token: &str) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let presented = value.and_then(|value| value.split_once(' '));
    presented.is_some_and(|(scheme, presented)| {
        scheme.eq_ignore_ascii_case("bearer") && Sha256::digest(presented.trim()) == Sha256::digest(token)
    })
}

/// This document.
///
/// OpenAPI 3.1, generated from the code that runs.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = tag::OPERATIONS,
    responses(
        (status = 200, description = "The document.", body = Object),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ))]
async fn document(request: HeaderMap) -> Response {
    // A `LazyLock` would name what makes it in the static, and so every handler would be compiled into the unit tests.
    static DOCUMENT: OnceLock<(HeaderValue, Bytes)> = OnceLock::new();
    let (tag, body) = DOCUMENT.get_or_init(|| {
        let body = Bytes::from(openapi::openapi().to_json().unwrap_or_default());
        (reply::etag(1, &body), body)
    });
    reply::tagged(tag.clone(), body.clone(), &request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_are_for_this_machine_alone() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8080"));
        let is_from_here =
            |peer: &str, trusted: &[IpNet]| is_from_here(peer.parse().expect("an address"), &headers, trusted);
        assert!(is_from_here("127.0.0.1", &[]) && !is_from_here("203.0.113.9", &[]));
        let proxy: IpNet = "127.0.0.1/32".parse().expect("a network");
        assert!(!is_from_here("127.0.0.1", &[proxy]), "a proxy asks for others");
    }
}
