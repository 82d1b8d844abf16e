//! `/v1/admin/accounts`

use axum::{extract::State, response::Response};
use commerce::accounts::SetAccess;
use http::{HeaderMap, StatusCode};
use model::{AccountId, Role};
use serde::{Deserialize, Serialize};
use store::AccountFilter;
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    dto::account::{AccessPatchDto, AdminAccountDto, RoleDto},
    extract::{ClientAddress, Customers, IfMatch, Json, Path, Query, Staff, next_cursor, page_request},
    openapi::tag,
    problem::Problem,
    reply,
    routes::auth::verified_hash,
};

/// The name of this list and its order, for cursors.
const LIST: &str = "admin.accounts.newest";

/// Which accounts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AccountQuery {
    /// With this role.
    #[param(value_type = Option<RoleDto>)]
    role: Option<Role>,
    /// With this in the name or the e-mail address.
    q: Option<String>,
    /// 1 to 100 items; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of accounts.
#[derive(Serialize, ToSchema)]
pub(super) struct Accounts {
    /// The accounts, the newest first.
    items: Vec<AdminAccountDto>,
    /// The `cursor` of the next page; `null` on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List accounts
///
/// Needs the permission `customers`.
#[utoipa::path(
    get, path = "/v1/admin/accounts", tag = tag::ADMIN_CUSTOMERS, operation_id = "admin_list_accounts", security(("bearer" = [])),
    params(AccountQuery),
    responses((status = 200, description = "A page of accounts, the newest first", body = Accounts)),
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Staff<Customers>,
    Query(query): Query<AccountQuery>,
) -> Result<Response, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref(), LIST)?;
    let text = query.q.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    let found = app.engine().accounts(&AccountFilter { role: query.role, text }, &page).await?;
    let items = found.items.iter().map(AdminAccountDto::from).collect();
    reply::json(StatusCode::OK, &Accounts { items, next_cursor: next_cursor(found.next, LIST) })
}

/// Read an account
///
/// Needs the permission `customers`.
#[utoipa::path(
    get, path = "/v1/admin/accounts/{id}", tag = tag::ADMIN_CUSTOMERS, operation_id = "admin_get_account", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = AdminAccountDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    _: Staff<Customers>,
    Path(id): Path<AccountId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = app.engine().account(id).await?.filter(|account| account.deleted_at.is_none());
    let account = account.ok_or_else(Problem::not_found)?;
    reply::resource(account.version, &AdminAccountDto::from(&account), &headers)
}

/// Change what an account may do
///
/// Locks it out, or sets its role and permissions. Its sessions end at once. With the permission `customers` one may
/// lock and unlock customers; everything else is the owner's, who gives the password once more for roles and permissions and to
/// unlock one of the staff (401 `wrong_credentials` when it is wrong). Who has not proven the address stays a customer. The last owner stays one (409
/// `last_owner`).
#[utoipa::path(
    patch, path = "/v1/admin/accounts/{id}", tag = tag::ADMIN_CUSTOMERS, operation_id = "admin_update_account", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The account"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since"),
    ),
    request_body = AccessPatchDto,
    responses(
        (status = 200, description = "The account as it is now", body = AdminAccountDto),
        (status = 409, description = "`last_owner`"),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn update(
    State(app): State<App>,
    staff: Staff<Customers>,
    address: ClientAddress,
    Path(account_id): Path<AccountId>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<AccessPatchDto>,
) -> Result<Response, Problem> {
    let AccessPatchDto { disabled, role, permissions, current_password } = body;
    let permissions = permissions.map(|permissions| permissions.into_iter().collect());
    let actor = staff.access;
    let verified_hash = match current_password {
        Some(password) => Some(verified_hash(&app, actor.account_id, password, address).await?),
        None => None,
    };
    let now = app.stamp()?.now;
    let set = SetAccess { actor, account_id, disabled, role, permissions, verified_hash, if_version, now };
    let account = app.run_as(staff.actor(), set).await?;
    reply::changed(account.version, &AdminAccountDto::from(&account))
}
