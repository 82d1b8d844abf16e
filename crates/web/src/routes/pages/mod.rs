//! Pages for people: signing in to work in the shop, setting it up, the mailbox. They work without JavaScript and load
//! nothing from outside.

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

use crate::App;

/// The pages by their paths.
pub(super) fn all() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/", get(home::page)),
        ("/assets/style.css", get(assets::style)),
        ("/pictures/{name}", get(pictures::file)),
        ("/media/{file}", get(media::file)),
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
