//! What is read outside of transactions. A query sees everything that was acknowledged before it began.

use async_trait::async_trait;
use model::{
    Access, Account, AccountId, AuditEntry, Category, CategoryId, Email, MailId, MailStatus, Order, OrderId,
    OrderNumber, OrderStatus, OutboxMail, PriceChange, Product, ProductId, Review, ReviewId, ReviewStatus,
    SavedAddress, Session, SessionId, StockAlert, StockMovement, Timestamp, VariantId, session::SecretHash,
};

use crate::{
    StoreError,
    document::{Document, DocumentKind},
    page::{CursorKey, Page, PageRequest},
    reports::{BestSeller, LowStock, OpenWork, OrderDigest, SalesDay, ShortPlace},
    rows::{AccountRow, ProductFace, Shelf},
    tx::unsupported,
};

/// The result of a query.
pub type Query<T> = Result<T, StoreError>;

/// How products are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProductSort {
    /// Newest first.
    #[default]
    Newest,
    /// Cheapest first, by the cheapest variant.
    PriceAscending,
    /// Dearest first, by the cheapest variant.
    PriceDescending,
    /// By title, folded ([`model::text::fold`]).
    Title,
}

impl ProductSort {
    /// The name of the order, as cursors and the API say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::PriceAscending => "price",
            Self::PriceDescending => "-price",
            Self::Title => "title",
        }
    }
}

/// Which products are asked for. Everything that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// With this status.
    pub status: Option<model::ProductStatus>,
    /// In this category or one below it.
    pub category: Option<CategoryId>,
    /// With one of these variants; with any when there are none.
    pub variants: Vec<VariantId>,
    /// With a tag, compared without case.
    pub tag: Option<String>,
    /// With each of these words in the search text; folded ([`model::text::fold`]).
    pub words: Vec<String>,
    /// With a variant that costs at least this, in minor units.
    pub price_min: Option<i64>,
    /// With a variant that costs at most this, in minor units (the same one when both are given).
    pub price_max: Option<i64>,
    /// With a variant on sale (`true`) or none (`false`).
    pub on_sale: Option<bool>,
    /// With a variant that can be bought (`true`) or none (`false`).
    pub in_stock: Option<bool>,
    /// The order.
    pub sort: ProductSort,
}

/// Which orders are asked for, newest first. Everything that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Of this account.
    pub account_id: Option<AccountId>,
    /// With one of these statuses; with any when there are none.
    pub statuses: Vec<OrderStatus>,
    /// With this number.
    pub number: Option<OrderNumber>,
    /// With one of these numbers.
    pub numbers: Option<Vec<OrderNumber>>,
    /// Whose e-mail address is this.
    pub email: Option<Email>,
    /// With this in the name that it is sent to, or with this SKU; both compared without the case of ASCII letters.
    pub text: Option<String>,
    /// Whose parcel has this number, as [`model::Tracking::key`] makes it.
    pub tracking: Option<String>,
    /// Placed at or after this time.
    pub placed_from: Option<Timestamp>,
    /// Placed before this time.
    pub placed_before: Option<Timestamp>,
}

/// Which accounts are asked for, newest first; deleted ones never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// With this role.
    pub role: Option<model::Role>,
    /// With this in the name or the address, in lower case.
    pub text: Option<String>,
}

/// How reviews are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewSort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// Those with most stars first, of these the newest.
    Highest,
    /// Those with fewest stars first, of these the newest.
    Lowest,
}

impl ReviewSort {
    /// The name of the order, as cursors and the API say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Highest => "highest",
            Self::Lowest => "lowest",
        }
    }

    /// Where the review stands in this order, for cursors.
    #[must_use]
    pub fn key(self, review: &Review) -> CursorKey {
        CursorKey::Number(match self {
            Self::Newest | Self::Oldest => review.created_at.as_microsecond(),
            Self::Highest | Self::Lowest => review.stars,
        })
    }
}

/// Which reviews are asked for. Everything that is set must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewFilter {
    /// Of this product.
    pub product_id: Option<ProductId>,
    /// By this customer.
    pub account_id: Option<AccountId>,
    /// With this status.
    pub status: Option<ReviewStatus>,
    /// With so many stars.
    pub stars: Option<i64>,
    /// That somebody reported.
    pub is_reported: bool,
    /// The order.
    pub sort: ReviewSort,
}

/// Which mails are asked for, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// With this status.
    pub status: Option<MailStatus>,
    /// To this address.
    pub to: Option<Email>,
    /// About this order.
    pub order_id: Option<OrderId>,
    /// To whoever has this account, whatever the address was then.
    pub account_id: Option<AccountId>,
}

/// Which entries of the audit log are asked for, newest first. Everything that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this member of the staff.
    pub actor_id: Option<AccountId>,
    /// About this.
    pub subject_id: Option<uuid::Uuid>,
    /// About things of this kind: the part of the action before the dot.
    pub noun: Option<String>,
    /// At or after this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

