//! The read side: each query is one round trip. What takes several statements sees one snapshot.

use async_trait::async_trait;
use jiff::Timestamp;
use model::{
    Account, AccountId, AuditEntry, Category, Email, MailId, Order, OrderId, OrderNumber, OutboxMail, PriceChange,
    Product, ProductId, Review, ReviewId, SavedAddress, Session, SessionId, StockAlert, StockMovement, VariantId,
    session::SecretHash,
};
use store::{
    AccountFilter, AccountRow, AuditFilter, Backlog, BestSeller, Document, DocumentKind, Feed, FeedCursor, LowStock,
    MailFilter, OpenWork, OrderDigest, OrderFilter, Page, PageRequest, ProductFace, ProductFilter, Queries, Query,
    ReviewFilter, SalesDay, SessionAccess, Shelf, ShortPlace, StoreError,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    engine::PostgresEngine,
    flight::{Begin, Statement, life},
    load, migrate,
    param::{params, sought},
    query,
};

impl PostgresEngine {
    async fn ask(&self, statement: Statement) -> Query<Vec<Row>> {
        Ok(self.read(Begin::Read, vec![statement]).await?.pop().unwrap_or_default())
    }
}

#[async_trait]
impl Queries for PostgresEngine {
    async fn ping(&self) -> Query<()> {
        let rows = self.ask(Statement::new(migrate::MAY_WRITE, params![])).await?;
        match rows.first().and_then(|row| row.try_get(0).ok()) {
            Some(false) => Err(StoreError::Unavailable("the user may not write".to_owned())),
            _ => Ok(()),
        }
    }

    /// Which transactions a reader sees at this moment: as long as that stays, so does everything that is read. (Where the log
    /// ends would not do: a commit is written there before anybody sees it.) Only transactions that write count. In another life of
    /// the server, or on another one that took its place, the same numbers are other transactions.
    async fn change_counter(&self) -> Option<u64> {
        const SQL: &str = concat!("SELECT hashtextextended(concat_ws(' ', pg_current_snapshot(), ", life!(), "), 0)");
        let rows = self.ask(Statement::new(SQL, params![])).await.ok()?;
        let counter: i64 = rows.first()?.try_get(0).ok()?;
        Some(counter.cast_unsigned())
    }

    async fn session_access(&self, id: SessionId, now: Timestamp) -> Query<Option<SessionAccess>> {
        let asked = match self.accesses.get(id, now) {
            Ok(access) => return Ok(Some(access)),
            Err(asked) => asked,
        };
        let access = load::session::session_access(&self.ask(load::session::access(id, now)).await?)?;
        if let Some(access) = &access {
            self.accesses.remember(access, now, asked);
        }
        Ok(access)
    }

    async fn session_access_by_token(&self, hash: &SecretHash, now: Timestamp) -> Query<Option<SessionAccess>> {
        load::session::session_access(&self.ask(load::session::access_by_token(hash, now)).await?)
    }

    async fn account(&self, id: AccountId) -> Query<Option<Account>> {
        let row = load::account::row(&self.ask(load::account::by_id(id, false)).await?)?;
        Ok(row.map(|row| row.account))
    }

    async fn credentials(&self, email: &Email) -> Query<Option<AccountRow>> {
        load::account::row(&self.ask(load::account::by_email(email, false)).await?)
    }

    async fn password_hash(&self, id: AccountId) -> Query<Option<String>> {
        let row = load::account::row(&self.ask(load::account::by_id(id, false)).await?)?;
        Ok(row.and_then(|row| row.password_hash))
    }

    async fn session_addresses(&self, id: AccountId, sought: &str) -> Query<Vec<String>> {
        load::session::address_list(&self.ask(load::session::addresses(id, sought)).await?)
    }

    async fn sessions(&self, id: AccountId, now: Timestamp) -> Query<Vec<Session>> {
        load::session::list(&self.ask(load::session::live_of(id, now)).await?)
    }

