//! What an operation may do inside its transaction.
//!
//! Round trips are what PostgreSQL costs, so they are few: the transaction begins with its first load, changes wait until
//! the next load or the commit, and everything that can go together does.

use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::{ClientWrapper, Object};
use model::{
    AccountId, AddressId, Category, Email, MailId, Order, OrderId, OutboxMail, PriceChange, Product, ProductId, Review,
    ReviewId, SavedAddress, Session, SessionId, StockAlert, StockMovement, Timestamp, VariantId,
    challenge::{Challenge, Purpose},
    mail::Due,
    session::{RefreshToken, SecretHash},
};
use store::{AccountRow, Change, Checkout, Claim, Claimed, Document, DocumentKind, DueAlert, SkuOwner, StoreError, Tx};
use tokio_postgres::Row;

use crate::{
    access_cache::Outdated,
    apply::{self, OrderWrites},
    error::Fault,
    flight::{Begin, Statement, fly, gathered},
    load::{self, order::unanswered},
    param::sought,
};

/// A connection in use. It goes back to the pool when that is said, and is closed in every other case: when whoever used it
/// was dropped in the middle of a transaction, because a caller hung up or something panicked, the next one must not go on with
/// what was begun.
pub(crate) struct Held(Option<Object>);

impl Held {
    /// Takes the connection into use.
    pub(crate) const fn new(client: Object) -> Self {
        Self(Some(client))
    }

    /// The connection. (It is there until this is given back or dropped.)
    fn client(&self) -> Result<&ClientWrapper, Fault> {
        self.0.as_deref().ok_or_else(|| Fault::lost("the connection was given back"))
    }

    /// Sends `statements` on it; see [`fly`].
    pub(crate) async fn fly(
        &self,
        is_prepared: bool,
        begin: Begin,
        statements: &[Statement],
        commit: bool,
    ) -> Result<Vec<Vec<Row>>, Fault> {
        fly(self.client()?, is_prepared, begin, statements, commit).await
    }

    /// Gives it back to the pool: there is no transaction on it.
    pub(crate) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            discard(client);
        }
    }
}

/// A transaction of one connection.
pub(crate) struct PgTx {
    client: Held,
    is_prepared: bool,
    /// How it begins.
    begin: Begin,
    has_begun: bool,
    /// The variants whose levels are locked already.
    locked: Vec<VariantId>,
    /// Changes that were not sent yet.
    waiting: Vec<Statement>,
    /// What others remember of what it changes.
    outdated: Vec<Outdated>,
    fault: Option<Fault>,
    trips: u32,
}

type Found<T> = Result<T, StoreError>;

/// How a transaction ended.
pub(crate) struct Ended {
    /// What went wrong, if anything did.
    pub(crate) fault: Option<Fault>,
    /// How many round trips it took.
    pub(crate) trips: u32,
}

impl PgTx {
    /// A transaction on `client`, which begins when it is first asked for something, and waits for `wait` for a lock.
    pub(crate) const fn new(client: Object, is_prepared: bool, wait: Duration) -> Self {
        Self::beginning(client, is_prepared, Begin::Write(wait))
    }

    /// The same for several operations at once: it waits for no lock for long, because all of them would.
    pub(crate) const fn of_a_group(client: Object, is_prepared: bool) -> Self {
        Self::beginning(client, is_prepared, Begin::Group)
    }

    const fn beginning(client: Object, is_prepared: bool, begin: Begin) -> Self {
        Self {
            client: Held::new(client),
            is_prepared,
            begin,
            has_begun: false,
            locked: Vec::new(),
            waiting: Vec::new(),
            outdated: Vec::new(),
            fault: None,
            trips: 0,
        }
    }

    /// What went wrong so far. Such a transaction must not be committed, whatever its operation makes of the error.
    pub(crate) const fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// What must be forgotten when this has ended.
    pub(crate) fn take_outdated(&mut self) -> Vec<Outdated> {
        std::mem::take(&mut self.outdated)
    }

    /// Sends what waits and `statements`; gives the rows of the latter.
    async fn load(&mut self, statements: Vec<Statement>) -> Found<Vec<Vec<Row>>> {
        if let Some(fault) = &self.fault {
            return Err(fault.error.clone());
        }
        let mut flight = gathered(std::mem::take(&mut self.waiting));
        let before = flight.len();
        flight.extend(statements);
        let begin = if self.has_begun { Begin::No } else { self.begin };
        self.has_begun = true;
        self.trips += 1;
        match self.client.fly(self.is_prepared, begin, &flight, false).await {
            Ok(mut rows) => Ok(rows.split_off(before)),
            Err(fault) => {
                let error = fault.error.clone();
                self.fault = Some(fault);
                Err(error)
            }
        }
    }