/// A live session and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionAccess {
    /// Who.
    pub access: Access,
    /// The session.
    pub session_id: SessionId,
    /// Whether the address is proven.
    pub email_verified: bool,
    /// When the session was last used, as far as it is noted.
    pub last_used_at: Timestamp,
}

/// Where in the feed of the catalogue's changes to read on: behind the entry with this place and number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedCursor {
    /// Its place.
    pub place: u64,
    /// Its number; 0 is before all entries of the place.
    pub seq: u64,
}

/// Some of what changed in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// The changes, in the order of their cursors.
    pub entries: Vec<(FeedCursor, ProductId)>,
    /// Everything below this place was there when this was read. Above it, entries may still come in between: whoever has
    /// read to the end begins here again, and meets some entries twice.
    pub horizon: u64,
    /// Of which life of the database this is. Horizons and cursors of one say nothing about another, in which even what was read
    /// before may be gone.
    pub life: u64,
}

/// How much mail waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Mails not yet sent.
    pub pending: u64,
    /// Mails given up.
    pub failed: u64,
    /// When the oldest of those not yet sent was written.
    pub oldest: Option<Timestamp>,
}

/// The read side of an engine. What has a body here says that the engine lacks it, as in [`crate::Tx`].
#[async_trait]
pub trait Queries: Send + Sync + 'static {
    /// Answers when the database does.
    async fn ping(&self) -> Query<()>;

    /// A number that has changed when anything in the database has, for caches; `None` where the engine has no cheap
    /// way to know. Whatever is read after it was asked for is at least as new as it.
    async fn change_counter(&self) -> Option<u64>;

    // ── Accounts ──

    /// The session, if it is live and its account usable: one point read, asked on every signed-in request.
    async fn session_access(&self, id: SessionId, now: Timestamp) -> Query<Option<SessionAccess>>;
    /// The session that an unused refresh token with this hash belongs to, if it is live and its account usable: how
    /// the cookie of the staff's pages is recognised.
    async fn session_access_by_token(&self, hash: &SecretHash, now: Timestamp) -> Query<Option<SessionAccess>>;
    /// The account with this id, deleted ones included.
    async fn account(&self, id: AccountId) -> Query<Option<Account>>;
    /// The account with this address, with its password's hash, for signing in.
    async fn credentials(&self, email: &Email) -> Query<Option<AccountRow>>;
    /// The password's hash of this account, for asking the current password.
    async fn password_hash(&self, id: AccountId) -> Query<Option<String>>;
    /// The network addresses that the account's sessions were used from last, ended ones included, each once: `sought` if it is one of them,
    /// and those of a thousand sessions. Who signs in more often than that is a program, and stays where it is.
    async fn session_addresses(&self, id: AccountId, sought: &str) -> Query<Vec<String>>;
    /// The live sessions of an account, last used first.
    async fn sessions(&self, id: AccountId, now: Timestamp) -> Query<Vec<Session>>;
    /// The saved addresses of an account, oldest first.
    async fn addresses(&self, id: AccountId) -> Query<Vec<SavedAddress>>;
    /// The accounts, newest first.
    async fn accounts(&self, filter: &AccountFilter, page: &PageRequest) -> Query<Page<Account>>;
    /// Whether there is a usable owner.
    async fn has_owner(&self) -> Query<bool>;

    // ── Catalogue ──

    /// The product with this id, whatever its status.
    async fn product(&self, id: ProductId) -> Query<Option<Product>>;
    /// The product with this slug, whatever its status.
    async fn product_by_slug(&self, slug: &str) -> Query<Option<Product>>;
    /// The product that has this variant, whatever its status.
    async fn product_of_variant(&self, id: VariantId) -> Query<Option<Product>>;
    /// The products.
    async fn products(&self, filter: &ProductFilter, page: &PageRequest) -> Query<Page<Product>>;
    /// The products with these ids, whatever their status, in no order.
    async fn products_by_id(&self, _ids: &[ProductId]) -> Query<Vec<Product>> {
        unsupported()
    }
    /// What is shown beside something else of the products with these ids, whatever their status, in no order.
    async fn product_faces(&self, _ids: &[ProductId]) -> Query<Vec<ProductFace>> {
        unsupported()
    }
    /// Up to `limit` products in the order of their ids, behind `after`, whatever their status: for reading all of them.
    async fn products_after(&self, _after: Option<ProductId>, _limit: u32) -> Query<Vec<Product>> {
        unsupported()
    }
    /// Which products are new, changed, removed, came into stock or sold out behind `after`, at most `limit` entries.
    async fn catalogue_feed(&self, _after: FeedCursor, _limit: u32) -> Query<Feed> {
        unsupported()
    }
    /// Whether something of a product changes by itself at `now` or before: a point read, asked every second.
    async fn has_turns(&self, _now: Timestamp) -> Query<bool> {
        unsupported()
    }
    /// The products with a variant whose price was settled later than `at`, in no order. Looks at all of them.
    async fn products_settled_after(&self, _at: Timestamp) -> Query<Vec<ProductId>> {
        unsupported()
    }
    /// What a variant cost from when on, newest first, at most `limit` entries.
    async fn price_history(&self, _id: VariantId, _limit: u32) -> Query<Vec<PriceChange>> {
        unsupported()
    }
    /// The review with this id.
    async fn review(&self, _id: ReviewId) -> Query<Option<Review>> {
        unsupported()
    }
    /// The reviews.
    async fn reviews(&self, _filter: &ReviewFilter, _page: &PageRequest) -> Query<Page<Review>> {
        unsupported()
    }
    /// Of the same reviews, how many have how many stars: stars and count of each number of stars that some have, fewest stars first.
    /// Looks at all of them.
    async fn review_stars(&self, _filter: &ReviewFilter) -> Query<Vec<(i64, i64)>> {
        unsupported()
    }
    /// What a customer waits for, longest first.
    async fn stock_alerts(&self, _id: AccountId) -> Query<Vec<StockAlert>> {
        unsupported()
    }
    /// Whether somebody who waits for stock is to be looked at: a point read, asked every second.
    async fn has_due_stock_alerts(&self) -> Query<bool> {
        unsupported()
    }
    /// The documents of a kind, in the order of their names.
    async fn documents(&self, _kind: DocumentKind) -> Query<Vec<Document>> {
        unsupported()
    }
    /// The document of this kind and id.
    async fn document(&self, _kind: DocumentKind, _id: uuid::Uuid) -> Query<Option<Document>> {
        unsupported()
    }
    /// The document of this kind and name.
    async fn document_named(&self, _kind: DocumentKind, _name: &str) -> Query<Option<Document>> {
        unsupported()
    }
    /// All categories, by position and name.
    async fn categories(&self) -> Query<Vec<Category>>;
    /// The movements of a variant, newest first.
    async fn movements(&self, id: VariantId, page: &PageRequest) -> Query<Page<StockMovement>>;
    /// What is there of these variants and as of which place in the ledger, both of one moment for each of them, in no order.
    async fn shelves(&self, _ids: &[VariantId]) -> Query<Vec<Shelf>> {
        unsupported()
    }

    // ── Orders ──

    /// The order with this id, whole.
    async fn order(&self, id: OrderId) -> Query<Option<Order>>;
    /// The orders, whole, newest first.
    async fn orders(&self, filter: &OrderFilter, page: &PageRequest) -> Query<Page<Order>>;

    // ── Mail ──

    /// The mail with this id.
    async fn mail(&self, id: MailId) -> Query<Option<OutboxMail>>;
    /// The mails, newest first.
    async fn mails(&self, filter: &MailFilter, page: &PageRequest) -> Query<Page<OutboxMail>>;
    /// How much mail waits.
    async fn backlog(&self) -> Query<Backlog>;

    // ── What the staff look at ──

    /// The audit log, newest first.
    async fn audit_log(&self, _filter: &AuditFilter, _page: &PageRequest) -> Query<Page<AuditEntry>> {
        unsupported()
    }
    /// Up to `limit` orders in the order of their numbers, behind `after`. One with a smaller number may still come, where
    /// transactions end in another order than they began in.
    async fn order_digests_after(&self, _after: OrderNumber, _limit: u32) -> Query<Vec<OrderDigest>> {
        unsupported()
    }
    /// Those of these orders that there are, in the order of their numbers.
    async fn order_digests_of(&self, _numbers: &[OrderNumber]) -> Query<Vec<OrderDigest>> {
        unsupported()
    }
    /// The cancelled ones among the orders that were placed from `from` on and before `before`, in no order.
    async fn cancelled_orders(&self, _from: Timestamp, _before: Timestamp) -> Query<Vec<OrderNumber>> {
        unsupported()
    }
    /// What was sold from `from` on and before `before`, by day and currency, oldest first.
    async fn sales(&self, _from: Timestamp, _before: Timestamp) -> Query<Vec<SalesDay>> {
        unsupported()
    }
    /// What sold best in that time by pieces, at most `limit` variants.
    async fn best_sellers(&self, _from: Timestamp, _before: Timestamp, _limit: u32) -> Query<Vec<BestSeller>> {
        unsupported()
    }
    /// The variants of active products with `at_most` pieces or fewer, or as few as their own threshold says where they have one,
    /// the shortest first: of those behind `after`, at most `limit`.
    async fn low_stock(&self, _at_most: i64, _after: ShortPlace, _limit: u32) -> Query<Vec<LowStock>> {
        unsupported()
    }
    /// What waits for the staff; of the mails that were given up those that were tried at `mails_from` or later.
    async fn open_work(&self, _mails_from: Timestamp) -> Query<OpenWork> {
        unsupported()
    }
}