    async fn addresses(&self, id: AccountId) -> Query<Vec<SavedAddress>> {
        load::account::address_list(Some(&self.ask(load::account::addresses(id)).await?))
    }

    async fn accounts(&self, filter: &AccountFilter, page: &PageRequest) -> Query<Page<Account>> {
        query::account::read(&self.ask(query::account::select(filter, page)).await?, page)
    }

    async fn has_owner(&self) -> Query<bool> {
        Ok(load::account::count(&[self.ask(load::account::owners()).await?])? > 0)
    }

    async fn product(&self, id: ProductId) -> Query<Option<Product>> {
        load::product::one(Some(&self.ask(load::product::one_where("p.id = $1", params![id.0])).await?))
    }

    async fn product_by_slug(&self, slug: &str) -> Query<Option<Product>> {
        load::product::one(Some(&self.ask(load::product::one_where("p.slug = $1", params![sought(slug)])).await?))
    }

    async fn product_of_variant(&self, id: VariantId) -> Query<Option<Product>> {
        const OF: &str = "p.id = (SELECT product_id FROM variants WHERE id = $1)";
        load::product::one(Some(&self.ask(load::product::one_where(OF, params![id.0])).await?))
    }

    async fn products(&self, filter: &ProductFilter, page: &PageRequest) -> Query<Page<Product>> {
        query::product::read(&self.ask(query::product::select(filter, page)).await?, filter.sort, page)
    }

    async fn products_by_id(&self, ids: &[ProductId]) -> Query<Vec<Product>> {
        load::product::list(&self.ask(load::product::by_ids(ids)).await?)
    }

    async fn product_faces(&self, ids: &[ProductId]) -> Query<Vec<ProductFace>> {
        load::product::face_list(&self.ask(load::product::faces(ids)).await?)
    }

    async fn products_after(&self, after: Option<ProductId>, limit: u32) -> Query<Vec<Product>> {
        load::product::list(&self.ask(load::product::after(after, limit)).await?)
    }

    async fn catalogue_feed(&self, after: FeedCursor, limit: u32) -> Query<Feed> {
        load::product::feed_page(&self.ask(load::product::feed(after, limit)).await?)
    }

    async fn has_turns(&self, now: Timestamp) -> Query<bool> {
        Ok(!self.ask(load::product::turning(now, 1)).await?.is_empty())
    }

    async fn products_settled_after(&self, at: Timestamp) -> Query<Vec<ProductId>> {
        load::product::ids(&self.ask(load::product::settled_after(at)).await?)
    }

    async fn price_history(&self, id: VariantId, limit: u32) -> Query<Vec<PriceChange>> {
        load::product::price_changes(&self.ask(load::product::price_history(&[id], limit.into())).await?)
    }

    async fn review(&self, id: ReviewId) -> Query<Option<Review>> {
        Ok(load::review::list(&self.ask(load::review::by_id(id, false)).await?)?.pop())
    }

    async fn reviews(&self, filter: &ReviewFilter, page: &PageRequest) -> Query<Page<Review>> {
        query::review::read(&self.ask(query::review::select(filter, page)).await?, filter.sort, page)
    }

    async fn review_stars(&self, filter: &ReviewFilter) -> Query<Vec<(i64, i64)>> {
        query::review::read_stars(&self.ask(query::review::stars(filter)).await?)
    }

    async fn stock_alerts(&self, id: AccountId) -> Query<Vec<StockAlert>> {
        load::review::alerts(&self.ask(load::review::alerts_of(id)).await?)
    }

    async fn has_due_stock_alerts(&self) -> Query<bool> {
        Ok(!self.ask(load::review::due_alerts(1, false)).await?.is_empty())
    }

    async fn documents(&self, kind: DocumentKind) -> Query<Vec<Document>> {
        load::document::list(&self.ask(load::document::of_kind(kind)).await?)
    }

