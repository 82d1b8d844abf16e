//! `GET /v1/shop`

use axum::{extract::State, response::Response};
use http::{HeaderMap, Uri};

use crate::{App, dto::shop::ShopDto, openapi::tag, problem::Problem};

/// Read the shop
///
/// What a storefront shows of it: its name, currencies and languages, whether it takes orders and where it sends to, its legal texts.
#[utoipa::path(get, path = "/v1/shop", operation_id = "get_shop", tag = tag::CATALOGUE,
    responses(
        (status = 200, description = "The shop.", body = ShopDto),
        (status = 304, description = "The caller has this already (If-None-Match)."),
    ))]
pub(super) async fn read(State(app): State<App>, uri: Uri, request: HeaderMap) -> Result<Response, Problem> {
    app.cached(&uri, &request, async || {
        let operator = app.settings();
        let settings = app.fresh_shop_settings().await?;
        // By these settings alone, and not by what another request learns meanwhile: the reply is kept until they change.
        let name = if settings.name.is_empty() { &operator.shop_name } else { &settings.name };
        let currency = settings.currency.unwrap_or(operator.sold_in.own);
        let dto = ShopDto {
            name: name.clone(),
            country: settings.country.clone(),
            currency,
            currencies: operator.sold_in.currencies(settings.currency),
            languages: operator.languages.iter().map(ToString::to_string).collect(),
            takes_orders: settings.takes_orders,
            closed_text: settings.closed_text.clone(),
            countries: settings.countries.clone(),
            contact_email: settings.contact_email.clone(),
            legal: (&settings.legal).into(),
            reviews: operator.reviews.as_str(),
            signup: operator.sign_up.as_str(),
            demo: operator.demo,
        };
        Ok((settings.version, dto))
    })
    .await
}
