//! The engine: a pool of connections, and transactions that are repeated when others were in the way.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};
use store::{Engine, Job, JobOutcome, StoreError};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::Row;

use crate::{
    access_cache::AccessCache,
    caught,
    error::{Fault, OpenError, Remedy},
    flight::{Begin, Statement, fly},
    group::{Ended, Groups},
    migrate,
    server::{self, Options},
    tx::{PgTx, discard},
};

/// How often a transaction is tried when others are in the way.
const TRIES_MAX: u32 = 12;
/// How often a transaction is tried that stores what is there already, or whose connection breaks: each of them ends one
/// way or the other at once, or not at all.
const TRIES_MAX_OTHERWISE: u32 = 4;
/// For how long a transaction is tried, from when it was handed in: the caller waits.
const TRYING_MAX: Duration = Duration::from_secs(4);
/// For how long a try waits for a lock, unless less of that time is left.
pub(crate) const LOCK_WAIT_MAX: Duration = Duration::from_secs(3);
/// For how long it waits at least, and the first time after a group met a row that somebody holds. It waits longer with each try, so
/// that those who wait for nothing come through in between.
const LOCK_WAIT_MIN: Duration = Duration::from_millis(250);
/// The pause before the second try; it grows with each.
const PAUSE: Duration = Duration::from_millis(2);

/// A shop in a PostgreSQL database.
pub struct PostgresEngine {
    pub(crate) pool: Pool,
    pub(crate) is_prepared: bool,
    pub(crate) options: Options,
    groups: Groups,
    /// Turns of transactions that write beside the group of orders: whoever reads finds a connection, however many wait for one row.
    writing: Semaphore,
    /// The same for orders that no group could place: others who write find one, too.
    fallen_out: Semaphore,
    pub(crate) accesses: AccessCache,
    trips: Arc<AtomicU64>,
}

impl PostgresEngine {
    /// Connects as `options` say, and brings the database to this program's schema. Several processes may do so at once: one
    /// migrates, the others wait for it.
    ///
    /// # Errors
    /// See [`OpenError`]; each says in a line what to do.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        Self::open_with(options, true).await
    }

    /// The same, but there must be a shop in the database already, with this program's schema: for looking at it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_existing(options: Options) -> Result<Self, OpenError> {
        Self::open_with(options, false).await
    }

    /// Whether the database is empty, or has the schema of some program and no shop in it, as a copy leaves it that was killed; and no shop
    /// is open on it.
    ///
    /// # Errors
    /// The server cannot be reached, or failed.
    pub async fn is_unused(options: &Options) -> Result<bool, OpenError> {
        let pool = server::pool(options)?;
        let is_unused = migrate::is_unused(&server::connect(&pool, options).await?).await;
        pool.close();
        is_unused
    }

    async fn open_with(options: Options, may_be_new: bool) -> Result<Self, OpenError> {
        let pool = server::pool(&options)?;
        let client = server::connect(&pool, &options).await?;
        if may_be_new {
            migrate::run(&client, migrate::MIGRATIONS).await?;
            migrate::must_write(&client).await?;
            migrate::part_from_another_server(&client).await;
        } else {
            migrate::must_be_done(&client, &options).await?;
        }
        drop(client);
        let trips = Arc::default();
        let groups = Groups::start(&pool, options.is_prepared, &trips);
        let connections = options.connections.max(1);
        Ok(Self {
            pool,
            is_prepared: options.is_prepared,
            groups,
            writing: Semaphore::new((connections - connections.div_ceil(4)).saturating_sub(1).max(1)),
            fallen_out: Semaphore::new((connections / 2).max(1)),
            options,
            accesses: AccessCache::default(),
            trips,
        })
    }

    /// Ends all connections. What is under way is answered; later work is refused.
    pub fn close(&self) {
        self.pool.close();
    }

    /// How many round trips the transactions of this engine took so far.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.trips.load(Ordering::Relaxed)
    }

    async fn client(&self) -> Result<Object, Fault> {
        Ok(self.pool.get().await?)
    }

    /// Reads outside of transactions: one round trip.
    pub(crate) async fn read(&self, begin: Begin, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let client = self.client().await.map_err(|fault| fault.error)?;
            match fly(&client, self.is_prepared, begin, &statements, begin != Begin::Read).await {
                Ok(rows) => return Ok(rows),
                Err(fault) => {
                    server::part_if_gone(&self.pool, &fault);
                    // Inside of a transaction that failed, or of no use at all: either way nobody else gets it.
                    discard(client);
                    // A connection that lay idle may have been ended long ago; reading again does no harm.
                    if !matches!(fault.remedy, Remedy::Reconnect | Remedy::Leave) || tries >= TRIES_MAX_OTHERWISE {
                        return Err(fault.error);
                    }
                }
            }
        }
    }

    /// Runs it once, and waits for `wait` for a lock.
    async fn attempt(&self, job: &mut dyn Job, wait: Duration) -> Result<(), Fault> {
        let mut tx = PgTx::new(self.client().await?, self.is_prepared, wait);
        // After a panic the connection is closed with `tx`, and with it what was begun on it.
        let outcome = {
            let mut running = job.run(&mut tx);
            poll_fn(|context| caught::poll(running.as_mut(), context)).await?
        };
        let outdated = tx.take_outdated();
        let ended = match (tx.fault(), outcome) {
            (None, JobOutcome::Commit) => tx.commit().await,
            _ => tx.roll_back().await,
        };
        // Before anybody is told; also when it is not known how it ended.
        self.accesses.forget(&outdated);
        self.trips.fetch_add(ended.trips.into(), Ordering::Relaxed);
        match ended.fault {
            None => Ok(()),
            Some(fault) => {
                server::part_if_gone(&self.pool, &fault);
                Err(fault)
            }
        }
    }
}

