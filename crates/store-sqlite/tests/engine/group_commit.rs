//! What a member of a group may do to the others: nothing.

use std::any::Any;

use crate::common::{Place, Shop, account};
use async_trait::async_trait;
use cartwright_store_sqlite::Options;
use model::VariantId;
use store::{Change, Engine, Job, JobOutcome, Queries, StoreError, Tx, execute};

/// Inserts an account, and then misbehaves.
struct Odd {
    account: model::Account,
    then: Then,
    outcome: Option<JobOutcome>,
}

#[derive(Clone, Copy)]
enum Then {
    Behave,
    RollBack,
    Panic,
    Wait,
    /// Breaks a constraint and says Commit all the same.
    IgnoreAnError,
}

#[async_trait]
impl Job for Odd {
    fn may_share_transaction(&self) -> bool {
        false
    }

    async fn run(&mut self, tx: &mut dyn Tx) -> JobOutcome {
        let insert = Change::InsertAccount { account: self.account.clone(), password_hash: None };
        let first = tx.apply(std::slice::from_ref(&insert)).await;
        let outcome = match self.then {
            Then::Behave => {
                first.expect("stored");
                JobOutcome::Commit
            }
            Then::RollBack => JobOutcome::Rollback,
            Then::Panic => panic!("on purpose"),
            Then::Wait => std::future::pending().await,
            Then::IgnoreAnError => {
                tx.apply(&[insert]).await.expect_err("the address is taken");
                tx.account(self.account.id).await.expect_err("nothing more can be done here");
                JobOutcome::Commit
            }
        };
        self.outcome = Some(outcome);
        outcome
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// Submits all at once, behind a job that keeps the writer busy, so that they meet in one group.
async fn submit_together(shop: &Shop, thens: &[Then]) -> Vec<Result<Box<dyn Job>, StoreError>> {
    let jobs = thens.iter().enumerate().map(|(n, then)| {
        let account = account(&format!("n{n}@example.com"));
        shop.engine.submit(Box::new(Odd { account, then: *then, outcome: None }))
    });
    join_all(jobs.collect()).await
}

/// Polls all of them in turn until each is done.
async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[tokio::test]
async fn each_member_fails_alone() {
    let shop = Shop::open().await;
    let thens =
        [Then::Behave, Then::RollBack, Then::Panic, Then::Behave, Then::Wait, Then::IgnoreAnError, Then::Behave];
    let replies = submit_together(&shop, &thens).await;
    for n in [0, 3, 6] {
        assert!(replies[n].is_ok(), "{n}");
    }
    assert!(replies[1].is_ok(), "a refusal is no failure of the engine");
    assert!(matches!(&replies[2], Err(StoreError::Internal(what)) if what.contains("panicked")));
    assert!(matches!(&replies[4], Err(StoreError::Internal(what)) if what.contains("awaited")));
    assert!(matches!(&replies[5], Err(StoreError::Constraint(_))));
    let stored = shop
        .sql()
        .prepare("SELECT email FROM accounts WHERE email LIKE 'n%' ORDER BY email")
        .expect("a select")
        .query_map([], |row| row.get::<_, String>(0))
        .expect("rows")
        .collect::<Result<Vec<_>, _>>()
        .expect("texts");
    assert_eq!(stored, ["n0@example.com", "n3@example.com", "n6@example.com"]);
}

#[tokio::test]
async fn a_refusal_leaves_nothing_and_the_job_comes_back() {
    let shop = Shop::open().await;
    let job = Box::new(Odd { account: account("b@example.com"), then: Then::RollBack, outcome: None });
    let job = shop.engine.submit(job).await.expect("the engine did its part");
    let job = job.into_any().downcast::<Odd>().expect("the same job");
    assert_eq!(job.outcome, Some(JobOutcome::Rollback));
    assert_eq!(shop.count("SELECT count(*) FROM accounts WHERE email = 'b@example.com'"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_pieces_are_sold_a_hundred_times() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let variant = shop.stocked("Mug", &[100]).await.variants[0].id;
    let buyers: Vec<_> = (0..1000)
        .map(|_| {
            let shop = std::sync::Arc::clone(&shop);
            tokio::spawn(async move { shop.place(&[(variant, 1)]).await })
        })
        .collect();
    let mut placed = 0;
    for buyer in buyers {
        placed += i32::from(buyer.await.expect("no panic").is_ok());
    }
    assert_eq!(placed, 100);
    assert_eq!(shop.count("SELECT stock FROM stock_levels"), 0);
    assert_eq!(shop.count("SELECT count(*) FROM orders"), 100);
    assert_eq!(store::Maintenance::check(&shop.engine).await.expect("checked"), []);
}

#[tokio::test]
async fn the_schema_stops_overselling_when_the_code_does_not() {
    let shop = Shop::open().await;
    let product = shop.stocked("Mug", &[2]).await;
    let take = model::StockMovement {
        id: crate::common::stamp().ids().draw(),
        variant_id: product.variants[0].id,
        delta: -3,
        cause: model::StockCause::Adjusted,
        order_id: None,
        actor_id: None,
        reason: None,
        at: product.created_at,
    };
    let error = crate::common::write(&shop.engine, vec![Change::MoveStock(vec![take])]).await.expect_err("3 of 2");
    assert!(matches!(error, StoreError::Constraint(_)), "{error}");
    assert_eq!(shop.count("SELECT stock FROM stock_levels"), 2);
    assert_eq!(shop.count("SELECT count(*) FROM stock_movements"), 1);
}

#[tokio::test]
async fn a_change_to_a_row_that_is_gone_is_broken_data() {
    let shop = Shop::open().await;
    let changes = vec![Change::UpdateAccount(account("nobody@example.com"))];
    let error = crate::common::write(&shop.engine, changes).await.expect_err("no such row");
    assert!(matches!(&error, StoreError::Broken(what) if what.starts_with("accounts ")), "{error}");
}

#[tokio::test]
async fn a_full_disk_stops_writes_only_and_not_for_ever() {
    let shop = Shop::open().await;
    let variant = shop.stocked("Mug", &[1_000_000]).await.variants[0].id;
    shop.place(&[(variant, 1)]).await.expect("there is room");
    let pages = u32::try_from(shop.count("PRAGMA page_count")).expect("few");
    shop.engine.limit_pages(Some(pages + 2)).await.expect("limited");

    let mut placed = 1;
    let error = loop {
        match shop.place(&[(variant, 1)]).await {
            Ok(_) => placed += 1,
            Err(error) => break error,
        }
        assert!(placed < 1000, "the limit does not work");
    };
    assert!(matches!(error, StoreError::Full), "{error}");
    let together = join_all((0..20).map(|_| shop.place_one(variant)).collect()).await;
    placed += i64::try_from(together.iter().filter(|reply| reply.is_ok()).count()).expect("few");
    assert!(together.iter().flat_map(|reply| reply.as_ref().err()).all(|error| matches!(error, StoreError::Full)));

    let seen = shop.engine.product_of_variant(variant).await.expect("reads go on").expect("the product");
    assert_eq!(seen.variants[0].stock, 1_000_000 - placed);
    assert_eq!(store::Maintenance::check(&shop.engine).await.expect("checked"), []);

    shop.engine.limit_pages(None).await.expect("unlimited");
    shop.place(&[(variant, 1)]).await.expect("there is room again");
    assert_eq!(shop.count("SELECT count(*) FROM orders"), placed + 1);
}

#[tokio::test]
async fn a_full_queue_is_said_at_once() {
    let shop = Shop::open_with(Options { queue_limit: 4, ..Options::default() }).await;
    let replies = join_all((0..500).map(|_| shop.place(&[])).collect()).await;
    let busy = replies.iter().filter(|reply| matches!(reply, Err(StoreError::Busy))).count();
    assert!(busy > 0 && busy < 500, "{busy}");
}

#[tokio::test]
async fn another_process_may_write_in_between() {
    let shop = Shop::open().await;
    let variant = shop.stocked("Mug", &[10]).await.variants[0].id;
    let other = shop.sql();
    other.busy_timeout(std::time::Duration::from_secs(5)).expect("set");
    other.execute_batch("BEGIN IMMEDIATE; UPDATE accounts SET name = 'Bea'").expect("locked");
    let release = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        other.execute_batch("COMMIT").expect("committed");
    });
    shop.place(&[(variant, 1)]).await.expect("it waits for the other");
    release.join().expect("no panic");
}

#[tokio::test]
async fn a_lock_that_is_not_given_back_is_busy_and_nothing_breaks() {
    let options = Options { busy_timeout: std::time::Duration::from_millis(100), ..Options::default() };
    let shop = Shop::open_with(options).await;
    let variant = shop.stocked("Mug", &[10]).await.variants[0].id;
    let other = shop.sql();
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let error = shop.place(&[(variant, 1)]).await.expect_err("locked out");
    assert!(matches!(error, StoreError::Busy), "{error}");
    other.execute_batch("ROLLBACK").expect("given back");
    shop.place(&[(variant, 1)]).await.expect("free again");
}

#[tokio::test]
async fn closing_answers_what_was_asked_and_refuses_the_rest() {
    let shop = Shop::open().await;
    let variant = shop.stocked("Mug", &[1000]).await.variants[0].id;
    let (replies, closed) = {
        let orders = join_all((0..50).map(|_| shop.place_one(variant)).collect());
        let close = async {
            tokio::task::yield_now().await;
            shop.engine.close().await
        };
        tokio::join!(orders, close)
    };
    closed.expect("closed");
    assert!(replies.iter().all(Result::is_ok));
    let late = shop.place(&[(variant, 1)]).await.expect_err("too late");
    assert!(matches!(late, StoreError::Unavailable(_)), "{late}");
    assert!(std::fs::metadata(shop.path().with_extension("db-wal")).map_or(0, |wal| wal.len()) == 0);
    let again = cartwright_store_sqlite::SqliteEngine::open(&shop.path(), Options::default()).expect("opens");
    execute(&again, Place::new(shop.buyer, &[(variant, 1)])).await.expect("placed");
    assert_eq!(shop.count("SELECT count(*) FROM orders"), 51);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_bounded_while_others_read() {
    let options = Options { wal_limit_bytes: 1024 * 1024, ..Options::default() };
    let shop = std::sync::Arc::new(Shop::open_with(options).await);
    let variants: Vec<VariantId> =
        shop.stocked("Mug", &[1_000_000; 50]).await.variants.iter().map(|variant| variant.id).collect();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let reader = {
        let (shop, stop) = (std::sync::Arc::clone(&shop), std::sync::Arc::clone(&stop));
        std::thread::spawn(move || {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let page = store::PageRequest { limit: 20, after: None };
                let list = futures_now(shop.engine.products(&store::ProductFilter::default(), &page));
                list.expect("read");
            }
        })
    };
    for n in 0..1500 {
        shop.place(&[(variants[n % 50], 1), (variants[(n + 7) % 50], 1)]).await.expect("placed");
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    reader.join().expect("no panic");
    let wal = std::fs::metadata(shop.path().with_extension("db-wal")).expect("there").len();
    assert!(wal < 6 * 1024 * 1024, "the WAL has {wal} bytes");
}

/// Runs a query on this thread.
fn futures_now<T>(query: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(query)
}
