//! `/admin/account`: one's own sessions, password and second factor.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    accounts::{ChangePassword, EndSession},
    second_factor::{RemoveSecondFactor, SecondFactor, SetSecondFactor, second_factor},
};
use http::{HeaderMap, HeaderValue, header};
use identity::{TotpSecret, recovery_codes, recovery_hash};
use minijinja::{Value, context};
use model::{Email, SessionId};
use qrcode::{QrCode, render::svg};
use serde::Deserialize;

use super::{
    forms::{Fields, Refused, fresh_shop_settings, notice, refused},
    frame,
};
use crate::{
    App,
    device::device_text,
    extract::Path,
    problem::Problem,
    routes::pages::{staff::Anyone, template, time_text},
};

/// What the page before may say.
const NOTICES: [(&str, &str); 3] = [
    ("ended", "The device is signed out."),
    (
        "password",
        "The password is changed. Your other devices are signed out. API keys that act for you go on: they are ended under “API keys”.",
    ),
    ("removed", "The second factor is gone. The password alone signs you in."),
];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ShowQuery {
    done: String,
    factor: String,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: Anyone,
    Query(query): Query<ShowQuery>,
) -> Result<Response, Problem> {
    let refused = match query.factor.as_str() {
        "needed" => Refused::because("This shop asks for a second factor. Set yours up first, below."),
        _ => Refused::default(),
    };
    show(&app, &staff, notice(&query.done, &NOTICES), None, Vec::new(), &refused).await
}

/// The page; `secret` is one that the person's app shall learn, `codes` are recovery codes that are shown now and never again.
async fn show(
    app: &App,
    staff: &Anyone,
    notice: Option<&str>,
    secret: Option<TotpSecret>,
    codes: Vec<String>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let id = staff.access.account_id;
    let account = app.engine().account(id).await?.ok_or_else(Problem::not_found)?;
    let email = account.email.as_ref().map(Email::as_str).unwrap_or_default();
    let factor = second_factor(app.engine(), id).await?;
    let sessions = app.engine().sessions(id, app.now()).await?;
    let sessions = sessions.iter().map(|session| {
        context! {
            id => session.id.to_string(), device => device_text(&session.device), address => session.address,
            is_this => session.id == staff.session_id, used => session.last_used_at.to_string(),
            used_text => time_text(session.last_used_at),
        }
    });
    let enrolment = match (&factor, codes.is_empty()) {
        (None, true) => {
            let secret = secret.unwrap_or_else(TotpSecret::random);
            let uri = secret.uri(&app.shop_name(), email);
            Some(context! { secret => secret.to_base32(), uri, picture => picture(&uri)? })
        }
        _ => None,
    };
    let values = context! {
        name => account.name, email, sessions => sessions.collect::<Vec<_>>(), notice, enrolment, codes,
        recovery_left => factor.as_ref().map(|factor| factor.recovery.len()),
        required => fresh_shop_settings(app).await?.require_second_factor,
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "account") };
    let mut response = template::page(app, refused.status(), "admin_account.html", values)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The page after one of its forms was refused.
async fn again(app: &App, staff: &Anyone, secret: Option<TotpSecret>, refused: Refused) -> Result<Response, Problem> {
    show(app, staff, None, secret, Vec::new(), &refused).await
}

/// The address as a QR code (ISO/IEC 18004) in SVG.
fn picture(uri: &str) -> Result<Value, Problem> {
    let code = QrCode::new(uri).map_err(Problem::internal)?;
    let svg = code.render::<svg::Color<'_>>().min_dimensions(180, 180).build();
    let start = svg.find("<svg").unwrap_or(0);
    Ok(Value::from_safe_string(svg[start..].replacen(
        "<svg",
        "<svg role=\"img\" aria-label=\"QR code for your app\"",
        1,
    )))
}

/// Sets a second factor up: the code proves that the app knows the secret.
pub(in crate::routes::pages) async fn enrol(
    State(app): State<App>,
    staff: Anyone,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let secret = TotpSecret::from_base32(fields.get("secret")).ok_or_else(Problem::not_found)?;
    let verified_hash = match staff.confirm(&app, fields.raw("password")).await? {
        Ok(hash) => hash,
        Err(text) => return again(&app, &staff, Some(secret), Refused::because(text)).await,
    };
    let Some(step) = secret.step_of(fields.get("code"), app.now()) else {
        let text = "The code is not right. It changes every 30 seconds; is the clock of your telephone right?";
        return again(&app, &staff, Some(secret), Refused::because(text)).await;
    };
    let codes = recovery_codes();
    let account_id = staff.access.account_id;
    let factor = SecondFactor {
        sealed: secret.sealed(app.keys(), account_id),
        recovery: codes.iter().map(|code| recovery_hash(code)).collect(),
        last_step: step,
    };
    let set = SetSecondFactor { account_id, verified_hash, factor, stamp: app.stamp()? };
    app.run_as(staff.actor(), set).await?;
    let notice = "The second factor is set up. From now on signing in asks for a code of your app.";
    show(&app, &staff, Some(notice), None, codes, &Refused::default()).await
}

pub(in crate::routes::pages) async fn remove(
    State(app): State<App>,
    staff: Anyone,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let verified_hash = match staff.confirm(&app, fields.raw("password")).await? {
        Ok(hash) => hash,
        Err(text) => return again(&app, &staff, None, Refused::because(text)).await,
    };
    let account_id = staff.access.account_id;
    app.run_as(staff.actor(), RemoveSecondFactor { account_id, verified_hash }).await?;
    Ok(Redirect::to("/admin/account?done=removed").into_response())
}

pub(in crate::routes::pages) async fn end_session(
    State(app): State<App>,
    staff: Anyone,
    Path(id): Path<SessionId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let end = EndSession { account_id: staff.access.account_id, id, now: app.now() };
    match app.try_run_as(staff.actor(), end).await? {
        Ok(()) | Err(commerce::Error::NotFound(_)) => Ok(Redirect::to("/admin/account?done=ended").into_response()),
        Err(error) => Err(error.into()),
    }
}

pub(in crate::routes::pages) async fn password(
    State(app): State<App>,
    staff: Anyone,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let account_id = staff.access.account_id;
    let account = app.engine().account(account_id).await?.ok_or_else(Problem::not_found)?;
    let email = account.email.as_ref().map(Email::as_str).unwrap_or_default();
    let new = fields.raw("new_password");
    let checked = identity::check_password("/new_password", new, &[email, &account.name])
        .and_then(|()| identity::check_other_password("/new_password", new, fields.raw("password")));
    if let Err(wrong) = checked {
        return again(&app, &staff, None, model::Violations(vec![wrong]).into()).await;
    }
    let (verified_hash, new_hash) = match staff.confirm_and_hash(&app, fields.raw("password"), new).await? {
        Ok(hashes) => hashes,
        Err(text) => return again(&app, &staff, None, Refused::because(text)).await,
    };
    let session_id = staff.session_id;
    let change = ChangePassword { account_id, verified_hash, new_hash, session_id, stamp: app.stamp()? };
    match app.try_run_as(staff.actor(), change).await? {
        Ok(()) => Ok(Redirect::to("/admin/account?done=password").into_response()),
        Err(error) => again(&app, &staff, None, refused(error)?).await,
    }
}
