//! An engine in memory that knows the outbox and nothing else, and fails when told to.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use model::{
    Account, AccountId, AddressId, Category, Email, MailId, MailStatus, Order, OrderId, OutboxMail, Product, ProductId,
    SavedAddress, Session, SessionId, StockMovement, Timestamp, VariantId,
    challenge::{Challenge, Purpose},
    mail::{DeliveryOutcome, Due},
    session::{RefreshToken, SecretHash},
};
use store::{
    AccountFilter, AccountRow, Backlog, Change, Checkout, Claim, Claimed, Engine, Job, JobOutcome, MailFilter,
    OrderFilter, Page, PageRequest, ProductFilter, Queries, Query, SessionAccess, SkuOwner, StoreError, Tx,
};

type Rows = BTreeMap<MailId, OutboxMail>;
type Meta = BTreeMap<String, String>;

#[derive(Default)]
pub(crate) struct MemoryEngine {
    rows: Mutex<Rows>,
    meta: Mutex<Meta>,
    /// How many transactions to refuse.
    pub(crate) failures: AtomicU64,
    /// How many transactions were begun.
    pub(crate) transactions: AtomicU64,
}

impl MemoryEngine {
    pub(crate) fn with(mails: Vec<OutboxMail>) -> std::sync::Arc<Self> {
        let engine = Self::default();
        engine.add(mails);
        std::sync::Arc::new(engine)
    }

    pub(crate) fn add(&self, mails: Vec<OutboxMail>) {
        self.rows.lock().expect("not poisoned").extend(mails.into_iter().map(|mail| (mail.id, mail)));
    }

    pub(crate) fn remove(&self, id: MailId) {
        self.rows.lock().expect("not poisoned").remove(&id);
    }

    pub(crate) fn mails(&self) -> Vec<OutboxMail> {
        self.rows.lock().expect("not poisoned").values().cloned().collect()
    }

    pub(crate) fn get(&self, id: MailId) -> OutboxMail {
        self.rows.lock().expect("not poisoned").get(&id).expect("the mail is there").clone()
    }

    pub(crate) fn count(&self, status: MailStatus) -> usize {
        self.mails().iter().filter(|mail| mail.status == status).count()
    }
}

#[async_trait]
impl Engine for MemoryEngine {
    async fn submit(&self, mut job: Box<dyn Job>) -> Result<Box<dyn Job>, StoreError> {
        self.transactions.fetch_add(1, Ordering::SeqCst);
        let refuse = |left: u64| left.checked_sub(1);
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuse).is_ok() {
            return Err(StoreError::Full);
        }
        // As a real engine would: the job works on a copy, which counts when it is committed.
        let before = self.rows.lock().expect("not poisoned").clone();
        let meta = self.meta.lock().expect("not poisoned").clone();
        let mut tx = MemoryTx { rows: before, meta };
        if job.run(&mut tx).await == JobOutcome::Commit {
            *self.rows.lock().expect("not poisoned") = tx.rows;
            *self.meta.lock().expect("not poisoned") = tx.meta;
        }
        Ok(job)
    }
}

struct MemoryTx {
    rows: Rows,
    meta: Meta,
}

impl MemoryTx {
    fn row(&mut self, id: MailId) -> Result<&mut OutboxMail, StoreError> {
        self.rows.get_mut(&id).ok_or_else(|| StoreError::broken("mails", id, "is not there"))
    }

    fn record(
        &mut self,
        id: MailId,
        at: Timestamp,
        outcome: &DeliveryOutcome,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mail = self.row(id)?;
        match outcome {
            DeliveryOutcome::Sent { keep_secret } => {
                mail.status = MailStatus::Sent;
                mail.sent_at = Some(at);
                mail.last_error = None;
                mail.secret = mail.secret.take().filter(|_| *keep_secret);
            }
            DeliveryOutcome::Deferred { error } | DeliveryOutcome::Rejected { error } => {
                mail.last_error = Some(error.clone());
                match next {
                    Some(next) => mail.next_attempt_at = next,
                    None => mail.status = MailStatus::Failed,
                }
            }
        }
        Ok(())
    }
}

