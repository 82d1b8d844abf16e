//! Delivery of the outbox.
//!
//! One loop: lease mails, send up to four at a time, note what became of them. It costs the checkout little (leases
//! and notes come in batches, at most ten a second) and owes a mail nothing but its lease: whatever happens to this
//! process, the mail comes back when the lease is over. Each is sent once, as long as its sending ends within the
//! lease and the note of it reaches the database.

mod clock;
mod outbox;
mod server_state;

use std::{collections::VecDeque, pin::pin, sync::Arc, time::Duration};

use clock::Clock;
use commerce::{
    Error,
    mail::{Delivery, KeepMails, LeaseMails, RecordDeliveries},
};
use model::{
    CLOCK_SKEW, OutboxMail,
    mail::{self, DeliveryOutcome, MailLease, WAIT_MAX},
};
pub use outbox::{EngineOutbox, Outbox};
use server_state::ServerState;
use store::{Engine, StoreError};
use tokio::{
    sync::Notify,
    task::{JoinError, JoinSet},
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};
use tracing::{debug, error, info, warn};

use crate::{
    render::Renderer,
    transport::{Attempt, Transport},
};

/// For how long leased mails are this worker's.
const LEASE: Duration = Duration::from_secs(mail::LEASE.as_secs().unsigned_abs());
/// The longest that sending one mail takes. What cannot be begun this long before the lease's end is given back.
const SEND_MAX: Duration = Duration::from_secs(120);
/// How many mails are sent at a time.
const CONCURRENCY: usize = 4;
/// The most mails of one lease.
const BATCH_MAX: u32 = 100;
/// The same for the built-in mailbox, where delivery is nothing but the note.
const MAILBOX_BATCH_MAX: u32 = 500;
/// The shortest time between two leases.
const LEASE_GAP: Duration = Duration::from_millis(100);
/// How often the outbox is looked at without being told to: for mails that are due again, and those of other processes.
const POLL: Duration = Duration::from_secs(1);
/// For how long what became of mails is collected before it is written down.
const RECORD_GAP: Duration = Duration::from_millis(100);
/// The pause after the database failed.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);
/// How long sends may go on after the program was told to stop.
const STOP_GRACE: Duration = Duration::from_secs(20);
/// How often the last note is tried while stopping.
const STOP_NOTES_MAX: u32 = 5;

/// Delivers the outbox.
#[derive(Clone)]
pub struct Worker {
    outbox: Arc<dyn Outbox>,
    renderer: Arc<Renderer>,
    transport: Arc<Transport>,
    wake: Arc<Notify>,
}

/// What a task came back with.
enum Done {
    Sent {
        lease: MailLease,
        attempt: Attempt,
    },
    /// Not sent: the mail is not there any more, or not this worker's.
    Gone,
    /// Not sent: whether the mail is still there could not be asked.
    Unknown {
        lease: MailLease,
        error: String,
    },
    Checked(Result<(), String>),
}

/// The loop's memory.
struct Loop<'a> {
    worker: &'a Worker,
    /// Leased and not begun, with the time until which they may be begun.
    queue: VecDeque<(OutboxMail, Instant)>,
    tasks: JoinSet<Done>,
    sending: usize,
    /// What became of mails and is not written down yet.
    results: Vec<Delivery>,
    record_at: Instant,
    /// The database did not take the last note. Until it does nothing is leased, lest a sent mail is sent again.
    is_note_owed: bool,
    /// It is noted that the shop's mails go to a mail server.
    is_smtp_noted: bool,
    /// It was told that mails are left waiting.
    is_waiting_told: bool,
    server: ServerState,
    batch: u32,
    /// Not before this time is leased again.
    lease_from: Instant,
    /// At this time it is leased even if nobody woke the worker.
    poll_at: Instant,
    clock: Clock,
}

impl Worker {
    /// A worker on `engine`. Notify `wake` whenever mails were enqueued; without that they wait for the next poll.
    pub fn new(engine: Arc<dyn Engine>, renderer: Arc<Renderer>, transport: Arc<Transport>, wake: Arc<Notify>) -> Self {
        Self::on(Arc::new(EngineOutbox::new(engine)), renderer, transport, wake)
    }

    /// The same, which asks this one instead of an engine: whoever stands between the two sees every question.
    pub fn on(outbox: Arc<dyn Outbox>, renderer: Arc<Renderer>, transport: Arc<Transport>, wake: Arc<Notify>) -> Self {
        Self { outbox, renderer, transport, wake }
    }

