//! Stock that comes in while those who wait for it are looked up.

use std::time::Duration;

use commerce::stock_alerts::{AskForStockAlert, SendStockAlerts};
use model::{StockCause, StockMovement};
use store::Change;
use store_conformance::support::{email, line, names};

use crate::shops::with_url;

/// Whoever reads products takes half a second for each.
const SLOW: &str = "CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql VOLATILE AS \
     $$ BEGIN PERFORM pg_sleep(0.5); RETURN true; END $$; \
     ALTER TABLE products RENAME TO real_products; \
     CREATE VIEW products AS SELECT * FROM real_products WHERE slow()";
/// A row for each connection that reads products at this moment.
const LOOKING: &str = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
const QUICK: &str = "DROP VIEW products; ALTER TABLE real_products RENAME TO products; DROP FUNCTION slow()";

#[test]
fn stock_that_comes_while_it_is_looked_at_who_waits_is_told_of() {
    with_url(|shop, _, url| async move {
        let (ann, bob, mug) = (shop.customer("ann").await, shop.customer("bob").await, shop.product("Mug", 0).await);
        let variant_id = mug.variants[0].id;
        shop.run(AskForStockAlert { account_id: ann.id, variant_id, now: shop.now() }).await.expect("noted");
        // A piece came and went: nobody has told her, nor that it is gone.
        shop.run(shop.movement(variant_id, 1)).await.expect("arrived");
        shop.order(&bob, &[line(&mug, 1)]).await;

        test_postgres::execute(&url, SLOW).expect("slow");
        let sending = tokio::spawn({
            let shop = shop.clone();
            async move { shop.run(SendStockAlerts { stamp: shop.next_stamp() }).await }
        });
        while test_postgres::execute(&url, LOOKING) == Ok(0) && !sending.is_finished() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let arrives = StockMovement {
            id: shop.id(),
            variant_id,
            delta: 3,
            cause: StockCause::Adjusted,
            order_id: None,
            actor_id: None,
            reason: None,
            at: shop.now(),
        };
        assert!(!sending.is_finished(), "it comes too late");
        // Whoever looks has the row of who waits; this waits for it to mark that row anew.
        shop.apply(vec![Change::MoveStock(vec![arrives])]).await.expect("arrived");
        sending.await.expect("no panic").expect("sent");
        test_postgres::execute(&url, QUICK).expect("as it was");

        // At once, or with the next look.
        shop.run(SendStockAlerts { stamp: shop.next_stamp() }).await.expect("sent");
        assert_eq!(names(&shop.mails_to(&email("ann")).await), ["back_in_stock"]);
    });
}