fn not_here<T>() -> Result<T, StoreError> {
    Err(StoreError::Internal("this engine has an outbox and nothing else".to_owned()))
}

#[async_trait]
impl Tx for MemoryTx {
    async fn keep_mails(&mut self, due: Due, limit: u32) -> Result<u32, StoreError> {
        let is_due = |mail: &&mut OutboxMail| mail.status == MailStatus::Pending && due.has_come(mail.next_attempt_at);
        let mut kept = 0;
        for mail in self.rows.values_mut().filter(is_due).take(limit as usize) {
            (mail.status, mail.sent_at, mail.last_error) = (MailStatus::Sent, Some(due.now), None);
            mail.attempts += 1;
            kept += 1;
        }
        Ok(kept)
    }

    async fn lease_mails(&mut self, due: Due, until: Timestamp, limit: u32) -> Result<Vec<OutboxMail>, StoreError> {
        let is_due = |mail: &&mut OutboxMail| mail.status == MailStatus::Pending && due.has_come(mail.next_attempt_at);
        let due = self.rows.values_mut().filter(is_due).take(limit as usize);
        Ok(due
            .map(|mail| {
                mail.next_attempt_at = until;
                mail.attempts += 1;
                mail.clone()
            })
            .collect())
    }

    async fn mail(&mut self, id: MailId) -> Result<Option<OutboxMail>, StoreError> {
        Ok(self.rows.get(&id).cloned())
    }

    async fn apply(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        for change in changes {
            match change {
                Change::InsertMail(mail) => drop(self.rows.insert(mail.id, mail.clone())),
                Change::RecordDelivery { lease, attempts, at, outcome, next_attempt_at } => {
                    self.record(lease.mail, *at, outcome, *next_attempt_at)?;
                    self.row(lease.mail)?.attempts = *attempts;
                }
                Change::RequeueMail { id, at } => {
                    let mail = self.row(*id)?;
                    (mail.status, mail.attempts, mail.next_attempt_at) = (MailStatus::Pending, 0, *at);
                }
                Change::PutMeta { key, value: Some(value) } => {
                    self.meta.insert(key.to_string(), value.clone());
                }
                _ => return not_here(),
            }
        }
        Ok(())
    }

    async fn claim(&mut self, _: &Claim) -> Result<Claimed, StoreError> {
        not_here()
    }
    async fn account(&mut self, _: AccountId) -> Result<Option<AccountRow>, StoreError> {
        not_here()
    }
    async fn account_by_email(&mut self, _: &Email) -> Result<Option<AccountRow>, StoreError> {
        not_here()
    }
    async fn owners(&mut self) -> Result<u64, StoreError> {
        not_here()
    }
    async fn session(&mut self, _: SessionId) -> Result<Option<Session>, StoreError> {
        not_here()
    }
    async fn refresh_token(&mut self, _: &SecretHash) -> Result<Option<(RefreshToken, Session)>, StoreError> {
        not_here()
    }
    async fn challenge(&mut self, _: AccountId, _: Purpose) -> Result<Option<Challenge>, StoreError> {
        not_here()
    }
    async fn challenge_by_secret(&mut self, _: Purpose, _: &SecretHash) -> Result<Option<Challenge>, StoreError> {
        not_here()
    }
    async fn addresses(&mut self, _: AccountId) -> Result<Vec<SavedAddress>, StoreError> {
        not_here()
    }
    async fn address(&mut self, _: AccountId, _: AddressId) -> Result<Option<SavedAddress>, StoreError> {
        not_here()
    }
    async fn categories(&mut self) -> Result<Vec<Category>, StoreError> {
        not_here()
    }
    async fn product(&mut self, _: ProductId) -> Result<Option<Product>, StoreError> {
        not_here()
    }
    async fn product_by_slug(&mut self, _: &str) -> Result<Option<Product>, StoreError> {
        not_here()
    }
    async fn product_of_variant(&mut self, _: VariantId) -> Result<Option<Product>, StoreError> {
        not_here()
    }
    async fn product_slugs_like(&mut self, _: &str) -> Result<Vec<String>, StoreError> {
        not_here()
    }
    async fn sku_owners(&mut self, _: &[String]) -> Result<Vec<SkuOwner>, StoreError> {
        not_here()
    }
    async fn ordered_among(&mut self, _: &[VariantId]) -> Result<Vec<VariantId>, StoreError> {
        not_here()
    }
    async fn checkout(&mut self, _: AccountId, _: &[VariantId]) -> Result<Checkout, StoreError> {
        not_here()
    }

