//! What an operation may do inside its transaction. The writer is alone in the database, so every load is locked
//! without doing anything for it.

use async_trait::async_trait;
use model::{
    AccountId, AddressId, Category, Email, MailId, Order, OrderId, OutboxMail, PriceChange, Product, ProductId, Review,
    ReviewId, SavedAddress, Session, SessionId, StockAlert, StockMovement, Timestamp, VariantId,
    challenge::{Challenge, Purpose},
    mail::Due,
    session::{RefreshToken, SecretHash},
};
use rusqlite::Connection;
use store::{AccountRow, Change, Checkout, Claim, Claimed, Document, DocumentKind, DueAlert, SkuOwner, StoreError, Tx};

use crate::{apply, connection::Shared, error::Reach, load, sql::Sql};

/// The first thing that went wrong in a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// In the words of the seam.
    pub(crate) error: StoreError,
    /// How far it reaches.
    pub(crate) reach: Reach,
}

/// One member's part of the group's transaction.
pub(crate) struct SqliteTx<'c> {
    conn: &'c Shared,
    failure: Option<Failure>,
    has_written: bool,
}

type Found<T> = Result<T, StoreError>;

impl<'c> SqliteTx<'c> {
    /// A member's view of the open transaction of `conn`.
    pub(crate) const fn new(conn: &'c Shared) -> Self {
        Self { conn, failure: None, has_written: false }
    }

    /// Whether there is anything to undo.
    pub(crate) const fn has_written(&self) -> bool {
        self.has_written
    }

    /// What went wrong, if anything did. Such a transaction must not be committed, whatever its operation makes of
    /// the error.
    pub(crate) fn into_failure(self) -> Option<Failure> {
        self.failure
    }

    /// Like [`SqliteTx::run`], for what may write.
    fn write<T>(&mut self, work: impl FnOnce(&Connection) -> Sql<T>) -> Found<T> {
        self.has_written = true;
        self.run(work)
    }

    /// Runs `work`, unless something went wrong before: half a statement may have been written.
    fn run<T>(&mut self, work: impl FnOnce(&Connection) -> Sql<T>) -> Found<T> {
        if let Some(failure) = &self.failure {
            return Err(failure.error.clone());
        }
        work(&self.conn.lock()).map_err(|fault| {
            let reach = fault.reach();
            let error = fault.into_store();
            self.failure = Some(Failure { error: error.clone(), reach });
            error
        })
    }
}

