//! `/v1/orders`: the buyer's own orders.

mod cancel;
mod place;
mod read;

use utoipa_axum::router::OpenApiRouter;

use crate::{App, routes::endpoint::routes};

pub(super) use read::{faces, number, statuses};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read::list, place::place))
        .routes(routes!(read::read))
        .routes(routes!(cancel::cancel))
}
