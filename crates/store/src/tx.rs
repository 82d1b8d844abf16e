//! What an operation may do inside its transaction.

use async_trait::async_trait;
use model::{
    AccountId, AddressId, Category, Email, MailId, Order, OrderId, OutboxMail, PriceChange, Product, ProductId, Review,
    ReviewId, SavedAddress, Session, SessionId, StockAlert, StockMovement, Timestamp, VariantId,
    challenge::{Challenge, Purpose},
    mail::Due,
    session::{RefreshToken, SecretHash},
};

use crate::{
    StoreError,
    change::Change,
    document::{Document, DocumentKind},
    idempotency::{Claim, Claimed},
    rows::{AccountRow, Checkout, DueAlert, SkuOwner},
};

/// A transaction. Every load locks the rows it returns until the end; [`Tx::apply`] writes.
///
/// What has a body here says that the engine lacks it: engines that stand in for the real ones in tests need not have all of it. The
/// conformance suite asks the real ones for everything.
#[async_trait]
pub trait Tx: Send {
    // ── Idempotency ───────────────────────────────────────────────────────────────────────────────────────────────

    /// Claims an idempotency key for this transaction. A claim by another transaction that has not ended is waited for.
    /// The key is used from the commit on, if [`Change::StoreReply`] was applied; otherwise it is free again.
    async fn claim(&mut self, claim: &Claim) -> Result<Claimed, StoreError>;

    // ── Accounts and sessions ─────────────────────────────────────────────────────────────────────────────────────

    /// The account with this id, deleted ones included.
    async fn account(&mut self, id: AccountId) -> Result<Option<AccountRow>, StoreError>;

    /// The account with this address.
    async fn account_by_email(&mut self, email: &Email) -> Result<Option<AccountRow>, StoreError>;

    /// How many usable owners there are. Locks what makes two transactions that count at once wait for each other.
    async fn owners(&mut self) -> Result<u64, StoreError>;