    /// Sends one statement and reads its rows.
    async fn rows(&mut self, statement: Statement) -> Found<Vec<Row>> {
        Ok(self.load(vec![statement]).await?.pop().unwrap_or_default())
    }

    /// Keeps an error that no statement raised: half of a change may be waiting.
    fn spoil<T>(&mut self, found: Found<T>) -> Found<T> {
        if let Err(error) = &found
            && self.fault.is_none()
        {
            self.fault = Some(error.clone().into());
        }
        found
    }

    /// Claims keys, each of them another one.
    pub(crate) async fn claims(&mut self, claims: &[&Claim]) -> Found<Vec<Claimed>> {
        let rows = self.load(load::idempotency::claims(claims)).await?;
        let read = load::idempotency::claimed(&rows, claims);
        self.spoil(read)
    }

    /// What several orders begin with.
    pub(crate) async fn checkouts(&mut self, wanted: &[(AccountId, &[VariantId])]) -> Found<Vec<Checkout>> {
        let rows = self.load(load::order::checkouts(wanted)).await?;
        self.locked.extend(wanted.iter().flat_map(|(_, variants)| variants.iter()));
        let read = load::order::checkout_list(&rows, wanted);
        self.spoil(read)
    }

    /// Writes what several orders do.
    pub(crate) fn write(&mut self, writes: &OrderWrites) -> Found<()> {
        let statements = writes.statements(&self.locked);
        let statements = self.spoil(statements)?;
        self.waiting.extend(statements);
        Ok(())
    }

    /// Commits; with what waits, in one round trip.
    pub(crate) async fn commit(mut self) -> Ended {
        if self.fault.is_some() || (!self.has_begun && self.waiting.is_empty()) {
            return self.roll_back().await;
        }
        let begin = if self.has_begun { Begin::No } else { self.begin };
        self.trips += 1;
        let waiting = gathered(std::mem::take(&mut self.waiting));
        faults::crash_point("commit.before");
        if faults::is_lifted("guard.commit") {
            // What must never be: an answer about what is not stored. For the proof that it would be noticed.
            let trips = self.trips;
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(30)).await;
                let _ = self.client.fly(self.is_prepared, begin, &waiting, true).await;
            });
            return Ended { fault: None, trips };
        }
        match self.client.fly(self.is_prepared, begin, &waiting, true).await {
            Ok(_) => {
                faults::crash_point("commit.after");
                self.client.give_back();
                Ended { fault: None, trips: self.trips }
            }
            Err(mut fault) => {
                // The server may have got as far as the commit.
                if fault.remedy.is_connection_lost()
                    && let StoreError::Unavailable(what) = fault.error
                {
                    // The remedy stays: the other connections may be as dead as this one. Nobody repeats what is unknown.
                    fault = Fault { error: StoreError::Unknown(what), remedy: fault.remedy };
                    return Ended { fault: Some(fault), trips: self.trips };
                }
                self.has_begun = true;
                self.fault = Some(fault);
                self.roll_back().await
            }
        }
    }

    /// Undoes everything.
    pub(crate) async fn roll_back(mut self) -> Ended {
        let is_lost = self.fault.as_ref().is_some_and(|fault| fault.remedy.is_connection_lost());
        let mut is_clean = !is_lost && !self.has_begun;
        if self.has_begun && !is_lost {
            let undo = [Statement::new("ROLLBACK", Vec::new())];
            self.trips += 1;
            is_clean = self.client.fly(false, Begin::No, &undo, false).await.is_ok();
        }
        if is_clean {
            self.client.give_back();
        }
        Ended { fault: self.fault, trips: self.trips }
    }
}

/// Closes a connection instead of giving it back to the pool: nobody knows in what state it is, or it leads to a server
/// that is no longer the right one.
pub(crate) fn discard(client: Object) {
    drop(Object::take(client));
}

#[async_trait]
impl Tx for PgTx {
    async fn claim(&mut self, claim: &Claim) -> Found<Claimed> {
        self.claims(&[claim]).await?.pop().ok_or_else(unanswered)
    }

    async fn account(&mut self, id: AccountId) -> Found<Option<AccountRow>> {
        let rows = self.rows(load::account::by_id(id, true)).await?;
        let read = load::account::row(&rows);
        self.spoil(read)
    }

    async fn account_by_email(&mut self, email: &Email) -> Found<Option<AccountRow>> {
        let rows = self.rows(load::account::by_email(email, true)).await?;
        let read = load::account::row(&rows);
        self.spoil(read)
    }