/// Waits for a turn until `deadline`.
async fn turn(turns: &Semaphore, deadline: Instant) -> Result<SemaphorePermit<'_>, StoreError> {
    match tokio::time::timeout_at(deadline.into(), turns.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) | Err(_) => Err(StoreError::Busy),
    }
}

#[async_trait]
impl Engine for PostgresEngine {
    async fn submit(&self, mut job: Box<dyn Job>) -> Result<Box<dyn Job>, StoreError> {
        let deadline = Instant::now() + TRYING_MAX;
        let has_fallen_out = job.may_share_transaction();
        if has_fallen_out {
            job = match self.groups.run(job).await {
                Ended::Done(job) => return Ok(job),
                // The caller has waited long enough, and nothing was done.
                Ended::Alone(_) if Instant::now() > deadline => return Err(StoreError::Busy),
                Ended::Alone(job) => job,
                Ended::Failed(error) => return Err(error),
            };
        }
        let mut tries = 0;
        loop {
            tries += 1;
            let tried = {
                // In this order everywhere. They end with the try: whoever pauses holds up nobody.
                let _fallen_out = if has_fallen_out { Some(turn(&self.fallen_out, deadline).await?) } else { None };
                let _writing = turn(&self.writing, deadline).await?;
                let wait = if has_fallen_out { LOCK_WAIT_MIN * tries } else { LOCK_WAIT_MAX };
                let left = deadline.saturating_duration_since(Instant::now());
                self.attempt(job.as_mut(), wait.min(left).clamp(LOCK_WAIT_MIN, LOCK_WAIT_MAX)).await
            };
            let fault = match tried {
                Ok(()) => return Ok(job),
                Err(fault) => fault,
            };
            let limit = match (fault.remedy, &fault.error) {
                (Remedy::None | Remedy::GiveUp, _) | (_, StoreError::Unknown(_)) => return Err(fault.error),
                (Remedy::Repeat, StoreError::Busy) => TRIES_MAX,
                (Remedy::Repeat | Remedy::Reconnect | Remedy::Leave, _) => TRIES_MAX_OTHERWISE,
            };
            if tries >= limit || Instant::now() > deadline {
                return Err(fault.error);
            }
            tracing::debug!(error = %fault.error, tries, "a transaction is repeated");
            tokio::time::sleep(PAUSE * tries).await;
        }
    }
}

impl std::fmt::Debug for PostgresEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresEngine").field("server", &self.options.server()).finish_non_exhaustive()
    }
}
