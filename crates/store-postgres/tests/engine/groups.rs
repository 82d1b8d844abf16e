//! Orders that wait at one moment share a transaction, and none of them notices.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use commerce::{
    Conflict, Error, Idempotent, Replied,
    orders::{OrderBook, PlaceOrder, Sought, SoughtIn},
};
use model::{Account, AccountId, Order, OutboxMail, Product, Timestamp, VariantId};
use store::{Change, Claim, Operation, Queries as _, StoreError, StoredReply, Tx};
use store_conformance::support::{Holder, Shop, count_ok, line, place};
use tokio::task::JoinHandle;

use crate::shops::{with_engine, with_url};

/// Several processes may end their transactions in another order than they took their numbers.
#[test]
fn an_order_whose_number_comes_late_is_read_into_a_book() {
    with_url(|shop, engine, url| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
        let first = shop.order(&ann, &[line(&mug, 1)]).await;
        test_postgres::execute(&url, "SELECT nextval('order_numbers')").expect("a number that somebody else took");
        let early = shop.order(&ann, &[line(&mug, 1)]).await;
        assert_eq!(early.number.0, first.number.0 + 2);
        let mut book = OrderBook::default();
        book.add(&engine.order_digests_after(book.end(), 10).await.expect("an answer"), shop.now());
        // Now theirs is committed.
        let back = format!("SELECT setval('order_numbers', {})", first.number.0);
        test_postgres::execute(&url, &back).expect("the number again");
        let late = shop.order(&ann, &[line(&mug, 1)]).await;
        assert_eq!(late.number.0, first.number.0 + 1);
        assert_eq!(engine.order_digests_after(book.end(), 10).await.expect("an answer"), []);
        let missing = book.missing(shop.now());
        assert_eq!(missing, [late.number]);
        book.add(&engine.order_digests_of(&missing).await.expect("an answer"), shop.now());
        let name = Sought::new(&late.ship_to.name, SoughtIn::People);
        let found = book.find(&name, Timestamp::MIN, Timestamp::MAX, 9);
        assert_eq!(found.count, 3);
    });
}

/// Keeps the group busy with an order that waits for a lock, until it is told to go on.
struct Jam {
    holder: Holder,
    jammed: Vec<JoinHandle<Result<Order, Error>>>,
}

/// Locks what an order of this variant locks.
struct Locks {
    buyer: AccountId,
    variant: VariantId,
}

impl Locks {
    fn of(buyer: &Account, product: &Product) -> Self {
        Self { buyer: buyer.id, variant: product.variants[0].id }
    }
}

#[async_trait]
impl Operation for Locks {
    type Output = ();
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.checkout(self.buyer, &[self.variant]).await.map(drop)
    }
}

impl Jam {
    async fn of(shop: &Shop, buyer: &Account) -> Self {
        let product = shop.product("Jam", 1).await;
        let holder = shop.hold(Locks::of(buyer, &product)).await;
        let jammed = begin(shop, vec![place(shop, buyer, &[line(&product, 1)])]);
        // It is at the lock, and what comes now waits behind it.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Self { holder, jammed }
    }

    /// Lets the group go on, once all who shall come together have come.
    async fn release(self) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.holder.let_go().await;
        assert_eq!(count_ok(&ended(self.jammed).await), 1, "and then an order placed");
    }
}

fn once(shop: &Shop, buyer: &Account, product: &Product, key: &str) -> Idempotent<PlaceOrder> {
    let claim = Claim {
        account_id: buyer.id,
        route: "POST /v1/orders".into(),
        key: key.to_owned(),
        fingerprint: [1; 32],
        at: shop.now(),
    };
    let render = |order: &Order| StoredReply {
        status: 201,
        location: None,
        etag: None,
        body: order.number.0.to_le_bytes().to_vec(),
    };
    Idempotent { claim: Some(claim), operation: place(shop, buyer, &[line(product, 1)]), render }
}

/// Begins to run all of them now.
fn begin<O: Operation>(shop: &Shop, operations: Vec<O>) -> Vec<JoinHandle<Result<O::Output, O::Error>>> {
    let begin = |operation| {
        let shop = shop.clone();
        tokio::spawn(async move { shop.run(operation).await })
    };
    operations.into_iter().map(begin).collect()
}

async fn ended<T>(running: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut results = Vec::with_capacity(running.len());
    for task in running {
        results.push(task.await.expect("no panic"));
    }
    results
}

