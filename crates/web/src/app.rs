//! What every handler has at hand.

use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::response::Response;
use commerce::{
    Actor, Audited, Idempotent, Replied,
    catalogue::{PricedIn, SetPrice},
    second_factor::{Proof, UseSecondFactor, second_factor},
};
use http::{HeaderMap, Uri};
use identity::{AccessTokens, Keys, PasswordPool, TotpSecret, recovery_hash};
use model::{AccountId, Currency, Order, ShopSettings, Stamp, Timestamp, mail::MailRenderer};
use pictures::{Fetcher, Media};
use search::{Query, Results};
use serde::Serialize;
use store::{Claim, Engine, Operation, OrderFilter, Page, PageRequest, StoreError, StoredReply};
use tokio::sync::Notify;
use tracing::{error, warn};

use crate::{
    Settings,
    cache::{CachedReply, ReadCache},
    metrics::Metrics,
    order_book::{Orders, Sales},
    problem::{Code, Problem},
    reply,
    routes::KeptFigures,
    search::{Catalogue, Freshness},
    throttle::Throttle,
};

/// For how long the settings of the shop are remembered.
const SETTINGS_FOR: Duration = Duration::from_secs(1);
/// How often they are read by a process that nothing asks for them.
const FOLLOW_SETTINGS: Duration = Duration::from_secs(5);

/// The shop as the web sees it. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What an [`App`] is made of.
pub struct Parts {
    /// The database.
    pub engine: Arc<dyn Engine>,
    /// The secrets of this shop.
    pub keys: Keys,
    /// Hashes and compares passwords.
    pub passwords: PasswordPool,
    /// Shows mails.
    pub mails: Arc<dyn MailRenderer>,
    /// Wakes whoever delivers mails.
    pub mail_wake: Arc<Notify>,
    /// Where pictures are kept.
    pub media: Media,
    /// Fetches pictures from elsewhere.
    pub fetcher: Fetcher,
    /// What the operator has set.
    pub settings: Settings,
}

struct Inner {
    parts: Parts,
    tokens: AccessTokens,
    cache: ReadCache,
    throttle: Arc<Throttle>,
    metrics: Metrics,
    catalogue: Arc<Catalogue>,
    orders: Orders,
    figures: KeptFigures,
    shop_settings: Mutex<Option<(Arc<ShopSettings>, Instant)>>,
    is_stopping: AtomicBool,
}

