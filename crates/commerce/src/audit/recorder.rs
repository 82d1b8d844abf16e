//! A transaction that looks at what is loaded and written in it.

use std::collections::HashMap;

use async_trait::async_trait;
use model::{
    Account, AccountId, AddressId, Category, CategoryId, Email, MailId, Order, OrderId, OutboxMail, PriceChange,
    Product, ProductId, Review, ReviewId, SavedAddress, Session, SessionId, StockAlert, StockMovement, Timestamp,
    VariantId,
    challenge::{Challenge, Purpose},
    mail::Due,
    session::{RefreshToken, SecretHash},
};
use store::{AccountRow, Change, Checkout, Claim, Claimed, Document, DocumentKind, DueAlert, SkuOwner, StoreError, Tx};
use uuid::Uuid;

use super::describe::{Deed, describe};

type Found<T> = Result<T, StoreError>;

/// What was loaded, as it was before the operation.
#[derive(Default)]
pub(super) struct Before {
    /// The products.
    pub(super) products: HashMap<ProductId, Product>,
    /// The accounts.
    pub(super) accounts: HashMap<AccountId, Account>,
    /// The orders.
    pub(super) orders: HashMap<OrderId, Order>,
    /// The categories.
    pub(super) categories: HashMap<CategoryId, Category>,
    /// The reviews.
    pub(super) reviews: HashMap<ReviewId, Review>,
    /// The documents.
    pub(super) documents: HashMap<(DocumentKind, Uuid), Document>,
}

impl Before {
    fn account(&mut self, found: &Option<AccountRow>) {
        self.accounts.extend(found.iter().map(|row| (row.account.id, row.account.clone())));
    }

    fn product(&mut self, found: Option<&Product>) {
        self.products.extend(found.map(|product| (product.id, product.clone())));
    }

    fn order(&mut self, found: Option<&Order>) {
        self.orders.extend(found.map(|order| (order.id, order.clone())));
    }

    fn reviews(&mut self, found: &[Review]) {
        self.reviews.extend(found.iter().map(|review| (review.id, review.clone())));
    }

    /// What comes after this change finds the product as the change left it: a new one has a title, and what was told is not told again.
    fn follow(&mut self, change: &Change) {
        match change {
            Change::InsertProduct(product) | Change::UpdateProduct { product, .. } => self.product(Some(product)),
            Change::InsertCategory(category) => self.categories(std::slice::from_ref(category)),
            _ => {}
        }
    }

    fn categories(&mut self, found: &[Category]) {
        self.categories.extend(found.iter().map(|category| (category.id, category.clone())));
    }

    fn documents(&mut self, found: &[Document]) {
        self.documents.extend(found.iter().map(|document| ((document.kind, document.id), document.clone())));
    }
}

/// Hands everything on to the transaction behind it.
pub(super) struct Recorder<'t> {
    tx: &'t mut dyn Tx,
    before: Before,
    deeds: Vec<Deed>,
}

impl<'t> Recorder<'t> {
    /// Looks at `tx`.
    pub(super) fn new(tx: &'t mut dyn Tx) -> Self {
        Self { tx, before: Before::default(), deeds: Vec::new() }
    }

    /// What was done.
    pub(super) fn into_deeds(self) -> Vec<Deed> {
        self.deeds
    }
}

