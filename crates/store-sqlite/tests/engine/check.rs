//! Every kind of damage is found, and a sound shop is found sound.

use crate::common::Shop;
use model::{OrderEvent, OrderStatus, StockCause, StockMovement, order::OrderActor};
use store::{Change, Finding, Maintenance, Queries};

/// A shop with an order, a cancelled order, and a mail that was sent.
async fn shop() -> Shop {
    let shop = Shop::open().await;
    let product = shop.stocked("Mug", &[10, 10]).await;
    let lines = [(product.variants[0].id, 2), (product.variants[1].id, 3)];
    shop.place(&lines).await.expect("placed");
    let mut order = shop.place(&lines).await.expect("placed");
    let stamp = crate::common::stamp();
    let mut ids = stamp.ids();
    let event = OrderEvent {
        at: stamp.now,
        status: OrderStatus::Cancelled,
        actor: OrderActor::Customer,
        actor_id: None,
        note: None,
    };
    order.status = OrderStatus::Cancelled;
    let back = order.lines.iter().map(|line| StockMovement {
        id: ids.draw(),
        variant_id: line.variant_id,
        delta: line.quantity,
        cause: StockCause::Cancelled,
        order_id: Some(order.id),
        actor_id: None,
        reason: None,
        at: stamp.now,
    });
    let back = back.collect();
    let changes = vec![Change::UpdateOrder { order, event: Some(event) }, Change::MoveStock(back)];
    crate::common::write(&shop.engine, changes).await.expect("cancelled");
    shop
}

async fn findings(shop: &Shop) -> Vec<Finding> {
    shop.engine.check().await.expect("the check runs")
}

#[tokio::test]
async fn a_sound_shop_is_sound() {
    assert_eq!(findings(&shop().await).await, []);
}

#[tokio::test]
async fn every_kind_of_damage_is_found() {
    let cases = [
        ("integrity", "UPDATE stock_levels SET stock = -1"),
        ("integrity", "UPDATE order_lines SET quantity = 0"),
        ("ledger", "UPDATE stock_levels SET stock = stock + 1"),
        ("ledger", "DELETE FROM stock_movements WHERE cause = 'received'"),
        ("ledger", "UPDATE variants SET id = randomblob(16) WHERE position = 0"),
        (
            "ledger",
            "INSERT INTO stock_movements (id, variant_id, delta, cause, at) \
             VALUES (randomblob(16), randomblob(16), 1, 'received', 1)",
        ),
        ("ledger chain", "UPDATE stock_levels SET last_movement = 1"),
        ("ledger chain", "DROP TRIGGER stock_movements_never_change; UPDATE stock_movements SET previous = NULL"),
        ("order total", "UPDATE orders SET total = total + 1 WHERE number = 10001"),
        ("order total", "DELETE FROM order_lines WHERE order_number = 10001"),
        ("order lines", "UPDATE stock_levels SET was_ordered = 0"),
        ("order lines", "UPDATE order_lines SET variant_id = randomblob(16) WHERE position = 0"),
        ("order stock", "UPDATE order_lines SET quantity = quantity + 1 WHERE order_number = 10001"),
        ("order stock", "DELETE FROM stock_movements WHERE cause = 'sold'"),
        ("order stock", "DELETE FROM stock_movements WHERE cause = 'cancelled'"),
        ("order stock", "UPDATE order_lines SET stock_taken = 0"),
        ("order stock", "UPDATE orders SET status = 'pending'"),
        (
            "order stock",
            "INSERT INTO stock_movements (id, variant_id, delta, cause, order_id, at) \
             SELECT randomblob(16), id, -1, 'sold', randomblob(16), 1 FROM variants",
        ),
        ("order timeline", "UPDATE orders SET status = 'shipped' WHERE number = 10001"),
        ("order timeline", "DELETE FROM order_events WHERE order_number = 10001"),
        ("mails", "DELETE FROM mails"),
        ("mails", "UPDATE mails SET template = 'test'"),
        ("mails", "UPDATE mails SET status = 'failed'"),
        ("mails", "UPDATE mails SET status = 'sent'"),
        ("mails", "UPDATE mails SET status = 'lost'"),
        ("mails", "UPDATE mails SET sent_at = 1"),
        ("foreign keys", "UPDATE orders SET account_id = randomblob(16)"),
        ("foreign keys", "DELETE FROM accounts"),
        ("order chain", "UPDATE orders SET previous = 1"),
        ("order chain", "DELETE FROM order_chains"),
        ("prices", "UPDATE products SET price_min = 1"),
        ("prices", "UPDATE products SET price_max = price_max + 1"),
        (
            "ledger",
            "DROP TRIGGER ordered_variants_stay; DROP TRIGGER variants_keep_their_movements; DELETE FROM stock_levels",
        ),
        ("prices", "UPDATE variants SET settled_price = settled_price + 1000"),
        ("ratings", "UPDATE products SET rating_count = 1"),
        ("ratings", "UPDATE products SET rating_stars = 5"),
    ];
    for (check, damage) in cases {
        let shop = shop().await;
        let conn = shop.sql();
        conn.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").expect("set");
        conn.execute_batch(damage).expect("damaged");
        let found = findings(&shop).await;
        assert!(found.iter().any(|finding| finding.check == check), "{damage}: {found:?}");
        assert!(found.iter().all(|finding| !finding.what.contains("uuid(")), "{found:?}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_found_or_refused() {
    let shop = shop().await;
    for n in 0..40 {
        shop.stocked(&format!("Thing {n}"), &[1; 20]).await;
    }
    shop.engine.close().await.expect("closed");
    let mut bytes = std::fs::read(shop.path()).expect("read");
    for page in [10, 20, 30, 40] {
        bytes[page * 4096..page * 4096 + 2048].fill(0xA5);
    }
    std::fs::write(shop.path(), bytes).expect("written");
    match shop.engine.check().await {
        Ok(found) => assert!(found.iter().any(|finding| finding.check == "integrity"), "{found:?}"),
        Err(error) => assert!(matches!(error, store::StoreError::Broken(_)), "{error}"),
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_read_names_table_row_and_column() {
    let shop = shop().await;
    let product = shop.stocked("Bowl", &[1]).await;
    shop.sql().execute("UPDATE products SET tags = '{}' WHERE slug = 'bowl'", []).expect("damaged");
    let error = shop.engine.product_by_slug("bowl").await.expect_err("no list of tags");
    let text = error.to_string();
    assert!(text.contains(&format!("products {}", product.id)) && text.contains("tags"), "{text}");
}

#[tokio::test]
async fn plain_sql_neither_changes_nor_cuts_the_audit_log() {
    let shop = shop().await;
    let conn = shop.sql();
    conn.execute("INSERT INTO audit_log VALUES (randomblob(16), 1, NULL, 'shop.started', NULL, '{}')", [])
        .expect("written");
    for statement in ["UPDATE audit_log SET action = 'shop.changed'", "DELETE FROM audit_log"] {
        let error = conn.execute(statement, []).expect_err(statement).to_string();
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
    assert_eq!(shop.count("SELECT count(*) FROM audit_log WHERE action = 'shop.started'"), 1);
}
