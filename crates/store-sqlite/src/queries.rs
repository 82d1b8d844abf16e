//! The read side. Point reads and pages are answered where they are asked: they take microseconds, less than moving
//! them to another thread would. What looks at many rows moves to the blocking threads.

use async_trait::async_trait;
use model::{
    Account, AccountId, AuditEntry, Category, Email, MailId, Order, OrderId, OrderNumber, OutboxMail, PriceChange,
    Product, ProductId, Review, ReviewId, SavedAddress, Session, SessionId, StockAlert, StockMovement, Timestamp,
    VariantId, session::SecretHash,
};
use rusqlite::Connection;
use store::{
    AccountFilter, AccountRow, AuditFilter, Backlog, BestSeller, Document, DocumentKind, Feed, FeedCursor, LIMIT_MAX,
    LowStock, MailFilter, OpenWork, OrderDigest, OrderFilter, Page, PageRequest, ProductFace, ProductFilter, Queries,
    Query, ReviewFilter, SalesDay, SessionAccess, Shelf, ShortPlace, StoreError,
};
use uuid::Uuid;

use crate::{
    engine::SqliteEngine,
    load, query,
    sql::{Sql, one},
};

#[async_trait]
impl Queries for SqliteEngine {
    async fn ping(&self) -> Query<()> {
        if self.is_down() {
            return Err(StoreError::Unavailable("it cannot be written at the moment".to_owned()));
        }
        self.readers.read(ping)
    }

    async fn change_counter(&self) -> Option<u64> {
        self.changes.get()
    }

    async fn session_access(&self, id: SessionId, now: Timestamp) -> Query<Option<SessionAccess>> {
        self.readers.read(|conn| load::session::access(conn, id, now))
    }

    async fn session_access_by_token(&self, hash: &SecretHash, now: Timestamp) -> Query<Option<SessionAccess>> {
        self.readers.read(|conn| load::session::access_by_token(conn, hash, now))
    }

    async fn account(&self, id: AccountId) -> Query<Option<Account>> {
        Ok(self.readers.read(|conn| load::account::by_id(conn, id))?.map(|row| row.account))
    }

    async fn credentials(&self, email: &Email) -> Query<Option<AccountRow>> {
        self.readers.read(|conn| load::account::by_email(conn, email))
    }

    async fn password_hash(&self, id: AccountId) -> Query<Option<String>> {
        Ok(self.readers.read(|conn| load::account::by_id(conn, id))?.and_then(|row| row.password_hash))
    }

    async fn session_addresses(&self, id: AccountId, sought: &str) -> Query<Vec<String>> {
        self.readers.read(|conn| load::session::addresses(conn, id, sought))
    }

    async fn sessions(&self, id: AccountId, now: Timestamp) -> Query<Vec<Session>> {
        self.readers.read(|conn| load::session::live_of(conn, id, now))
    }

    async fn addresses(&self, id: AccountId) -> Query<Vec<SavedAddress>> {
        self.readers.read(|conn| load::account::addresses(conn, id))
    }

    async fn accounts(&self, filter: &AccountFilter, page: &PageRequest) -> Query<Page<Account>> {
        let (filter, page) = (filter.clone(), page.clone());
        match filter.text {
            None => self.readers.read(|conn| query::account::list(conn, &filter, &page)),
            Some(_) => self.read_slowly(move |conn| query::account::list(conn, &filter, &page)).await,
        }
    }

    async fn has_owner(&self) -> Query<bool> {
        Ok(self.readers.read(load::account::owners)? > 0)
    }

    async fn product(&self, id: ProductId) -> Query<Option<Product>> {
        self.readers.read(|conn| load::product::by_id(conn, id))
    }

    async fn product_by_slug(&self, slug: &str) -> Query<Option<Product>> {
        self.readers.read(|conn| load::product::by_slug(conn, slug))
    }

    async fn product_of_variant(&self, id: VariantId) -> Query<Option<Product>> {
        self.readers.read(|conn| load::product::of_variant(conn, id))
    }

    async fn products(&self, filter: &ProductFilter, page: &PageRequest) -> Query<Page<Product>> {
        if !query::product::is_slow(filter) {
            return self.readers.read(|conn| query::product::list(conn, filter, page));
        }
        let (filter, page) = (filter.clone(), page.clone());
        self.read_slowly(move |conn| query::product::list(conn, &filter, &page)).await
    }

    async fn products_by_id(&self, ids: &[ProductId]) -> Query<Vec<Product>> {
        let ids = ids.to_vec();
        self.read_slowly(move |conn| load::product::by_ids(conn, &ids)).await
    }

    async fn product_faces(&self, ids: &[ProductId]) -> Query<Vec<ProductFace>> {
        let ids = ids.to_vec();
        self.read_slowly(move |conn| load::product::faces(conn, &ids)).await
    }

    async fn products_after(&self, after: Option<ProductId>, limit: u32) -> Query<Vec<Product>> {
        self.read_slowly(move |conn| load::product::after(conn, after, limit)).await
    }

    async fn catalogue_feed(&self, after: FeedCursor, limit: u32) -> Query<Feed> {
        self.readers.read(|conn| load::product::feed(conn, after, limit))
    }

    async fn has_turns(&self, now: Timestamp) -> Query<bool> {
        Ok(!self.readers.read(|conn| load::product::turning(conn, now, 1))?.is_empty())
    }

    async fn products_settled_after(&self, at: Timestamp) -> Query<Vec<ProductId>> {
        self.read_slowly(move |conn| load::product::settled_after(conn, at)).await
    }

