//! One line a request, where something is to be said: no query string, no ids from the path, nothing personal.

use std::time::Duration;

use http::{Method, Response};

use super::{ReplyBody, RequestId};
use crate::problem::{Cause, ReplyCode};

/// Logs a request: what failed on our side as an error with its cause, what was slow as a warning, the rest for
/// debugging.
pub(super) fn request(
    response: &Response<ReplyBody>,
    id: RequestId,
    method: &Method,
    route: &str,
    latency: Duration,
    slow: Duration,
) {
    let status = response.status().as_u16();
    let latency_ms = latency.as_secs_f64() * 1000.0;
    if response.status().is_server_error() {
        let code = response.extensions().get::<ReplyCode>().map_or("", |code| code.0.entry().name);
        let cause = response.extensions().get::<Cause>().map_or("", |cause| cause.0.as_str());
        tracing::error!(request_id = %id, %method, route, status, code, cause, latency_ms, "a request failed");
    } else if latency >= slow {
        tracing::warn!(request_id = %id, %method, route, status, latency_ms, "a request was slow");
    } else {
        tracing::debug!(request_id = %id, %method, route, status, latency_ms, "a request was answered");
    }
}
