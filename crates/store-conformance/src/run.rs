//! Running one case on one fresh database.

use std::{any::Any, pin::Pin, sync::Arc, time::Duration};

use store::{Engine, Maintenance};

use crate::support::Shop;

/// Far more than any case needs: a case that takes longer waits for something that never comes.
const PATIENCE: Duration = Duration::from_secs(120);

/// An empty database, and whatever must live as long as it does (its folder, its server).
pub struct Database {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) maintenance: Arc<dyn Maintenance>,
    #[expect(dead_code, reason = "kept for its drop, which removes the database's files")]
    keep: Box<dyn Any + Send + Sync>,
}

impl Database {
    /// The database behind `engine`. `keep` is dropped after it.
    pub fn new<E: Engine + Maintenance + 'static>(engine: Arc<E>, keep: impl Any + Send + Sync) -> Self {
        Self { engine: engine.clone(), maintenance: engine, keep: Box::new(keep) }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database(..)")
    }
}

/// A case that runs.
pub type Running = Pin<Box<dyn Future<Output = ()>>>;
/// A case, of the same type as all others.
pub type Case = fn(Shop) -> Running;

/// Runs `case` on what `open` makes, then checks the database.
///
/// # Panics
/// When the case fails, takes for ever, or leaves data behind that do not agree with themselves.
pub fn run<O, C>(open: impl FnOnce() -> O, case: impl FnOnce(Shop) -> C)
where
    O: Future<Output = Database>,
    C: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let shop = Shop::new(open().await);
        tokio::time::timeout(PATIENCE, case(shop.clone())).await.expect("the case comes to an end");
        shop.assert_sound().await;
    });
}
