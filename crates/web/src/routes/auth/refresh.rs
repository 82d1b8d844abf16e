//! `POST /v1/auth/refresh`

use axum::{extract::State, response::Response};
use commerce::accounts::{RefreshSession, Refreshed};
use http::StatusCode;
use identity::OpaqueToken;

use super::tokens::signed_in;
use crate::{
    App,
    dto::auth::{RefreshDto, SignedInDto},
    extract::{ClientAddress, Json},
    openapi::tag,
    problem::{Code, Problem},
};

/// Refresh the tokens
///
/// Exchanges a refresh token for new tokens. Each is good once; two tabs that present the same one within 20 seconds get
/// the same successor, as long as that has not been used itself. A token that comes back later than that, or after its
/// successor was used, has been copied: its session ends, and every token of it is refused. An unknown, used or ended one is
/// 401 `invalid_code`.
#[utoipa::path(
    post, path = "/v1/auth/refresh", tag = tag::AUTH, operation_id = "refresh",
    request_body = RefreshDto,
    responses(
        (status = 200, description = "New tokens", body = SignedInDto),
        (status = 401, description = "`invalid_code`: the token is unknown, was used, or its session has ended"),
    ),
)]
pub(super) async fn refresh(
    State(app): State<App>,
    address: ClientAddress,
    Json(body): Json<RefreshDto>,
) -> Result<Response, Problem> {
    let refused = || Problem::new(Code::InvalidCode).detail("The refresh token is not valid. Log in again.");
    let presented = OpaqueToken::parse(&body.refresh_token).ok_or_else(refused)?;
    let successor = presented.successor(app.keys());
    let refresh = RefreshSession {
        presented: presented.hash(),
        successor: successor.hash(),
        address: address.0.to_string(),
        now: app.stamp()?.now,
    };
    match app.run(refresh).await? {
        Refreshed::Renewed { account, session_id } => signed_in(&app, StatusCode::OK, &account, session_id, &successor),
        Refreshed::Refused => Err(refused()),
    }
}
