//! A list costs what it shows, and a cleaning what it removes, however much there is beside.

use cartwright_store_postgres::PostgresEngine;
use commerce::upkeep::Sweep;
use jiff::SignedDuration;
use model::{ProductStatus, ReviewStatus, Role, Timestamp};
use store::{AccountFilter, OrderFilter, PageRequest, ProductFilter, ProductSort, Queries as _, ReviewFilter};
use test_postgres::Database;
use uuid::Uuid;

use crate::reads::{OTHERS, open, wait_for};

/// 5,000 accounts, three of them of the staff; as many products with a variant in 1,000 categories, of which one has 60 more below it with nothing
/// in them, with a review, five of which wait; as many orders with a parcel; 20,000 sessions, of which the first 999 have expired.
const SHOP: &str = r#"
    CREATE FUNCTION nth(n BIGINT) RETURNS UUID LANGUAGE sql IMMUTABLE AS $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$;
    INSERT INTO accounts (id, email, name, role, permissions, created_at, updated_at, version, name_lower)
        SELECT nth(n), n || '@example.com', 'Ann', CASE WHEN n <= 3 THEN 'staff' ELSE 'customer' END, 0, now(), now(), 1, 'ann'
        FROM generate_series(1, 5000) AS n;
    INSERT INTO categories (id, name, slug, position, created_at, updated_at, version)
        SELECT nth(n), 'Mugs', 'mugs-' || n, 0, now(), now(), 1 FROM generate_series(1, 1000) AS n;
    INSERT INTO categories (id, parent_id, name, slug, position, created_at, updated_at, version)
        SELECT nth(n), nth(9), 'Cups', 'cups-' || n, 0, now(), now(), 1 FROM generate_series(1001, 1060) AS n;
    INSERT INTO products (id, slug, status, category_id, created_at, updated_at, version, price_min, price_max, on_sale,
            title_fold, tags_lower, search_text, title, tags, options, images, description)
        SELECT nth(n), 'mug-' || n, 'active', nth(1 + n % 1000), now() - (5000 - n) * interval '1 minute', now(), 1, 1, 1, false,
            'mug', '{}', 'mug', 'Mug', '[]', '[]', '[]', '' FROM generate_series(1, 5000) AS n;
    INSERT INTO variants (id, product_id, position, option_values, currency, price, track_stock)
        SELECT id, id, 0, '[]', 'EUR', 1, true FROM products;
    INSERT INTO stock_levels (variant_id) SELECT id FROM variants;
    INSERT INTO reviews SELECT nth(n), nth(n), nth(n), CASE WHEN n <= 5 THEN 'pending' ELSE 'approved' END, 5, 0, now(), 1,
        '{"title": null, "text": "", "author": "Ann", "is_verified": true, "reply": null, "reported_by": [],
        "updated_at": "2026-01-01T00:00:00Z"}' FROM generate_series(1, 5000) AS n;
    INSERT INTO orders (number, id, account_id, status, currency, total, ship_to, tracking, placed_at, updated_at, version)
        SELECT n, nth(n), nth(n), 'shipped', 'EUR', 1,
            '{"name": "Ann", "line1": "A 1", "city": "Berlin", "postal_code": "1", "country": "DE"}',
            jsonb_build_object('number', 'T' || n), now() - (5000 - n) * interval '1 minute', now(), 1
        FROM generate_series(1, 5000) AS n;
    INSERT INTO sessions (id, account_id, device, address, created_at, last_used_at, expires_at)
        SELECT nth(n), nth(1), '', '', now(), now(), now() + (n - 1000) * interval '1 hour'
        FROM generate_series(1, 20000) AS n;
    ANALYZE"#;
/// How many rows, or entries of indexes, were read so far.
const COUNT: &str = "CREATE OR REPLACE VIEW reads AS SELECT sum(count) AS count FROM \
    (SELECT idx_tup_read AS count FROM pg_stat_user_indexes UNION ALL \
    SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname <> 'reads_before') AS counts; \
    DROP TABLE IF EXISTS reads_before; CREATE TABLE reads_before AS SELECT count FROM reads";

#[derive(Clone, Copy, Debug)]
enum Asked {
    Products,
    ProductsOfCategory,
    WaitingReviews,
    Staff,
    Parcel,
    Cleaning,
}

impl Asked {
    /// How many rows may be read for it.
    const fn most(self) -> u32 {
        match self {
            // Those that are removed, and what hangs on them.
            Self::Cleaning => 8000,
            _ => 2500,
        }
    }

    /// How many there were.
    async fn ask(self, engine: &PostgresEngine) -> usize {
        let page = PageRequest { limit: 10, after: None };
        match self {
            Self::Products => {
                let filter = ProductFilter::default();
                engine.products(&filter, &page).await.expect("products").items.len()
            }
            Self::ProductsOfCategory => {
                let mut count = 0;
                for sort in [ProductSort::Newest, ProductSort::PriceAscending, ProductSort::Title] {
                    let filter = ProductFilter {
                        category: Some(Uuid::from_u128(9).into()),
                        status: Some(ProductStatus::Active),
                        sort,
                        ..ProductFilter::default()
                    };
                    count += engine.products(&filter, &page).await.expect("products").items.len();
                }
                count
            }
            Self::WaitingReviews => {
                let filter = ReviewFilter { status: Some(ReviewStatus::Pending), ..ReviewFilter::default() };
                engine.reviews(&filter, &page).await.expect("reviews").items.len()
            }
            Self::Staff => {
                let filter = AccountFilter { role: Some(Role::Staff), ..AccountFilter::default() };
                engine.accounts(&filter, &page).await.expect("accounts").items.len()
            }
            Self::Parcel => {
                let filter = OrderFilter { tracking: Some("t7".to_owned()), ..OrderFilter::default() };
                engine.orders(&filter, &page).await.expect("orders").items.len()
            }
            Self::Cleaning => {
                let before = Timestamp::now() - SignedDuration::from_mins(30);
                let removed = store::execute(engine, Sweep { before }).await.expect("swept");
                usize::try_from(removed).expect("a few")
            }
        }
    }
}

#[tokio::test]
async fn nothing_reads_much_more_than_it_gives() {
    let database = Database::fresh();
    open(&database).await.close();
    database.execute(SHOP);
    wait_for(&database, OTHERS, 0, "somebody stays").await;
    let all = [
        (Asked::Products, 10),
        (Asked::ProductsOfCategory, 15),
        (Asked::WaitingReviews, 5),
        (Asked::Staff, 3),
        (Asked::Parcel, 1),
        (Asked::Cleaning, 999),
    ];
    for (asked, expected) in all {
        database.execute(COUNT);
        let engine = open(&database).await;
        assert_eq!(asked.ask(&engine).await, expected, "{asked:?}");
        engine.close();
        drop(engine);
        wait_for(&database, OTHERS, 0, "somebody stays").await;
        let few = format!(
            "SELECT 1 FROM reads JOIN reads_before ON reads.count - reads_before.count BETWEEN 1 AND {}",
            asked.most()
        );
        wait_for(&database, &few, 1, &format!("{asked:?} read much more than it gave")).await;
    }
}
