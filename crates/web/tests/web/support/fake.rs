//! An engine with a few products in memory that can be made to have a bad day.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use model::{
    Account, AccountId, Category, CategoryId, Currency, Email, MailId, Money, Order, OrderId, OutboxMail, Product,
    ProductId, ProductStatus, SavedAddress, Session, SessionId, StockMovement, Timestamp, Variant, VariantId,
};
use store::{
    AccountFilter, AccountRow, Backlog, Document, DocumentKind, Engine, Feed, FeedCursor, Job, MailFilter, OrderFilter,
    Page, PageRequest, ProductFilter, Queries, Query, SessionAccess, StoreError,
};
use uuid::Uuid;

/// How the engine answers.
#[derive(Clone, Debug)]
pub(crate) enum Mood {
    Fine,
    Failing(StoreError),
    Hanging,
    Panicking,
}

/// The engine.
pub(crate) struct FakeEngine {
    mood: Mutex<Mood>,
    products: Mutex<Vec<Product>>,
    counter: AtomicU64,
    has_counter: bool,
    reads: AtomicU64,
    lists_of_collections: AtomicU64,
}

impl FakeEngine {
    pub(crate) fn new(products: Vec<Product>) -> Self {
        Self {
            mood: Mutex::new(Mood::Fine),
            products: Mutex::new(products),
            counter: AtomicU64::new(1),
            has_counter: true,
            reads: AtomicU64::new(0),
            lists_of_collections: AtomicU64::new(0),
        }
    }

    pub(crate) fn without_counter(products: Vec<Product>) -> Self {
        Self { has_counter: false, ..Self::new(products) }
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        *self.mood.lock().expect("not poisoned") = mood;
    }

    /// Changes the products, as a commit would.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Vec<Product>)) {
        change(&mut self.products.lock().expect("not poisoned"));
        self.counter.fetch_add(1, Ordering::SeqCst);
    }

    /// How often products were read.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    /// How often all collections were read.
    pub(crate) fn lists_of_collections(&self) -> u64 {
        self.lists_of_collections.load(Ordering::SeqCst)
    }

    async fn answer<T>(&self, value: T) -> Query<T> {
        let mood = self.mood.lock().expect("not poisoned").clone();
        match mood {
            Mood::Fine => Ok(value),
            Mood::Failing(error) => Err(error),
            Mood::Hanging => std::future::pending().await,
            Mood::Panicking => panic!("a bug with a secret in it"),
        }
    }

    fn find(&self, is_it: impl Fn(&Product) -> bool) -> Option<Product> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.products.lock().expect("not poisoned").iter().find(|product| is_it(product)).cloned()
    }
}

