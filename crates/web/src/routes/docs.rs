//! The browsable API at `/docs`: Swagger UI, out of this binary and nowhere else.

use std::{io::Read, sync::Arc};

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, header};
use utoipa_swagger_ui::Config;

use crate::{problem::Problem, reply};

/// Scripts, styles and data from here alone. Swagger UI draws its icons from data URLs, and has one style attribute in its markup,
/// which is allowed by its digest.
const POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-hashes' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The page: Swagger UI's own, but readable on a phone.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cartwright API</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="stylesheet" href="index.css">
<link rel="icon" type="image/png" href="favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="swagger-ui-standalone-preset.js"></script>
<script src="swagger-initializer.js"></script>
</body>
</html>
"#;

/// The page loads its files relative to itself, so it needs the slash.
pub(super) async fn redirect() -> Redirect {
    Redirect::permanent("/docs/")
}

pub(super) async fn index() -> Response {
    reply::page("text/html; charset=utf-8", POLICY, Bytes::from_static(PAGE.as_bytes()))
}

/// A script, style or icon. They are kept compressed, and unpacked only for the rare client that cannot do it.
pub(super) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    // "none" keeps the page from asking a validator elsewhere.
    let config = Config::new(["/openapi.json"]).validator_url("none").deep_linking(true);
    let found = utoipa_swagger_ui::serve(&path, Arc::new(config)).map_err(Problem::internal)?;
    let file = found.ok_or_else(Problem::not_found)?;
    let is_gzip = file.bytes.starts_with(&[0x1f, 0x8b]);
    let is_unpacked = is_gzip && !takes_gzip(&headers);
    let bytes = if is_unpacked { unpack(&file.bytes)? } else { file.bytes.into_owned() };
    let mut response = Bytes::from(bytes).into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_str(&file.content_type).map_err(Problem::internal)?;
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_gzip && !is_unpacked {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// Whether the client names gzip (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.split(',').any(|coding| coding.split(';').next().is_some_and(|it| it.trim() == "gzip")))
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut unpacked).map_err(Problem::internal)?;
    Ok(unpacked)
}
