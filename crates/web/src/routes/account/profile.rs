//! `GET|PATCH|DELETE /v1/account`

use axum::{extract::State, response::Response};
use commerce::accounts::{DeleteAccount, UpdateProfile};
use http::HeaderMap;

use crate::{
    App,
    dto::{
        account::{AccountDto, ProfilePatchDto},
        auth::PasswordAgainDto,
    },
    extract::{ClientAddress, IfMatch, Json, SignedIn},
    openapi::tag,
    problem::Problem,
    reply,
    routes::auth::verified_hash,
};

/// Read one's account
#[utoipa::path(
    get, path = "/v1/account", tag = tag::ACCOUNT, operation_id = "get_account", security(("bearer" = [])),
    responses(
        (status = 200, description = "The account", body = AccountDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
pub(super) async fn read(State(app): State<App>, caller: SignedIn, headers: HeaderMap) -> Result<Response, Problem> {
    let account = app.engine().account(caller.account_id()).await?.ok_or_else(Problem::not_authenticated)?;
    reply::resource(account.version, &AccountDto::from(&account), &headers)
}

/// Change name or telephone number
#[utoipa::path(
    patch, path = "/v1/account", tag = tag::ACCOUNT, operation_id = "update_account", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since")),
    request_body = ProfilePatchDto,
    responses((status = 200, description = "The account as it is now", body = AccountDto)),
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: SignedIn,
    IfMatch(if_version): IfMatch,
    Json(body): Json<ProfilePatchDto>,
) -> Result<Response, Problem> {
    let ProfilePatchDto { name, phone } = body;
    let update = UpdateProfile { account_id: caller.account_id(), name, phone, if_version, now: app.stamp()?.now };
    let account = app.run(update).await?;
    reply::changed(account.version, &AccountDto::from(&account))
}

/// Delete one's account
///
/// Sessions, addresses and mails go at once. Orders stay, without name and address; one that has not left the shop
/// keeps its postal address until it has. Asks for the password (401 `wrong_credentials` when it is wrong). The last owner of a shop
/// cannot go (409 `last_owner`).
#[utoipa::path(
    delete, path = "/v1/account", tag = tag::ACCOUNT, operation_id = "delete_account", security(("bearer" = [])),
    request_body = PasswordAgainDto,
    responses(
        (status = 204, description = "The account is gone"),
        (status = 409, description = "`last_owner`"),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn delete(
    State(app): State<App>,
    caller: SignedIn,
    address: ClientAddress,
    Json(body): Json<PasswordAgainDto>,
) -> Result<Response, Problem> {
    let account_id = caller.account_id();
    let verified_hash = Some(verified_hash(&app, account_id, body.current_password, address).await?);
    app.run(DeleteAccount { account_id, verified_hash, now: app.stamp()?.now }).await?;
    Ok(reply::no_content())
}
