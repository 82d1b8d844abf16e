//! `/v1/account/addresses`

use axum::{extract::State, response::Response};
use commerce::accounts::{DeleteAddress, SaveAddress};
use http::StatusCode;
use model::{AddressId, SavedAddress};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    dto::account::{SaveAddressDto, SavedAddressDto},
    extract::{Creating, Json, Path, SignedIn},
    openapi::tag,
    problem::Problem,
    reply,
};

/// Saved addresses.
#[derive(Serialize, ToSchema)]
pub(super) struct SavedAddresses {
    /// The addresses, the oldest first.
    items: Vec<SavedAddressDto>,
}

/// List one's saved addresses
#[utoipa::path(
    get, path = "/v1/account/addresses", tag = tag::ACCOUNT, operation_id = "list_addresses", security(("bearer" = [])),
    responses((status = 200, description = "The addresses", body = SavedAddresses)),
)]
pub(super) async fn list(State(app): State<App>, caller: SignedIn) -> Result<Response, Problem> {
    let addresses = app.engine().addresses(caller.account_id()).await?;
    let items = addresses.into_iter().map(SavedAddressDto::from).collect();
    reply::json(StatusCode::OK, &SavedAddresses { items })
}

/// Save an address
#[utoipa::path(
    post, path = "/v1/account/addresses", tag = tag::ACCOUNT, operation_id = "create_address", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "A random key; with it, repeating the request is harmless")),
    request_body = SaveAddressDto,
    responses(
        (status = 201, description = "The saved address", body = SavedAddressDto),
        (status = 409, description = "`too_many_addresses`: an account keeps at most 50"),
    ),
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: SignedIn,
    creating: Creating<SaveAddressDto>,
) -> Result<Response, Problem> {
    let (account_id, stamp) = (caller.account_id(), app.stamp()?);
    let claim = creating.claim(account_id, "POST /v1/account/addresses", stamp.now);
    let (label, address) = creating.body.split();
    let save = SaveAddress { account_id, id: None, label, address, stamp };
    app.run_once(claim, save, |saved: &SavedAddress| {
        reply::stored(StatusCode::CREATED, &SavedAddressDto::from(saved.clone()))
    })
    .await
}

/// Change a saved address
#[utoipa::path(
    put, path = "/v1/account/addresses/{id}", tag = tag::ACCOUNT, operation_id = "update_address", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The address")),
    request_body = SaveAddressDto,
    responses((status = 200, description = "The address as it is now", body = SavedAddressDto)),
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: SignedIn,
    Path(id): Path<AddressId>,
    Json(body): Json<SaveAddressDto>,
) -> Result<Response, Problem> {
    let (label, address) = body.split();
    let save = SaveAddress { account_id: caller.account_id(), id: Some(id), label, address, stamp: app.stamp()? };
    let saved = app.run(save).await?;
    reply::json(StatusCode::OK, &SavedAddressDto::from(saved))
}

/// Delete a saved address
#[utoipa::path(
    delete, path = "/v1/account/addresses/{id}", tag = tag::ACCOUNT, operation_id = "delete_address", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The address")),
    responses((status = 204, description = "The address is gone")),
)]
pub(super) async fn delete(
    State(app): State<App>,
    caller: SignedIn,
    Path(id): Path<AddressId>,
) -> Result<Response, Problem> {
    app.run(DeleteAddress { account_id: caller.account_id(), id }).await?;
    Ok(reply::no_content())
}
