//! The work that is recorded: a shop that takes and cancels orders, several at a time.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use commerce::{
    Idempotent, Replied,
    orders::{Mover, PlaceOrder},
};
use model::{Account, Order, OrderId, OrderStatus, Product, VariantId, checkout::RequestedLine};
use recording_vfs::{Event, Recorder};
use store::{Claim, StoredReply};
use store_conformance::{
    Database,
    support::{Shop, line, move_order, place},
};
use store_sqlite::{Options, SqliteEngine};
use tokio::task::JoinSet;

use crate::scenario::Run;

/// The database's file.
pub(super) const NAME: &str = "shop.db";
/// How many orders are tried in one recording.
const ORDERS: u64 = 240;
/// How many of them at once: then they share commits.
const AT_ONCE: u64 = 8;
const PRODUCTS: u64 = 3;
const STOCK: i64 = 1_000;
/// Small, so that the log is copied back often while orders come in.
const WAL_LIMIT_BYTES: u64 = 256 * 1024;
/// How often an order is tried while the engine finds its way back after a failed sync.
const TRIES_MAX: u32 = 200;

/// How the work is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// Whether commits are synced.
    pub(super) synchronous: bool,
    /// How many syncs fail.
    pub(super) failures: usize,
    /// Whether it is the first one of the database after the log was copied back, and no other.
    pub(super) is_of_database: bool,
    /// Whether nobody is told that they failed.
    pub(super) is_silent: bool,
}

impl Work {
    /// Whether something is left out that keeps promises.
    pub(super) const fn is_careless(&self) -> bool {
        !self.synchronous || self.is_silent
    }
}

impl Default for Work {
    fn default() -> Self {
        Self { synchronous: true, failures: 0, is_of_database: false, is_silent: false }
    }
}

/// Something that was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Promise {
    /// An order of so many pieces of one variant, for so many cents, with the number in its key.
    Placed { id: OrderId, variant: VariantId, pieces: i64, total: i64, key: u64 },
    /// An order was cancelled, and its pieces given back.
    Cancelled { id: OrderId },
}

/// What was done, in the order in which it reached the file system.
pub(super) struct Recording {
    /// The list; its marks are the places of the promises.
    pub(super) events: Vec<Event>,
    /// What was acknowledged, in the order of the marks.
    pub(super) promises: Vec<Promise>,
    /// Pieces of each product at the start.
    pub(super) stock: i64,
    /// What went wrong meanwhile.
    pub(super) violations: Vec<String>,
}

struct Notes {
    recorder: &'static Recorder,
    promises: Mutex<Vec<Promise>>,
    violations: Mutex<Vec<String>>,
}

impl Notes {
    fn promise(&self, promise: Promise) {
        let mut promises = self.promises.lock().unwrap_or_else(PoisonError::into_inner);
        promises.push(promise);
        // Under the lock: the marks come in the order of the list.
        self.recorder.mark(promises.len() as u64);
    }

