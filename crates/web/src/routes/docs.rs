//! The browsable API at `/docs`: Swagger UI, out of this binary and nowhere else.

use std::sync::Arc;

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use http::{HeaderValue, header};
use utoipa_swagger_ui::Config;

use crate::problem::Problem;

/// Scripts and data from here alone. Swagger UI sets style attributes and draws its icons from data URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The page loads its files relative to itself, so it needs the slash.
pub(super) async fn redirect() -> Redirect {
    Redirect::permanent("/docs/")
}

pub(super) async fn index() -> Result<Response, Problem> {
    asset("index.html")
}

pub(super) async fn file(Path(file): Path<String>) -> Result<Response, Problem> {
    asset(&file)
}

fn asset(path: &str) -> Result<Response, Problem> {
    // "none" keeps the page from asking a validator elsewhere.
    let config = Config::new(["/openapi.json"]).validator_url("none").deep_linking(true);
    let found = utoipa_swagger_ui::serve(path, Arc::new(config)).map_err(Problem::internal)?;
    let file = found.ok_or_else(Problem::not_found)?;
    let is_compressed = file.bytes.starts_with(&[0x1f, 0x8b]);
    let bytes = if path == "index.html" { for_phones(&file.bytes) } else { file.bytes.into_owned() };
    let mut response = Bytes::from(bytes).into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_str(&file.content_type).map_err(Problem::internal)?;
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    if is_compressed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// The page with the tag that keeps phones from shrinking it to the width of a desk.
fn for_phones(page: &[u8]) -> Vec<u8> {
    const VIEWPORT: &str = "<head><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
    String::from_utf8_lossy(page).replacen("<head>", VIEWPORT, 1).into_bytes()
}