#[async_trait]
impl Tx for Recorder<'_> {
    async fn claim(&mut self, claim: &Claim) -> Found<Claimed> {
        self.tx.claim(claim).await
    }

    async fn account(&mut self, id: AccountId) -> Found<Option<AccountRow>> {
        let found = self.tx.account(id).await?;
        self.before.account(&found);
        Ok(found)
    }

    async fn account_by_email(&mut self, email: &Email) -> Found<Option<AccountRow>> {
        let found = self.tx.account_by_email(email).await?;
        self.before.account(&found);
        Ok(found)
    }

    async fn owners(&mut self) -> Found<u64> {
        self.tx.owners().await
    }

    async fn session(&mut self, id: SessionId) -> Found<Option<Session>> {
        self.tx.session(id).await
    }

    async fn refresh_token(&mut self, hash: &SecretHash) -> Found<Option<(RefreshToken, Session)>> {
        self.tx.refresh_token(hash).await
    }

    async fn challenge(&mut self, account_id: AccountId, purpose: Purpose) -> Found<Option<Challenge>> {
        self.tx.challenge(account_id, purpose).await
    }

    async fn challenge_by_secret(&mut self, purpose: Purpose, hash: &SecretHash) -> Found<Option<Challenge>> {
        self.tx.challenge_by_secret(purpose, hash).await
    }

    async fn addresses(&mut self, account_id: AccountId) -> Found<Vec<SavedAddress>> {
        self.tx.addresses(account_id).await
    }

    async fn address(&mut self, account_id: AccountId, id: AddressId) -> Found<Option<SavedAddress>> {
        self.tx.address(account_id, id).await
    }

    async fn categories(&mut self) -> Found<Vec<Category>> {
        let found = self.tx.categories().await?;
        self.before.categories(&found);
        Ok(found)
    }

    async fn categories_for_change(&mut self) -> Found<Vec<Category>> {
        let found = self.tx.categories_for_change().await?;
        self.before.categories(&found);
        Ok(found)
    }

    async fn product(&mut self, id: ProductId) -> Found<Option<Product>> {
        let found = self.tx.product(id).await?;
        self.before.product(found.as_ref());
        Ok(found)
    }

    async fn product_by_slug(&mut self, slug: &str) -> Found<Option<Product>> {
        let found = self.tx.product_by_slug(slug).await?;
        self.before.product(found.as_ref());
        Ok(found)
    }

    async fn product_of_variant(&mut self, id: VariantId) -> Found<Option<Product>> {
        let found = self.tx.product_of_variant(id).await?;
        self.before.product(found.as_ref());
        Ok(found)
    }

    async fn product_slugs_like(&mut self, base: &str) -> Found<Vec<String>> {
        self.tx.product_slugs_like(base).await
    }

    async fn sku_owners(&mut self, skus: &[String]) -> Found<Vec<SkuOwner>> {
        self.tx.sku_owners(skus).await
    }

    async fn turning_products(&mut self, now: Timestamp, limit: u32) -> Found<Vec<ProductId>> {
        self.tx.turning_products(now, limit).await
    }

    async fn price_history(&mut self, variants: &[VariantId]) -> Found<Vec<PriceChange>> {
        self.tx.price_history(variants).await
    }

    async fn movements_since(&mut self, id: VariantId, place: i64, limit: u32) -> Found<Vec<StockMovement>> {
        self.tx.movements_since(id, place, limit).await
    }

    async fn has_products(&mut self) -> Found<bool> {
        self.tx.has_products().await
    }

    async fn documents(&mut self, kind: DocumentKind) -> Found<Vec<Document>> {
        let found = self.tx.documents(kind).await?;
        self.before.documents(&found);
        Ok(found)
    }

    async fn document_named(&mut self, kind: DocumentKind, name: &str) -> Found<Option<Document>> {
        let found = self.tx.document_named(kind, name).await?;
        self.before.documents(found.as_slice());
        Ok(found)
    }

    async fn review(&mut self, id: ReviewId) -> Found<Option<Review>> {
        let found = self.tx.review(id).await?;
        self.before.reviews(found.as_slice());
        Ok(found)
    }

    async fn reviews_of(&mut self, account_id: AccountId, product_id: Option<ProductId>) -> Found<Vec<Review>> {
        self.tx.reviews_of(account_id, product_id).await
    }

    async fn has_ordered(&mut self, account_id: AccountId, product_id: ProductId) -> Found<bool> {
        self.tx.has_ordered(account_id, product_id).await
    }

    async fn stock_alerts_of(&mut self, account_id: AccountId) -> Found<Vec<StockAlert>> {
        self.tx.stock_alerts_of(account_id).await
    }

    async fn due_stock_alerts(&mut self, limit: u32) -> Found<Vec<DueAlert>> {
        self.tx.due_stock_alerts(limit).await
    }

    async fn ordered_among(&mut self, variants: &[VariantId]) -> Found<Vec<VariantId>> {
        self.tx.ordered_among(variants).await
    }

    async fn checkout(&mut self, buyer: AccountId, variants: &[VariantId]) -> Found<Checkout> {
        self.tx.checkout(buyer, variants).await
    }

    async fn order(&mut self, id: OrderId) -> Found<Option<Order>> {
        let found = self.tx.order(id).await?;
        self.before.order(found.as_ref());
        Ok(found)
    }

    async fn lease_mails(&mut self, due: Due, until: Timestamp, limit: u32) -> Found<Vec<OutboxMail>> {
        self.tx.lease_mails(due, until, limit).await
    }

    async fn keep_mails(&mut self, due: Due, limit: u32) -> Found<u32> {
        self.tx.keep_mails(due, limit).await
    }

    async fn mail(&mut self, id: MailId) -> Found<Option<OutboxMail>> {
        self.tx.mail(id).await
    }

    async fn meta(&mut self, key: &'static str) -> Found<Option<String>> {
        self.tx.meta(key).await
    }

    async fn sweep(&mut self, keys_before: Timestamp, sessions_before: Timestamp, limit: u32) -> Found<u32> {
        self.tx.sweep(keys_before, sessions_before, limit).await
    }

    async fn apply(&mut self, changes: &[Change]) -> Found<()> {
        self.tx.apply(changes).await?;
        for change in changes {
            self.deeds.extend(describe(change, &self.before));
            self.before.follow(change);
        }
        Ok(())
    }
}