    fn violate(&self, what: String) {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}

/// Does the work from an empty folder on, and gives the list.
pub(super) fn record(run: &Run, chance: &mut fastrand::Rng, work: &Work) -> Recording {
    // There is one list in a process.
    static LIST: Mutex<()> = Mutex::new(());
    let _list = LIST.lock().unwrap_or_else(PoisonError::into_inner);
    let recorder = recording_vfs::install();
    let folder = tempfile::tempdir_in(&run.folder).expect("a folder");
    let path = folder.path().canonicalize().expect("a folder");
    let notes = Arc::new(Notes { recorder, promises: Mutex::default(), violations: Mutex::default() });
    recorder.begin(&path);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let options = Options {
            readers: 1,
            synchronous_full: work.synchronous,
            wal_limit_bytes: WAL_LIMIT_BYTES,
            ..Options::default()
        };
        let engine = Arc::new(SqliteEngine::open(&path.join(NAME), options).expect("a database"));
        let shop = Shop::new(Database::new(Arc::clone(&engine), ()));
        let buyer = shop.customer("ann").await;
        let mut products = Vec::new();
        for number in 0..PRODUCTS {
            products.push(shop.product(&format!("Mug {number}"), STOCK).await);
        }
        let begun = recorder.syncs();
        // From here on syncs fail, somewhere among those that the orders need. The database itself is synced rarely, when the log was
        // copied back; and no more, once a sync of the log failed for whoever copies it.
        let (failing, aimed) = match work.failures {
            0 => (Vec::new(), Vec::new()),
            _ if work.is_of_database => (Vec::new(), vec![1]),
            failures => {
                let failing = (0..failures).map(|_| begun + 1 + chance.u64(0..ORDERS / 3)).collect();
                (failing, (0..failures / 4).map(|_| chance.u64(1..10)).collect())
            }
        };
        recorder.fail_syncs(failing, work.is_silent);
        recorder.fail_syncs_of(&path.join(NAME), aimed);
        let next = Arc::new(AtomicU64::new(0));
        let mut buyers = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (shop, notes, next) = (shop.clone(), Arc::clone(&notes), Arc::clone(&next));
            let (buyer, products, seed) = (buyer.clone(), products.clone(), chance.u64(..));
            buyers.spawn(async move {
                let mut chance = fastrand::Rng::with_seed(seed);
                loop {
                    let key = next.fetch_add(1, Ordering::Relaxed);
                    if key >= ORDERS {
                        break;
                    }
                    buy(&shop, &notes, &buyer, &products, key, &mut chance).await;
                }
            });
        }
        while let Some(done) = buyers.join_next().await {
            done.expect("a buyer");
        }
        engine.close().await.expect("it closes");
    });
    let take = |list: &Mutex<Vec<String>>| list.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let promises = notes.promises.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Recording { events: recorder.end(), promises, stock: STOCK, violations: take(&notes.violations) }
}

/// An order behind its key. The reply is its id.
fn once(shop: &Shop, buyer: &Account, lines: &[RequestedLine], key: u64) -> Idempotent<PlaceOrder> {
    let claim = Claim {
        account_id: buyer.id,
        route: "POST /v1/orders".into(),
        key: key.to_string(),
        fingerprint: [0; 32],
        at: shop.now(),
    };
    let render = |order: &Order| StoredReply {
        status: 201,
        location: None,
        etag: None,
        body: order.id.to_string().into_bytes(),
    };
    Idempotent { claim: Some(claim), operation: place(shop, buyer, lines), render }
}

/// The order that a reply is about.
fn told(reply: &StoredReply) -> OrderId {
    let id = std::str::from_utf8(&reply.body).ok().and_then(|text| text.parse::<uuid::Uuid>().ok());
    OrderId::from(id.expect("an id"))
}

/// Places an order, and cancels one in four.
async fn buy(shop: &Shop, notes: &Notes, buyer: &Account, products: &[Product], key: u64, chance: &mut fastrand::Rng) {
    let pieces = chance.i64(1..=3);
    let product = &products[chance.usize(0..products.len())];
    for tries in 1.. {
        match shop.run(once(shop, buyer, &[line(product, pieces)], key)).await {
            // What nobody knew to be there may be there: then the reply is the one that was not heard.
            Ok(Replied::New(reply) | Replied::Before(reply)) => {
                let id = told(&reply);
                let bought = &product.variants[0];
                notes.promise(Promise::Placed {
                    id,
                    variant: bought.id,
                    pieces,
                    total: pieces * bought.price.amount,
                    key,
                });
                if chance.u8(0..4) == 0 {
                    let cancel = move_order(shop, id, OrderStatus::Cancelled, Mover::Customer(buyer.id));
                    if shop.run(cancel).await.is_ok() {
                        notes.promise(Promise::Cancelled { id });
                    }
                }
                return;
            }
            Ok(Replied::KeyReused) => return notes.violate(format!("the key {key} was used for something else")),
            Err(commerce::Error::Store(_)) if tries < TRIES_MAX => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => return notes.violate(format!("an order was refused at last: {error:?}")),
        }
    }
}
