//! `/v1/auth`: signing up and in.

mod login;
mod logout;
mod password;
mod refresh;
mod sign_up;
mod tokens;
mod verify_email;

use utoipa_axum::router::OpenApiRouter;

use crate::{App, routes::endpoint::routes};

pub(super) use login::authenticate;
pub(super) use password::{mail_reset_link, set_password};
pub(super) use tokens::{accepted, code_for, mail_evenly, right, verified_and_new_hash, verified_hash};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_up::sign_up))
        .routes(routes!(verify_email::verify_email))
        .routes(routes!(verify_email::resend))
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(logout::logout_everywhere))
        .routes(routes!(password::forgot))
        .routes(routes!(password::reset))
}
