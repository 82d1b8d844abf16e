//! Successful replies: JSON with entity tags, creations, and what is replayed for an idempotency key.

mod etag;
mod stored;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;

use crate::problem::Problem;

pub(crate) use etag::version_of;
pub use etag::{etag, is_match};
pub(crate) use stored::replay;
pub use stored::{stored, stored_change, stored_resource};

/// `application/json`, the media type of every other reply of the API.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Serialises a reply. Our own types always can be; if one cannot, that is a bug and becomes a 500.
///
/// # Errors
/// 500.
pub fn json_bytes(dto: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(dto).map(Bytes::from).map_err(Problem::internal)
}

/// A reply with a JSON body and no entity tag: lists that nobody caches, actions.
///
/// # Errors
/// 500 when the value cannot be serialised.
pub fn json(status: StatusCode, dto: &impl Serialize) -> Result<Response, Problem> {
    let mut response = (status, json_bytes(dto)?).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    Ok(response)
}

/// A resource in its version: 200 with its entity tag, or 304 when the caller has it already.
///
/// # Errors
/// 500 when the value cannot be serialised.
pub fn resource(version: i64, dto: &impl Serialize, request: &HeaderMap) -> Result<Response, Problem> {
    let body = json_bytes(dto)?;
    Ok(tagged(etag(version, &body), body, request))
}

/// A resource after it was changed: 200 with its new entity tag, whatever the caller had before.
///
/// # Errors
/// 500 when the value cannot be serialised.
pub fn changed(version: i64, dto: &impl Serialize) -> Result<Response, Problem> {
    resource(version, dto, &HeaderMap::new())
}

/// A resource that was created: 201 with its place and entity tag.
///
/// # Errors
/// 500 when the value cannot be serialised.
pub fn created(location: &str, version: i64, dto: &impl Serialize) -> Result<Response, Problem> {
    let mut response = changed(version, dto)?;
    *response.status_mut() = StatusCode::CREATED;
    let location = HeaderValue::from_str(location).map_err(Problem::internal)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Done, and nothing to say: 204.
#[must_use]
pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Accepted, and the same whatever is the case: 202 without a body.
#[must_use]
pub fn accepted() -> Response {
    StatusCode::ACCEPTED.into_response()
}

/// A page of our own, with the policy that says what it may load.
pub(crate) fn page(content_type: &'static str, policy: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = body.into().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// `page` in the place of `response`, with what the log and the client are told of it.
pub(crate) fn instead(response: Response, page: Response) -> Response {
    let (mut said, _) = response.into_parts();
    let (new, body) = page.into_parts();
    said.headers.remove(header::CONTENT_LENGTH);
    for (name, value) in &new.headers {
        said.headers.insert(name, value.clone());
    }
    Response::from_parts(said, body)
}

/// 200 with this body and tag, or 304.
pub(crate) fn tagged(tag: HeaderValue, body: Bytes, request: &HeaderMap) -> Response {
    let mut response = if is_match(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = body.into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        response
    };
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// Whether a request only reads (RFC 9110, 9.2.1).
pub(crate) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
