//! What the shop keeps about somebody, as they read it themselves.

use model::{MailStatus, OrderId, OutboxMail, ProductId, Timestamp, wishlist::WishlistItem};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    account::{AccountDto, SavedAddressDto, SessionDto},
    mail::MailStatusDto,
    order::OrderDto,
    review::{OwnReviewDto, StockAlertDto},
};

/// What the shop keeps about an account. Left out are the notes of its staff, which reviews of others were reported, passwords, codes and
/// tokens, sessions that ended and replies that are kept to be repeated; and for staff their second factor, API keys, saved views and
/// what they did for the shop, in the audit log and elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountExport)]
pub struct AccountExportDto {
    /// The account.
    pub account: AccountDto,
    /// The saved addresses, the oldest first.
    pub addresses: Vec<SavedAddressDto>,
    /// The orders, the newest first.
    pub orders: Vec<OrderDto>,
    /// Which mails were written, the newest first, also to earlier addresses. Codes for another address are left out.
    pub mails: Vec<ExportedMailDto>,
    /// What is on the wishlist, with what is no longer for sale.
    pub wishlist: Vec<ExportedWishDto>,
    /// The end of the link that shares the wishlist, `GET /v1/wishlists/{token}`; null while it is not shared.
    #[schema(required)]
    pub wishlist_share_token: Option<String>,
    /// What is waited for, longest first.
    pub stock_alerts: Vec<StockAlertDto>,
    /// The reviews, the newest first, whether others see them or not.
    pub reviews: Vec<OwnReviewDto>,
    /// The devices that are signed in.
    pub sessions: Vec<SessionDto>,
}

/// A mail, as its recipient reads of it: without what the staff see of its delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedMail)]
pub struct ExportedMailDto {
    /// To which address.
    #[schema(example = "ann@example.com")]
    pub to: String,
    /// Which template it is made from.
    #[schema(example = "order_shipped")]
    pub template: &'static str,
    /// Where it stands.
    #[schema(value_type = MailStatusDto)]
    pub status: MailStatus,
    /// The order it is about.
    #[schema(required, value_type = Option<uuid::Uuid>)]
    pub order_id: Option<OrderId>,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was sent.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
}

impl From<&OutboxMail> for ExportedMailDto {
    fn from(mail: &OutboxMail) -> Self {
        Self {
            to: mail.to.to_string(),
            template: mail.template.name(),
            status: mail.status,
            order_id: mail.order_id,
            created_at: mail.created_at,
            sent_at: mail.sent_at,
        }
    }
}

/// A product on the wishlist, by its id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedWish)]
pub struct ExportedWishDto {
    /// Which product.
    #[schema(value_type = uuid::Uuid)]
    pub product_id: ProductId,
    /// Since when it is on the list.
    #[schema(value_type = String, format = DateTime)]
    pub added_at: Timestamp,
}

impl From<&WishlistItem> for ExportedWishDto {
    fn from(item: &WishlistItem) -> Self {
        Self { product_id: item.product_id, added_at: item.added_at }
    }
}
