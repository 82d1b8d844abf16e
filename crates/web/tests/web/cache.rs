//! The cache of the catalogue never shows what is no longer so.

use std::sync::Arc;

use crate::support::{FakeEngine, Mood, Server, product};
use model::ProductStatus;

#[tokio::test]
async fn a_change_is_seen_by_the_next_read_and_nothing_is_read_twice_before() {
    let engine = Arc::new(FakeEngine::new(vec![product(1, "mug", ProductStatus::Active)]));
    let server = Server::start(Arc::clone(&engine) as Arc<dyn store::Engine>).await;
    for stock in (0..20).rev() {
        engine.change(|products| products[0].variants[0].stock = stock);
        let reads = engine.reads();
        for _ in 0..3 {
            let body = server.get("/v1/products/mug").await.json();
            assert_eq!(body["variants"][0]["stock"], stock);
        }
        assert_eq!(engine.reads(), reads + 1, "the second and third come from the cache");
    }
    engine.change(Vec::clear);
    server.get("/v1/products/mug").await.is_problem(404, "not_found");
}

#[tokio::test]
async fn without_a_counter_everything_is_read() {
    let engine = Arc::new(FakeEngine::without_counter(vec![product(1, "mug", ProductStatus::Active)]));
    let server = Server::start(Arc::clone(&engine) as Arc<dyn store::Engine>).await;
    for read in 1..4 {
        assert_eq!(server.get("/v1/products").await.status, 200);
        assert_eq!(engine.reads(), read);
    }
}

#[tokio::test]
async fn failures_are_not_kept() {
    let engine = Arc::new(FakeEngine::new(vec![product(1, "mug", ProductStatus::Active)]));
    let server = Server::start(Arc::clone(&engine) as Arc<dyn store::Engine>).await;
    engine.set_mood(Mood::Failing(store::StoreError::Busy));
    server.get("/v1/products").await.is_problem(503, "busy");
    engine.set_mood(Mood::Fine);
    assert_eq!(server.get("/v1/products").await.status, 200);
    engine.set_mood(Mood::Failing(store::StoreError::Busy));
    assert_eq!(server.get("/v1/products").await.status, 200, "what was read and has not changed needs no database");
    server.get("/v1/products?limit=1").await.is_problem(503, "busy");
}

/// What is not there is not kept either, and anybody can draw ids.
#[tokio::test]
async fn asking_for_one_collection_reads_no_others() {
    let engine = Arc::new(FakeEngine::new(vec![product(1, "mug", ProductStatus::Active)]));
    let server = Server::start(Arc::clone(&engine) as Arc<dyn store::Engine>).await;
    for wanted in ["0197b3f0-0000-7000-8000-000000000000", "summer"] {
        server.get(&format!("/v1/collections/{wanted}")).await.is_problem(404, "not_found");
        server.get(&format!("/v1/search?collection={wanted}")).await.is_problem(400, "invalid_query");
    }
    assert_eq!(engine.lists_of_collections(), 0);
    assert_eq!(server.get("/v1/collections").await.status, 200);
    assert_eq!(engine.lists_of_collections(), 1);
}
