//! What stands around a worker: every question to the database waits here until the scheduler says that it arrives, and again until it says
//! that the answer does; every mail to the server until it says what becomes of it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use commerce::{
    Error,
    mail::{KeepMails, LeaseMails, RecordDeliveries},
};
use mail::{Attempt, Carrier, EngineOutbox, Outbox};
use model::{
    MailId, OutboxMail, ShopSettings, SignedDuration, Timestamp,
    mail::{DeliveryOutcome, MailLease},
};
use store::StoreError;
use store_conformance::support::Shop;
use tokio::{runtime, sync::oneshot, task};

use super::judge::Judge;

/// Somebody who waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Which worker.
    pub(super) worker: u64,
    /// Not before this time: some connections are slow.
    pub(super) slow_until: Timestamp,
    /// How they are told to go on.
    pub(super) place: Place,
}

/// Where somebody waits, and what takes their word for going on.
#[derive(Debug)]
pub(super) enum Place {
    /// The worker itself, at the database, with a question or for its answer. Otherwise the connection is lost there.
    Loop(oneshot::Sender<bool>),
    /// The same of one of its sends, beside which it goes on.
    Send(oneshot::Sender<bool>),
    /// At the door of the mail server, to see whether it can be reached.
    Door(oneshot::Sender<bool>),
    /// At the mail server with a mail, for its word.
    Server(oneshot::Sender<Said>),
}

/// What the mail server makes of a mail, and what the worker hears of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// 250.
    Taken,
    /// 550.
    Refused,
    /// 450.
    NotNow,
    /// It is not taken, and the connection is lost.
    Lost,
    /// It is taken, and the word of that is lost.
    TakenUnheard,
}

/// How long slow connections take, in seconds: about as long as a lease, the most that a mail may take, or what is between them. So many are of
/// [`SLOW_OF`]; the others are not slow.
const SLOW: [i64; 5] = [61, 119, 121, 179, 240];
const SLOW_OF: u16 = 40;

/// All who wait, and what is known of the mails.
#[derive(Debug)]
pub(super) struct Gates {
    waiting: Mutex<Vec<Waiting>>,
    judge: Mutex<Judge>,
    /// Whose time it is.
    shop: Shop,
    /// How many questions have arrived at the database, and how many of them are dealt with.
    asked: AtomicUsize,
    answered: AtomicUsize,
}

impl Gates {
    pub(super) fn new(judge: Judge, shop: Shop) -> Self {
        Self {
            waiting: Mutex::default(),
            judge: Mutex::new(judge),
            shop,
            asked: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
        }
    }

    /// Those who wait, in the order in which they came; without those who died meanwhile.
    pub(super) fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|one| !one.place.is_left());
        waiting
    }

    pub(super) fn judge(&self) -> MutexGuard<'_, Judge> {
        self.judge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many questions have arrived at the database so far.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::Acquire)
    }

    /// Whether it is at one of them.
    pub(super) fn is_database_asked(&self) -> bool {
        self.answered.load(Ordering::Acquire) < self.asked()
    }

    /// Has the database do something on a runtime of its own, on which time is what it is. That goes on when whoever asked dies.
    pub(super) async fn ask<T, F>(self: &Arc<Self>, runtime: &runtime::Handle, work: F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let gates = Arc::clone(self);
        self.asked.fetch_add(1, Ordering::AcqRel);
        runtime.spawn(async move {
            // Also when it panics: otherwise it would be waited for for ever.
            let _dealt_with = Answered(&gates.answered);
            let done = work.await;
            // Nobody may be there any more to hear it.
            drop(answer.send(done));
        });
        answered.await.expect("the database answers")
    }

    async fn wait<T>(&self, worker: u64, place: fn(oneshot::Sender<T>) -> Place) -> T {
        let (go, gone) = oneshot::channel();
        let slow = SLOW.get(usize::from(self.judge().draw(SLOW_OF))).copied().unwrap_or_default();
        let slow_until = self.shop.now() + SignedDuration::from_secs(slow);
        let one = Waiting { worker, slow_until, place: place(go) };
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(one);
        gone.await.expect("whoever waits is told to go on, or is gone")
    }
}

/// Counts a question as dealt with when it is dropped.
struct Answered<'a>(&'a AtomicUsize);

impl Drop for Answered<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl Place {
    fn is_left(&self) -> bool {
        match self {
            Self::Loop(go) | Self::Send(go) | Self::Door(go) => go.is_closed(),
            Self::Server(go) => go.is_closed(),
        }
    }
}

/// A worker's outbox.
pub(super) struct GatedOutbox {
    pub(super) gates: Arc<Gates>,
    pub(super) outbox: EngineOutbox,
    /// Where the database runs.
    pub(super) runtime: runtime::Handle,
    /// Which worker it is.
    pub(super) worker: u64,
    /// Whether what became of mails is forgotten now and then: for the control.
    pub(super) is_careless: bool,
}

