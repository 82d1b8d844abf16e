//! `GET /mailbox/{id}`, its HTML for the frame, and `POST /mailbox/{id}/resend`

use axum::{
    extract::{Form, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Conflict, Error,
    mail::{ResendMail, Resent},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use minijinja::{Value, context};
use model::{MailId, OutboxMail, mail::RenderedMail};
use serde::Deserialize;

use super::{list::form_cookie, view};
use crate::{
    App,
    extract::Path,
    problem::Problem,
    reply,
    routes::pages::{
        admin,
        csrf::{self, Cookie},
        staff::Reader,
        template,
    },
};

/// A mail may show its own styles and nothing else; scripts, forms and everything from outside stay out.
pub(in crate::routes::pages) const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
    style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ShowQuery {
    view: String,
    done: String,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    reader: Reader,
    Path(id): Path<MailId>,
    Query(query): Query<ShowQuery>,
) -> Result<Response, Problem> {
    let mail = app.engine().mail(id).await?.ok_or_else(Problem::not_found)?;
    let notice = match query.done.as_str() {
        "due" => Some("The mail is due again: it is sent with the next look into the outbox."),
        "on-its-way" => {
            Some("Nothing was changed: the mail is being sent, or is tried again by itself within minutes.")
        }
        _ => None,
    };
    show(&app, &reader, &mail, &query.view, notice, None)
}

fn show(
    app: &App,
    reader: &Reader,
    mail: &OutboxMail,
    wanted: &str,
    notice: Option<&str>,
    error: Option<&str>,
) -> Result<Response, Problem> {
    let reveal = reader.sees_secrets();
    let rendered = rendered(app, mail, reveal)?;
    let (name, content) = match wanted {
        "text" => ("text", rendered.text),
        "source" => ("source", app.mails().source(mail, reveal).map_err(Problem::internal)?),
        _ => ("html", String::new()),
    };
    let cookie = form_cookie(reader);
    let values = context! {
        areas => admin::areas(reader.access, "mailbox"),
        mail => view(mail, &rendered.subject, app.settings().mail_goes_nowhere), view => name, content, notice, error,
        hidden => mail.template.needs_secret() && (!reveal || mail.secret.is_none()),
        tabs => tabs(mail.id, name),
        signed_in => reader.access.is_some(), csrf => csrf::token(&cookie),
    };
    let status = if error.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let mut response = template::page(app, status, "mailbox_mail.html", values)?;
    if reader.access.is_none() {
        csrf::set(app, &mut response, Cookie::Form, Some(&cookie))?;
    }
    Ok(response)
}

fn rendered(app: &App, mail: &OutboxMail, reveal: bool) -> Result<RenderedMail, Problem> {
    app.mails().render(mail, reveal).map_err(Problem::internal)
}

fn tabs(id: MailId, current: &str) -> Vec<Value> {
    let tab = |name: &str, text: &str| context! { href => format!("/mailbox/{id}?view={name}"), text, current => name == current };
    vec![tab("html", "As read"), tab("text", "Text"), tab("source", "Source")]
}

pub(in crate::routes::pages) async fn html(
    State(app): State<App>,
    reader: Reader,
    Path(id): Path<MailId>,
) -> Result<Response, Problem> {
    let mail = app.engine().mail(id).await?.ok_or_else(Problem::not_found)?;
    let rendered = rendered(&app, &mail, reader.sees_secrets())?;
    let mut response = reply::page("text/html; charset=utf-8", MAIL_POLICY, rendered.html);
    response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}

#[derive(Deserialize)]
pub(in crate::routes::pages) struct Resend {
    csrf: String,
}

pub(in crate::routes::pages) async fn resend(
    State(app): State<App>,
    reader: Reader,
    Path(id): Path<MailId>,
    headers: HeaderMap,
    Form(form): Form<Resend>,
) -> Result<Response, Problem> {
    csrf::check(&headers, reader.cookie.as_ref(), &form.csrf)?;
    let resend = ResendMail { id, now: app.stamp()?.now };
    let sent = match reader.actor() {
        Some(actor) => app.try_run_as(actor, resend).await?,
        None => app.try_run(resend).await,
    };
    match sent {
        Ok(resent) => {
            let done = match resent {
                Resent::Due => "due",
                Resent::OnItsWay => "on-its-way",
            };
            Ok(Redirect::to(&format!("/mailbox/{id}?done={done}")).into_response())
        }
        Err(Error::Conflict(Conflict::SecretGone)) => {
            let mail = app.engine().mail(id).await?.ok_or_else(Problem::not_found)?;
            let error = "The code in this mail was wiped when it was sent. Its reader must ask for a new one.";
            show(&app, &reader, &mail, "html", None, Some(error))
        }
        Err(error) => Err(error.into()),
    }
}
