//! `GET /v1/account/sessions` and `DELETE /v1/account/sessions/{id}`

use axum::{extract::State, response::Response};
use commerce::accounts::EndSession;
use http::StatusCode;
use model::SessionId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    dto::account::SessionDto,
    extract::{Path, SignedIn},
    openapi::tag,
    problem::Problem,
    reply,
};

/// Signed-in devices.
#[derive(Serialize, ToSchema)]
pub(super) struct Sessions {
    /// The devices, the last used one first.
    items: Vec<SessionDto>,
}

/// List one's sessions
#[utoipa::path(
    get, path = "/v1/account/sessions", tag = tag::ACCOUNT, operation_id = "list_sessions", security(("bearer" = [])),
    responses((status = 200, description = "The live sessions", body = Sessions)),
)]
pub(super) async fn list(State(app): State<App>, caller: SignedIn) -> Result<Response, Problem> {
    let sessions = app.engine().sessions(caller.account_id(), app.now()).await?;
    let current = caller.session_id;
    let items = sessions.into_iter().map(|session| SessionDto::new(session, current)).collect();
    reply::json(StatusCode::OK, &Sessions { items })
}

/// End one of one's sessions
#[utoipa::path(
    delete, path = "/v1/account/sessions/{id}", tag = tag::ACCOUNT, operation_id = "end_session", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The session")),
    responses((status = 204, description = "The session has ended")),
)]
pub(super) async fn end(
    State(app): State<App>,
    caller: SignedIn,
    Path(id): Path<SessionId>,
) -> Result<Response, Problem> {
    app.run(EndSession { account_id: caller.account_id(), id, now: app.now() }).await?;
    Ok(reply::no_content())
}
