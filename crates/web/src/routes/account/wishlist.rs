//! `/v1/account/wishlist`

use axum::{extract::State, response::Response};
use commerce::wishlist::{AddToWishlist, RemoveFromWishlist, ShareWishlist};
use http::StatusCode;
use identity::OpaqueToken;
use model::Wishlist;
use store::DocumentKind;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App,
    dto::{Audience, review::WishlistDto},
    extract::{Shopper, Shown, SignedIn},
    openapi::tag,
    problem::Problem,
    reply,
    routes::endpoint::routes,
    routes::{products::read::Named, wishlists::items},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read)).routes(routes!(add, remove)).routes(routes!(share, end_share))
}

/// Read one's wishlist
#[utoipa::path(
    get, path = "/v1/account/wishlist", operation_id = "read_wishlist", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(Shown),
    responses((status = 200, description = "The list; empty for who never added anything", body = WishlistDto)),
)]
async fn read(State(app): State<App>, caller: SignedIn, Shopper(audience): Shopper) -> Result<Response, Problem> {
    let name = caller.account_id().to_string();
    let document = app.engine().document_named(DocumentKind::Wishlist, &name).await?;
    let list = document.map_or_else(|| Ok(Wishlist::empty(caller.account_id())), |document| document.read())?;
    show(&app, list, &audience).await
}

/// Put a product on one's wishlist
///
/// One that is there already stays where it is.
#[utoipa::path(
    put, path = "/v1/account/wishlist/items/{product}", operation_id = "add_to_wishlist", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(("product" = String, Path, description = "Id or slug of the product", example = "linen-shirt"), Shown),
    responses(
        (status = 200, description = "The list as it is now", body = WishlistDto),
        (status = 409, description = "`too_many_wishes`: a list has at most 500 products, those that are no longer for sale included"),
    ),
)]
async fn add(
    State(app): State<App>,
    caller: SignedIn,
    Named(product_id): Named,
    Shopper(audience): Shopper,
) -> Result<Response, Problem> {
    let list = app.run(AddToWishlist { account_id: caller.account_id(), product_id, now: app.now() }).await?;
    show(&app, list, &audience).await
}

/// Take a product from one's wishlist
///
/// One that is not on it changes nothing; when it is not for sale either, that is 404.
#[utoipa::path(
    delete, path = "/v1/account/wishlist/items/{product}", operation_id = "remove_from_wishlist", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(("product" = String, Path, description = "Id or slug of the product", example = "linen-shirt"), Shown),
    responses((status = 200, description = "The list as it is now", body = WishlistDto)),
)]
async fn remove(
    State(app): State<App>,
    caller: SignedIn,
    Named(product_id): Named,
    Shopper(audience): Shopper,
) -> Result<Response, Problem> {
    let list = app.run(RemoveFromWishlist { account_id: caller.account_id(), product_id }).await?;
    show(&app, list, &audience).await
}

/// Share one's wishlist
///
/// Whoever has its `share_token` can read it at `GET /v1/wishlists/{token}`, without signing in. Sharing it again keeps the
/// token.
#[utoipa::path(
    put, path = "/v1/account/wishlist/share", operation_id = "share_wishlist", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(Shown),
    responses((status = 200, description = "The list, with its token", body = WishlistDto)),
)]
async fn share(State(app): State<App>, caller: SignedIn, Shopper(audience): Shopper) -> Result<Response, Problem> {
    let token = OpaqueToken::random().expose();
    let share = ShareWishlist { account_id: caller.account_id(), token: Some(token), stamp: app.stamp()? };
    let list = app.run(share).await?;
    show(&app, list, &audience).await
}

/// Stop sharing one's wishlist
///
/// Its token opens nothing any more; sharing it again makes another.
#[utoipa::path(
    delete, path = "/v1/account/wishlist/share", operation_id = "stop_sharing_wishlist", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(Shown),
    responses((status = 200, description = "The list, without a token", body = WishlistDto)),
)]
async fn end_share(State(app): State<App>, caller: SignedIn, Shopper(audience): Shopper) -> Result<Response, Problem> {
    let list = app.run(ShareWishlist { account_id: caller.account_id(), token: None, stamp: app.stamp()? }).await?;
    show(&app, list, &audience).await
}

async fn show(app: &App, list: Wishlist, audience: &Audience) -> Result<Response, Problem> {
    let items = items(app, &list, audience).await?;
    reply::json(StatusCode::OK, &WishlistDto { items, share_token: list.share_token })
}
