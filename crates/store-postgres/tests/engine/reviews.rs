//! What is asked about the reviews of one product is answered from an index, however many there are.

use model::{ProductId, ReviewStatus};
use store::{PageRequest, Queries, ReviewFilter, ReviewSort};
use test_postgres::Database;
use uuid::Uuid;

use crate::reads::{OTHERS, open, wait_for};

/// Four products, each with 2,000 reviews.
const REVIEWS: &str = "INSERT INTO accounts \
     (id, email, name, role, permissions, created_at, updated_at, version, name_lower) \
     SELECT lpad(n::text, 32, '0')::uuid, n || '@example.com', 'Ann', 'customer', 0, now(), now(), 1, 'ann' \
     FROM generate_series(1, 2000) n; \
     INSERT INTO products (id, slug, status, created_at, updated_at, version, price_min, price_max, on_sale, \
     title_fold, tags_lower, search_text, title, tags, options, images, description) \
     SELECT lpad(n::text, 32, '0')::uuid, 'mug-' || n, 'active', now(), now(), 1, 1, 1, FALSE, \
     'mug', '{}', 'mug', 'Mug', '[]', '[]', '[]', '' FROM generate_series(1, 4) n; \
     INSERT INTO reviews (id, product_id, account_id, status, stars, reports, created_at, version, content) \
     SELECT gen_random_uuid(), p.id, a.id, 'approved', 1 + (row_number() OVER (ORDER BY a.id, p.id)) % 5, 0, now(), 1, \
     jsonb_build_object('title', NULL, 'text', 'It is.', 'author', 'Ann', 'is_verified', FALSE, 'reply', NULL, \
     'reported_by', '[]'::jsonb, 'updated_at', '2026-01-01T00:00:00Z') FROM accounts a CROSS JOIN products p";

#[tokio::test]
async fn reviews_are_sorted_by_their_stars_in_an_index() {
    let database = Database::fresh();
    let engine = open(&database).await;
    database.execute(REVIEWS);
    // By itself: it cannot be a part of a transaction.
    database.execute("VACUUM ANALYZE reviews");
    let of_product = ReviewFilter {
        product_id: Some(ProductId::from(Uuid::from_u128(2))),
        status: Some(ReviewStatus::Approved),
        ..ReviewFilter::default()
    };
    // Those with the fewest stars first, of these the newest, go against the index: the planner may as well sort them.
    let highest = ReviewFilter { sort: ReviewSort::Highest, ..of_product };
    let mut after = None;
    for _ in 0..2 {
        let page = engine.reviews(&highest, &PageRequest { limit: 20, after }).await.expect("an answer");
        after = page.next;
        assert!(page.items.len() == 20 && after.is_some());
    }
    // How it counts depends on what of the table was vacuumed.
    let counted = engine.review_stars(&of_product).await.expect("an answer");
    assert_eq!(counted.iter().map(|(_, count)| count).sum::<i64>(), 2000);
    // The server knows what its connections used when they have ended.
    engine.close();
    drop(engine);
    wait_for(&database, OTHERS, 0, "somebody stays").await;
    let used = "SELECT 1 FROM pg_stat_user_indexes WHERE indexrelname = 'reviews_by_stars' AND idx_scan >= 2";
    wait_for(&database, used, 1, "the index was not used twice").await;
}
