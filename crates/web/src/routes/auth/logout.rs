//! `POST /v1/auth/logout` and `/v1/auth/logout-everywhere`

use axum::{extract::State, response::Response};
use commerce::{
    Error,
    accounts::{EndAllSessions, EndSession},
};

use crate::{App, extract::SignedIn, openapi::tag, problem::Problem, reply};

/// Log out
///
/// Ends this session. Its access and refresh tokens are refused from the next request on.
#[utoipa::path(
    post, path = "/v1/auth/logout", tag = tag::AUTH, operation_id = "log_out", security(("bearer" = [])),
    responses((status = 204, description = "The session has ended")),
)]
pub(super) async fn logout(State(app): State<App>, caller: SignedIn) -> Result<Response, Problem> {
    let end = EndSession { account_id: caller.account_id(), id: caller.session_id, now: app.now() };
    match app.try_run(end).await {
        // Somebody ended it in between, which is what was asked for.
        Ok(()) | Err(Error::NotFound(_)) => Ok(reply::no_content()),
        Err(error) => Err(error.into()),
    }
}

/// Log out everywhere
///
/// Ends all sessions of the account, this one included.
#[utoipa::path(
    post, path = "/v1/auth/logout-everywhere", tag = tag::AUTH, operation_id = "log_out_everywhere", security(("bearer" = [])),
    responses((status = 204, description = "All sessions have ended")),
)]
pub(super) async fn logout_everywhere(State(app): State<App>, caller: SignedIn) -> Result<Response, Problem> {
    app.run(EndAllSessions { account_id: caller.account_id(), now: app.now() }).await?;
    Ok(reply::no_content())
}
