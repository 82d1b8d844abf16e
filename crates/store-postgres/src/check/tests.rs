//! Every kind of damage is found, and a sound shop is found sound.

use std::sync::Arc;

use deadpool_postgres::Object;
use model::OrderStatus;
use store::Finding;
use store_conformance::{
    Database,
    support::{Shop, line},
};

use super::CHECKS;
use crate::{Options, PostgresEngine};

/// The check that finds it, what it says then, and what was done.
const DAMAGES: &[(&str, &str, &str)] = &[
    ("ledger", "the level is 9, its movements sum up to 8", "UPDATE stock_levels SET stock = stock + 1"),
    ("ledger", "its movements sum up to 0", "DELETE FROM stock_movements"),
    (
        "ledger",
        "there is no variant",
        "INSERT INTO stock_movements (id, variant_id, delta, cause, at) \
         VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'received', now())",
    ),
    (
        "ledger",
        "there is no order",
        "INSERT INTO stock_movements (id, variant_id, delta, cause, order_id, at) \
         SELECT gen_random_uuid(), id, 1, 'returned', gen_random_uuid(), now() FROM variants",
    ),
    ("ledger", "it has no level", "ALTER TABLE stock_levels DISABLE TRIGGER USER; DELETE FROM stock_levels"),
    ("order total", "the total is 2001, its lines sum up to 2000", "UPDATE orders SET total = total + 1"),
    ("order total", "its lines sum up to 0", "DELETE FROM order_lines"),
    ("order lines", "does not count as ordered", "UPDATE stock_levels SET was_ordered = FALSE"),
    ("order lines", "is not there", "UPDATE order_lines SET variant_id = gen_random_uuid()"),
    ("order stock", "3 pieces were taken, the ledger has 2", "UPDATE order_lines SET quantity = quantity + 1"),
    ("order stock", "pieces were taken, the ledger has 0", "DELETE FROM stock_movements WHERE cause = 'sold'"),
    ("order stock", "4 pieces go back, the ledger has 3", "UPDATE order_lines SET quantity = quantity + 1"),
    ("order stock", "pieces go back, the ledger has 0", "DELETE FROM stock_movements WHERE cause = 'cancelled'"),
    ("order stock", "(sold): no line of order CW-", "UPDATE order_lines SET stock_taken = FALSE"),
    ("order stock", "(cancelled): no line of order CW-", "UPDATE orders SET status = 'pending'"),
    (
        "order stock",
        "(sold): no line of any order",
        "INSERT INTO stock_movements (id, variant_id, delta, cause, order_id, at) \
         SELECT gen_random_uuid(), id, -1, 'sold', gen_random_uuid(), now() FROM variants",
    ),
    ("order timeline", "its timeline ends with pending", "UPDATE orders SET status = 'shipped'"),
    ("order timeline", "its timeline ends with nothing", "DELETE FROM order_events"),
    ("mails", "no mail tells", "DELETE FROM mails"),
    ("mails", "no mail tells", "UPDATE mails SET template = 'test'"),
    ("prices", "it is listed at 1 to", "UPDATE products SET price_min = 1"),
    ("prices", "to 2000, its variants cost", "UPDATE products SET price_max = 2000"),
    (
        "prices",
        "its variants cost nothing",
        "ALTER TABLE stock_levels DISABLE TRIGGER USER; DELETE FROM stock_levels; DELETE FROM variants",
    ),
    ("ratings", "it counts 1 reviews with 0 stars", "UPDATE products SET rating_count = 1"),
    ("ratings", "it counts 0 reviews with 5 stars", "UPDATE products SET rating_stars = 5"),
    (
        "constraints",
        "few on orders is not enforced",
        "ALTER TABLE orders ADD CONSTRAINT few CHECK (total > 0) NOT VALID",
    ),
    // Made for the whole alone, and for none of its parts.
    (
        "indexes",
        "on parts is not valid",
        "CREATE TABLE parts (part INT) PARTITION BY RANGE (part); \
         CREATE TABLE first_part PARTITION OF parts FOR VALUES FROM (1) TO (2); CREATE INDEX ON ONLY parts (part)",
    ),
    ("triggers", "on stock_movements is switched off", "ALTER TABLE stock_movements DISABLE TRIGGER USER"),
];

/// A shop with an order and a cancelled one, and its engine.
async fn shop() -> (Shop, Arc<PostgresEngine>) {
    let database = test_postgres::Database::fresh();
    let options = Options::parse(&database.url()).expect("a URL");
    let engine = Arc::new(PostgresEngine::open(options).await.expect("a database"));
    let shop = Shop::new(Database::new(Arc::clone(&engine), database));
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let mug = shop.product("Mug", 10).await;
    shop.order(&ann, &[line(&mug, 2)]).await;
    let cancelled = shop.order(&ann, &[line(&mug, 3)]).await;
    shop.moved(&cancelled, &stan, &[OrderStatus::Cancelled]).await;
    (shop, engine)
}

/// What the checks find inside of the transaction that is open on this connection.
async fn findings(client: &Object) -> Vec<Finding> {
    let mut found = Vec::new();
    for &(check, sql) in CHECKS {
        let rows = client.query(sql, &[]).await.expect(check);
        found.extend(rows.iter().map(|row| Finding { check, what: row.get(0) }));
    }
    found
}

/// Each is undone before the next: a database for each would take seconds.
#[tokio::test]
async fn every_kind_of_damage_is_found() {
    let (shop, engine) = shop().await;
    shop.assert_sound().await;
    let client = engine.pool.get().await.expect("a connection");
    for &(check, words, damage) in DAMAGES {
        client.batch_execute(&format!("BEGIN; {damage}")).await.expect(damage);
        let found = findings(&client).await;
        client.batch_execute("ROLLBACK").await.expect("undone");
        let is_it = |finding: &Finding| finding.check == check && finding.what.contains(words);
        assert!(found.iter().any(is_it), "{damage}: {found:?}");
    }
    shop.assert_sound().await;
    client.batch_execute("UPDATE orders SET total = total + 1").await.expect("damaged");
    let found = engine.findings().await.expect("the check runs");
    assert_eq!(found.iter().map(|finding| finding.check).collect::<Vec<_>>(), ["order total"; 2]);
}
