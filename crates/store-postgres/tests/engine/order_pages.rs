//! A page of orders costs what it shows, however many orders there are.

use model::{AccountId, OrderStatus};
use store::{OrderFilter, PageRequest, Queries as _};
use test_postgres::Database;

use crate::reads::{OTHERS, open, wait_for};

/// 5,000 orders of one buyer that have arrived, or every third was cancelled, but for the latest 22.
const ORDERS: &str = "\
    INSERT INTO accounts (id, email, name, role, permissions, created_at, updated_at, version, name_lower) \
    VALUES ('00000000-0000-0000-0000-000000000000', 'ann@example.com', 'Ann', 'customer', 0, now(), now(), 1, 'ann'); \
    INSERT INTO orders (number, id, account_id, status, currency, total, ship_to, placed_at, updated_at, version) \
    SELECT n, gen_random_uuid(), '00000000-0000-0000-0000-000000000000', \
    CASE WHEN n <= 4978 AND n % 3 = 0 THEN 'cancelled' WHEN n <= 4978 THEN 'delivered' WHEN n % 2 = 0 THEN 'pending' ELSE 'confirmed' END, 'EUR', 1, \
    '{\"name\": \"Ann\", \"line1\": \"A 1\", \"city\": \"Berlin\", \"postal_code\": \"1\", \"country\": \"DE\"}', \
    now() - (5000 - n) * interval '1 minute', now(), 1 FROM generate_series(1, 5000) AS n; \
    INSERT INTO order_lines SELECT number, 0, gen_random_uuid(), gen_random_uuid(), 'Mug', '', NULL, 1, 1, true FROM orders; \
    INSERT INTO order_events SELECT number, 0, placed_at, 'pending', 'customer', NULL, NULL FROM orders; \
    ANALYZE";
/// How many rows of orders, or of their indexes, were read so far.
const COUNT: &str = "CREATE OR REPLACE VIEW reads AS SELECT sum(count) AS count FROM \
    (SELECT idx_tup_read AS count FROM pg_stat_user_indexes WHERE relname LIKE 'order%' \
    UNION ALL SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname LIKE 'order%') AS counts; \
    DROP TABLE IF EXISTS reads_before; CREATE TABLE reads_before AS SELECT count FROM reads";
/// A row if some were read since [`COUNT`], and not as many as there are orders.
const FEW_WERE_READ: &str =
    "SELECT 1 FROM reads JOIN reads_before ON reads.count - reads_before.count BETWEEN 1 AND 2500";

#[tokio::test]
async fn no_page_of_orders_reads_all_of_them() {
    let database = Database::fresh();
    open(&database).await.close();
    database.execute(ORDERS);
    wait_for(&database, OTHERS, 0, "somebody stays").await;
    let none = OrderFilter::default;
    let open_ones = vec![OrderStatus::Pending, OrderStatus::Confirmed];
    let buyer = AccountId(uuid::Uuid::nil());
    let filters = [
        (none(), 50),
        (OrderFilter { account_id: Some(buyer), ..none() }, 50),
        (OrderFilter { statuses: vec![OrderStatus::Pending], ..none() }, 11),
        (OrderFilter { statuses: open_ones, ..none() }, 22),
        (OrderFilter { statuses: vec![OrderStatus::Pending, OrderStatus::Delivered], ..none() }, 50),
    ];
    for (filter, expected) in filters {
        database.execute(COUNT);
        let engine = open(&database).await;
        let page = engine.orders(&filter, &PageRequest { limit: 50, after: None }).await.expect("orders");
        assert!(page.items.iter().all(|order| order.lines.len() == 1 && order.timeline.len() == 1));
        assert_eq!(page.items.len(), expected, "{filter:?}");
        // And once more from its middle on.
        let first = engine.orders(&filter, &PageRequest { limit: 6, after: None }).await.expect("orders");
        let rest = engine.orders(&filter, &PageRequest { limit: 50, after: first.next }).await.expect("orders");
        let left = if expected == 50 { 50 } else { expected - 6 };
        assert_eq!(rest.items.len(), left, "{filter:?}");
        engine.close();
        drop(engine);
        wait_for(&database, OTHERS, 0, "somebody stays").await;
        wait_for(&database, FEW_WERE_READ, 1, &format!("{filter:?} read as many rows as there are orders")).await;
    }
}
