//! `/admin/settings`: what the shop is like.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{Actor, Error, mail::EnqueueTestMail, settings::UpdateSettings};
use http::HeaderMap;
use minijinja::{Value, context};
use model::{Currency, Email, ShopSettings as Settings, Violations, country::countries, shop::Legal};

use super::{
    forms::{Done, Fields, Refused, fresh_shop_settings, notice, number, refused},
    frame,
};
use crate::{
    App, SignUpMode,
    extract::ShopSettings,
    problem::Problem,
    routes::pages::{staff::StaffPage, template},
};

/// What the page before may say.
const NOTICES: [(&str, &str); 2] = [
    ("saved", "Saved. It counts from now on."),
    ("tested", "The test mail is on its way. Its fate is in the mailbox."),
];

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    let settings = fresh_shop_settings(&app).await?;
    show(&app, &staff, &settings, notice(&query.done, &NOTICES), &Refused::default()).await
}

/// Sets the settings, and goes by them.
pub(super) async fn update(
    app: &App,
    actor: Actor,
    settings: Settings,
    if_version: Option<i64>,
) -> Result<Result<(), Error>, Problem> {
    let update = UpdateSettings { settings, own_currency: app.settings().sold_in.own, if_version };
    Ok(app.try_run_as(actor, update).await?.map(|settings| drop(app.learn_shop_settings(settings))))
}

/// The currencies as a choice.
pub(super) fn choices(app: &App) -> Vec<Value> {
    let all = Currency::all()
        .iter()
        .chain([&app.settings().sold_in.own].into_iter().filter(|own| !Currency::all().contains(own)));
    all.map(|one| context! { code => one.code(), name => one.name() }).collect()
}

async fn show(
    app: &App,
    staff: &StaffPage<ShopSettings>,
    settings: &Settings,
    notice: Option<&str>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let operator = app.settings();
    let currencies = app.currencies().iter().map(|currency| currency.code()).collect::<Vec<_>>().join(", ");
    let languages = operator.languages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let me = app.engine().account(staff.access.account_id).await?.and_then(|account| account.email);
    let values = context! {
        s => minijinja::Value::from_serialize(settings), countries => settings.countries.join(", "), notice,
        places => countries(), currency => settings.currency.unwrap_or_else(|| app.currency()).code(), money => choices(app),
        own_name => operator.shop_name, me => me.as_ref().map(Email::as_str),
        public_url => operator.public_url, currencies, languages, mail_goes_nowhere => operator.mail_goes_nowhere,
        verifies => operator.sign_up == SignUpMode::Verify,
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "settings") };
    template::page(app, refused.status_or_conflict(), "admin_settings.html", values)
}

pub(in crate::routes::pages) async fn save(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let text = |name: &str| fields.get(name).to_owned();
    let mut wrong = Violations::default();
    let low_stock_at = number(&mut wrong, "/low_stock_at", fields.get("low_stock_at")).unwrap_or(0);
    let countries = fields.get("countries").split([',', ' ']).map(str::trim).filter(|code| !code.is_empty());
    let settings = Settings {
        version: fields.version().unwrap_or(0),
        name: text("name"),
        country: text("country"),
        currency: Currency::from_code(fields.get("currency")),
        contact_email: text("contact_email"),
        low_stock_at,
        low_stock_mail: fields.is_checked("low_stock_mail"),
        takes_orders: fields.is_checked("takes_orders"),
        closed_text: text("closed_text"),
        countries: countries.map(str::to_owned).collect(),
        shop_window: fields.is_checked("shop_window"),
        require_second_factor: fields.is_checked("require_second_factor"),
        legal: Legal {
            imprint: text("imprint"),
            terms: text("terms"),
            privacy: text("privacy"),
            returns: text("returns"),
        },
    };
    if !wrong.0.is_empty() {
        return show(&app, &staff, &settings, None, &wrong.into()).await;
    }
    match update(&app, staff.actor(), settings.clone(), fields.version()).await? {
        Ok(()) => Ok(Redirect::to("/admin/settings?done=saved").into_response()),
        Err(error) => {
            let refused = refused(error)?;
            let version = if refused.is_stale { fresh_shop_settings(&app).await?.version } else { settings.version };
            show(&app, &staff, &Settings { version, ..settings }, None, &refused).await
        }
    }
}

/// Mails whoever asks, to see whether mails arrive.
pub(in crate::routes::pages) async fn test_mail(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    match send_test_mail(&app, staff.actor(), &fields).await? {
        Ok(()) => Ok(Redirect::to("/admin/settings?done=tested").into_response()),
        Err(wrong) => show(&app, &staff, &fresh_shop_settings(&app).await?, None, &wrong.into()).await,
    }
}

/// Sends a test mail to the address in the form, or says why not. The address may be anybody's: so the audit log says that it was done,
/// and no mailbox gets many.
pub(super) async fn send_test_mail(app: &App, by: Actor, fields: &Fields) -> Result<Result<(), Violations>, Problem> {
    let to = match Email::parse("/to", fields.get("to")) {
        Ok(to) => to,
        Err(wrong) => return Ok(Err(Violations(vec![wrong]))),
    };
    if !app.throttle().may_mail_test(&to) {
        let message = "this mailbox got several test mails just now; look there, or try again in a minute";
        return Ok(Err(Violations::one("", "not_allowed", message)));
    }
    app.run_as(by, EnqueueTestMail { to, stamp: app.stamp()? }).await?;
    Ok(Ok(()))
}
