//! `/admin/keys`: what lets programs act for the staff.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::api_keys::{ApiKey, CreateApiKey, RevokeApiKey, api_keys};
use http::HeaderMap;
use identity::OpaqueToken;
use minijinja::{Value, context};
use model::{Role, SignedDuration};
use uuid::Uuid;

use super::{
    forms::{Done, Fields, Refused, form_number, notice, once, refused},
    frame,
    names::Names,
    team::{boxes_as_typed, checked, permission_text},
};
use crate::{
    App,
    extract::{API_KEY_PREFIX, Path},
    problem::Problem,
    routes::pages::{
        staff::{Anyone, StaffPage},
        template, time_text,
    },
};

/// What the page before may say.
const NOTICES: [(&str, &str); 2] = [
    ("ended", "The key is ended. Whoever uses it gets 401 from now on."),
    (
        "before",
        "This form was sent twice. One key was made, and shown once. If you do not have it, end it and make another.",
    ),
];
/// For how many days a key can be good; 0 is for ever.
const DAYS: [(i64, &str); 4] = [(30, "30 days"), (90, "90 days"), (365, "a year"), (0, "until it is ended")];
/// How much of a key is kept in the clear, to tell it by.
const HINT: usize = 8;

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: Anyone,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    show(&app, &staff, notice(&query.done, &NOTICES), None, None, &Refused::default()).await
}

async fn show<A>(
    app: &App,
    staff: &StaffPage<A>,
    notice: Option<&str>,
    secret: Option<&str>,
    typed: Option<&Fields>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let is_owner = staff.access.role == Role::Owner;
    let (mut rows, mut names) = (Vec::new(), Names::new(app));
    for key in api_keys(app.engine()).await? {
        if is_owner || key.account_id == staff.access.account_id {
            let owner = names.of(key.account_id).await?;
            rows.push(row(app, &key, owner));
        }
    }
    let mine = boxes_as_typed(typed).into_iter().zip(model::Permission::ALL);
    let mine = mine.filter(|(_, permission)| staff.access.may(*permission)).map(|(shown, _)| shown);
    let values = context! {
        rows, notice, secret, typed => typed.map(Fields::typed), permissions => mine.collect::<Vec<_>>(),
        once => form_number(),
        days => DAYS.map(|(days, text)| {
            context! { days, text, chosen => typed.is_some_and(|fields| fields.get("days") == days.to_string()) }
        }),
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "keys") };
    template::page(app, refused.status(), "admin_keys.html", values)
}

fn row(app: &App, key: &ApiKey, owner: Option<String>) -> Value {
    let is_over = key.expires_at.is_some_and(|end| end <= app.now());
    context! {
        id => key.id.to_string(), name => key.name, hint => key.hint, owner, is_over,
        permissions => key.permissions.iter().map(|permission| permission_text(*permission)).collect::<Vec<_>>().join(", "),
        made_text => time_text(key.created_at), made => key.created_at.to_string(),
        ends => key.expires_at.map(|end| end.to_string()), ends_text => key.expires_at.map(time_text),
    }
}

/// Makes a key, and shows its secret: now and never again.
pub(in crate::routes::pages) async fn create(
    State(app): State<App>,
    staff: Anyone,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let verified_hash = match staff.confirm(&app, fields.raw("password")).await? {
        Ok(hash) => hash,
        Err(text) => return show(&app, &staff, None, None, Some(&fields), &Refused::because(text)).await,
    };
    let days = fields.get("days").parse::<i64>().ok().filter(|days| DAYS.iter().any(|(known, _)| known == days));
    let Some(days) = days else {
        let refused = Refused::because("Choose for how long the key is good.");
        return show(&app, &staff, None, None, Some(&fields), &refused).await;
    };
    let stamp = app.stamp()?;
    let end = (days > 0).then(|| SignedDuration::from_hours(24 * days));
    let expires_at = end.and_then(|lasting| stamp.now.checked_add(lasting).ok());
    let token = OpaqueToken::random();
    let secret = format!("{API_KEY_PREFIX}{}", token.expose());
    let create = CreateApiKey {
        actor: staff.access,
        verified_hash,
        name: fields.get("name").to_owned(),
        hash: token.hash(),
        hint: secret.chars().take(HINT).collect(),
        permissions: checked(&fields).iter().collect(),
        expires_at,
        stamp,
    };
    // Loading the page of a new key again sends its form again.
    let what = format!("a key for {}", fields.all("permission").collect::<Vec<_>>().join(" "));
    match once(&app, staff.actor(), &fields, &what, &["name", "days"], create).await? {
        Ok(true) => show(&app, &staff, None, Some(&secret), None, &Refused::default()).await,
        Ok(false) => Ok(Redirect::to("/admin/keys?done=before").into_response()),
        Err(error) => show(&app, &staff, None, None, Some(&fields), &refused(error)?).await,
    }
}

pub(in crate::routes::pages) async fn revoke(
    State(app): State<App>,
    staff: Anyone,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    match app.try_run_as(staff.actor(), RevokeApiKey { actor: staff.access, id }).await? {
        Ok(()) => Ok(Redirect::to("/admin/keys?done=ended").into_response()),
        Err(error) => show(&app, &staff, None, None, None, &refused(error)?).await,
    }
}