    /// Delivers until `shutdown` comes; then lets the sends under way end, for at most 20 s, cuts off those that do not, and notes what
    /// became of the others. The engine must live until this returns.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        let mut state = Loop::new(&self);
        // Before the first of them is sent: a server that is away all the time is waited for as well.
        state.note_smtp().await;
        loop {
            state.start_check();
            state.start_sends();
            let (can_lease, owes_note) = (state.can_lease(), !state.results.is_empty());
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(done) = state.tasks.join_next(), if !state.tasks.is_empty() => state.take(done),
                () = sleep_until(state.record_at), if owes_note => state.record().await,
                () = state.server.until_check() => state.server.check_is_due(),
                () = until_lease(&self.wake, state.lease_from, state.poll_at), if can_lease => state.lease().await,
            }
        }
        state.stop().await;
        self.transport.close().await;
    }

    fn batch_max(&self) -> u32 {
        if self.transport.is_mailbox() { MAILBOX_BATCH_MAX } else { BATCH_MAX }
    }
}

async fn until_lease(wake: &Notify, from: Instant, poll_at: Instant) {
    sleep_until(from).await;
    if poll_at > Instant::now() {
        tokio::select! {
            // What was told is heard, also when it is time anyway: otherwise the outbox would be looked at twice, or not, as chance has it.
            biased;
            () = wake.notified() => {}
            () = sleep_until(poll_at) => {}
        }
    }
}

impl<'a> Loop<'a> {
    fn new(worker: &'a Worker) -> Self {
        let now = Instant::now();
        Self {
            worker,
            queue: VecDeque::new(),
            tasks: JoinSet::new(),
            sending: 0,
            results: Vec::new(),
            record_at: now,
            is_note_owed: false,
            is_smtp_noted: false,
            is_waiting_told: false,
            server: ServerState::unknown(),
            batch: worker.batch_max(),
            lease_from: now,
            poll_at: now,
            clock: Clock::new(worker.outbox.now()),
        }
    }

    fn can_lease(&self) -> bool {
        self.server.is_up() && !self.is_note_owed && self.queue.is_empty() && self.sending < CONCURRENCY
    }

    /// Tries whether the server is back, if it is time for that.
    fn start_check(&mut self) {
        if self.server.begin_check() {
            let transport = Arc::clone(&self.worker.transport);
            self.tasks.spawn(async move { Done::Checked(transport.check().await) });
        }
    }

    async fn lease(&mut self) {
        if self.worker.transport.is_mailbox() {
            return self.keep().await;
        }
        self.note_smtp().await;
        let now = Instant::now();
        self.lease_from = now + LEASE_GAP;
        let limit = self.batch;
        let lease = mail::LEASE;
        let at = self.worker.outbox.now();
        self.clock.look(at);
        // Another process may have leased some, by a clock that is ahead of this one.
        let wait_max = if self.clock.is_put_back() { lease + CLOCK_SKEW } else { WAIT_MAX };
        let operation = LeaseMails { now: at, lease, wait_max, limit };
        match self.worker.outbox.lease(operation).await {
            Ok(mails) => {
                if !mails.is_empty() {
                    self.know_shop().await;
                }
                let is_full = mails.len() >= limit as usize;
                if !is_full {
                    self.clock.forgive();
                }
                self.poll_at = if is_full { now } else { now + POLL };
                if is_full {
                    self.batch = (self.batch * 2).min(self.worker.batch_max());
                }
                if faults::is_lifted("guard.mail") {
                    // What must never be: a note of what was not sent. For the proof that it would be noticed.
                    mails.iter().for_each(|mail| self.note(mail.lease(), Attempt::sent(false)));
                    self.record().await;
                }
                self.accept(mails, now + LEASE - SEND_MAX);
            }
            Err(error) => {
                warn!(%error, "mails could not be taken from the outbox; trying again");
                self.lease_from = now + DATABASE_PAUSE;
            }
        }
    }

    /// Learns what the shop is called now, and where it is written to. A database that fails just then leaves it at what it was.
    async fn know_shop(&self) {
        if let Ok(settings) = self.worker.outbox.settings().await {
            self.worker.renderer.know_shop(&settings);
        }
    }

    fn accept(&mut self, mails: Vec<OutboxMail>, begin_until: Instant) {
        if !mails.is_empty() {
            debug!(mails = mails.len(), "mails leased");
        }
        self.queue.extend(mails.into_iter().map(|mail| (mail, begin_until)));
    }

