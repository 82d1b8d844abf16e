//! The style sheet and the scripts, out of this binary.

use axum::response::{IntoResponse, Response};
use http::header;

const STYLE: &str = include_str!("../../../assets/style.css");
/// htmx 2.0.11, under the Zero-Clause BSD licence: <https://htmx.org>.
const HTMX: &str = include_str!("../../../assets/htmx.min.js");
const SHOP: &str = include_str!("../../../assets/shop.js");
const SHOP_STYLE: &str = include_str!("../../../assets/shop.css");
const ADMIN: &str = include_str!("../../../assets/admin.js");

fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=300")], text).into_response()
}

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

pub(super) async fn htmx() -> Response {
    asset("text/javascript; charset=utf-8", HTMX)
}

pub(super) async fn admin() -> Response {
    asset("text/javascript; charset=utf-8", ADMIN)
}

pub(super) async fn shop() -> Response {
    asset("text/javascript; charset=utf-8", SHOP)
}

pub(super) async fn shop_style() -> Response {
    asset("text/css; charset=utf-8", SHOP_STYLE)
}