    async fn owners(&mut self) -> Found<u64> {
        let rows = self.load(vec![load::lock("owners"), load::account::owners()]).await?;
        let read = load::account::count(&rows);
        self.spoil(read)
    }

    async fn session(&mut self, id: SessionId) -> Found<Option<Session>> {
        let rows = self.rows(load::session::by_id(id)).await?;
        let read = load::session::one(&rows);
        self.spoil(read)
    }

    async fn refresh_token(&mut self, hash: &SecretHash) -> Found<Option<(RefreshToken, Session)>> {
        let rows = self.load(load::session::refresh_token(hash)).await?;
        let read = load::session::token_row(&rows, hash);
        self.spoil(read)
    }

    async fn challenge(&mut self, account_id: AccountId, purpose: Purpose) -> Found<Option<Challenge>> {
        let rows = self.rows(load::account::challenge_of(account_id, purpose)).await?;
        let read = load::account::challenge(&rows, purpose);
        self.spoil(read)
    }

    async fn challenge_by_secret(&mut self, purpose: Purpose, hash: &SecretHash) -> Found<Option<Challenge>> {
        let rows = self.rows(load::account::challenge_by_secret(purpose, hash)).await?;
        let read = load::account::challenge(&rows, purpose);
        self.spoil(read)
    }

    async fn addresses(&mut self, account_id: AccountId) -> Found<Vec<SavedAddress>> {
        let rows = self.load(vec![load::account::lock(account_id), load::account::addresses(account_id)]).await?;
        let read = load::account::address_list(rows.last());
        self.spoil(read)
    }

    async fn address(&mut self, account_id: AccountId, id: AddressId) -> Found<Option<SavedAddress>> {
        let rows = self.load(vec![load::account::address_by_id(account_id, id)]).await?;
        let read = load::account::address_list(rows.last());
        Ok(self.spoil(read)?.pop())
    }

    async fn categories(&mut self) -> Found<Vec<Category>> {
        let rows = self.load(vec![load::lock_shared("categories"), load::category::tree()]).await?;
        let read = load::category::list(rows.last());
        self.spoil(read)
    }

    async fn categories_for_change(&mut self) -> Found<Vec<Category>> {
        let rows = self.load(vec![load::lock("categories"), load::category::tree()]).await?;
        let read = load::category::list(rows.last());
        self.spoil(read)
    }

    async fn product(&mut self, id: ProductId) -> Found<Option<Product>> {
        let rows = self.load(load::product::locked("p.id = $1", &id.0)).await?;
        let read = load::product::one(rows.last());
        self.spoil(read)
    }

    async fn product_by_slug(&mut self, slug: &str) -> Found<Option<Product>> {
        let rows = self.load(load::product::locked("p.slug = $1", &sought(slug))).await?;
        let read = load::product::one(rows.last());
        self.spoil(read)
    }

    async fn product_of_variant(&mut self, id: VariantId) -> Found<Option<Product>> {
        const OF: &str = "p.id = (SELECT product_id FROM variants WHERE id = $1)";
        let rows = self.load(load::product::locked(OF, &id.0)).await?;
        let read = load::product::one(rows.last());
        self.spoil(read)
    }

    async fn product_slugs_like(&mut self, base: &str) -> Found<Vec<String>> {
        // Who makes a slug of the same words waits, and then sees this one.
        let rows = self.load(vec![load::lock(&format!("slug {base}")), load::product::slugs_like(base)]).await?;
        let read = load::product::texts(rows.last().map_or(&[], Vec::as_slice));
        self.spoil(read)
    }

    async fn sku_owners(&mut self, skus: &[String]) -> Found<Vec<SkuOwner>> {
        let rows = self.rows(load::product::sku_owners(skus)).await?;
        let read = load::product::owners(&rows);
        self.spoil(read)
    }

    async fn turning_products(&mut self, now: Timestamp, limit: u32) -> Found<Vec<ProductId>> {
        let rows = self.rows(load::product::turning(now, limit)).await?;
        let read = load::product::ids(&rows);
        self.spoil(read)
    }

    async fn price_history(&mut self, variants: &[VariantId]) -> Found<Vec<PriceChange>> {
        let rows = self.rows(load::product::price_history(variants, i64::MAX)).await?;
        let read = load::product::price_changes(&rows);
        self.spoil(read)
    }

    async fn movements_since(&mut self, id: VariantId, place: i64, limit: u32) -> Found<Vec<StockMovement>> {
        let rows = self.rows(load::stock::movements_since(id, place, limit)).await?;
        let read = load::stock::movements(&rows);
        Ok(self.spoil(read)?.into_iter().map(|(_, movement)| movement).collect())
    }

    async fn has_products(&mut self) -> Found<bool> {
        Ok(!self.rows(load::product::any()).await?.is_empty())
    }

