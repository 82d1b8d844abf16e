//! Pages for people: signing in to work in the shop, setting it up, the mailbox. They work without JavaScript and load
//! nothing from outside.

mod admin;
mod assets;
mod csrf;
mod home;
mod mailbox;
mod media;
mod pictures;
mod reset_password;
mod setup;
mod sign_in;
mod staff;
mod template;

use axum::routing::{MethodRouter, get, post};
use model::Timestamp;

use crate::App;

/// The pages by their paths.
pub(super) fn all() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/", get(home::page)),
        ("/assets/style.css", get(assets::style)),
        ("/pictures/{name}", get(pictures::file)),
        ("/media/{file}", get(media::file)),
        ("/admin", get(admin::home)),
        ("/admin/orders", get(admin::orders::page)),
        ("/admin/orders/move", post(admin::orders::move_on)),
        ("/admin/orders/{id}", get(admin::order::page)),
        ("/admin/orders/{id}/move", post(admin::order::move_on)),
        ("/admin/reviews", get(admin::reviews::page)),
        ("/admin/reviews/{id}", post(admin::reviews::moderate)),
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