#[async_trait]
impl Tx for SqliteTx<'_> {
    async fn claim(&mut self, claim: &Claim) -> Found<Claimed> {
        self.run(|conn| load::idempotency::claim(conn, claim))
    }

    async fn account(&mut self, id: AccountId) -> Found<Option<AccountRow>> {
        self.run(|conn| load::account::by_id(conn, id))
    }

    async fn account_by_email(&mut self, email: &Email) -> Found<Option<AccountRow>> {
        self.run(|conn| load::account::by_email(conn, email))
    }

    async fn owners(&mut self) -> Found<u64> {
        self.run(load::account::owners)
    }

    async fn session(&mut self, id: SessionId) -> Found<Option<Session>> {
        self.run(|conn| load::session::by_id(conn, id))
    }

    async fn refresh_token(&mut self, hash: &SecretHash) -> Found<Option<(RefreshToken, Session)>> {
        self.run(|conn| load::session::refresh_token(conn, hash))
    }

    async fn challenge(&mut self, account_id: AccountId, purpose: Purpose) -> Found<Option<Challenge>> {
        self.run(|conn| load::account::challenge_of(conn, account_id, purpose))
    }

    async fn challenge_by_secret(&mut self, purpose: Purpose, hash: &SecretHash) -> Found<Option<Challenge>> {
        self.run(|conn| load::account::challenge_by_secret(conn, purpose, hash))
    }

    async fn addresses(&mut self, account_id: AccountId) -> Found<Vec<SavedAddress>> {
        self.run(|conn| load::account::addresses(conn, account_id))
    }

    async fn address(&mut self, account_id: AccountId, id: AddressId) -> Found<Option<SavedAddress>> {
        self.run(|conn| load::account::address_by_id(conn, account_id, id))
    }

    async fn categories(&mut self) -> Found<Vec<Category>> {
        self.run(load::category::tree)
    }

    async fn product(&mut self, id: ProductId) -> Found<Option<Product>> {
        self.run(|conn| load::product::by_id(conn, id))
    }

    async fn product_by_slug(&mut self, slug: &str) -> Found<Option<Product>> {
        self.run(|conn| load::product::by_slug(conn, slug))
    }

    async fn product_of_variant(&mut self, id: VariantId) -> Found<Option<Product>> {
        self.run(|conn| load::product::of_variant(conn, id))
    }

    async fn product_slugs_like(&mut self, base: &str) -> Found<Vec<String>> {
        self.run(|conn| load::product::slugs_like(conn, base))
    }

    async fn sku_owners(&mut self, skus: &[String]) -> Found<Vec<SkuOwner>> {
        self.run(|conn| load::product::sku_owners(conn, skus))
    }

    async fn turning_products(&mut self, now: Timestamp, limit: u32) -> Found<Vec<ProductId>> {
        self.run(|conn| load::product::turning(conn, now, limit))
    }

    async fn price_history(&mut self, variants: &[VariantId]) -> Found<Vec<PriceChange>> {
        self.run(|conn| load::product::price_history(conn, variants))
    }

    async fn movements_since(&mut self, id: VariantId, place: i64, limit: u32) -> Found<Vec<StockMovement>> {
        self.run(|conn| load::stock::movements_since(conn, id, place, limit))
    }

    async fn has_products(&mut self) -> Found<bool> {
        self.run(load::product::has_any)
    }

    async fn documents(&mut self, kind: DocumentKind) -> Found<Vec<Document>> {
        self.run(|conn| load::document::of_kind(conn, kind))
    }

    async fn document_named(&mut self, kind: DocumentKind, name: &str) -> Found<Option<Document>> {
        self.run(|conn| load::document::named(conn, kind, name))
    }

    async fn review(&mut self, id: ReviewId) -> Found<Option<Review>> {
        self.run(|conn| load::review::by_id(conn, id))
    }

    async fn reviews_of(&mut self, account_id: AccountId, product_id: Option<ProductId>) -> Found<Vec<Review>> {
        self.run(|conn| load::review::of(conn, account_id, product_id))
    }

    async fn has_ordered(&mut self, account_id: AccountId, product_id: ProductId) -> Found<bool> {
        self.run(|conn| load::review::has_ordered(conn, account_id, product_id))
    }

    async fn stock_alerts_of(&mut self, account_id: AccountId) -> Found<Vec<StockAlert>> {
        self.run(|conn| load::review::alerts_of(conn, account_id))
    }

    async fn due_stock_alerts(&mut self, limit: u32) -> Found<Vec<DueAlert>> {
        self.run(|conn| load::review::due_alerts(conn, limit))
    }

    async fn ordered_among(&mut self, variants: &[VariantId]) -> Found<Vec<VariantId>> {
        self.run(|conn| load::product::ordered_among(conn, variants))
    }

    async fn checkout(&mut self, buyer: AccountId, variants: &[VariantId]) -> Found<Checkout> {
        self.run(|conn| {
            Ok(Checkout {
                buyer: load::account::by_id(conn, buyer)?,
                offers: load::stock::offers(conn, variants)?,
                number: load::order::next_number(conn)?,
            })
        })
    }

    async fn order(&mut self, id: OrderId) -> Found<Option<Order>> {
        self.run(|conn| load::order::by_id(conn, id))
    }

    async fn lease_mails(&mut self, due: Due, until: Timestamp, limit: u32) -> Found<Vec<OutboxMail>> {
        self.write(|conn| load::mail::lease(conn, due, until, limit))
    }

    async fn keep_mails(&mut self, due: Due, limit: u32) -> Found<u32> {
        self.write(|conn| load::mail::keep(conn, due, limit))
    }

    async fn mail(&mut self, id: MailId) -> Found<Option<OutboxMail>> {
        self.run(|conn| load::mail::by_id(conn, id))
    }

    async fn meta(&mut self, key: &'static str) -> Found<Option<String>> {
        self.run(|conn| load::idempotency::meta(conn, key))
    }

    async fn sweep(&mut self, keys_before: Timestamp, sessions_before: Timestamp, limit: u32) -> Found<u32> {
        self.write(|conn| load::idempotency::sweep(conn, keys_before, sessions_before, limit))
    }

    async fn apply(&mut self, changes: &[Change]) -> Found<()> {
        self.write(|conn| changes.iter().try_for_each(|change| apply::apply(conn, change)))
    }
}
