//! `/admin/mails`: every mail that the shop writes, with made-up data.

use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};
use minijinja::context;
use model::OutboxMail;

use super::frame;
use crate::{
    App,
    extract::{Customers, Path},
    problem::Problem,
    reply,
    routes::pages::{mailbox::show::MAIL_POLICY, staff::StaffPage, template},
};

fn sample(app: &App, name: &str) -> Result<OutboxMail, Problem> {
    let found = app.mails().samples().into_iter().find(|mail| mail.template.name() == name);
    found.ok_or_else(Problem::not_found)
}

pub(in crate::routes::pages) async fn list(
    State(app): State<App>,
    staff: StaffPage<Customers>,
) -> Result<Response, Problem> {
    let mut rows = Vec::new();
    for mail in app.mails().samples() {
        let subject = app.mails().render(&mail, true).map_err(Problem::internal)?.subject;
        rows.push(context! { name => mail.template.name(), subject });
    }
    template::page(&app, StatusCode::OK, "admin_mails.html", context! { rows, ..frame(&staff, "mailbox") })
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Customers>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let mail = sample(&app, &name)?;
    let rendered = app.mails().render(&mail, true).map_err(Problem::internal)?;
    let values = context! { name, subject => rendered.subject, text => rendered.text };
    template::page(&app, StatusCode::OK, "admin_mail.html", context! { ..values, ..frame(&staff, "mailbox") })
}

pub(in crate::routes::pages) async fn html(
    State(app): State<App>,
    _: StaffPage<Customers>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let rendered = app.mails().render(&sample(&app, &name)?, true).map_err(Problem::internal)?;
    let mut response = reply::page("text/html; charset=utf-8", MAIL_POLICY, rendered.html);
    response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}
