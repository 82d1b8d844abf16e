//! Shops on databases of their own, and the engines that have them open.

use std::sync::{Arc, OnceLock};

use cartwright_store_postgres::{Options, PostgresEngine};
use store_conformance::{Database, support::Shop};

/// The engine of a copy, which goes by another name than a shop's.
pub(crate) async fn open_for_copy(url: &str) -> PostgresEngine {
    let mut options = Options::parse(url).expect("a URL");
    options.name("cartwright-copy");
    PostgresEngine::open(options).await.expect("a database")
}

async fn open(url: &str) -> PostgresEngine {
    PostgresEngine::open(Options::parse(url).expect("a URL")).await.expect("a database")
}

/// A shop, and its engine.
pub(crate) fn with_engine<C: Future<Output = ()>>(case: impl FnOnce(Shop, Arc<PostgresEngine>) -> C) {
    with_url(|shop, engine, _| case(shop, engine));
}

/// A shop, its engine, and where its database is.
pub(crate) fn with_url<C: Future<Output = ()>>(case: impl FnOnce(Shop, Arc<PostgresEngine>, String) -> C) {
    with(false, case);
}

/// The same with the engine of a copy.
pub(crate) fn with_copier<C: Future<Output = ()>>(case: impl FnOnce(Shop, Arc<PostgresEngine>, String) -> C) {
    with(true, case);
}

fn with<C: Future<Output = ()>>(is_for_copy: bool, case: impl FnOnce(Shop, Arc<PostgresEngine>, String) -> C) {
    let engine: Arc<OnceLock<(Arc<PostgresEngine>, String)>> = Arc::default();
    let opened = Arc::clone(&engine);
    let open = || async move {
        let database = test_postgres::Database::fresh();
        let url = database.url();
        let open = Arc::new(if is_for_copy { open_for_copy(&url).await } else { open(&url).await });
        assert!(opened.set((Arc::clone(&open), url)).is_ok(), "opened once");
        Database::new(open, database)
    };
    store_conformance::run(open, |shop| async move {
        let (engine, url) = engine.get().expect("opened").clone();
        case(shop, engine, url).await;
    });
}
