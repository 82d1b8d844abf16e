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

#[cfg(test)]
mod tests {
    use model::country::countries;

    use super::*;

    #[test]
    fn the_shop_window_offers_every_country_that_an_address_takes() {
        let offered = SHOP.split_once("const EVERYWHERE = `").and_then(|(_, rest)| rest.split_once('`'));
        let offered: Vec<_> = offered.expect("the list").0.split_whitespace().collect();
        let mut known: Vec<_> = countries().iter().map(|(code, _)| code.as_str()).collect();
        known.sort_unstable();
        assert_eq!(offered, known);
    }
}
