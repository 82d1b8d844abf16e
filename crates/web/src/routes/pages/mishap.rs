//! What goes wrong on a page, told to people: programs get the problem itself (RFC 9457).

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, StatusCode, header};

use super::template;
use crate::{
    App,
    problem::{Code, PROBLEM_JSON, ReplyCode, ReplyDetail},
    reply,
};

/// Whether it is a browser that asks for a page, and not a program.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

/// Turns a problem into a page that says what to do.
pub(super) async fn told(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let response = next.run(request).await;
    tell(&app, &headers, response)
}

/// The reply to whoever sent these headers: a problem as a page, if that is what was asked for.
pub(crate) fn tell(app: &App, asked: &HeaderMap, response: Response) -> Response {
    let is_problem = response.headers().get(header::CONTENT_TYPE) == Some(&PROBLEM_JSON);
    if !wants_a_page(asked) || !is_problem {
        return response;
    }
    let status = response.status();
    let said = response.extensions().get::<ReplyDetail>().map(|detail| detail.0.clone()).unwrap_or_default();
    let is_unknown = response.extensions().get::<ReplyCode>().is_some_and(|code| code.0 == Code::OutcomeUnknown);
    let (title, text) = match status {
        _ if is_unknown => {
            ("It may have been done", "Whether it was written is not known. Look before you send it once more.")
        }
        StatusCode::NOT_FOUND => ("Not here", "It may have been removed, or the address has a slip in it."),
        StatusCode::FORBIDDEN => ("You may not do this", said.as_ref()),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            ("One moment", "The shop is busy. Nothing was changed; try again in a moment.")
        }
        status if status.is_server_error() => (
            "Something went wrong",
            "It is noted in the log of the program. Look whether it was done before you try again.",
        ),
        _ => (
            "This did not work",
            "The form that was sent is not complete. Go back, open the page again, and send it once more.",
        ),
    };
    let Ok(page) = template::message(app, status, title, text, Some(("/admin", "To the dashboard"))) else {
        return response;
    };
    reply::instead(response, page)
}
