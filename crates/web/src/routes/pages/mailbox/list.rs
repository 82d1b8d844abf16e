//! `GET /mailbox`

use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use identity::OpaqueToken;
use minijinja::{Value, context};
use model::{Email, MailStatus};
use serde::Deserialize;
use store::{Cursor, MailFilter, Page, PageRequest};

use super::{status_text, view};
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
    q: String,
    cursor: String,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    reader: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let status = query.status.parse::<MailStatus>().ok();
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let wanted = query.q.trim();
    let to = Email::parse("", wanted);
    let found = match to {
        Ok(to) => app.engine().mails(&MailFilter { status, to: Some(to), ..MailFilter::default() }, &request).await?,
        Err(_) if wanted.is_empty() => {
            app.engine().mails(&MailFilter { status, ..MailFilter::default() }, &request).await?
        }
        // Nothing was ever sent to what is no address.
        Err(_) => Page { items: Vec::new(), next: None },
    };
    let goes_nowhere = app.settings().mail_goes_nowhere;
    let mails: Vec<Value> = found
        .items
        .iter()
        .map(|mail| {
            // The subject never shows a secret; a template that is broken must not hide the mail.
            let subject = app.mails().render(mail, false).map(|rendered| rendered.subject);
            view(mail, &subject.unwrap_or_else(|_| mail.template.name().to_owned()), goes_nowhere)
        })
        .collect();
    let next = found.next.map(|cursor| {
        let here = link(status, wanted);
        format!("{here}{}cursor={}", if here.contains('?') { '&' } else { '?' }, cursor.encode())
    });
    let values = context! {
        areas => admin::areas(reader.access, "mailbox"), mails, next, tabs => tabs(status, wanted, goes_nowhere), filtered => status.is_some(),
        q => wanted, status => status.map(MailStatus::as_str),
        catches_all => goes_nowhere,
        signed_in => reader.access.is_some(), csrf => reader.cookie.as_ref().map(csrf::token),
    };
    template::page(&app, StatusCode::OK, "mailbox.html", values)
}

/// The list of the mails that stand so, to whom is looked for.
fn link(status: Option<MailStatus>, wanted: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(status) = status {
        query.append_pair("status", status.as_str());
    }
    if !wanted.is_empty() {
        query.append_pair("q", wanted);
    }
    let query = query.finish();
    if query.is_empty() { "/mailbox".to_owned() } else { format!("/mailbox?{query}") }
}

fn tabs(current: Option<MailStatus>, wanted: &str, goes_nowhere: bool) -> Vec<Value> {
    let tab = |status: Option<MailStatus>, text: &str| {
        context! { href => link(status, wanted), text, current => status == current }
    };
    let named = [MailStatus::Pending, MailStatus::Sent, MailStatus::Failed]
        .map(|status| tab(Some(status), status_text(status, goes_nowhere)));
    [tab(None, "All")].into_iter().chain(named).collect()
}

/// Where forms of these pages get their token from when nobody has to sign in.
pub(in crate::routes::pages) fn form_cookie(reader: &Reader) -> OpaqueToken {
    reader.cookie.clone().unwrap_or_else(OpaqueToken::random)
}