    async fn order(&mut self, _: OrderId) -> Result<Option<Order>, StoreError> {
        not_here()
    }
    async fn sweep(&mut self, _: Timestamp, _: Timestamp, _: u32) -> Result<u32, StoreError> {
        not_here()
    }
    async fn meta(&mut self, key: &'static str) -> Result<Option<String>, StoreError> {
        Ok(self.meta.get(key).cloned())
    }
}

#[async_trait]
impl Queries for MemoryEngine {
    async fn ping(&self) -> Query<()> {
        Ok(())
    }
    async fn change_counter(&self) -> Option<u64> {
        None
    }
    async fn mail(&self, id: MailId) -> Query<Option<OutboxMail>> {
        Ok(self.mails().into_iter().find(|mail| mail.id == id))
    }
    async fn session_access(&self, _: SessionId, _: Timestamp) -> Query<Option<SessionAccess>> {
        not_here()
    }
    async fn session_access_by_token(&self, _: &SecretHash, _: Timestamp) -> Query<Option<SessionAccess>> {
        not_here()
    }
    async fn account(&self, _: AccountId) -> Query<Option<Account>> {
        not_here()
    }
    async fn credentials(&self, _: &Email) -> Query<Option<AccountRow>> {
        not_here()
    }
    async fn password_hash(&self, _: AccountId) -> Query<Option<String>> {
        not_here()
    }
    async fn session_addresses(&self, _: AccountId, _: &str) -> Query<Vec<String>> {
        not_here()
    }
    async fn sessions(&self, _: AccountId, _: Timestamp) -> Query<Vec<Session>> {
        not_here()
    }
    async fn addresses(&self, _: AccountId) -> Query<Vec<SavedAddress>> {
        not_here()
    }
    async fn accounts(&self, _: &AccountFilter, _: &PageRequest) -> Query<Page<Account>> {
        not_here()
    }
    async fn has_owner(&self) -> Query<bool> {
        not_here()
    }
    async fn product(&self, _: ProductId) -> Query<Option<Product>> {
        not_here()
    }
    async fn product_by_slug(&self, _: &str) -> Query<Option<Product>> {
        not_here()
    }
    async fn product_of_variant(&self, _: VariantId) -> Query<Option<Product>> {
        not_here()
    }
    async fn products(&self, _: &ProductFilter, _: &PageRequest) -> Query<Page<Product>> {
        not_here()
    }
    async fn categories(&self) -> Query<Vec<Category>> {
        not_here()
    }
    async fn movements(&self, _: VariantId, _: &PageRequest) -> Query<Page<StockMovement>> {
        not_here()
    }
    async fn order(&self, _: OrderId) -> Query<Option<Order>> {
        not_here()
    }
    async fn orders(&self, _: &OrderFilter, _: &PageRequest) -> Query<Page<Order>> {
        not_here()
    }
    async fn mails(&self, _: &MailFilter, _: &PageRequest) -> Query<Page<OutboxMail>> {
        not_here()
    }
    async fn backlog(&self) -> Query<Backlog> {
        not_here()
    }
}