/// A simple product.
pub(crate) fn product(id: u128, slug: &str, status: ProductStatus) -> Product {
    Product {
        id: ProductId(Uuid::from_u128(id)),
        slug: slug.to_owned(),
        title: "Mug".to_owned(),
        description: "<p>Holds tea.</p>".to_owned(),
        status,
        vendor: None,
        category_id: None,
        tags: vec![],
        options: vec![],
        variants: vec![Variant {
            id: VariantId(Uuid::from_u128(id + 1_000_000)),
            sku: None,
            option_values: vec![],
            price: Money::new(1250, Currency::EUR),
            compare_at_price: None,
            stock: 3,
            track_stock: true,
            weight_grams: None,
            barcode: None,
            details: model::VariantDetails::default(),
        }],
        images: vec![],
        details: model::ProductDetails::default(),
        rating: model::Rating::default(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        version: 1,
    }
}

#[async_trait]
impl Engine for FakeEngine {
    async fn submit(&self, job: Box<dyn Job>) -> Result<Box<dyn Job>, StoreError> {
        self.answer(job).await
    }
}

#[async_trait]
impl Queries for FakeEngine {
    async fn ping(&self) -> Query<()> {
        self.answer(()).await
    }
    async fn change_counter(&self) -> Option<u64> {
        self.has_counter.then(|| self.counter.load(Ordering::SeqCst))
    }
    async fn session_access(&self, _: SessionId, _: Timestamp) -> Query<Option<SessionAccess>> {
        self.answer(None).await
    }
    async fn session_access_by_token(&self, _: &[u8; 32], _: Timestamp) -> Query<Option<SessionAccess>> {
        self.answer(None).await
    }
    async fn account(&self, _: AccountId) -> Query<Option<Account>> {
        self.answer(None).await
    }
    async fn credentials(&self, _: &Email) -> Query<Option<AccountRow>> {
        self.answer(None).await
    }
    async fn password_hash(&self, _: AccountId) -> Query<Option<String>> {
        self.answer(None).await
    }
    async fn session_addresses(&self, _: AccountId, _: &str) -> Query<Vec<String>> {
        self.answer(vec![]).await
    }
    async fn sessions(&self, _: AccountId, _: Timestamp) -> Query<Vec<Session>> {
        self.answer(vec![]).await
    }
    async fn addresses(&self, _: AccountId) -> Query<Vec<SavedAddress>> {
        self.answer(vec![]).await
    }
    async fn accounts(&self, _: &AccountFilter, _: &PageRequest) -> Query<Page<Account>> {
        self.answer(empty()).await
    }
    async fn has_owner(&self) -> Query<bool> {
        self.answer(true).await
    }
    async fn product(&self, id: ProductId) -> Query<Option<Product>> {
        self.answer(self.find(|product| product.id == id)).await
    }
    async fn product_by_slug(&self, slug: &str) -> Query<Option<Product>> {
        self.answer(self.find(|product| product.slug == slug)).await
    }
    async fn product_of_variant(&self, id: VariantId) -> Query<Option<Product>> {
        self.answer(self.find(|product| product.variants.iter().any(|variant| variant.id == id))).await
    }
    async fn products(&self, filter: &ProductFilter, page: &PageRequest) -> Query<Page<Product>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let products = self.products.lock().expect("not poisoned").clone();
        let limit = usize::try_from(page.limit).expect("small");
        let items = products.into_iter().filter(|product| Some(product.status) == filter.status).take(limit).collect();
        self.answer(Page { items, next: None }).await
    }
    async fn products_by_id(&self, ids: &[ProductId]) -> Query<Vec<Product>> {
        self.answer(ids.iter().filter_map(|id| self.find(|product| product.id == *id)).collect()).await
    }
    async fn products_after(&self, _: Option<ProductId>, _: u32) -> Query<Vec<Product>> {
        self.answer(vec![]).await
    }
    async fn catalogue_feed(&self, _: FeedCursor, _: u32) -> Query<Feed> {
        self.answer(Feed::default()).await
    }
    async fn documents(&self, kind: DocumentKind) -> Query<Vec<Document>> {
        if kind == DocumentKind::Collection {
            self.lists_of_collections.fetch_add(1, Ordering::SeqCst);
        }
        self.answer(vec![]).await
    }
    async fn document(&self, _: DocumentKind, _: Uuid) -> Query<Option<Document>> {
        self.answer(None).await
    }
    async fn document_named(&self, _: DocumentKind, _: &str) -> Query<Option<Document>> {
        self.answer(None).await
    }
    async fn categories(&self) -> Query<Vec<Category>> {
        let category = Category {
            id: CategoryId(Uuid::from_u128(7)),
            parent_id: None,
            name: "Kitchen".to_owned(),
            slug: "kitchen".to_owned(),
            position: 0,
            details: model::category::CategoryDetails::default(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        };
        self.answer(vec![category]).await
    }
    async fn movements(&self, _: VariantId, _: &PageRequest) -> Query<Page<StockMovement>> {
        self.answer(empty()).await
    }
    async fn order(&self, _: OrderId) -> Query<Option<Order>> {
        self.answer(None).await
    }
    async fn orders(&self, _: &OrderFilter, _: &PageRequest) -> Query<Page<Order>> {
        self.answer(empty()).await
    }
    async fn mail(&self, _: MailId) -> Query<Option<OutboxMail>> {
        self.answer(None).await
    }
    async fn mails(&self, _: &MailFilter, _: &PageRequest) -> Query<Page<OutboxMail>> {
        self.answer(empty()).await
    }
    async fn backlog(&self) -> Query<Backlog> {
        self.answer(Backlog::default()).await
    }
}

fn empty<T>() -> Page<T> {
    Page { items: vec![], next: None }
}
