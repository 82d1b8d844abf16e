//! What goes wrong on a page, told to people: programs get the problem itself (RFC 9457).

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, StatusCode, header};

use super::template;
use crate::{App, problem::PROBLEM_JSON, reply};

/// Whether it is a browser that asks for a page, and not a program.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

/// Turns a problem into a page that says what to do.
pub(super) async fn told(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_asked = wants_a_page(request.headers());
    let response = next.run(request).await;
    let is_problem = response.headers().get(header::CONTENT_TYPE) == Some(&PROBLEM_JSON);
    if !is_asked || !is_problem {
        return response;
    }
    let status = response.status();
    let (title, text) = match status {
        StatusCode::NOT_FOUND => ("Not here", "It may have been removed, or the address has a slip in it."),
        StatusCode::FORBIDDEN => (
            "You may not do this",
            "Either the form was open for too long, then open the page again; or an owner of the shop has to give you the permission.",
        ),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            ("One moment", "The shop is busy. Nothing was changed; try again in a moment.")
        }
        status if status.is_server_error() => {
            ("Something went wrong", "It is noted in the log of the program. Try again; nothing was changed.")
        }
        _ => (
            "This did not work",
            "The form that was sent is not complete. Go back, open the page again, and send it once more.",
        ),
    };
    let Ok(page) = template::message(&app, status, title, text, Some(("/admin", "To the dashboard"))) else {
        return response;
    };
    reply::instead(response, page)
}
