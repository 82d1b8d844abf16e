//! `GET /v1/wishlists/{token}`.

use axum::{extract::State, response::Response};
use commerce::wishlist::SharedBy;
use http::StatusCode;
use model::{ProductId, ProductStatus, Wishlist};
use store::DocumentKind;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App, Problem,
    dto::{
        Audience, ProductDto,
        review::{SharedWishlistDto, WishlistItemDto},
    },
    extract::{Path, Shopper, Shown},
    openapi::tag,
    reply,
    routes::endpoint::routes,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Read a wishlist that somebody shares.
///
/// Says nothing about whose it is.
#[utoipa::path(get, path = "/v1/wishlists/{token}", operation_id = "read_shared_wishlist", tag = tag::CATALOGUE,
    params(("token" = String, Path, description = "Its `share_token`."), Shown),
    responses((status = 200, description = "The list.", body = SharedWishlistDto)))]
async fn read(
    State(app): State<App>,
    Path(token): Path<String>,
    Shopper(audience): Shopper,
) -> Result<Response, Problem> {
    let share = app.engine().document_named(DocumentKind::WishlistShare, &token).await?;
    let by: SharedBy = share.ok_or_else(Problem::not_found)?.read()?;
    let list = app.engine().document_named(DocumentKind::Wishlist, &by.account_id.to_string()).await?;
    let list: Wishlist = list.ok_or_else(Problem::not_found)?.read()?;
    let items = items(&app, &list, &audience).await?;
    reply::json(StatusCode::OK, &SharedWishlistDto { items })
}

/// What is on a list, as shoppers see it.
pub(super) async fn items(app: &App, list: &Wishlist, audience: &Audience) -> Result<Vec<WishlistItemDto>, Problem> {
    let ids: Vec<ProductId> = list.items.iter().map(|item| item.product_id).collect();
    let products = app.engine().products_by_id(&ids).await?;
    let categories = app.engine().categories().await?;
    let item = |item: &model::wishlist::WishlistItem| {
        let found = products.iter().find(|product| product.id == item.product_id);
        let product = found.filter(|product| product.status == ProductStatus::Active)?;
        Some(WishlistItemDto { product: ProductDto::new(product, &categories, audience), added_at: item.added_at })
    };
    Ok(list.items.iter().filter_map(item).collect())
}
