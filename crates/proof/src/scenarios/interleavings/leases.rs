//! Workers of several processes on one outbox. Each does what `mail::worker` does, a step at a time, with the real operations on the real
//! engines; whose turn it is, how long that takes and who dies is drawn. The worker's own loop is a copy here, since it cannot be
//! stopped between two steps.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use commerce::mail::{Delivery, EnqueueTestMail, LeaseMails, RecordDeliveries};
use model::{
    Email, MailId, OutboxMail, SignedDuration, Timestamp,
    mail::{ATTEMPTS_MAX, DeliveryOutcome, MailLease, MailStatus, WAIT_MAX},
};
use store_conformance::{Database, support::Shop};
use store_postgres::PostgresEngine;
use store_sqlite::SqliteEngine;

use crate::scenario::{Engine, Outcome, Run};

/// As in `mail::worker`.
const LEASE: SignedDuration = SignedDuration::from_secs(180);
const SEND_MAX: SignedDuration = SignedDuration::from_secs(120);
const CONCURRENCY: usize = 4;
const WORKERS: usize = 3;
/// How many mails are on their way at a time.
const MAILS: usize = 6;
/// After so many steps all mails must arrive.
const EPISODE: u64 = 1_000;
/// How long time passes at a step, in milliseconds.
const PAUSES: [i64; 6] = [50, 1_000, 6_000, 61_000, 125_000, 200_000];

/// A process that sends mails.
#[derive(Default)]
struct Worker {
    /// Leased, and until when they may be begun.
    queue: VecDeque<(OutboxMail, Timestamp)>,
    /// Being sent, and since when.
    sending: Vec<(OutboxMail, Timestamp)>,
    /// Not noted yet.
    results: Vec<Delivery>,
}

/// What the judge knows of a mail.
#[derive(Default)]
struct Track {
    /// How often a server took it.
    delivered: u32,
    /// How often that may not have been noted in time: then it is sent once more.
    excuses: u32,
    /// How it was handed out last, and until when somebody has it.
    lease: Option<MailLease>,
    held_until: Option<Timestamp>,
    /// How often it was handed out and no word of that came in time: all die, again and again.
    unheard: i64,
    /// How often a server put it off.
    deferrals: i64,
    /// Whose turn it is to send it.
    sender: Option<usize>,
    /// It was noted as sent.
    is_done: bool,
    /// Somebody heard that it is refused for good, in time or not.
    was_refused: bool,
}

struct World<'a> {
    shop: Shop,
    workers: Vec<Worker>,
    mails: HashMap<MailId, Track>,
    chance: fastrand::Rng,
    /// Whether workers send what they leased too long ago.
    is_careless: bool,
    outcome: &'a mut Outcome,
}

/// Takes so many steps.
pub(super) fn try_out(run: &Run, steps: u64, is_careless: bool, outcome: &mut Outcome) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut world = World {
            shop: Shop::new(fresh(run).await),
            workers: (0..WORKERS).map(|_| Worker::default()).collect(),
            mails: HashMap::new(),
            chance: run.chance(),
            is_careless,
            outcome,
        };
        for step in 1..=steps {
            world.step().await;
            if step % EPISODE == 0 || step == steps {
                world.deliver_the_rest().await;
            }
            if !world.outcome.violations.is_empty() {
                break;
            }
        }
    });
}

/// An empty database of the engine of the run.
async fn fresh(run: &Run) -> Database {
    match run.engine {
        Engine::Sqlite => {
            let folder = tempfile::tempdir_in(&run.folder).expect("a folder");
            // Nothing here is about power.
            let options = store_sqlite::Options { readers: 1, synchronous_full: false, ..Default::default() };
            let engine = SqliteEngine::open(&folder.path().join("shop.db"), options).expect("a database");
            Database::new(Arc::new(engine), folder)
        }
        Engine::Postgres => {
            let database = test_postgres::Database::fresh();
            let options = store_postgres::Options::parse(&database.url()).expect("a URL");
            let engine = PostgresEngine::open(options).await.expect("a database");
            Database::new(Arc::new(engine), database)
        }
    }
}