#[test]
fn orders_that_wait_share_a_transaction() {
    with_engine(|shop, engine| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 30).await);
        let jam = Jam::of(&shop, &shop.customer("jam").await).await;
        let before = engine.round_trips();
        let orders = (0..20).map(|number| once(&shop, &ann, &mug, &number.to_string())).collect();
        let running = begin(&shop, orders);
        jam.release().await;
        let placed = ended(running).await;
        assert_eq!(count_ok(&placed), 20, "{placed:?}");
        // Two for the jam's holder, three at most for the jammed, three for all others.
        let trips = engine.round_trips() - before;
        assert!(trips <= 8, "{trips} round trips for 20 orders");
        assert_eq!(shop.product_now(mug.id).await.variants[0].stock, 10);
    });
}

#[test]
fn the_last_pieces_are_sold_one_after_the_other() {
    with_engine(|shop, engine| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 5).await);
        let jam = Jam::of(&shop, &shop.customer("jam").await).await;
        let before = engine.round_trips();
        let orders = (0..20).map(|_| place(&shop, &ann, &[line(&mug, 1)])).collect();
        let running = begin(&shop, orders);
        jam.release().await;
        let placed = ended(running).await;
        assert_eq!(count_ok(&placed), 5);
        for refused in placed.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, Error::Conflict(Conflict::OutOfStock(_))), "{refused:?}");
        }
        let trips = engine.round_trips() - before;
        assert!(trips <= 8, "{trips} round trips: the group fell apart");
        assert_eq!(shop.product_now(mug.id).await.variants[0].stock, 0);
    });
}

#[test]
fn one_key_is_one_order_inside_of_a_group_too() {
    with_engine(|shop, _| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 5).await);
        let jam = Jam::of(&shop, &shop.customer("jam").await).await;
        let running = begin(&shop, (0..5).map(|_| once(&shop, &ann, &mug, "one")).collect());
        jam.release().await;
        let mut bodies = Vec::new();
        for replied in ended(running).await {
            match replied.expect("a reply") {
                Replied::New(reply) => bodies.insert(0, reply.body),
                Replied::Before(reply) => bodies.push(reply.body),
                Replied::KeyReused => panic!("it is the same request"),
            }
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
        assert_eq!(shop.product_now(mug.id).await.variants[0].stock, 4);
    });
}

/// Says that it shares, and then breaks the transaction: its mail belongs to nobody.
struct Breaks(OutboxMail);

#[async_trait]
impl Operation for Breaks {
    type Output = ();
    type Error = StoreError;

    fn may_share_transaction(&self) -> bool {
        true
    }

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.checkout(AccountId(uuid::Uuid::nil()), &[]).await?;
        tx.apply(&[Change::InsertMail(self.0.clone())]).await
    }
}

#[test]
fn what_breaks_the_group_fails_alone() {
    with_engine(|shop, _| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
        let order = shop.order(&ann, &[line(&mug, 1)]).await;
        let mut mail = shop.mails_to(order.email.as_ref().expect("an address")).await.remove(0);
        mail.id = shop.id();
        mail.account_id = Some(AccountId(uuid::Uuid::nil()));
        let jam = Jam::of(&shop, &shop.customer("jam").await).await;
        let orders = begin(&shop, (0..5).map(|_| place(&shop, &ann, &[line(&mug, 1)])).collect());
        let broken = begin(&shop, vec![Breaks(mail)]);
        let more = begin(&shop, (0..3).map(|_| place(&shop, &ann, &[line(&mug, 1)])).collect());
        jam.release().await;
        assert_eq!(count_ok(&ended(orders).await), 5);
        assert_eq!(count_ok(&ended(more).await), 3);
        let broken = ended(broken).await;
        assert!(matches!(broken[..], [Err(StoreError::Constraint(_))]), "{broken:?}");
        assert_eq!(shop.product_now(mug.id).await.variants[0].stock, 0);
    });
}

/// Says that it shares, and then has a bug.
struct Panics;

#[async_trait]
impl Operation for Panics {
    type Output = ();
    type Error = StoreError;

    fn may_share_transaction(&self) -> bool {
        true
    }

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.checkout(AccountId(uuid::Uuid::nil()), &[]).await?;
        panic!("a bug")
    }
}

