//! `/admin/welcome`: what a new shop is led through, a step a page. Every step can be left out and come back to.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use minijinja::{Value, context};
use model::{Currency, Permission, ShopSettings as Settings, country::countries};

use super::{
    forms::{Done, Fields, Refused, fresh_shop_settings, notice, refused},
    frame,
    settings::{choices, send_test_mail, update},
};
use crate::{
    App,
    extract::ShopSettings,
    problem::Problem,
    routes::pages::{staff::StaffPage, template},
};

/// The steps: name and text.
const STEPS: [(&str, &str); 3] = [("shop", "Your shop"), ("mail", "Mail"), ("products", "First products")];
/// What the page before may say.
const NOTICES: [(&str, &str); 2] =
    [("saved", "Saved."), ("tested", "The test mail is on its way. Its fate is in the mailbox.")];

fn show(
    app: &App,
    staff: &StaffPage<ShopSettings>,
    step: &str,
    values: Value,
    refused: &Refused,
) -> Result<Response, Problem> {
    let steps = STEPS.map(|(name, text)| context! { text, current => name == step });
    let values = context! { ..context! { step, steps }, ..values, ..refused.shown(), ..frame(staff, "overview") };
    template::page(app, refused.status_or_conflict(), "admin_welcome.html", values)
}

/// The first step: what the shop is called, where it is, what it is paid in.
pub(in crate::routes::pages) async fn shop(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
) -> Result<Response, Problem> {
    let mut settings = fresh_shop_settings(&app).await?;
    if settings.contact_email.is_empty() {
        settings.contact_email = own_address(&app, &staff).await?;
    }
    show_shop(&app, &staff, &settings, &Refused::default())
}

/// The e-mail address of whoever looks.
async fn own_address(app: &App, staff: &StaffPage<ShopSettings>) -> Result<String, Problem> {
    let me = app.engine().account(staff.access.account_id).await?.and_then(|account| account.email);
    Ok(me.map(|email| email.as_str().to_owned()).unwrap_or_default())
}

fn show_shop(
    app: &App,
    staff: &StaffPage<ShopSettings>,
    settings: &Settings,
    refused: &Refused,
) -> Result<Response, Problem> {
    let currency = settings.currency.unwrap_or_else(|| app.currency());
    let values = context! {
        s => Value::from_serialize(settings), own_name => app.settings().shop_name, places => countries(),
        currency => currency.code(), money => choices(app),
    };
    show(app, staff, "shop", values, refused)
}

pub(in crate::routes::pages) async fn save_shop(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let settings = Settings {
        name: fields.get("name").to_owned(),
        country: fields.get("country").to_owned(),
        currency: Currency::from_code(fields.get("currency")),
        contact_email: fields.get("contact_email").to_owned(),
        ..fresh_shop_settings(&app).await?
    };
    match update(&app, staff.actor(), settings.clone(), fields.version()).await? {
        Ok(()) => Ok(Redirect::to("/admin/welcome/mail?done=saved").into_response()),
        Err(error) => show_shop(&app, &staff, &settings, &refused(error)?),
    }
}

/// The second step: whether mails arrive.
pub(in crate::routes::pages) async fn mail(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    let to = own_address(&app, &staff).await?;
    show_mail(&app, &staff, &to, &query.done, &Refused::default())
}

fn show_mail(
    app: &App,
    staff: &StaffPage<ShopSettings>,
    to: &str,
    done: &str,
    refused: &Refused,
) -> Result<Response, Problem> {
    let values = context! {
        to, notice => notice(done, &NOTICES), mail_goes_nowhere => app.settings().mail_goes_nowhere,
        sees_mailbox => staff.access.may(Permission::Customers),
    };
    show(app, staff, "mail", values, refused)
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
        Ok(()) => Ok(Redirect::to("/admin/welcome/mail?done=tested").into_response()),
        Err(wrong) => show_mail(&app, &staff, fields.get("to"), "", &wrong.into()),
    }
}

/// The third step: something to sell, and a window to show it in.
pub(in crate::routes::pages) async fn products(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
) -> Result<Response, Problem> {
    let settings = fresh_shop_settings(&app).await?;
    show_products(&app, &staff, &settings, &Refused::default())
}

fn show_products(
    app: &App,
    staff: &StaffPage<ShopSettings>,
    settings: &Settings,
    refused: &Refused,
) -> Result<Response, Problem> {
    let values = context! {
        s => Value::from_serialize(settings), may_add => staff.access.may(Permission::Catalogue),
        public_url => app.settings().public_url,
    };
    show(app, staff, "products", values, refused)
}

/// Shows or hides the shop window, then leads on to where the button says.
pub(in crate::routes::pages) async fn open(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let before = fresh_shop_settings(&app).await?;
    let settings = Settings { shop_window: fields.is_checked("shop_window"), ..before.clone() };
    if settings != before
        && let Err(error) = update(&app, staff.actor(), settings.clone(), fields.version()).await?
    {
        return show_products(&app, &staff, &settings, &refused(error)?);
    }
    let next = match fields.get("next") {
        "add" => "/admin/products/new",
        "import" => "/admin/import",
        _ => "/admin",
    };
    Ok(Redirect::to(next).into_response())
}
