//! `/v1/products`: what shoppers see of the catalogue.

pub(super) mod list;
pub(super) mod read;

use utoipa_axum::router::OpenApiRouter;

use crate::{App, routes::endpoint::routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(read::read)).routes(routes!(read::related))
}