impl App {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let limits = &parts.settings.limits;
        let (cache, throttle) = (ReadCache::new(limits.cache_bytes), Throttle::new(limits.sign_ups_per_address));
        Self(Arc::new(Inner {
            catalogue: Arc::new(Catalogue::new(&parts.settings.languages)),
            tokens: AccessTokens::new(&parts.keys, &parts.settings.public_url),
            parts,
            cache,
            throttle: Arc::new(throttle),
            metrics: Metrics::new(),
            orders: Orders::default(),
            figures: KeptFigures::default(),
            shop_settings: Mutex::new(None),
            is_stopping: AtomicBool::new(false),
        }))
    }

    /// The database, for queries. Operations go through [`App::run`].
    #[must_use]
    pub fn engine(&self) -> &dyn Engine {
        &*self.0.parts.engine
    }

    /// Hashes and compares passwords.
    #[must_use]
    pub fn passwords(&self) -> &PasswordPool {
        &self.0.parts.passwords
    }

    /// Issues and verifies access tokens.
    #[must_use]
    pub fn tokens(&self) -> &AccessTokens {
        &self.0.tokens
    }

    /// The secrets of this shop: they turn codes into hashes and refresh tokens into their successors.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.0.parts.keys
    }

    /// Shows mails.
    #[must_use]
    pub fn mails(&self) -> &dyn MailRenderer {
        &*self.0.parts.mails
    }

    /// Where pictures are kept.
    #[must_use]
    pub fn media(&self) -> &Media {
        &self.0.parts.media
    }

    /// Fetches pictures from elsewhere.
    #[must_use]
    pub fn fetcher(&self) -> &Fetcher {
        &self.0.parts.fetcher
    }

    /// What the operator has set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// Slows down those who guess.
    #[must_use]
    pub fn throttle(&self) -> &Arc<Throttle> {
        &self.0.throttle
    }

    /// Counts a task that ended by a bug, as handlers are counted that do.
    pub fn count_panic(&self) {
        self.metrics().panicked();
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn cache(&self) -> &ReadCache {
        &self.0.cache
    }

    /// The time, in whole microseconds: what is answered at once is then the same as what is read later.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        model::stamp::whole_micros(Timestamp::now())
    }

    /// The clock and the ids of one operation.
    ///
    /// # Errors
    /// 500 when the system has no random numbers.
    pub fn stamp(&self) -> Result<Stamp, Problem> {
        let mut seed = [0; 16];
        getrandom::fill(&mut seed).map_err(Problem::internal)?;
        Ok(Stamp::new(self.now(), u128::from_ne_bytes(seed)))
    }

    /// Runs an operation, and wakes the delivery of mails when it was done.
    ///
    /// # Errors
    /// The operation's refusal or the engine's failure, as a reply.
    pub async fn run<O: Operation>(&self, operation: O) -> Result<O::Output, Problem>
    where
        Problem: From<O::Error>,
    {
        let output = self.try_run(operation).await?;
        Ok(output)
    }

    /// Like [`App::run`], for handlers that have an answer of their own to some refusals.
    ///
    /// # Errors
    /// The operation's refusal or the engine's failure.
    pub async fn try_run<O: Operation>(&self, operation: O) -> Result<O::Output, O::Error> {
        let output = store::execute(self.engine(), operation).await?;
        self.0.parts.mail_wake.notify_one();
        Ok(output)
    }

    /// Runs what one of the staff does, which is noted in the audit log in the same transaction.
    ///
    /// # Errors
    /// The operation's refusal or the engine's failure, as a reply.
    pub async fn run_as<O: Operation>(&self, by: Actor, operation: O) -> Result<O::Output, Problem>
    where
        Problem: From<O::Error>,
    {
        self.run(Audited { by, operation, stamp: self.stamp()? }).await
    }

    /// Like [`App::run_as`], for handlers that have an answer of their own to some refusals.
    ///
    /// # Errors
    /// The outer one is 500 when the system has no random numbers; the inner one is the operation's refusal or the engine's failure.
    pub async fn try_run_as<O: Operation>(
        &self,
        by: Actor,
        operation: O,
    ) -> Result<Result<O::Output, O::Error>, Problem> {
        Ok(self.try_run(Audited { by, operation, stamp: self.stamp()? }).await)
    }

    /// Like [`App::run_once`] for what one of the staff does: noted in the audit log when it is done, and not again when the
    /// reply is only repeated.
    ///
    /// # Errors
    /// As [`App::run_once`].
    pub async fn run_once_as<O: Operation>(
        &self,
        by: Actor,
        claim: Option<Claim>,
        operation: O,
        render: fn(&O::Output) -> StoredReply,
    ) -> Result<Response, Problem>
    where
        Problem: From<O::Error>,
    {
        let stamp = self.stamp()?;
        self.run_once(claim, Audited { by, operation, stamp }, render).await
    }

    /// Runs an operation once for its idempotency key, and gives the same reply each time. Without a claim it simply
    /// runs.
    ///
    /// # Errors
    /// The operation's refusal, the engine's failure, or 422 when the key was used for another request.
    pub async fn run_once<O: Operation>(
        &self,
        claim: Option<Claim>,
        operation: O,
        render: fn(&O::Output) -> StoredReply,
    ) -> Result<Response, Problem>
    where
        Problem: From<O::Error>,
    {
        let replied = self.run(Idempotent { claim, operation, render }).await?;
        faults::crash_point("reply.before");
        match replied {
            Replied::New(reply) => reply::replay(reply, false),
            Replied::Before(reply) => reply::replay(reply, true),
            Replied::KeyReused => Err(Problem::new(Code::IdempotencyKeyReused)),
        }
    }

    /// Like [`App::try_run_as`], once for its key: gives whether it was done now or before, and what was kept of it. The key belongs to
    /// one request alone, its content included.
    ///
    /// # Errors
    /// As [`App::try_run_as`].
    pub async fn try_run_once_as<O: Operation>(
        &self,
        by: Actor,
        claim: Option<Claim>,
        operation: O,
        render: fn(&O::Output) -> StoredReply,
    ) -> Result<Result<Replied, O::Error>, Problem> {
        let audited = Audited { by, operation, stamp: self.stamp()? };
        Ok(self.try_run(Idempotent { claim, operation: audited, render }).await)
    }

    /// Answers an anonymous read with what `read` gives (a version for the entity tag, and the value), and keeps the
    /// reply until anything in the database changes. `read` must depend on nothing but the URI and the database.
    ///
    /// # Errors
    /// What `read` gives; errors are not kept.
    pub async fn cached<T: Serialize>(
        &self,
        uri: &Uri,
        request: &HeaderMap,
        read: impl AsyncFnOnce() -> Result<(i64, T), Problem>,
    ) -> Result<Response, Problem> {
        // Asked before reading: what is read then is at least as new as the counter that it is kept under.
        let counter = self.engine().change_counter().await;
        let (version, dto) = read().await?;
        self.kept(counter, uri, request, version, &dto)
    }

    /// Replies with `dto`, and keeps the reply under the counter from before it was read.
    fn kept<T: Serialize>(
        &self,
        counter: Option<u64>,
        uri: &Uri,
        request: &HeaderMap,
        version: i64,
        dto: &T,
    ) -> Result<Response, Problem> {
        let body = reply::json_bytes(dto)?;
        let etag = reply::etag(version, &body);
        if let (Some(counter), Some(key)) = (counter, self.cache_key(uri, request)) {
            let kept = CachedReply { counter, body: body.clone(), etag: etag.clone() };
            self.cache().put(&key, Arc::new(kept));
        }
        Ok(reply::tagged(etag, body, request))
    }

    /// What a kept reply is kept under: the URI, and the language where that matters.
    pub(crate) fn cache_key<'u>(&self, uri: &'u Uri, request: &HeaderMap) -> Option<Cow<'u, str>> {
        let uri = uri.path_and_query()?.as_str();
        Some(match self.preferred_language(request) {
            None => Cow::Borrowed(uri),
            Some(language) => Cow::Owned(format!("{language} {uri}")),
        })
    }

    /// Answers an anonymous read as [`App::cached`] does, with what the search index of this process has read. While that is
    /// behind the database, replies are given but not kept.
    ///
    /// # Errors
    /// What `read` gives; 503 while the index is not there yet.
    pub(crate) async fn cached_search<T: Serialize>(
        &self,
        uri: &Uri,
        request: &HeaderMap,
        read: impl AsyncFnOnce(&Catalogue) -> Result<T, Problem>,
    ) -> Result<Response, Problem> {
        let counter = self.engine().change_counter().await;
        let catalogue = &self.0.catalogue;
        match catalogue.freshen(&self.0.parts.engine).await? {
            Freshness::Absent => {
                let detail = "The search index is being made; this takes some seconds after the start.";
                Err(Problem::new(Code::Unavailable).detail(detail).retry_after_secs(2))
            }
            Freshness::Behind => {
                let body = reply::json_bytes(&read(catalogue).await?)?;
                Ok(reply::tagged(reply::etag(0, &body), body, request))
            }
            Freshness::Fresh => self.kept(counter, uri, request, 0, &read(catalogue).await?),
        }
    }

    /// Asks the search index of this process; `None` while that is not there yet.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn searched(&self, query: Query) -> Result<Option<Results>, StoreError> {
        match self.0.catalogue.freshen(&self.0.parts.engine).await? {
            Freshness::Absent => Ok(None),
            Freshness::Behind | Freshness::Fresh => self.0.catalogue.search(query).await.map(Some),
        }
    }

    /// How many variants have no SKU, as the search index of this process has them; `None` while that is not there yet.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn variants_without_sku(&self) -> Result<Option<usize>, StoreError> {
        match self.0.catalogue.freshen(&self.0.parts.engine).await? {
            Freshness::Absent => Ok(None),
            Freshness::Behind | Freshness::Fresh => self.0.catalogue.variants_without_sku().await.map(Some),
        }
    }

    /// The settings of the shop, at most a second old: for what asks for them with every request.
    ///
    /// # Errors
    /// The engine failed.
    pub async fn shop_settings(&self) -> Result<Arc<ShopSettings>, StoreError> {
        let kept = self.0.shop_settings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((settings, _)) = kept.filter(|(_, at)| at.elapsed() < SETTINGS_FOR) {
            return Ok(settings);
        }
        self.fresh_shop_settings().await
    }

    /// The settings of the shop as the database has them now, whatever another process has set; this one goes by them from now on.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn fresh_shop_settings(&self) -> Result<Arc<ShopSettings>, StoreError> {
        Ok(self.learn_shop_settings(commerce::settings::settings(self.engine()).await?))
    }

    /// The shop's currency and the others that there are prices in, as the database has them now.
    ///
    /// # Errors
    /// The engine failed.
    pub async fn fresh_currencies(&self) -> Result<Vec<Currency>, StoreError> {
        let set = self.fresh_shop_settings().await?.currency;
        Ok(self.settings().sold_in.currencies(set))
    }

    /// Goes by these settings from now on.
    pub(crate) fn learn_shop_settings(&self, settings: ShopSettings) -> Arc<ShopSettings> {
        self.mails().know_shop(&settings);
        let settings = Arc::new(settings);
        let kept = Some((Arc::clone(&settings), Instant::now()));
        *self.0.shop_settings.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        settings
    }

    /// The settings as they were when they were last read, however long ago.
    fn last_shop_settings(&self) -> Option<Arc<ShopSettings>> {
        let kept = self.0.shop_settings.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|(settings, _)| Arc::clone(settings))
    }

    /// What the shop is called.
    pub(crate) fn shop_name(&self) -> String {
        let set = self.last_shop_settings().map(|settings| settings.name.clone()).filter(|name| !name.is_empty());
        set.unwrap_or_else(|| self.settings().shop_name.clone())
    }

    /// The shop's own currency. It changes in a shop without products only; a process that did not make the change itself knows
    /// of it within seconds.
    pub fn currency(&self) -> Currency {
        self.last_shop_settings().and_then(|settings| settings.currency).unwrap_or(self.settings().sold_in.own)
    }

    /// The shop's currency and the others that there are prices in.
    pub fn currencies(&self) -> Vec<Currency> {
        self.settings().sold_in.currencies(Some(self.currency()))
    }

    /// What adds products with these prices, in the currencies that the shop sells in when it is done.
    pub(crate) fn priced_in<O>(&self, set: Vec<SetPrice>, operation: O) -> PricedIn<O> {
        PricedIn { set, sold_in: self.settings().sold_in.clone(), operation }
    }

    /// Keeps up with what other processes set, for ever.
    pub async fn follow_settings(&self) {
        let mut ticks = tokio::time::interval(FOLLOW_SETTINGS);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // A database that is away is told of elsewhere; what was set last counts on.
            let _ = self.shop_settings().await;
        }
    }

    /// The orders of a page, as [`store::Queries::orders`] gives them, but quick where a text is looked for.
    pub(crate) async fn orders(&self, filter: &OrderFilter, request: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.0.orders.page(self.engine(), filter, request, self.now()).await
    }

    /// What was sold between the first and the last of these times, and what sold best between the second and the last; `None`
    /// when that goes back further than what is kept in memory.
    pub(crate) async fn sold(&self, times: [Timestamp; 3], best: usize) -> Result<Option<Sales>, StoreError> {
        self.0.orders.sales(self.engine(), times, best, self.now()).await
    }

    /// Reads all orders once, so that the first look at the overview need not wait for it.
    pub async fn read_orders(&self) {
        if let Err(error) = self.0.orders.caught_up(self.engine(), self.now()).await {
            warn!(%error, "the orders could not be read for the overview; it is tried again with the next look");
        }
    }

    /// What was summed up for the overview.
    pub(crate) fn figures(&self) -> &KeptFigures {
        &self.0.figures
    }

    /// Whether this is a code of somebody's second factor, or a recovery code, that was not used before. It is used up by that.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn take_second_factor(&self, account_id: AccountId, code: &str) -> Result<bool, Problem> {
        let Some(factor) = second_factor(self.engine(), account_id).await? else { return Ok(false) };
        let secret = TotpSecret::unsealed(&factor.sealed, self.keys(), account_id);
        if secret.is_none() {
            error!(
                account = %account_id,
                "the second factor of this account was set up under other keys, so that no code of its app is right: put keys.json \
                 back, or remove the factor with `cartwright owner forget-factor --email ADDRESS`; recovery codes are good all the same"
            );
        }
        let proof = match secret.and_then(|secret| secret.step_of(code, self.now())) {
            Some(step) => Proof::Step(step),
            None => Proof::Recovery(recovery_hash(code)),
        };
        match self.try_run(UseSecondFactor { account_id, proof }).await {
            Ok(()) => Ok(true),
            Err(commerce::Error::NotAuthenticated) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the search index of this process up to date, for ever.
    pub async fn follow_catalogue(&self) {
        self.0.catalogue.follow(&self.0.parts.engine).await;
    }

    /// Whether the server is about to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.is_stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.0.is_stopping.store(true, Ordering::Relaxed);
    }

    /// What is done now and then: latencies folded, throttles swept.
    pub(crate) fn upkeep(&self) {
        self.metrics().upkeep();
        self.throttle().sweep();
    }
}
