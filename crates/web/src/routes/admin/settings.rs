//! `/v1/admin/settings` and `/v1/admin/audit-log`

use axum::{extract::State, response::Response};
use commerce::settings::{UpdateSettings, settings};
use http::{HeaderMap, StatusCode};
use model::{AccountId, Timestamp};
use serde::Deserialize;
use store::AuditFilter;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    App,
    dto::{
        list::ListDto,
        shop::{AuditEntryDto, SettingsDto},
    },
    extract::{IfMatch, Json, Query, ShopSettings, Staff, page_request},
    openapi::tag,
    problem::Problem,
    reply,
};

/// Read the settings
///
/// Needs the permission `settings`.
#[utoipa::path(
    get, path = "/v1/admin/settings", tag = tag::ADMIN_SETTINGS, operation_id = "admin_get_settings", security(("bearer" = [])),
    responses(
        (status = 200, description = "The settings", body = SettingsDto),
        (status = 304, description = "The caller has this version already (If-None-Match)"),
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    _: Staff<ShopSettings>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let settings = settings(app.engine()).await?;
    reply::resource(settings.version, &SettingsDto::from(&settings), &headers)
}

/// Change the settings
///
/// All of them at once; they count from now on, on every process within a second. Needs the permission `settings`.
#[utoipa::path(
    put, path = "/v1/admin/settings", tag = tag::ADMIN_SETTINGS, operation_id = "admin_update_settings", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read: refused with 412 when the resource has changed since")),
    request_body = SettingsDto,
    responses((status = 200, description = "The settings as they are now", body = SettingsDto)),
)]
pub(super) async fn update(
    State(app): State<App>,
    staff: Staff<ShopSettings>,
    IfMatch(if_version): IfMatch,
    Json(body): Json<SettingsDto>,
) -> Result<Response, Problem> {
    let own_currency = app.settings().sold_in.own;
    let update = UpdateSettings { settings: body.into(), own_currency, if_version };
    let settings = app.run_as(staff.actor(), update).await?;
    let reply = reply::changed(settings.version, &SettingsDto::from(&settings));
    app.learn_shop_settings(settings);
    reply
}

/// The name of the audit log as a list and its order, for cursors.
const LIST: &str = "admin.audit-log.newest";

/// Which entries of the log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LogQuery {
    /// By this account.
    #[param(value_type = Option<Uuid>)]
    actor_id: Option<AccountId>,
    /// About the thing with this id.
    subject_id: Option<Uuid>,
    /// About things of this kind: the part of `action` before the dot.
    #[param(example = "product")]
    noun: Option<String>,
    /// At or after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<Timestamp>,
    /// 1 to 100 items; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Read the audit log
///
/// What the staff changed, in the dashboard or through the API, newest first. Nothing in it can be changed. Needs the permission
/// `settings`.
#[utoipa::path(
    get, path = "/v1/admin/audit-log", tag = tag::ADMIN_SETTINGS, operation_id = "admin_list_audit_log", security(("bearer" = [])),
    params(LogQuery),
    responses((status = 200, description = "A page of entries, the newest first", body = ListDto<AuditEntryDto>)),
)]
pub(super) async fn log(
    State(app): State<App>,
    _: Staff<ShopSettings>,
    Query(query): Query<LogQuery>,
) -> Result<Response, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref(), LIST)?;
    let LogQuery { actor_id, subject_id, noun, from, before, .. } = query;
    let filter = AuditFilter { actor_id, subject_id, noun, from, before };
    let found = app.engine().audit_log(&filter, &page).await?;
    reply::json(StatusCode::OK, &ListDto::new(found, LIST, |entry| AuditEntryDto::from(entry)))
}
