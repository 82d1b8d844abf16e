//! Replies that are kept under an idempotency key and given again.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use store::StoredReply;

use super::{JSON, etag};
use crate::problem::Problem;

/// Says that the reply was given before, to an equal request with the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A reply without a version, to be kept: what an operation's `render` makes.
#[must_use]
pub fn stored(status: StatusCode, dto: &impl Serialize) -> StoredReply {
    // A reply that cannot be serialised would be a bug; the empty body it leaves is found by every test of the route.
    let body = serde_json::to_vec(dto).unwrap_or_default();
    StoredReply { status: status.as_u16(), location: None, etag: None, body }
}

/// The reply that a resource was created (201), to be kept: what an operation's `render` makes.
#[must_use]
pub fn stored_resource(location: String, version: i64, dto: &impl Serialize) -> StoredReply {
    let reply = stored(StatusCode::CREATED, dto);
    let etag = etag(version, &reply.body).to_str().ok().map(str::to_owned);
    StoredReply { location: Some(location), etag, ..reply }
}

/// The reply that a resource was changed (200), to be kept: what an operation's `render` makes.
#[must_use]
pub fn stored_change(version: i64, dto: &impl Serialize) -> StoredReply {
    let reply = stored(StatusCode::OK, dto);
    let etag = etag(version, &reply.body).to_str().ok().map(str::to_owned);
    StoredReply { etag, ..reply }
}

/// A kept reply as it goes out, byte for byte the same each time.
pub(crate) fn replay(reply: StoredReply, was_before: bool) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(reply.status).map_err(Problem::internal)?;
    let has_body = !reply.body.is_empty();
    let mut response = (status, Bytes::from(reply.body)).into_response();
    let headers = response.headers_mut();
    if has_body {
        headers.insert(header::CONTENT_TYPE, JSON);
    } else {
        headers.remove(header::CONTENT_TYPE);
    }
    for (name, value) in [(header::LOCATION, reply.location), (header::ETAG, reply.etag)] {
        if let Some(value) = value {
            headers.insert(name, HeaderValue::from_str(&value).map_err(Problem::internal)?);
        }
    }
    if was_before {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
