//! `GET /v1/account/export`

use axum::{extract::State, response::Response};
use http::StatusCode;
use model::{AccountId, Order, OutboxMail, Review, SavedAddress, Session, StockAlert, Wishlist};
use store::{DocumentKind, MailFilter, OrderFilter, Page, PageRequest, ReviewFilter, StoreError};

use crate::{
    App,
    dto::{
        account::{SavedAddressDto, SessionDto},
        export::{AccountExportDto, ExportedMailDto, ExportedWishDto},
        order::OrderDto,
        review::{OwnReviewDto, StockAlertDto},
    },
    extract::SignedIn,
    openapi::tag,
    problem::Problem,
    reply,
};

/// What the shop keeps about somebody, but for what its staff noted.
pub(in crate::routes) struct Kept {
    pub(in crate::routes) addresses: Vec<SavedAddress>,
    /// None of them are read for those who may not look at orders.
    pub(in crate::routes) orders: Option<Vec<Order>>,
    pub(in crate::routes) mails: Vec<OutboxMail>,
    pub(in crate::routes) wishlist: Option<Wishlist>,
    pub(in crate::routes) alerts: Vec<StockAlert>,
    pub(in crate::routes) reviews: Vec<Review>,
    pub(in crate::routes) sessions: Vec<Session>,
}

impl Kept {
    /// Reads all of it, the orders if they may be seen.
    ///
    /// # Errors
    /// The engine failed.
    pub(in crate::routes) async fn read(app: &App, id: AccountId, sees_orders: bool) -> Result<Self, Problem> {
        let engine = app.engine();
        let orders = if sees_orders {
            let filter = &OrderFilter { account_id: Some(id), ..OrderFilter::default() };
            let orders = all(|page| async move { engine.orders(filter, &page).await }).await?;
            Some(orders)
        } else {
            None
        };
        let filter = &ReviewFilter { account_id: Some(id), ..ReviewFilter::default() };
        let reviews = all(|page| async move { engine.reviews(filter, &page).await }).await?;
        // By the account: the address was another one before, or another one's.
        let filter = &MailFilter { account_id: Some(id), ..MailFilter::default() };
        let mails = all(|page| async move { engine.mails(filter, &page).await }).await?;
        let wishlist = engine.document_named(DocumentKind::Wishlist, &id.to_string()).await?;
        let wishlist = wishlist.map(|document| document.read::<Wishlist>()).transpose()?;
        let alerts = engine.stock_alerts(id).await?;
        let addresses = engine.addresses(id).await?;
        let sessions = engine.sessions(id, app.now()).await?;
        Ok(Self { addresses, orders, mails, wishlist, alerts, reviews, sessions })
    }
}

/// All pages of a list.
async fn all<T, F>(read: impl Fn(PageRequest) -> F) -> Result<Vec<T>, StoreError>
where
    F: Future<Output = Result<Page<T>, StoreError>>,
{
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let page = read(PageRequest { limit: 100, after }).await?;
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(items);
        }
    }
}

/// Read what the shop keeps about one
///
/// What the GDPR (articles 15 and 20) lets people ask for: the account, addresses, orders, mails, wishlist, stock alerts, reviews and
/// sessions, in one reply; `AccountExport` says what is left out. Ten one after the other, and then one a minute; one at a time.
#[utoipa::path(
    get, path = "/v1/account/export", tag = tag::ACCOUNT, operation_id = "export_account", security(("bearer" = [])),
    responses(
        (status = 200, description = "What the shop keeps", body = AccountExportDto),
        (status = 429, description = "`too_many_requests`: try again after as many seconds as Retry-After says"),
    ),
)]
pub(super) async fn read(State(app): State<App>, caller: SignedIn) -> Result<Response, Problem> {
    let id = caller.account_id();
    let _exporting = app.throttle().export(id).await?;
    let account = app.engine().account(id).await?.ok_or_else(Problem::not_authenticated)?;
    let Kept { addresses, orders, mails, wishlist, alerts, reviews, sessions } = Kept::read(&app, id, true).await?;
    let mails = mails.iter().filter(|mail| mail.template.is_for_its_owner());
    let everything = AccountExportDto {
        account: (&account).into(),
        addresses: addresses.into_iter().map(SavedAddressDto::from).collect(),
        orders: orders.iter().flatten().map(OrderDto::from).collect(),
        mails: mails.map(ExportedMailDto::from).collect(),
        wishlist: wishlist.iter().flat_map(|list| &list.items).map(ExportedWishDto::from).collect(),
        wishlist_share_token: wishlist.and_then(|list| list.share_token),
        stock_alerts: alerts.iter().map(StockAlertDto::from).collect(),
        reviews: reviews.iter().map(OwnReviewDto::from).collect(),
        sessions: sessions.into_iter().map(|session| SessionDto::new(session, caller.session_id)).collect(),
    };
    reply::json(StatusCode::OK, &everything)
}
