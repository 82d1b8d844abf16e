//! What a worker asks of the database, and of the clock that leases go by.

use std::sync::Arc;

use async_trait::async_trait;
use commerce::{
    Error,
    mail::{KeepMails, LeaseMails, NoteSmtp, RecordDeliveries},
};
use model::{OutboxMail, ShopSettings, Timestamp, mail::MailLease};
use store::{Engine, Operation, StoreError, execute};

/// The outbox as a worker sees it. There is one, on any engine; the proof puts itself before it, to decide when each question arrives and
/// each answer is heard.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// What the shop's staff have set.
    async fn settings(&self) -> Result<ShopSettings, StoreError>;

    /// Notes that the shop's mails go to a mail server.
    async fn note_smtp(&self) -> Result<(), Error>;

    /// Takes mails that are due for a while.
    async fn lease(&self, lease: LeaseMails) -> Result<Vec<OutboxMail>, Error>;

    /// What leasing, sending and noting come to with the built-in mailbox: how many, or `None` where mails wait for a mail server.
    async fn keep(&self, keep: KeepMails) -> Result<Option<u32>, Error>;

    /// Whether the mail is there, and handed out like this.
    async fn is_due(&self, lease: MailLease) -> Result<bool, StoreError>;

    /// Writes down what became of mails.
    async fn record(&self, record: RecordDeliveries) -> Result<(), Error>;
}

/// The outbox of an engine.
#[derive(Clone)]
pub struct EngineOutbox(Arc<dyn Engine>);

impl EngineOutbox {
    /// The outbox of this engine.
    #[must_use]
    pub const fn new(engine: Arc<dyn Engine>) -> Self {
        Self(engine)
    }

    async fn run<O: Operation>(&self, operation: O) -> Result<O::Output, O::Error> {
        execute(&*self.0, operation).await
    }
}

#[async_trait]
impl Outbox for EngineOutbox {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn settings(&self) -> Result<ShopSettings, StoreError> {
        commerce::settings::settings(&*self.0).await
    }

    async fn note_smtp(&self) -> Result<(), Error> {
        self.run(NoteSmtp).await
    }

    async fn lease(&self, lease: LeaseMails) -> Result<Vec<OutboxMail>, Error> {
        self.run(lease).await
    }

    async fn keep(&self, keep: KeepMails) -> Result<Option<u32>, Error> {
        self.run(keep).await
    }

    async fn is_due(&self, lease: MailLease) -> Result<bool, StoreError> {
        Ok(self.0.mail(lease.mail).await?.is_some_and(|mail| lease.is_of(&mail)))
    }

    async fn record(&self, record: RecordDeliveries) -> Result<(), Error> {
        self.run(record).await
    }
}

impl std::fmt::Debug for EngineOutbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EngineOutbox(..)")
    }
}
