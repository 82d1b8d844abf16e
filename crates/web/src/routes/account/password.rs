//! `PUT /v1/account/password`

use axum::{extract::State, response::Response};
use commerce::accounts::ChangePassword;

use crate::{
    App,
    dto::auth::ChangePasswordDto,
    extract::{ClientAddress, Json, SignedIn},
    openapi::tag,
    problem::Problem,
    reply,
    routes::auth::verified_and_new_hash,
};

/// Change the password
///
/// Asks for the current one (401 `wrong_credentials` when it is wrong), and takes another one than that (422 `unchanged`). The other
/// sessions of the account end.
#[utoipa::path(
    put, path = "/v1/account/password", tag = tag::ACCOUNT, operation_id = "change_password", security(("bearer" = [])),
    request_body = ChangePasswordDto,
    responses(
        (status = 204, description = "The password is changed"),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn change(
    State(app): State<App>,
    caller: SignedIn,
    address: ClientAddress,
    Json(body): Json<ChangePasswordDto>,
) -> Result<Response, Problem> {
    let account = app.engine().account(caller.account_id()).await?.ok_or_else(Problem::not_authenticated)?;
    let email = account.email.as_ref().map_or("", |email| email.as_str());
    identity::check_password("/new_password", &body.new_password, &[email, &account.name])?;
    identity::check_other_password("/new_password", &body.new_password, &body.current_password)?;
    let (account_id, session_id) = (account.id, caller.session_id);
    let (verified_hash, new_hash) =
        verified_and_new_hash(&app, account_id, body.current_password, body.new_password, address).await?;
    app.run(ChangePassword { account_id, verified_hash, new_hash, session_id, stamp: app.stamp()? }).await?;
    Ok(reply::no_content())
}
