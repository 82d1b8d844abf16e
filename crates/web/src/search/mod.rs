//! The index of products of this process, and how it follows the database.
//!
//! Before it is asked, it reads what changed since it was asked last: a product that was saved is found by the next search, on
//! every process. After a large import that takes longer than anybody would wait; searches then see the products as they were
//! until the index has caught up, a few seconds at most. So they do while it is made anew, because the database lives another life:
//! what was read of the one before may be gone, and what is new may have numbers that were read already.

use std::{
    collections::HashSet,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use model::{Language, Product, ProductId};
use search::{Index, Query, Results};
use store::{Engine, FeedCursor, StoreError};
use tokio::{
    sync::Mutex,
    time::{MissedTickBehavior, interval, timeout},
};
use tracing::warn;

/// How many products are read at a time.
const PART: u32 = 500;
/// For how long a search waits for changes to be read.
const PATIENCE: Duration = Duration::from_millis(300);
/// For how long a search waits for the index to be made after the start.
const PATIENCE_AT_START: Duration = Duration::from_secs(10);
/// How often changes are read when nobody searches.
const PERIOD: Duration = Duration::from_secs(2);

/// The index, with how far it has read.
pub(crate) struct Catalogue {
    languages: Vec<Language>,
    index: Arc<RwLock<Index>>,
    read: Mutex<Read>,
    /// Whether all products were put in once.
    is_made: AtomicBool,
}

/// How far the feed was read.
#[derive(Default)]
struct Read {
    /// What [`store::Queries::change_counter`] said when the end was reached: where it is still that, nothing has changed.
    counter: Option<u64>,
    /// Of which life of the database the index was made; `None` before it was.
    life: Option<u64>,
    /// Where in that life to begin reading next.
    horizon: u64,
    /// The entries above the horizon that were read already.
    met: HashSet<FeedCursor>,
}

/// Whether an index has everything that was stored before it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It has.
    Fresh,
    /// It is still reading.
    Behind,
    /// It was not made yet.
    Absent,
}

impl Catalogue {
    pub(crate) fn new(languages: &[Language]) -> Self {
        Self {
            languages: languages.to_vec(),
            index: Arc::new(RwLock::new(Index::new(languages))),
            read: Mutex::new(Read::default()),
            is_made: AtomicBool::new(false),
        }
    }

    /// Reads what changed, for as long as a search may wait.
    pub(crate) async fn freshen(self: &Arc<Self>, engine: &Arc<dyn Engine>) -> Result<Freshness, StoreError> {
        let is_made = self.is_made.load(Ordering::Acquire);
        let patience = if is_made { PATIENCE } else { PATIENCE_AT_START };
        // A task of its own: whoever waits for it may go away, but what it has read must be put in before what it reads next.
        let (catalogue, engine) = (Arc::clone(self), Arc::clone(engine));
        let reading = tokio::spawn(async move { catalogue.catch_up(engine.as_ref()).await });
        match timeout(patience, reading).await {
            Ok(Ok(done)) => done.map(|()| Freshness::Fresh),
            Ok(Err(error)) => Err(StoreError::Internal(error.to_string())),
            Err(_) if is_made => Ok(Freshness::Behind),
            Err(_) => Ok(Freshness::Absent),
        }
    }

    /// Answers a question, on a thread where that may take its milliseconds.
    pub(crate) async fn search(&self, query: Query) -> Result<Results, StoreError> {
        let index = Arc::clone(&self.index);
        let search = move || index.read().unwrap_or_else(PoisonError::into_inner).search(&query);
        tokio::task::spawn_blocking(search).await.map_err(|error| StoreError::Internal(error.to_string()))
    }

    /// How many variants have no SKU.
    pub(crate) async fn variants_without_sku(&self) -> Result<usize, StoreError> {
        let index = Arc::clone(&self.index);
        let count = move || index.read().unwrap_or_else(PoisonError::into_inner).variants_without_sku();
        tokio::task::spawn_blocking(count).await.map_err(|error| StoreError::Internal(error.to_string()))
    }

    /// Reads on while nobody searches, for ever: so that the first search after a long time need not read it all.
    pub(crate) async fn follow(self: &Arc<Self>, engine: &Arc<dyn Engine>) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.catch_up(engine.as_ref()).await {
                warn!(%error, "the search index could not read what changed; it is tried again");
            }
        }
    }

    /// Reads everything that changed. Not to be dropped half-way.
    async fn catch_up(&self, engine: &dyn Engine) -> Result<(), StoreError> {
        let mut read = self.read.lock().await;
        let counter = engine.change_counter().await;
        if counter.is_some() && counter == read.counter {
            return Ok(());
        }
        let mut after = FeedCursor { place: read.horizon, seq: 0 };
        let mut next = None;
        loop {
            let feed = engine.catalogue_feed(after, PART).await?;
            if read.life != Some(feed.life) {
                self.make(engine).await?;
                // Asked before the products were read: what changed meanwhile is above it.
                *read = Read { life: Some(feed.life), horizon: feed.horizon, ..Read::default() };
                (after, next) = (FeedCursor { place: feed.horizon, seq: 0 }, None);
                continue;
            }
            let first = *next.get_or_insert(feed.horizon);
            let new: Vec<_> = feed.entries.iter().filter(|(cursor, _)| !read.met.contains(cursor)).collect();
            let ids: HashSet<ProductId> = new.iter().map(|(_, id)| *id).collect();
            self.read_again(engine, ids.into_iter().collect()).await?;
            read.met.extend(new.iter().map(|(cursor, _)| *cursor));
            match feed.entries.last() {
                Some((last, _)) if feed.entries.len() >= PART as usize => after = *last,
                _ => {
                    read.horizon = first;
                    read.met.retain(|cursor| cursor.place >= first);
                    read.counter = counter;
                    return Ok(());
                }
            }
        }
    }

    /// Makes an index of all products that there are, beside the one that is asked meanwhile, and puts it in its place.
    async fn make(&self, engine: &dyn Engine) -> Result<(), StoreError> {
        let made = Arc::new(RwLock::new(Index::new(&self.languages)));
        let mut after = None;
        loop {
            let products = engine.products_after(after, PART).await?;
            let Some(last) = products.last() else { break };
            after = Some(last.id);
            put(&made, products, Vec::new()).await?;
        }
        let index = Arc::clone(&self.index);
        let replace = move || {
            let mut made = made.write().unwrap_or_else(PoisonError::into_inner);
            let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut *index, &mut *made);
        };
        tokio::task::spawn_blocking(replace).await.map_err(|error| StoreError::Internal(error.to_string()))?;
        self.is_made.store(true, Ordering::Release);
        Ok(())
    }

    /// Puts these products in as they are now; those that are no longer there are taken out.
    async fn read_again(&self, engine: &dyn Engine, ids: Vec<ProductId>) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let products = engine.products_by_id(&ids).await?;
        let there: HashSet<ProductId> = products.iter().map(|product| product.id).collect();
        put(&self.index, products, ids.into_iter().filter(|id| !there.contains(id)).collect()).await
    }
}

/// Puts these products into the index, and takes those out that are gone.
async fn put(index: &Arc<RwLock<Index>>, products: Vec<Product>, gone: Vec<ProductId>) -> Result<(), StoreError> {
    let index = Arc::clone(index);
    let put = move || {
        // A few at a time, so that searches come in between.
        for some in products.chunks(50) {
            let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
            some.iter().for_each(|product| index.put(product));
        }
        let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
        gone.iter().for_each(|id| index.remove(*id));
    };
    tokio::task::spawn_blocking(put).await.map_err(|error| StoreError::Internal(error.to_string()))
}