    /// Notes where mails go, so that a program that is started without this one's settings leaves them waiting. What fails is tried again
    /// before the next lease.
    async fn note_smtp(&mut self) {
        if self.worker.transport.is_smtp() && !self.is_smtp_noted {
            self.is_smtp_noted = self.worker.outbox.note_smtp().await.is_ok();
        }
    }

    /// What leasing, sending and noting come to with the built-in mailbox.
    async fn keep(&mut self) {
        let now = Instant::now();
        self.lease_from = now + LEASE_GAP;
        let is_chosen = self.worker.transport.is_mailbox_by_choice();
        let operation = KeepMails { now: self.worker.outbox.now(), limit: self.batch, is_chosen };
        match self.worker.outbox.keep(operation).await {
            Ok(Some(kept)) => self.poll_at = if kept >= self.batch { now } else { now + POLL },
            Ok(None) => {
                self.poll_at = now + POLL;
                if !std::mem::replace(&mut self.is_waiting_told, true) {
                    warn!(
                        "MAILS WAIT AND ARE NOT SENT: this shop sends them by SMTP, and smtp-url is not set; set it as before, or to `mailbox:` to have mails kept in the mailbox"
                    );
                }
            }
            Err(error) => {
                warn!(%error, "mails could not be put into the mailbox; trying again");
                self.lease_from = now + DATABASE_PAUSE;
            }
        }
    }

    fn start_sends(&mut self) {
        while self.server.is_up() && self.sending < CONCURRENCY {
            let Some((mail, begin_until)) = self.queue.pop_front() else { return };
            if Instant::now() > begin_until {
                // The server is slower than a lease is long: take smaller bites.
                self.batch = (self.batch / 2).max(1);
                let error = "the server is slow, and it was not this mail's turn in time".to_owned();
                self.note(mail.lease(), Attempt::unreachable(error));
                continue;
            }
            let (renderer, transport) = (Arc::clone(&self.worker.renderer), Arc::clone(&self.worker.transport));
            let outbox = Arc::clone(&self.worker.outbox);
            self.sending += 1;
            let end_at = Instant::now() + SEND_MAX;
            self.tasks.spawn(async move {
                // It may have waited here for a minute, and whoever it is for may be gone since then, and their mails with them.
                match is_still_due(&*outbox, mail.lease()).await {
                    Ok(true) => {}
                    Ok(false) => return Done::Gone,
                    Err(error) => return Done::Unknown { lease: mail.lease(), error: error.to_string() },
                }
                let attempt = timeout_at(end_at, transport.deliver(&renderer, &mail)).await;
                let attempt = attempt.unwrap_or_else(|_| Attempt::deferred("no answer in time".to_owned()));
                if matches!(attempt.outcome, DeliveryOutcome::Sent { .. }) {
                    faults::crash_point("mail.accepted");
                }
                Done::Sent { lease: mail.lease(), attempt }
            });
        }
    }

    fn take(&mut self, done: Result<Done, JoinError>) {
        match done {
            Ok(Done::Sent { lease, attempt }) => {
                self.sending -= 1;
                match &attempt.outcome {
                    DeliveryOutcome::Deferred { error } if attempt.is_unreachable => self.server_is_down(error.clone()),
                    // A word about the mail, good or bad: the server does its work.
                    _ => self.server.worked(),
                }
                self.note(lease, attempt);
            }
            Ok(Done::Gone) => self.sending -= 1,
            Ok(Done::Unknown { lease, error }) => {
                self.sending -= 1;
                self.note(lease, Attempt::unreachable(format!("the database was away: {error}")));
            }
            Ok(Done::Checked(Ok(()))) => {
                if self.server.came_up() {
                    info!(to = %self.worker.transport, "mails are delivered");
                }
                self.poll_at = Instant::now();
            }
            Ok(Done::Checked(Err(error))) => self.server_is_down(error),
            Err(error) => {
                // A bug. Which task it was is not known: a mail comes back when its lease is over, a check is due again.
                error!(%error, "a task of the mail delivery failed");
                self.sending = self.sending.saturating_sub(1);
                self.server.check_is_due();
            }
        }
    }

    /// Pauses, and gives back what waits for its turn, so that the error can be seen with each mail.
    fn server_is_down(&mut self, error: String) {
        if let Some(pause) = self.server.went_down() {
            warn!(%error, pause_s = pause.as_secs(), to = %self.worker.transport, "mails cannot be delivered now and wait");
        }
        for (mail, _) in std::mem::take(&mut self.queue) {
            self.note(mail.lease(), Attempt::unreachable(error.clone()));
        }
    }

