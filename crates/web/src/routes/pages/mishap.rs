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
    let (title, text) = words(status, is_unknown, &said);
    let Ok(page) = template::message(app, status, title, text, Some(("/admin", "To the dashboard"))) else {
        return response;
    };
    reply::instead(response, page)
}

/// What went wrong, and what to do about it; `said` is what programs are told.
fn words(status: StatusCode, is_unknown: bool, said: &str) -> (&'static str, &str) {
    match status {
        _ if is_unknown => {
            ("It may have been done", "Whether it was written is not known. Look before you send it once more.")
        }
        StatusCode::NOT_FOUND => ("Not here", "It may have been removed, or the address has a slip in it."),
        // Most often the address of a form that was refused, loaded once more.
        StatusCode::METHOD_NOT_ALLOWED => {
            ("Not here", "This address is no page to open or to send this to. Go back to the one that you came from.")
        }
        // Whoever was signed in when the form was sent, and is no more, or has another password by now.
        StatusCode::UNAUTHORIZED => (
            "Sign in once more",
            "Your account or its password was changed meanwhile. Nothing was done: sign in, and send it once more.",
        ),
        StatusCode::FORBIDDEN => ("You may not do this", said),
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_signed_out_meanwhile_is_told_so() {
        let told = |status| words(status, false, "said");
        assert_eq!(told(StatusCode::UNAUTHORIZED).0, "Sign in once more");
        assert_eq!(told(StatusCode::FORBIDDEN), ("You may not do this", "said"));
        assert_eq!(told(StatusCode::BAD_REQUEST).0, "This did not work");
        assert_eq!(told(StatusCode::METHOD_NOT_ALLOWED).0, "Not here");
        assert_eq!(words(StatusCode::SERVICE_UNAVAILABLE, true, "").0, "It may have been done");
    }
}