    async fn documents(&mut self, kind: DocumentKind) -> Found<Vec<Document>> {
        let rows = self.load(vec![load::lock(kind.as_str()), load::document::of_kind(kind)]).await?;
        let read = load::document::list(rows.last().map_or(&[], Vec::as_slice));
        self.spoil(read)
    }

    async fn document_named(&mut self, kind: DocumentKind, name: &str) -> Found<Option<Document>> {
        let lock = load::lock(&format!("{} {name}", kind.as_str()));
        let rows = self.load(vec![lock, load::document::named(kind, name)]).await?;
        let read = load::document::list(rows.last().map_or(&[], Vec::as_slice));
        Ok(self.spoil(read)?.pop())
    }

    async fn review(&mut self, id: ReviewId) -> Found<Option<Review>> {
        let rows = self.rows(load::review::by_id(id, true)).await?;
        let read = load::review::list(&rows);
        Ok(self.spoil(read)?.pop())
    }

    async fn reviews_of(&mut self, account_id: AccountId, product_id: Option<ProductId>) -> Found<Vec<Review>> {
        let rows = self.rows(load::review::of(account_id, product_id)).await?;
        let read = load::review::list(&rows);
        self.spoil(read)
    }

    async fn has_ordered(&mut self, account_id: AccountId, product_id: ProductId) -> Found<bool> {
        Ok(!self.rows(load::review::has_ordered(account_id, product_id)).await?.is_empty())
    }

    async fn stock_alerts_of(&mut self, account_id: AccountId) -> Found<Vec<StockAlert>> {
        let rows = self.rows(load::review::alerts_of(account_id)).await?;
        let read = load::review::alerts(&rows);
        self.spoil(read)
    }

    async fn due_stock_alerts(&mut self, limit: u32) -> Found<Vec<DueAlert>> {
        let rows = self.rows(load::review::due_alerts(limit, true)).await?;
        let due = load::review::due(&rows);
        let due = self.spoil(due)?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.rows(load::review::about_alerts(&due)).await?;
        let read = load::review::due_list(&rows);
        self.spoil(read)
    }

    async fn ordered_among(&mut self, variants: &[VariantId]) -> Found<Vec<VariantId>> {
        let rows = self.rows(load::product::ordered_among(variants)).await?;
        let read = load::product::ordered(&rows, variants);
        self.spoil(read)
    }

    async fn checkout(&mut self, buyer: AccountId, variants: &[VariantId]) -> Found<Checkout> {
        self.checkouts(&[(buyer, variants)]).await?.pop().ok_or_else(unanswered)
    }

    async fn order(&mut self, id: OrderId) -> Found<Option<Order>> {
        let rows = self.load(load::order::by_id(id, true)).await?;
        let read = load::order::list(rows.get(1..).unwrap_or_default());
        Ok(self.spoil(read)?.pop())
    }

    async fn lease_mails(&mut self, due: Due, until: Timestamp, limit: u32) -> Found<Vec<OutboxMail>> {
        let rows = self.rows(load::mail::lease(due, until, limit)).await?;
        let read = load::mail::list(&rows);
        self.spoil(read)
    }

    async fn keep_mails(&mut self, due: Due, limit: u32) -> Found<u32> {
        let rows = self.rows(load::mail::keep(due, limit)).await?;
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }

    async fn mail(&mut self, id: MailId) -> Found<Option<OutboxMail>> {
        let rows = self.rows(load::mail::by_id(id, true)).await?;
        let read = load::mail::list(&rows);
        Ok(self.spoil(read)?.pop())
    }

    async fn meta(&mut self, key: &'static str) -> Found<Option<String>> {
        let rows = self.load(vec![load::lock(key), load::idempotency::meta(key)]).await?;
        let read = load::product::texts(rows.last().map_or(&[], Vec::as_slice));
        Ok(self.spoil(read)?.pop())
    }

    async fn sweep(&mut self, keys_before: Timestamp, sessions_before: Timestamp, limit: u32) -> Found<u32> {
        let rows = self.load(load::idempotency::sweep(keys_before, sessions_before, limit)).await?;
        let read = load::idempotency::swept(&rows);
        self.spoil(read)
    }

    async fn apply(&mut self, changes: &[Change]) -> Found<()> {
        if let Some(fault) = &self.fault {
            return Err(fault.error.clone());
        }
        self.outdated.extend(changes.iter().filter_map(Outdated::by));
        for change in changes {
            match apply::statements(change, &self.locked) {
                Ok(statements) => self.waiting.extend(statements),
                Err(error) => return self.spoil(Err(error)),
            }
        }
        Ok(())
    }
}
