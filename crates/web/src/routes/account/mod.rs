//! `/v1/account`: what somebody does to their own account.

mod addresses;
mod email;
mod export;
mod password;
mod profile;
mod sessions;
mod stock_alerts;
mod wishlist;

use utoipa_axum::router::OpenApiRouter;

use crate::{App, routes::endpoint::routes};

pub(super) use export::Kept;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(profile::read, profile::update, profile::delete))
        .routes(routes!(export::read))
        .routes(routes!(password::change))
        .routes(routes!(email::change))
        .routes(routes!(email::confirm))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(addresses::list, addresses::create))
        .routes(routes!(addresses::update, addresses::delete))
        .merge(wishlist::router())
        .merge(stock_alerts::router())
}
