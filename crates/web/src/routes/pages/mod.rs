//! Pages for people: signing in to work in the shop, setting it up, the mailbox. They work without JavaScript and load
//! nothing from outside.

mod admin;
mod assets;
mod csrf;
mod home;
mod mailbox;
mod media;
pub(crate) mod mishap;
mod pictures;
mod reset_password;
mod setup;
mod sign_in;
mod staff;
mod template;

pub(crate) use admin::overview::KeptFigures;
use axum::{middleware::from_fn_with_state, routing::MethodRouter};
pub(super) use media::range;
use model::Timestamp;

use super::endpoint::{Methods, get, post};
use crate::App;

/// The pages by their paths. What goes wrong on them is told as a page too.
pub(super) fn all(app: &App) -> Vec<(&'static str, MethodRouter<App>)> {
    let told = |methods: Methods| methods.into_router().layer(from_fn_with_state(app.clone(), mishap::told));
    routes().into_iter().map(|(path, methods)| (path, told(methods))).collect()
}

fn routes() -> Vec<(&'static str, Methods)> {
    vec![
        ("/", get(home::page)),
        ("/shop/{slug}", get(home::window)),
        ("/products/{slug}", get(home::product)),
        ("/basket", get(home::window)),
        ("/checkout", get(home::window)),
        ("/my-orders", get(home::window)),
        ("/my-orders/{id}", get(home::window)),
        ("/legal/{name}", get(home::window)),
        ("/assets/style.css", get(assets::style)),
        ("/assets/shop.css", get(assets::shop_style)),
        ("/assets/shop.js", get(assets::shop)),
        ("/pictures/{name}", get(pictures::file)),
        ("/media/{file}", get(media::file)),
        ("/assets/htmx.js", get(assets::htmx)),
        ("/assets/admin.js", get(assets::admin)),
        ("/admin", get(admin::overview::page)),
        ("/admin/search", get(admin::search::page)),
        ("/admin/news", get(admin::news::stream)),
        ("/admin/orders", get(admin::orders::page)),
        ("/admin/orders/export", get(admin::orders::export)),
        ("/admin/orders/move", post(admin::orders::move_on)),
        ("/admin/orders/views", post(admin::orders::save_view)),
        ("/admin/orders/{id}", get(admin::order::page)),
        ("/admin/orders/{id}/move", post(admin::order::move_on)),
        ("/admin/orders/{id}/address", post(admin::order::readdress)),
        ("/admin/orders/{id}/tracking", post(admin::order::track)),
        ("/admin/orders/{id}/note", post(admin::order::note)),
        ("/admin/orders/{id}/slip", get(admin::order::slip)),
        ("/admin/products", get(admin::products::list::page)),
        ("/admin/products/quick", post(admin::products::list::quick)),
        ("/admin/products/new", get(admin::products::edit::blank).post(admin::products::edit::create)),
        ("/admin/products/{id}", get(admin::products::edit::form).post(admin::products::edit::save)),
        ("/admin/products/{id}/options", post(admin::products::edit::generate)),
        ("/admin/products/{id}/pictures", post(admin::products::pictures::add)),
        ("/admin/products/{id}/delete", post(admin::products::edit::delete)),
        ("/admin/categories", get(admin::categories::page).post(admin::categories::create)),
        ("/admin/categories/{id}", post(admin::categories::change)),
        ("/admin/collections", get(admin::collections::list).post(admin::collections::create)),
        ("/admin/collections/{id}", get(admin::collections::page).post(admin::collections::change)),
        ("/admin/attributes", get(admin::attributes::page).post(admin::attributes::create)),
        ("/admin/attributes/{id}", post(admin::attributes::change)),
        ("/admin/stock", get(admin::stock::page)),
        ("/admin/stock/{id}", get(admin::stock::ledger).post(admin::stock::adjust)),
        ("/admin/reviews", get(admin::reviews::page)),
        ("/admin/reviews/{id}", post(admin::reviews::moderate)),
        ("/admin/import", get(admin::imports::page).post(admin::imports::upload)),
        ("/admin/import/{id}", get(admin::imports::job)),
        ("/admin/import/{id}/stop", post(admin::imports::stop)),
        ("/admin/export/{name}", get(admin::imports::file)),
        ("/admin/customers", get(admin::customers::list)),
        ("/admin/customers/{id}", get(admin::customers::page).post(admin::customers::change)),
        ("/admin/customers/{id}/export", get(admin::customers::export)),
        ("/admin/mails", get(admin::mails::list)),
        ("/admin/mails/{name}", get(admin::mails::page)),
        ("/admin/mails/{name}/html", get(admin::mails::html)),
        ("/admin/staff", get(admin::team::page).post(admin::team::invite)),
        ("/admin/staff/{id}", post(admin::team::change)),
        ("/admin/keys", get(admin::keys::page).post(admin::keys::create)),
        ("/admin/keys/{id}/end", post(admin::keys::revoke)),
        ("/admin/audit", get(admin::audit::page)),
        ("/admin/welcome", get(admin::welcome::shop).post(admin::welcome::save_shop)),
        ("/admin/welcome/mail", get(admin::welcome::mail).post(admin::welcome::test_mail)),
        ("/admin/welcome/products", get(admin::welcome::products).post(admin::welcome::open)),
        ("/admin/settings", get(admin::settings::page).post(admin::settings::save)),
        ("/admin/settings/test-mail", post(admin::settings::test_mail)),
        ("/admin/account", get(admin::account::page)),
        ("/admin/account/password", post(admin::account::password)),
        ("/admin/account/second-factor", post(admin::account::enrol)),
        ("/admin/account/second-factor/remove", post(admin::account::remove)),
        ("/admin/account/sessions/{id}/end", post(admin::account::end_session)),
        ("/staff/forgotten", get(sign_in::forgotten).post(sign_in::send_link)),
        ("/staff/second-factor", post(sign_in::second)),
        ("/staff/sign-in", get(sign_in::form).post(sign_in::submit)),
        ("/staff/sign-out", post(sign_in::sign_out)),
        ("/setup/{token}", get(setup::form).post(setup::submit)),
        ("/reset-password", get(reset_password::form).post(reset_password::submit)),
        ("/mailbox", get(mailbox::list::page)),
        ("/mailbox/{id}", get(mailbox::show::page)),
        ("/mailbox/{id}/html", get(mailbox::show::html)),
        ("/mailbox/{id}/resend", post(mailbox::show::resend)),
    ]
}

/// `2026-05-01 14:03 UTC`: the same for every reader, whatever their clock.
fn time_text(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {} UTC", time.get(..5).unwrap_or(""))
}
