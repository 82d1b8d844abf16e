//! `/v1/admin/mails`

use axum::{extract::State, response::Response};
use commerce::mail::ResendMail;
use http::StatusCode;
use model::{Email, MailId, MailStatus, OrderId, OutboxMail, Role};
use serde::{Deserialize, Serialize};
use store::MailFilter;
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    dto::mail::{MailContentDto, MailDto, MailStatusDto},
    extract::{Customers, Path, Query, Staff, next_cursor, page_request},
    openapi::tag,
    problem::{Code, Problem},
    reply,
};

/// The name of this list and its order, for cursors.
const LIST: &str = "admin.mails.newest";

/// Which mails.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MailQuery {
    /// With this status.
    #[param(value_type = Option<MailStatusDto>)]
    status: Option<MailStatus>,
    /// To this address.
    to: Option<String>,
    /// About this order.
    #[param(value_type = Option<uuid::Uuid>)]
    order_id: Option<OrderId>,
    /// 1 to 100 items; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of mails.
#[derive(Serialize, ToSchema)]
pub(super) struct Mails {
    /// The mails, the newest first.
    items: Vec<MailDto>,
    /// The `cursor` of the next page; `null` on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List mails
///
/// Every mail that the shop has written, with its fate. Needs the permission `customers`.
#[utoipa::path(
    get, path = "/v1/admin/mails", tag = tag::ADMIN_CUSTOMERS, operation_id = "admin_list_mails", security(("bearer" = [])),
    params(MailQuery),
    responses((status = 200, description = "A page of mails, the newest first", body = Mails)),
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Staff<Customers>,
    Query(query): Query<MailQuery>,
) -> Result<Response, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref(), LIST)?;
    let to = query
        .to
        .as_deref()
        .map(|to| Email::parse("", to))
        .transpose()
        .map_err(|wrong| Problem::new(Code::InvalidQuery).parameter("to", wrong.code, wrong.message))?;
    let filter = MailFilter { status: query.status, to, order_id: query.order_id, account_id: None };
    let found = app.engine().mails(&filter, &page).await?;
    let items = found.items.iter().map(MailDto::from).collect();
    reply::json(StatusCode::OK, &Mails { items, next_cursor: next_cursor(found.next, LIST) })
}

/// Read a mail
///
/// With what it says. Codes and links that let somebody in are shown to the owner alone, and only while the database
/// still has them: they are wiped when a mail server takes the mail. Needs the permission `customers`.
#[utoipa::path(
    get, path = "/v1/admin/mails/{id}", tag = tag::ADMIN_CUSTOMERS, operation_id = "admin_get_mail", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The mail")),
    responses((status = 200, description = "The mail", body = MailContentDto)),
)]
pub(super) async fn read(
    State(app): State<App>,
    staff: Staff<Customers>,
    Path(id): Path<MailId>,
) -> Result<Response, Problem> {
    let mail = app.engine().mail(id).await?.ok_or_else(Problem::not_found)?;
    let reveal = staff.access.role == Role::Owner;
    reply::json(StatusCode::OK, &content(&app, &mail, reveal)?)
}

fn content(app: &App, mail: &OutboxMail, reveal: bool) -> Result<MailContentDto, Problem> {
    let rendered = app.mails().render(mail, reveal).map_err(Problem::internal)?;
    Ok(MailContentDto { mail: mail.into(), subject: rendered.subject, text: rendered.text, html: rendered.html })
}

/// Send a mail again
///
/// Makes it due at once. One that is being sent, or is tried again by itself within minutes, is left as it is, so that nobody gets it
/// twice: the reply says how it stands. 409 `secret_gone` when its code was wiped; the recipient must ask for a new one. Needs the
/// permission `customers`.
#[utoipa::path(
    post, path = "/v1/admin/mails/{id}/resend", tag = tag::ADMIN_CUSTOMERS, operation_id = "admin_resend_mail", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The mail")),
    responses(
        (status = 202, description = "It is due, or on its way", body = MailDto),
        (status = 409, description = "`secret_gone`"),
    ),
)]
pub(super) async fn resend(
    State(app): State<App>,
    staff: Staff<Customers>,
    Path(id): Path<MailId>,
) -> Result<Response, Problem> {
    app.run_as(staff.actor(), ResendMail { id, now: app.stamp()?.now }).await?;
    let mail = app.engine().mail(id).await?.ok_or_else(Problem::not_found)?;
    reply::json(StatusCode::ACCEPTED, &MailDto::from(&mail))
}