impl GatedOutbox {
    /// Asks the database: the question may not arrive, and the answer may not.
    async fn ask<T, E, F>(
        &self,
        place: fn(oneshot::Sender<bool>) -> Place,
        question: impl FnOnce(EngineOutbox) -> F,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        if !self.gates.wait(self.worker, place).await {
            return Err(StoreError::Unavailable("the connection was lost, as was drawn".to_owned()).into());
        }
        let answer = self.gates.ask(&self.runtime, question(self.outbox.clone())).await;
        if !self.gates.wait(self.worker, place).await {
            return Err(StoreError::Unknown("the answer was lost, as was drawn".to_owned()).into());
        }
        answer
    }
}

#[async_trait]
impl Outbox for GatedOutbox {
    fn now(&self) -> Timestamp {
        self.gates.shop.now()
    }

    async fn settings(&self) -> Result<ShopSettings, StoreError> {
        self.ask(Place::Loop, |outbox| async move { outbox.settings().await }).await
    }

    async fn note_smtp(&self) -> Result<(), Error> {
        // Nothing but a server makes it do that.
        self.ask(Place::Loop, |outbox| async move { outbox.note_smtp().await }).await
    }

    async fn lease(&self, lease: LeaseMails) -> Result<Vec<OutboxMail>, Error> {
        let gates = Arc::clone(&self.gates);
        self.ask(Place::Loop, |outbox| async move {
            let leased = outbox.lease(lease).await?;
            gates.judge().handed_out(&leased, lease.now);
            Ok(leased)
        })
        .await
    }

    async fn keep(&self, keep: KeepMails) -> Result<Option<u32>, Error> {
        self.ask(Place::Loop, |outbox| async move { outbox.keep(keep).await }).await
    }

    async fn is_due(&self, lease: MailLease) -> Result<bool, StoreError> {
        self.ask(Place::Send, |outbox| async move { outbox.is_due(lease).await }).await
    }

    async fn record(&self, record: RecordDeliveries) -> Result<(), Error> {
        if self.is_careless && self.gates.judge().draw(4) == 0 {
            return Ok(());
        }
        let (gates, worker) = (Arc::clone(&self.gates), self.worker);
        let noted = self.ask(Place::Loop, |outbox| async move {
            let deliveries = record.deliveries.clone();
            // What the worker draws by itself no seed brings back.
            let jitter = gates.judge().draw(1_000);
            outbox.record(RecordDeliveries { jitter, ..record }).await?;
            gates.judge().noted(worker, &deliveries);
            Ok(())
        });
        let noted = noted.await;
        if noted.is_err() {
            self.gates.judge().note_failed(self.worker);
        }
        noted
    }
}

/// The mail server, as a worker reaches it.
pub(super) struct GatedCarrier {
    pub(super) gates: Arc<Gates>,
    pub(super) worker: u64,
    /// Whether mails go on being sent that the worker has given up: for the control.
    pub(super) is_careless: bool,
}

/// A mail on its way. If the worker drops it, nobody knows how far it came.
struct OnItsWay<'a> {
    carrier: &'a GatedCarrier,
    mail: MailId,
    is_answered: bool,
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        let GatedCarrier { gates, worker, is_careless } = self.carrier;
        let mut judge = gates.judge();
        // Nobody goes on sending after their own end, however careless.
        if self.is_answered || !is_careless || judge.has_ended(*worker) {
            judge.sending_ends(self.mail);
        }
        if !self.is_answered {
            judge.cut_off(self.mail);
        }
    }
}

#[async_trait]
impl Carrier for GatedCarrier {
    async fn check(&self) -> Result<(), String> {
        if self.gates.wait(self.worker, Place::Door).await {
            Ok(())
        } else {
            Err("nobody is there, as was drawn".to_owned())
        }
    }

    async fn deliver(&self, mail: &OutboxMail) -> Attempt {
        // A connection takes its time: what begins when its time is over never gets as far as the mail.
        task::yield_now().await;
        self.gates.judge().sending_begins(mail.id);
        let mut on_its_way = OnItsWay { carrier: self, mail: mail.id, is_answered: false };
        let said = self.gates.wait(self.worker, Place::Server).await;
        on_its_way.is_answered = true;
        let now = self.gates.shop.now();
        self.gates.judge().said(self.worker, mail.lease(), said, now);
        match said {
            Said::Taken => attempt(DeliveryOutcome::Sent { keep_secret: false }, false),
            Said::Refused => attempt(DeliveryOutcome::Rejected { error: "550 no".to_owned() }, false),
            Said::NotNow => attempt(DeliveryOutcome::Deferred { error: "450 later".to_owned() }, false),
            Said::Lost | Said::TakenUnheard => {
                attempt(DeliveryOutcome::Deferred { error: "the connection was lost".to_owned() }, said == Said::Lost)
            }
        }
    }
}

const fn attempt(outcome: DeliveryOutcome, is_unreachable: bool) -> Attempt {
    Attempt { outcome, is_unreachable }
}
