//! `GET /mailbox`

use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use identity::OpaqueToken;
use minijinja::{Value, context};
use model::MailStatus;
use serde::Deserialize;
use store::{Cursor, MailFilter, PageRequest};

use super::view;
use crate::{
    App,
    problem::Problem,
    routes::pages::{admin, csrf, staff::Reader, template},
};

/// How many mails stand on a page.
const PAGE: u32 = 30;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ListQuery {
    status: String,
    cursor: String,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    reader: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let status = query.status.parse::<MailStatus>().ok();
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let found = app.engine().mails(&MailFilter { status, ..MailFilter::default() }, &request).await?;
    let mails: Vec<Value> = found
        .items
        .iter()
        .map(|mail| {
            // The subject never shows a secret; a template that is broken must not hide the mail.
            let subject = app.mails().render(mail, false).map(|rendered| rendered.subject);
            view(mail, &subject.unwrap_or_else(|_| mail.template.name().to_owned()))
        })
        .collect();
    let filter = status.map_or(String::new(), |status| format!("status={}&", status.as_str()));
    let next = found.next.map(|cursor| format!("/mailbox?{filter}cursor={}", cursor.encode()));
    let values = context! {
        areas => admin::areas(reader.access, "mailbox"), mails, next, tabs => tabs(status), filtered => status.is_some(),
        catches_all => app.settings().mail_goes_nowhere,
        signed_in => reader.access.is_some(), csrf => reader.cookie.as_ref().map(csrf::token),
    };
    template::page(&app, StatusCode::OK, "mailbox.html", values)
}

fn tabs(current: Option<MailStatus>) -> Vec<Value> {
    let tab = |status: Option<MailStatus>, text: &str| {
        let href = status.map_or("/mailbox".to_owned(), |status| format!("/mailbox?status={}", status.as_str()));
        context! { href, text, current => status == current }
    };
    vec![
        tab(None, "All"),
        tab(Some(MailStatus::Pending), "Waiting"),
        tab(Some(MailStatus::Sent), "Sent"),
        tab(Some(MailStatus::Failed), "Failed"),
    ]
}

/// Where forms of these pages get their token from when nobody has to sign in.
pub(in crate::routes::pages) fn form_cookie(reader: &Reader) -> OpaqueToken {
    reader.cookie.clone().unwrap_or_else(OpaqueToken::random)
}