    async fn price_history(&self, id: VariantId, limit: u32) -> Query<Vec<PriceChange>> {
        self.readers.read(|conn| load::product::prices(conn, id, limit.into()))
    }

    async fn review(&self, id: ReviewId) -> Query<Option<Review>> {
        self.readers.read(|conn| load::review::by_id(conn, id))
    }

    async fn reviews(&self, filter: &ReviewFilter, page: &PageRequest) -> Query<Page<Review>> {
        let (filter, page) = (*filter, page.clone());
        self.read_slowly(move |conn| query::review::list(conn, &filter, &page)).await
    }

    async fn review_stars(&self, filter: &ReviewFilter) -> Query<Vec<(i64, i64)>> {
        let filter = *filter;
        self.read_slowly(move |conn| query::review::stars(conn, &filter)).await
    }

    async fn stock_alerts(&self, id: AccountId) -> Query<Vec<StockAlert>> {
        self.readers.read(|conn| load::review::alerts_of(conn, id))
    }

    async fn has_due_stock_alerts(&self) -> Query<bool> {
        Ok(!self.readers.read(|conn| load::review::due_alerts(conn, 1))?.is_empty())
    }

    async fn documents(&self, kind: DocumentKind) -> Query<Vec<Document>> {
        self.read_slowly(move |conn| load::document::of_kind(conn, kind)).await
    }

    async fn document(&self, kind: DocumentKind, id: Uuid) -> Query<Option<Document>> {
        self.readers.read(|conn| load::document::by_id(conn, kind, id))
    }

    async fn document_named(&self, kind: DocumentKind, name: &str) -> Query<Option<Document>> {
        self.readers.read(|conn| load::document::named(conn, kind, name))
    }

    async fn categories(&self) -> Query<Vec<Category>> {
        self.readers.read(load::category::tree)
    }

    async fn movements(&self, id: VariantId, page: &PageRequest) -> Query<Page<StockMovement>> {
        self.readers.read(|conn| query::stock::movements(conn, id, page))
    }

    async fn shelves(&self, ids: &[VariantId]) -> Query<Vec<Shelf>> {
        self.readers.read(|conn| query::stock::shelves(conn, ids))
    }

    async fn order(&self, id: OrderId) -> Query<Option<Order>> {
        self.readers.snapshot(|conn| load::order::by_id(conn, id))
    }

    async fn orders(&self, filter: &OrderFilter, page: &PageRequest) -> Query<Page<Order>> {
        // A full page is as much work as a slow one, and an export has thousands of them.
        if !query::order::is_slow(filter) && page.limit < LIMIT_MAX {
            return self.readers.snapshot(|conn| query::order::list(conn, filter, page));
        }
        let (filter, page) = (filter.clone(), page.clone());
        self.read_slowly(move |conn| query::order::list(conn, &filter, &page)).await
    }

    async fn mail(&self, id: MailId) -> Query<Option<OutboxMail>> {
        self.readers.read(|conn| load::mail::by_id(conn, id))
    }

    async fn mails(&self, filter: &MailFilter, page: &PageRequest) -> Query<Page<OutboxMail>> {
        let (filter, page) = (filter.clone(), page.clone());
        if filter.order_id.is_some() {
            return self.readers.read(|conn| query::mail::list(conn, &filter, &page));
        }
        self.read_slowly(move |conn| query::mail::list(conn, &filter, &page)).await
    }

    async fn backlog(&self) -> Query<Backlog> {
        self.read_slowly(load::mail::backlog).await
    }

    async fn audit_log(&self, filter: &AuditFilter, page: &PageRequest) -> Query<Page<AuditEntry>> {
        let (filter, page) = (filter.clone(), page.clone());
        self.read_slowly(move |conn| query::audit::list(conn, &filter, &page)).await
    }

    async fn order_digests_after(&self, after: OrderNumber, limit: u32) -> Query<Vec<OrderDigest>> {
        self.read_slowly(move |conn| query::report::digests_after(conn, after, limit)).await
    }

    async fn order_digests_of(&self, numbers: &[OrderNumber]) -> Query<Vec<OrderDigest>> {
        let numbers = numbers.to_vec();
        self.read_slowly(move |conn| query::report::digests_of(conn, &numbers)).await
    }

    async fn cancelled_orders(&self, from: Timestamp, before: Timestamp) -> Query<Vec<OrderNumber>> {
        self.read_slowly(move |conn| query::report::cancelled(conn, from, before)).await
    }

    async fn sales(&self, from: Timestamp, before: Timestamp) -> Query<Vec<SalesDay>> {
        self.read_slowly(move |conn| query::report::sales(conn, from, before)).await
    }

    async fn best_sellers(&self, from: Timestamp, before: Timestamp, limit: u32) -> Query<Vec<BestSeller>> {
        self.read_slowly(move |conn| query::report::best_sellers(conn, from, before, limit)).await
    }

    async fn low_stock(&self, at_most: i64, after: ShortPlace, limit: u32) -> Query<Vec<LowStock>> {
        self.read_slowly(move |conn| query::report::low_stock(conn, at_most, after, limit)).await
    }

    async fn open_work(&self, mails_from: Timestamp) -> Query<OpenWork> {
        self.read_slowly(move |conn| query::report::open_work(conn, mails_from)).await
    }
}

fn ping(conn: &Connection) -> Sql<()> {
    one(conn, "meta", "SELECT 1 FROM meta LIMIT 1", [], |_| Ok(())).map(drop)
}
