//! `/v1/account/wishlist`

use axum::{extract::State, response::Response};
use commerce::wishlist::{AddToWishlist, RemoveFromWishlist, ShareWishlist};
use http::{HeaderMap, StatusCode};
use identity::OpaqueToken;
use model::{ProductId, Wishlist};
use store::DocumentKind;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    dto::review::WishlistDto,
    extract::{Path, Query, SignedIn},
    openapi::tag,
    problem::Problem,
    reply,
    routes::{products::read::Shown, wishlists::items},
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
async fn read(
    State(app): State<App>,
    caller: SignedIn,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = caller.account_id().to_string();
    let document = app.engine().document_named(DocumentKind::Wishlist, &name).await?;
    let list = document.map_or_else(|| Ok(Wishlist::empty(caller.account_id())), |document| document.read())?;
    show(&app, list, &shown, &headers).await
}

/// Put a product on one's wishlist
///
/// One that is there already stays where it is.
#[utoipa::path(
    put, path = "/v1/account/wishlist/items/{product_id}", operation_id = "add_to_wishlist", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(("product_id" = uuid::Uuid, Path, description = "The product")),
    responses((status = 200, description = "The list as it is now", body = WishlistDto)),
)]
async fn add(
    State(app): State<App>,
    caller: SignedIn,
    Path(product_id): Path<ProductId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let list = app.run(AddToWishlist { account_id: caller.account_id(), product_id, now: app.now() }).await?;
    show(&app, list, &Shown::default(), &headers).await
}

/// Take a product from one's wishlist
#[utoipa::path(
    delete, path = "/v1/account/wishlist/items/{product_id}", operation_id = "remove_from_wishlist", tag = tag::ACCOUNT, security(("bearer" = [])),
    params(("product_id" = uuid::Uuid, Path, description = "The product")),
    responses((status = 200, description = "The list as it is now", body = WishlistDto)),
)]
async fn remove(
    State(app): State<App>,
    caller: SignedIn,
    Path(product_id): Path<ProductId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let list = app.run(RemoveFromWishlist { account_id: caller.account_id(), product_id }).await?;
    show(&app, list, &Shown::default(), &headers).await
}

/// Share one's wishlist
///
/// Whoever has its `share_token` can read it at `GET /v1/wishlists/{token}`, without signing in. Sharing it again keeps the
/// token.
#[utoipa::path(
    put, path = "/v1/account/wishlist/share", operation_id = "share_wishlist", tag = tag::ACCOUNT, security(("bearer" = [])),
    responses((status = 200, description = "The list, with its token", body = WishlistDto)),
)]
async fn share(State(app): State<App>, caller: SignedIn, headers: HeaderMap) -> Result<Response, Problem> {
    let token = OpaqueToken::random().expose();
    let share = ShareWishlist { account_id: caller.account_id(), token: Some(token), stamp: app.stamp()? };
    let list = app.run(share).await?;
    show(&app, list, &Shown::default(), &headers).await
}

/// Stop sharing one's wishlist
///
/// Its token opens nothing any more; sharing it again makes another.
#[utoipa::path(
    delete, path = "/v1/account/wishlist/share", operation_id = "stop_sharing_wishlist", tag = tag::ACCOUNT, security(("bearer" = [])),
    responses((status = 200, description = "The list, without a token", body = WishlistDto)),
)]
async fn end_share(State(app): State<App>, caller: SignedIn, headers: HeaderMap) -> Result<Response, Problem> {
    let list = app.run(ShareWishlist { account_id: caller.account_id(), token: None, stamp: app.stamp()? }).await?;
    show(&app, list, &Shown::default(), &headers).await
}

async fn show(app: &App, list: Wishlist, shown: &Shown, headers: &HeaderMap) -> Result<Response, Problem> {
    let items = items(app, &list, shown, headers).await?;
    reply::json(StatusCode::OK, &WishlistDto { items, share_token: list.share_token })
}