    fn note(&mut self, lease: MailLease, attempt: Attempt) {
        let MailLease { mail: id, attempts, .. } = lease;
        // Neither address nor the server's words, which may contain it: the mail's page shows them to staff.
        match &attempt.outcome {
            DeliveryOutcome::Sent { .. } => debug!(mail = %id, attempts, "mail delivered"),
            DeliveryOutcome::Deferred { .. } if attempt.is_unreachable => debug!(mail = %id, attempts, "mail waits"),
            DeliveryOutcome::Deferred { .. } => warn!(mail = %id, attempts, "mail not taken; it will be tried again"),
            DeliveryOutcome::Rejected { .. } => warn!(mail = %id, attempts, "mail refused for good"),
        }
        if self.results.is_empty() {
            self.record_at = Instant::now() + RECORD_GAP;
        }
        let (outcome, server_only) = (attempt.outcome, attempt.is_unreachable);
        self.results.push(Delivery { lease, outcome, server_only });
    }

    /// Writes down what became of mails. What the database does not take is kept.
    async fn record(&mut self) {
        let deliveries = std::mem::take(&mut self.results);
        faults::crash_point("mail.note");
        match self.write(deliveries.clone()).await {
            Ok(()) => {
                faults::crash_point("mail.noted");
                self.is_note_owed = false;
            }
            Err(error) => {
                warn!(%error, mails = deliveries.len(), "what became of mails could not be stored; trying again");
                self.results = deliveries;
                self.is_note_owed = true;
                self.record_at = Instant::now() + DATABASE_PAUSE;
            }
        }
    }

    async fn write(&self, deliveries: Vec<Delivery>) -> Result<(), Error> {
        let jitter = jitter();
        let outbox = &*self.worker.outbox;
        let record =
            |deliveries, skip_missing| RecordDeliveries { deliveries, now: outbox.now(), jitter, skip_missing };
        match outbox.record(record(deliveries.clone(), false)).await {
            Err(Error::Store(StoreError::Broken(_))) => {}
            result => return result,
        }
        // An account was deleted, and its mails with it, while they were on their way.
        match outbox.record(record(deliveries.clone(), true)).await {
            Err(Error::Store(StoreError::Broken(_))) => {}
            result => return result,
        }
        for delivery in deliveries {
            let id = delivery.lease.mail;
            match outbox.record(record(vec![delivery], true)).await {
                Err(Error::Store(broken @ StoreError::Broken(_))) => error!(mail = %id, %broken, "broken mail"),
                result => result?,
            }
        }
        Ok(())
    }

    async fn stop(mut self) {
        for (mail, _) in std::mem::take(&mut self.queue) {
            let error = "the shop was stopped before it was this mail's turn".to_owned();
            self.note(mail.lease(), Attempt::unreachable(error));
        }
        let ended = timeout(STOP_GRACE, async {
            while self.sending > 0 {
                match self.tasks.join_next().await {
                    Some(done) => self.take(done),
                    None => break,
                }
            }
        });
        if ended.await.is_err() {
            warn!(mails = self.sending, "stopped in the middle of sending; these mails are tried again later");
            // The notes take their time: what is sent meanwhile nobody would hear of. What ended at this very moment is noted.
            self.tasks.abort_all();
            while let Some(done) = self.tasks.join_next().await {
                if !done.as_ref().is_err_and(JoinError::is_cancelled) {
                    self.take(done);
                }
            }
        }
        for _ in 0..STOP_NOTES_MAX {
            if self.results.is_empty() {
                return;
            }
            self.record().await;
            if self.is_note_owed {
                sleep(DATABASE_PAUSE).await;
            }
        }
        if !self.results.is_empty() {
            error!(mails = self.results.len(), "what became of mails could not be stored; some may be sent again");
        }
    }
}

/// Whether the mail is there, and handed out like this.
async fn is_still_due(outbox: &dyn Outbox, lease: MailLease) -> Result<bool, StoreError> {
    // The guard's absence has noted it as sent already, and it must be sent all the same.
    if faults::is_lifted("guard.mail") {
        return Ok(true);
    }
    outbox.is_due(lease).await
}

/// A random number; any will do where there is none to be had.
fn jitter() -> u16 {
    let mut bytes = [0_u8; 2];
    if getrandom::fill(&mut bytes).is_ok() { u16::from_le_bytes(bytes) } else { 500 }
}