    async fn document(&self, kind: DocumentKind, id: Uuid) -> Query<Option<Document>> {
        Ok(load::document::list(&self.ask(load::document::by_id(kind, id)).await?)?.pop())
    }

    async fn document_named(&self, kind: DocumentKind, name: &str) -> Query<Option<Document>> {
        Ok(load::document::list(&self.ask(load::document::named(kind, name)).await?)?.pop())
    }

    async fn categories(&self) -> Query<Vec<Category>> {
        load::category::list(Some(&self.ask(load::category::tree()).await?))
    }

    async fn movements(&self, id: VariantId, page: &PageRequest) -> Query<Page<StockMovement>> {
        query::stock::read(&self.ask(query::stock::select(id, page)).await?, page)
    }

    async fn shelves(&self, ids: &[VariantId]) -> Query<Vec<Shelf>> {
        query::stock::shelf_list(&self.ask(query::stock::shelves(ids)).await?)
    }

    async fn order(&self, id: OrderId) -> Query<Option<Order>> {
        let mut statements = load::order::by_id(id, false);
        // The first is there to lock.
        statements.remove(0);
        Ok(load::order::list(&self.read(Begin::Snapshot, statements).await?)?.pop())
    }

    async fn orders(&self, filter: &OrderFilter, page: &PageRequest) -> Query<Page<Order>> {
        let select = || query::order::select(filter, page);
        let [lines, events] = load::order::parts_of(select);
        let rows = self.read(Begin::Snapshot, vec![select().finish(), lines, events]).await?;
        let orders = load::order::list(&rows)?;
        Ok(query::order::page(orders, page))
    }

    async fn mail(&self, id: MailId) -> Query<Option<OutboxMail>> {
        Ok(load::mail::list(&self.ask(load::mail::by_id(id, false)).await?)?.pop())
    }

    async fn mails(&self, filter: &MailFilter, page: &PageRequest) -> Query<Page<OutboxMail>> {
        query::mail::read(&self.ask(query::mail::select(filter, page)).await?, page)
    }

    async fn backlog(&self) -> Query<Backlog> {
        load::mail::counted(&self.ask(load::mail::backlog()).await?)
    }

    async fn audit_log(&self, filter: &AuditFilter, page: &PageRequest) -> Query<Page<AuditEntry>> {
        query::audit::read(&self.ask(query::audit::select(filter, page)).await?, page)
    }

    async fn order_digests_after(&self, after: OrderNumber, limit: u32) -> Query<Vec<OrderDigest>> {
        query::report::digests(&self.ask(query::report::digests_after(after, limit)).await?)
    }

    async fn order_digests_of(&self, numbers: &[OrderNumber]) -> Query<Vec<OrderDigest>> {
        query::report::digests(&self.ask(query::report::digests_of(numbers)).await?)
    }

    async fn cancelled_orders(&self, from: Timestamp, before: Timestamp) -> Query<Vec<OrderNumber>> {
        query::report::numbers(&self.ask(query::report::cancelled(from, before)).await?)
    }

    async fn sales(&self, from: Timestamp, before: Timestamp) -> Query<Vec<SalesDay>> {
        query::report::sales_days(&self.ask(query::report::sales(from, before)).await?)
    }

    async fn best_sellers(&self, from: Timestamp, before: Timestamp, limit: u32) -> Query<Vec<BestSeller>> {
        query::report::sold(&self.ask(query::report::best_sellers(from, before, limit)).await?)
    }

    async fn low_stock(&self, at_most: i64, after: ShortPlace, limit: u32) -> Query<Vec<LowStock>> {
        query::report::short(&self.ask(query::report::low_stock(at_most, after, limit)).await?)
    }

    async fn open_work(&self, mails_from: Timestamp) -> Query<OpenWork> {
        query::report::counted(&self.ask(query::report::open_work(mails_from)).await?)
    }
}
