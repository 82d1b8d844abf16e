//! `/v1/admin`: what the staff do. Each handler names the area of the shop that its caller must be trusted with.

mod accounts;
mod attributes;
mod categories;
mod collections;
mod currencies;
mod exports;
mod jobs;
mod mails;
mod order_exports;
mod orders;
mod pictures;
mod products;
mod reviews;
mod settings;
#[cfg(test)]
mod sources;
mod stock;
mod variants;

pub(in crate::routes) use self::{exports::export, jobs::FILE_BYTES_MAX, order_exports::export_orders};
use utoipa_axum::router::OpenApiRouter;

use crate::{App, routes::endpoint::routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(products::list, products::create))
        .routes(routes!(products::read, products::update, products::delete))
        .routes(routes!(variants::list, variants::create))
        .merge(attributes::router())
        .merge(pictures::router())
        .merge(collections::router())
        .merge(exports::router())
        .merge(order_exports::router())
        .merge(jobs::router())
        .merge(reviews::router())
        .routes(routes!(variants::generate))
        .routes(routes!(variants::prices))
        .routes(routes!(variants::read, variants::update, variants::delete))
        .routes(routes!(stock::list, stock::move_stock))
        .routes(routes!(categories::list, categories::create))
        .routes(routes!(categories::move_to))
        .routes(routes!(categories::read, categories::update, categories::delete))
        .routes(routes!(orders::list))
        .routes(routes!(orders::read, orders::update))
        .routes(routes!(orders::transition))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::read, accounts::update))
        .routes(routes!(mails::list))
        .routes(routes!(mails::read))
        .routes(routes!(mails::resend))
        .routes(routes!(settings::read, settings::update))
        .routes(routes!(settings::log))
}