#[test]
fn a_bug_in_one_ends_none_of_the_others() {
    with_engine(|shop, _| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
        let jam = Jam::of(&shop, &shop.customer("jam").await).await;
        let orders = begin(&shop, (0..3).map(|_| place(&shop, &ann, &[line(&mug, 1)])).collect());
        let bugs = begin(&shop, vec![Panics]);
        let more = begin(&shop, (0..3).map(|_| place(&shop, &ann, &[line(&mug, 1)])).collect());
        jam.release().await;
        assert_eq!((count_ok(&ended(orders).await), count_ok(&ended(more).await)), (3, 3));
        let bugs = ended(bugs).await;
        assert!(matches!(bugs[..], [Err(StoreError::Internal(_))]), "{bugs:?}");
        assert_eq!(shop.product_now(mug.id).await.variants[0].stock, 3);
    });
}

/// Says that it shares, and then asks for what a group does not give.
struct AsksForMore(AccountId);

#[async_trait]
impl Operation for AsksForMore {
    type Output = bool;
    type Error = StoreError;

    fn may_share_transaction(&self) -> bool {
        true
    }

    async fn run(&self, tx: &mut dyn Tx) -> Result<bool, StoreError> {
        Ok(tx.account(self.0).await?.is_some())
    }
}

#[test]
fn what_asks_for_more_runs_alone() {
    with_engine(|shop, _| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
        let jam = Jam::of(&shop, &shop.customer("jam").await).await;
        let asking = begin(&shop, vec![AsksForMore(ann.id)]);
        let orders = begin(&shop, (0..3).map(|_| place(&shop, &ann, &[line(&mug, 1)])).collect());
        jam.release().await;
        assert!(matches!(ended(asking).await[..], [Ok(true)]));
        assert_eq!(count_ok(&ended(orders).await), 3);
    });
}

#[test]
fn a_row_that_somebody_holds_for_long_holds_up_nobody_who_does_not_want_it() {
    with_engine(|shop, _| async move {
        let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
        let jam = Jam::of(&shop, &shop.customer("jam").await).await;
        let others = begin(&shop, (0..5).map(|_| place(&shop, &ann, &[line(&mug, 1)])).collect());
        let others = tokio::time::timeout(Duration::from_secs(1), ended(others)).await.expect("they do not wait");
        assert_eq!(count_ok(&others), 5);
        jam.release().await;
    });
}

#[test]
fn a_row_that_everybody_waits_for_leaves_connections_to_others() {
    with_engine(|shop, engine| async move {
        let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
        let (mug, bowl) = (shop.product("Mug", 30).await, shop.product("Bowl", 9).await);
        let holder = shop.hold(Locks::of(&shop.customer("jam").await, &mug)).await;
        let began = Instant::now();
        let waiting = begin(&shop, (0..40).map(|_| place(&shop, &ann, &[line(&mug, 1)])).collect());
        let waiting = tokio::spawn(async move { (ended(waiting).await, began.elapsed()) });
        tokio::time::sleep(Duration::from_millis(500)).await;
        // Together they would hold every connection for longer than that.
        for _ in 0..20 {
            let read = tokio::time::timeout(Duration::from_millis(500), engine.product(bowl.id));
            assert!(read.await.expect("a connection").is_ok_and(|found| found.is_some()));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let other = tokio::time::timeout(Duration::from_secs(2), shop.run(place(&shop, &bob, &[line(&bowl, 1)])));
        other.await.expect("a connection").expect("an order");
        let (all_refused, waited) = waiting.await.expect("no panic");
        for refused in all_refused {
            assert!(matches!(refused, Err(Error::Store(StoreError::Busy))), "{refused:?}");
        }
        assert!(waited < Duration::from_secs(6), "they waited for {waited:?}");
        holder.let_go().await;
    });
}

/// Whoever waits behind another one who waits, waits for two locks, one after the other.
#[test]
fn who_waits_behind_others_is_not_told_that_the_server_is_silent() {
    with_engine(|shop, _| async move {
        let mug = shop.product("Mug", 9).await;
        let holder = shop.hold(Locks::of(&shop.customer("jam").await, &mug)).await;
        let mut waiting = Vec::new();
        for name in ["ann", "bob"] {
            waiting.extend(begin(&shop, vec![Locks::of(&shop.customer(name).await, &mug)]));
            tokio::time::sleep(Duration::from_millis(800)).await;
        }
        for refused in ended(waiting).await {
            assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
        }
        holder.let_go().await;
    });
}
