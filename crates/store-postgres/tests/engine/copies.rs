//! A copy that is not the same as its source is not kept.

use std::{sync::Arc, time::Duration};

use cartwright_store_postgres::{Options, PostgresEngine};
use commerce::{
    reviews::{ReviewDraft, WriteReview},
    stock_alerts::AskForStockAlert,
    wishlist::AddToWishlist,
};
use model::{AuditContent, AuditEntry, ReviewStatus};
use store::{Change, Copies, Parcel, Queries, Record, Tally};
use store_conformance::{
    Database,
    support::{line, ship_to},
};
use store_sqlite::{Options as SqliteOptions, SqliteEngine};
use tokio::sync::mpsc;

use crate::shops::{open_for_copy, with_copier};

/// Reads everything out of `from`.
async fn read(from: &dyn Copies) -> (Vec<Record>, Tally) {
    let (sender, mut parcels) = mpsc::channel(1000);
    from.read_all(sender).await.expect("it can be read");
    let (mut all, mut end) = (Vec::new(), None);
    while let Some(parcel) = parcels.recv().await {
        match parcel {
            Parcel::Records(records) => all.extend(records),
            Parcel::End(tally) => end = Some(tally),
        }
    }
    (all, end.expect("the end"))
}

/// Writes these into `to`, and claims that they are what `tally` counts.
async fn write(to: &dyn Copies, records: &[Record], tally: Option<Tally>) -> Result<Tally, store::StoreError> {
    let (sender, parcels) = mpsc::channel(records.len() + 2);
    for record in records {
        sender.send(Parcel::Records(vec![record.clone()])).await.expect("room");
    }
    if let Some(tally) = tally {
        sender.send(Parcel::End(tally)).await.expect("room");
    }
    drop(sender);
    to.write_all(parcels).await
}

#[test]
fn a_copy_is_the_same_or_nothing_on_both_engines() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("source.db");
    let path = source.clone();
    let open = || async move {
        let engine = SqliteEngine::open(&path, SqliteOptions::default()).expect("a database");
        Database::new(Arc::new(engine), ())
    };
    store_conformance::run(open, |shop| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
        shop.order(&ann, &[line(&mug, 2)]).await;
        assert_eq!(ship_to().country, "DE");
        let draft = ReviewDraft { stars: 4, title: None, text: "Fine.".to_owned(), author: None };
        let (account_id, product_id, status) = (ann.id, mug.id, ReviewStatus::Approved);
        let write = WriteReview { account_id, product_id, draft, status, stamp: shop.next_stamp() };
        shop.run(write).await.expect("written");
        shop.run(AddToWishlist { account_id, product_id, now: shop.now() }).await.expect("added");
        let entry = AuditEntry {
            id: shop.id(),
            at: shop.now(),
            actor_id: Some(account_id),
            action: "product.changed".to_owned(),
            subject_id: Some(product_id.0),
            content: AuditContent { subject: "Mug".to_owned(), ..AuditContent::default() },
        };
        shop.apply(vec![Change::InsertAudit(entry)]).await.expect("written");
        let variant_id = shop.product("Cup", 0).await.variants[0].id;
        shop.run(AskForStockAlert { account_id, variant_id, now: shop.now() }).await.expect("noted");
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let source = SqliteEngine::open(&source, SqliteOptions::default()).expect("a database");
        let (records, tally) = read(&source).await;
        let database = test_postgres::Database::fresh();
        let server = open_for_copy(&database.url()).await;
        let file = SqliteEngine::open(&folder.path().join("target.db"), SqliteOptions::default()).expect("a database");
        for target in [&server as &dyn Copies, &file] {
            // Something was changed on the way, something was lost, the source broke off.
            let mut changed = records.clone();
            for record in &mut changed {
                if let Record::Order(order) = record {
                    order.ship_to.city.push('x');
                }
            }
            let error = write(target, &changed, Some(tally.clone())).await.expect_err("not the same");
            assert!(error.to_string().contains("differs from its source in orders"), "{error}");
            let lost: Vec<_> = records.iter().filter(|record| !matches!(record, Record::Mail(_))).cloned().collect();
            let error = write(target, &lost, Some(tally.clone())).await.expect_err("not the same");
            assert!(error.to_string().contains("in mails"), "{error}");
            write(target, &records, None).await.expect_err("no end");
            assert_eq!(read(target).await.0.len(), 0, "nothing of that stays");

            assert_eq!(write(target, &records, Some(tally.clone())).await.expect("the same"), tally);
            let error = write(target, &records, Some(tally.clone())).await.expect_err("not empty any more");
            assert!(error.to_string().contains("a shop in it already"), "{error}");
            assert_eq!(read(target).await.1, tally);
        }
        assert!(server.has_owner().await.is_ok_and(|has| !has));
    });
}

/// What this server says of transactions that pause holds for the shop's, and not for a copy.
#[test]
fn a_copy_waits_for_a_slow_target() {
    with_copier(|shop, _, url| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
        shop.order(&ann, &[line(&mug, 2)]).await;
        // Only the copy has to do with so little patience.
        let impatient = "prepare=off&options=-c%20idle_in_transaction_session_timeout%3D200ms";
        let engine = open_for_copy(&format!("{url}?{impatient}")).await;
        let (sender, mut parcels) = mpsc::channel(1);
        let slowly = async {
            while parcels.recv().await.is_some() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        let (read, ()) = tokio::join!(engine.read_all(sender), slowly);
        read.expect("it waits");
    });
}

/// A table that is added must be copied too: add its record to `store::Record`, read it in both engines, lock it, and name it
/// here.
#[test]
fn every_table_is_known_to_the_copy() {
    const COPIED: &str = "'meta', 'accounts', 'addresses', 'challenges', 'sessions', 'refresh_tokens', 'categories', \
         'products', 'variants', 'stock_levels', 'stock_movements', 'orders', 'order_lines', 'order_events', 'mails', \
         'idempotency_keys', 'price_changes', 'documents', 'reviews', 'stock_alerts', 'audit_log'";
    let database = test_postgres::Database::fresh();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let options = Options::parse(&database.url()).expect("a URL");
        PostgresEngine::open(options).await.expect("a database").close();
    });
    let others = format!(
        "SELECT 1 / (count(*) = 0)::INT FROM pg_class WHERE relkind IN ('r', 'p') \
         AND relnamespace = 'public'::regnamespace AND relname NOT IN ({COPIED}, 'schema_version', 'catalogue_feed')"
    );
    database.execute(&others);
}

/// What is written beside the reading would be in no copy, and nobody would know.
#[test]
fn whatever_is_copied_stands_still_meanwhile() {
    const FREE: &str = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
         AND NOT EXISTS (SELECT 1 FROM pg_locks WHERE relation = pg_class.oid AND mode = 'ShareLock' AND granted) ORDER BY 1";
    with_copier(|shop, engine, url| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
        shop.order(&ann, &[line(&mug, 2)]).await;
        let (sender, mut parcels) = mpsc::channel(1);
        let look = async {
            // It goes on when somebody takes what it has read.
            parcels.recv().await.expect("a parcel");
            let mut free = Vec::new();
            test_postgres::each_row(&url, FREE, |row| free.push(row.get::<_, String>(0))).expect("an answer");
            while parcels.recv().await.is_some() {}
            free
        };
        let (read, free) = tokio::join!(engine.read_all(sender), look);
        read.expect("it can be read");
        // What is made anew from the rest, and the number of the schema.
        assert_eq!(free, ["catalogue_feed", "schema_version"]);
    });
}