    /// The session with this id, ended ones included.
    async fn session(&mut self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// The refresh token with this hash, and its session.
    async fn refresh_token(&mut self, hash: &SecretHash) -> Result<Option<(RefreshToken, Session)>, StoreError>;

    /// The account's challenge of this purpose.
    async fn challenge(&mut self, account_id: AccountId, purpose: Purpose) -> Result<Option<Challenge>, StoreError>;

    /// The challenge of this purpose whose secret has this hash.
    async fn challenge_by_secret(
        &mut self,
        purpose: Purpose,
        hash: &SecretHash,
    ) -> Result<Option<Challenge>, StoreError>;

    /// The account's saved addresses, oldest first.
    async fn addresses(&mut self, account_id: AccountId) -> Result<Vec<SavedAddress>, StoreError>;

    /// The account's saved address with this id.
    async fn address(&mut self, account_id: AccountId, id: AddressId) -> Result<Option<SavedAddress>, StoreError>;

    // ── Catalogue ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// The whole category tree, in no order. Locks it against changes; others who only read it go on. Whoever locks products or
    /// their slugs too asks for the tree first.
    async fn categories(&mut self) -> Result<Vec<Category>, StoreError>;

    /// The same for whoever adds, changes or removes categories: locks it against all others who ask for it.
    async fn categories_for_change(&mut self) -> Result<Vec<Category>, StoreError> {
        self.categories().await
    }

    /// The product with this id, whole.
    async fn product(&mut self, id: ProductId) -> Result<Option<Product>, StoreError>;

    /// The product with this slug, whole.
    async fn product_by_slug(&mut self, slug: &str) -> Result<Option<Product>, StoreError>;

    /// The product that has this variant, whole.
    async fn product_of_variant(&mut self, id: VariantId) -> Result<Option<Product>, StoreError>;

    /// The slugs of products that are `base` or begin with `base-`.
    async fn product_slugs_like(&mut self, base: &str) -> Result<Vec<String>, StoreError>;

    /// Whether there are products.
    async fn has_products(&mut self) -> Result<bool, StoreError> {
        unsupported()
    }

    /// Who has these SKUs.
    async fn sku_owners(&mut self, skus: &[String]) -> Result<Vec<SkuOwner>, StoreError>;

    /// Up to `limit` products of which something changes by itself at `now` or before ([`Product::next_turn`]), those that
    /// are most late first.
    async fn turning_products(&mut self, _now: Timestamp, _limit: u32) -> Result<Vec<ProductId>, StoreError> {
        unsupported()
    }

    /// What these variants cost from when on, as far as it was noted, in no order.
    async fn price_history(&mut self, _variants: &[VariantId]) -> Result<Vec<PriceChange>, StoreError> {
        unsupported()
    }

    /// The movements of a variant behind this place in its ledger ([`crate::Shelf`]), newest first, at most `limit`. Whoever asks has locked
    /// its product, and so its stock.
    async fn movements_since(
        &mut self,
        _id: VariantId,
        _place: i64,
        _limit: u32,
    ) -> Result<Vec<StockMovement>, StoreError> {
        unsupported()
    }

    /// The documents of a kind, in the order of their names. Locks the kind against others who ask for it.
    async fn documents(&mut self, _kind: DocumentKind) -> Result<Vec<Document>, StoreError> {
        unsupported()
    }

    /// The document of this kind and name. Locks the name against others who ask for it, even if there is none.
    async fn document_named(&mut self, _kind: DocumentKind, _name: &str) -> Result<Option<Document>, StoreError> {
        unsupported()
    }

    /// The review with this id.
    async fn review(&mut self, _id: ReviewId) -> Result<Option<Review>, StoreError> {
        unsupported()
    }

    /// The reviews of a customer: of one product, or all, in the order of the products' ids. Whoever adds one has locked the
    /// account.
    async fn reviews_of(
        &mut self,
        _account_id: AccountId,
        _product_id: Option<ProductId>,
    ) -> Result<Vec<Review>, StoreError> {
        unsupported()
    }

    /// Whether a customer has an order of this product that was not cancelled.
    async fn has_ordered(&mut self, _account_id: AccountId, _product_id: ProductId) -> Result<bool, StoreError> {
        unsupported()
    }

    /// What a customer waits for, in no order.
    async fn stock_alerts_of(&mut self, _account_id: AccountId) -> Result<Vec<StockAlert>, StoreError> {
        unsupported()
    }

    /// Up to `limit` of those who wait for a variant of an active product that came into stock since they began to. Skips those
    /// that another transaction has just taken.
    async fn due_stock_alerts(&mut self, _limit: u32) -> Result<Vec<DueAlert>, StoreError> {
        unsupported()
    }

    /// Those of these variants that are in an order.
    async fn ordered_among(&mut self, variants: &[VariantId]) -> Result<Vec<VariantId>, StoreError>;

    /// What an order begins with: the buyer, these variants as the checkout sees them (unknown ones are left out), and a
    /// number that no order has. Locks the buyer and then the stock, in the order of the ids, so that two orders never wait
    /// for each other in a circle. One load and not three, so that an engine can ask for all of it at once.
    async fn checkout(&mut self, buyer: AccountId, variants: &[VariantId]) -> Result<Checkout, StoreError>;

    // ── Orders ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// The order with this id, whole.
    async fn order(&mut self, id: OrderId) -> Result<Option<Order>, StoreError>;

    // ── Mail ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Takes up to `limit` pending mails that are due, oldest first, and hides them from other workers until
    /// `until`. Each taking counts as an attempt, so a mail that kills its worker does not come back for ever. A mail about an
    /// order is not taken while an older one about the same order is pending.
    async fn lease_mails(&mut self, due: Due, until: Timestamp, limit: u32) -> Result<Vec<OutboxMail>, StoreError>;

    /// Marks up to `limit` pending mails that are due at `now` as sent, oldest first, and keeps their secrets: for the
    /// built-in mailbox, where a mail is delivered by being kept. Gives how many there were.
    async fn keep_mails(&mut self, due: Due, limit: u32) -> Result<u32, StoreError>;

    /// The mail with this id.
    async fn mail(&mut self, id: MailId) -> Result<Option<OutboxMail>, StoreError>;

    // ── The shop itself ───────────────────────────────────────────────────────────────────────────────────────────

    /// The value that [`Change::PutMeta`] stored.
    async fn meta(&mut self, key: &'static str) -> Result<Option<String>, StoreError>;

    /// Removes what nobody needs any more: idempotency keys from before `keys_before`; challenges and sessions (with their
    /// refresh tokens) that expired or ended before `sessions_before`, and the feed of the catalogue from before then. At most `limit` of each at a time, oldest first, so that
    /// nobody waits long; gives how many there were.
    async fn sweep(
        &mut self,
        keys_before: Timestamp,
        sessions_before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError>;

    // ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// Writes the changes, in their order. On an error the transaction must be left to roll back.
    async fn apply(&mut self, changes: &[Change]) -> Result<(), StoreError>;
}

/// What an engine says that lacks what it is asked for.
pub(crate) fn unsupported<T>() -> Result<T, StoreError> {
    Err(StoreError::Internal("this engine does not do that".to_owned()))
}
