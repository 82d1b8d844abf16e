//! The style sheet, out of this binary.

use axum::response::{IntoResponse, Response};
use http::header;

const STYLE: &str = include_str!("../../../assets/style.css");

pub(super) async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, STYLE).into_response()
}