impl World<'_> {
    async fn step(&mut self) {
        let at = self.chance.usize(0..WORKERS);
        match self.chance.u32(0..100) {
            0..8 => self.write_mail().await,
            8..25 => {
                let pause = PAUSES[self.chance.usize(0..PAUSES.len())];
                self.pass(pause);
            }
            25..45 => self.lease(at).await,
            45..65 => self.begin(at).await,
            65..83 => self.end(at),
            83..98 => self.note(at).await,
            _ => self.die(at),
        }
    }

    async fn write_mail(&mut self) {
        if self.mails.len() >= MAILS {
            return;
        }
        let to = Email::parse("", "ann@example.com").expect("an address");
        let id = self.shop.run(EnqueueTestMail { to, stamp: self.shop.stamp() }).await.expect("a mail");
        self.mails.insert(id, Track::default());
    }

    /// Time passes. What takes too long to send is given up when its time is over, taken by the server or not.
    fn pass(&mut self, millis: i64) {
        let now = self.shop.pass(SignedDuration::from_millis(millis));
        for at in 0..WORKERS {
            let is_late = |(_, since): &(OutboxMail, Timestamp)| now.duration_since(*since) >= SEND_MAX;
            let (late, sending) = std::mem::take(&mut self.workers[at].sending).into_iter().partition(is_late);
            self.workers[at].sending = sending;
            let late: Vec<(OutboxMail, Timestamp)> = late;
            for (mail, _) in late {
                self.end_of(at, mail, true);
            }
        }
    }

    async fn lease(&mut self, at: usize) {
        let worker = &self.workers[at];
        if !worker.queue.is_empty() || worker.sending.len() >= CONCURRENCY {
            return;
        }
        let now = self.shop.now();
        let leased = self
            .shop
            .run(LeaseMails { now, lease: LEASE, wait_max: WAIT_MAX, limit: self.chance.u32(1..4) })
            .await
            .expect("a lease");
        for mail in leased {
            let track = self.mails.entry(mail.id).or_default();
            if track.is_done {
                self.outcome.violate(format!("the mail {} was handed out after it was noted as sent", mail.id));
            }
            if track.held_until.is_some_and(|until| until > now) {
                self.outcome.violate(format!("the mail {} was handed out twice", mail.id));
            }
            track.held_until = now.checked_add(LEASE).ok();
            track.unheard += 1;
            track.lease = Some(mail.lease());
            let begin_until = now.checked_add(LEASE - SEND_MAX).expect("in range");
            self.workers[at].queue.push_back((mail, begin_until));
        }
    }

    async fn begin(&mut self, at: usize) {
        if self.workers[at].sending.len() >= CONCURRENCY {
            return;
        }
        let now = self.shop.now();
        let Some((mail, begin_until)) = self.workers[at].queue.pop_front() else { return };
        if now > begin_until && !self.is_careless {
            self.workers[at].results.push(deferral(&mail, true));
            return;
        }
        // As the worker asks before it sends: what is gone, or another one's, is not sent.
        if !self.is_careless && !mail.lease().is_of(&self.shop.mail_now(mail.id).await) {
            return;
        }
        let track = self.mails.entry(mail.id).or_default();
        if track.sender.is_some_and(|other| other != at) {
            self.outcome.violate(format!("the mail {} was sent by two at once", mail.id));
        }
        track.sender = Some(at);
        self.workers[at].sending.push((mail, now));
    }

    fn end(&mut self, at: usize) {
        let sending = &mut self.workers[at].sending;
        if !sending.is_empty() {
            let (mail, _) = sending.swap_remove(self.chance.usize(0..sending.len()));
            self.end_of(at, mail, false);
        }
    }

    /// What the server says, and what the worker makes of it.
    fn end_of(&mut self, at: usize, mail: OutboxMail, is_late: bool) {
        let track = self.mails.entry(mail.id).or_default();
        track.sender = None;
        let said = if is_late { self.chance.u32(80..100) } else { self.chance.u32(0..100) };
        let delivery = match said {
            0..60 => {
                track.delivered += 1;
                delivery(&mail, DeliveryOutcome::Sent { keep_secret: false })
            }
            60..62 => {
                track.was_refused = true;
                delivery(&mail, DeliveryOutcome::Rejected { error: "550 no".to_owned() })
            }
            62..80 => deferral(&mail, self.chance.bool()),
            80..90 => deferral(&mail, false),
            // It was taken, and the word of it was lost.
            _ => {
                track.delivered += 1;
                track.excuses += 1;
                deferral(&mail, false)
            }
        };
        // Counted here, and not as the mail says it: what was put off, and hand-outs of which nobody heard.
        if matches!(delivery.outcome, DeliveryOutcome::Deferred { .. }) && !delivery.server_only {
            track.deferrals += 1;
            track.was_refused |= track.deferrals + track.unheard > ATTEMPTS_MAX;
        }
        self.workers[at].results.push(delivery);
    }

    async fn note(&mut self, at: usize) {
        let deliveries = std::mem::take(&mut self.workers[at].results);
        if deliveries.is_empty() {
            return;
        }
        let now = self.shop.now();
        for delivery in &deliveries {
            let track = self.mails.entry(delivery.lease.mail).or_default();
            let is_holder = track.lease == Some(delivery.lease);
            let is_in_time = is_holder && track.held_until.is_some_and(|until| until > now);
            if !is_in_time {
                // The database was away for so long, or the worker: it may have been sent again meanwhile.
                track.excuses += 1;
            }
            track.is_done |= matches!(delivery.outcome, DeliveryOutcome::Sent { .. });
            // A word that comes late gives nothing back that another one has.
            if is_holder {
                track.held_until = None;
                track.unheard -= 1;
            }
        }
        let jitter = self.chance.u16(..);
        let note = RecordDeliveries { deliveries, now, jitter, skip_missing: false };
        self.shop.run(note).await.expect("it is noted");
    }

    /// A worker dies; another one takes its place and knows nothing. What it was sending may have arrived.
    fn die(&mut self, at: usize) {
        let dead = std::mem::take(&mut self.workers[at]);
        for (mail, _) in dead.sending {
            let has_arrived = u32::from(self.chance.bool());
            let track = self.mails.entry(mail.id).or_default();
            track.sender = None;
            track.delivered += has_arrived;
            track.excuses += has_arrived;
        }
        for delivery in dead.results {
            if matches!(delivery.outcome, DeliveryOutcome::Sent { .. }) {
                self.mails.entry(delivery.lease.mail).or_default().excuses += 1;
            }
        }
    }

    /// All die but one, whom nothing troubles: then every mail arrives, and none more often than it had to.
    async fn deliver_the_rest(&mut self) {
        for at in 0..WORKERS {
            self.die(at);
        }
        for _ in 0..200 {
            // Longer than a lease and than any pause between two tries.
            self.pass(7 * 3_600_000);
            self.lease(0).await;
            while let Some((mail, _)) = self.workers[0].queue.pop_front() {
                self.mails.entry(mail.id).or_default().delivered += 1;
                self.workers[0].results.push(delivery(&mail, DeliveryOutcome::Sent { keep_secret: false }));
            }
            if self.workers[0].results.is_empty() {
                break;
            }
            self.note(0).await;
        }
        for (id, track) in std::mem::take(&mut self.mails) {
            let mail = self.shop.mail_now(id).await;
            match mail.status {
                MailStatus::Sent if track.delivered > 0 => {}
                MailStatus::Failed if track.was_refused || track.unheard > ATTEMPTS_MAX => {}
                status => self.outcome.violate(format!(
                    "the mail {id} is {status:?} in the end, after {} deliveries and {} tries",
                    track.delivered, mail.attempts
                )),
            }
            if track.delivered > 1 + track.excuses {
                let Track { delivered, excuses, .. } = track;
                self.outcome.violate(format!("the mail {id} was sent {delivered} times with {excuses} excuses"));
            }
        }
    }
}

fn delivery(mail: &OutboxMail, outcome: DeliveryOutcome) -> Delivery {
    Delivery { lease: mail.lease(), outcome, server_only: false }
}

fn deferral(mail: &OutboxMail, server_only: bool) -> Delivery {
    Delivery { server_only, ..delivery(mail, DeliveryOutcome::Deferred { error: "450 later".to_owned() }) }
}
