//! A shop on a fresh database, with a clock that moves only when it is told to.

use std::{
    fmt::Debug,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use commerce::Error;
use model::{SignedDuration, Stamp, Timestamp};
use store::{Change, Engine, Operation, StoreError, Tx, execute};

use crate::Database;

/// When every case begins: 2025-06-01T12:00:00Z.
const BEGINNING_SECS: i64 = 1_748_779_200;

/// What a body of [`Shop::in_tx`] gives.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The shop. Clones are the same shop.
#[derive(Clone, Debug)]
pub struct Shop(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    clock_micros: AtomicI64,
    drawn: AtomicU64,
}

impl Shop {
    /// A shop on this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        let clock_micros = AtomicI64::new(BEGINNING_SECS * 1_000_000);
        Self(Arc::new(Inner { database, clock_micros, drawn: AtomicU64::new(1) }))
    }

    /// The engine, to be asked.
    #[must_use]
    pub fn db(&self) -> &dyn Engine {
        &*self.0.database.engine
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.clock_micros.load(Ordering::SeqCst)).expect("in range")
    }

    /// Lets time pass. Gives the new time.
    pub fn pass(&self, time: SignedDuration) -> Timestamp {
        let micros = i64::try_from(time.as_micros()).expect("in range");
        self.0.clock_micros.fetch_add(micros, Ordering::SeqCst);
        self.now()
    }

    /// A stamp of this moment, with ids of its own. Time stands still.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp::new(self.now(), self.number().into())
    }

    /// A stamp one millisecond later, for what is listed by age.
    #[must_use]
    pub fn next_stamp(&self) -> Stamp {
        self.pass(SignedDuration::from_millis(1));
        self.stamp()
    }

    /// A number that was not given before.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.drawn.fetch_add(1, Ordering::SeqCst)
    }

    /// An id that was not given before.
    #[must_use]
    pub fn id<T: From<uuid::Uuid>>(&self) -> T {
        self.stamp().ids().draw()
    }

    /// Runs an operation.
    ///
    /// # Errors
    /// Its refusal.
    pub async fn run<O: Operation>(&self, operation: O) -> Result<O::Output, O::Error> {
        execute(self.db(), operation).await
    }

    /// Runs `body` in a transaction of its own.
    ///
    /// # Errors
    /// What `body` or the engine refuses.
    pub async fn in_tx<T, F>(&self, body: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut dyn Tx) -> Boxed<'a, T> + Send + Sync + 'static,
    {
        self.run(Body(body)).await
    }

    /// Applies changes in a transaction of their own.
    ///
    /// # Errors
    /// What the engine refuses.
    pub async fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.run(Apply(changes)).await
    }

    /// Copies the database to `to`.
    ///
    /// # Errors
    /// See [`store::Maintenance::backup`].
    pub async fn backup(&self, to: &std::path::Path) -> Result<(), StoreError> {
        self.0.database.maintenance.backup(to).await
    }

    /// Asserts that the data agree with themselves.
    ///
    /// # Panics
    /// When they do not.
    pub async fn assert_sound(&self) {
        let findings = self.0.database.maintenance.check().await.expect("the check runs");
        assert!(findings.is_empty(), "the database is not sound: {findings:#?}");
    }
}

struct Body<F>(F);

#[async_trait]
impl<T, F> Operation for Body<F>
where
    T: Send + 'static,
    F: for<'a> Fn(&'a mut dyn Tx) -> Boxed<'a, T> + Send + Sync + 'static,
{
    type Output = T;
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<T, StoreError> {
        (self.0)(tx).await
    }
}

struct Apply(Vec<Change>);

#[async_trait]
impl Operation for Apply {
    type Output = ();
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.apply(&self.0).await
    }
}

/// The pointers and codes of an input that was found wrong.
///
/// # Panics
/// When it was not.
pub fn pointers<T: Debug>(result: Result<T, Error>) -> Vec<(String, &'static str)> {
    match result {
        Err(Error::Invalid(wrong)) => wrong.0.into_iter().map(|wrong| (wrong.pointer, wrong.code)).collect(),
        other => panic!("must be invalid, but is {other:?}"),
    }
}
