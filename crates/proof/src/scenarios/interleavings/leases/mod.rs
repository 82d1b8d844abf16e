//! Workers of several processes on one outbox: `mail::Worker` as it is, on the real engines. Whatever a worker asks of the database or of the
//! mail server goes through [`gates`], and the scheduler draws what arrives next, what is lost, how much time passes, who dies and who is
//! stopped. Time is tokio's own, which stands still until the scheduler moves it; so the same seed takes the same steps.

mod gates;
mod judge;

use std::{
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use commerce::mail::EnqueueTestMail;
use gates::{GatedCarrier, GatedOutbox, Gates, Place, Said};
use judge::Judge;
use mail::{EngineOutbox, Renderer, ShopIdentity, Transport, Worker, parse_from};
use model::{Email, MailId, MailStatus, SignedDuration, Timestamp};
use store_conformance::{Database, support::Shop};
use store_postgres::PostgresEngine;
use store_sqlite::SqliteEngine;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::{Notify, oneshot},
    task::{self, JoinHandle},
    time,
};

use crate::scenario::{Engine, Outcome, Run};

const WORKERS: usize = 3;
/// How many mails are on their way at a time.
const MAILS: usize = 6;
/// After so many steps all mails must arrive.
const EPISODE: u64 = 2_000;
/// How long time passes at a step, in milliseconds: between two notes, between two looks at the outbox, and as long as a lease or what is
/// left of it.
const PAUSES: [u64; 8] = [50, 100, 100, 1_000, 1_000, 6_000, 30_000, 61_000];
/// The longest, which is drawn more seldom: longer than a lease.
const LONG_PAUSE: u64 = 200_000;
/// How often whoever can go on gets their turn, before the scheduler takes its next step: more often than one step leads to another.
const TURNS: u32 = 16;
/// How often in a row nothing happens in a tenth of a second before the rest of the mails are waited for: long enough for a note, and too
/// short for another look at the outbox.
const IDLE_MAX: u32 = 5;
/// How many rounds of that there may be.
const ROUNDS_MAX: u32 = 3_000;
/// How long a worker takes at most to come to its end, while it does not wait for the database: what `mail::Worker` leaves to what is being
/// sent, and five pauses between notes.
const STOP_MAX: SignedDuration = SignedDuration::from_secs(26);

/// A process that sends mails.
struct Process {
    /// Which one: those that take another one's place have other numbers.
    number: u64,
    wake: Arc<Notify>,
    /// Taken when it was told to stop.
    stop: Option<oneshot::Sender<()>>,
    /// Since when it could have come to its end, if it was told to stop.
    stopping_since: Timestamp,
    task: JoinHandle<()>,
}

struct World<'a> {
    shop: Shop,
    outbox: EngineOutbox,
    /// Where the database runs.
    runtime: &'a Handle,
    gates: Arc<Gates>,
    processes: Vec<Process>,
    started: u64,
    chance: fastrand::Rng,
    is_careless: bool,
    /// What was done, in short: the same seed must come to the same.
    trace: u64,
}

/// Takes so many steps. Gives what they came to in short.
pub(super) fn try_out(run: &Run, steps: u64, is_careless: bool, outcome: &mut Outcome) -> u64 {
    // The database has the time that it is; workers have a time of their own.
    let databases = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (shop, outbox) = open(run, &databases);
    let workers = Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    workers.block_on(async {
        let mut chance = run.chance();
        let mut world = World {
            outbox,
            runtime: databases.handle(),
            gates: Arc::new(Gates::new(Judge::new(chance.fork()), shop.clone())),
            shop,
            processes: Vec::new(),
            started: 0,
            chance,
            is_careless,
            trace: 0,
        };
        world.fill_up().await;
        for step in 1..=steps {
            world.step().await;
            if step % EPISODE == 0 || step == steps {
                world.deliver_the_rest().await;
                world.fill_up().await;
            }
            let violations = world.gates.judge().take_violations();
            outcome.violations.extend(violations);
            // A control has two things to find.
            if !outcome.violations.is_empty() && !is_careless {
                break;
            }
        }
        world.trace
    })
}

/// An empty database of the engine of the run.
fn open(run: &Run, runtime: &Runtime) -> (Shop, EngineOutbox) {
    match run.engine {
        Engine::Sqlite => {
            let folder = tempfile::tempdir_in(&run.folder).expect("a folder");
            // Nothing here is about power.
            let options = store_sqlite::Options { readers: 1, synchronous_full: false, ..Default::default() };
            let engine = Arc::new(SqliteEngine::open(&folder.path().join("shop.db"), options).expect("a database"));
            (Shop::new(Database::new(Arc::clone(&engine), folder)), EngineOutbox::new(engine))
        }
        Engine::Postgres => {
            let database = test_postgres::Database::fresh();
            let options = store_postgres::Options::parse(&database.url()).expect("a URL");
            let engine = Arc::new(runtime.block_on(PostgresEngine::open(options)).expect("a database"));
            (Shop::new(Database::new(Arc::clone(&engine), database)), EngineOutbox::new(engine))
        }
    }
}

impl World<'_> {
    async fn step(&mut self) {
        match self.chance.u32(0..100) {
            0..5 => self.write_mail().await,
            5..20 => {
                let pause = match self.chance.usize(0..=PAUSES.len() * 3) {
                    0 => LONG_PAUSE,
                    at => PAUSES[at % PAUSES.len()],
                };
                self.pass(pause).await;
            }
            20..97 => self.let_go_on().await,
            97 | 98 => {
                let at = self.chance.usize(0..WORKERS);
                self.die(at).await;
            }
            _ => {
                let at = self.chance.usize(0..WORKERS);
                if let Some(stop) = self.processes[at].stop.take() {
                    self.processes[at].stopping_since = self.shop.now();
                    self.gates.judge().ends(self.processes[at].number);
                    // It may have come to its end by itself.
                    let _ = stop.send(());
                    self.settle().await;
                }
            }
        }
        self.replace_ended().await;
        self.judge_silence();
    }

    /// Whoever waits for nothing must have noted what they know.
    fn judge_silence(&mut self) {
        let at_database: Vec<_> = {
            let waiting = self.gates.waiting();
            waiting.iter().filter(|one| matches!(one.place, Place::Loop(_))).map(|one| one.worker).collect()
        };
        let (now, mut judge) = (self.shop.now(), self.gates.judge());
        for process in &mut self.processes {
            if at_database.contains(&process.number) {
                judge.is_kept_waiting(process.number, now);
                process.stopping_since = now;
            } else if process.stop.is_some() {
                // Who is told to stop waits for what is being sent.
                judge.waits_for_nothing(process.number, now);
            } else if now.duration_since(process.stopping_since) > STOP_MAX {
                judge.violate(format!("worker {} was told to stop, and does not", process.number));
                process.stopping_since = now;
            }
        }
    }

    /// Lets everybody who can go on do so, until all of them wait: for the scheduler, or for time to pass.
    async fn settle(&self) {
        loop {
            let asked_before = self.gates.asked();
            for _ in 0..TURNS {
                task::yield_now().await;
            }
            // What was asked and answered during these turns may have nobody gone on yet.
            if !self.gates.is_database_asked() && self.gates.asked() == asked_before {
                return;
            }
            // Time may not pass by itself meanwhile, as it does where everybody waits.
            while self.gates.is_database_asked() {
                thread::yield_now();
                task::yield_now().await;
            }
        }
    }

    /// Asks the database, as nobody's worker.
    async fn ask<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let asked = self.gates.ask(self.runtime, work);
        let answer = tokio::join!(asked, self.settle()).0;
        self.settle().await;
        answer
    }

    async fn write_mail(&mut self) {
        if self.gates.judge().count() >= MAILS {
            return;
        }
        let to = Email::parse("", "ann@example.com").expect("an address");
        let (shop, stamp) = (self.shop.clone(), self.shop.stamp());
        let id = self.ask(async move { shop.run(EnqueueTestMail { to, stamp }).await }).await.expect("a mail");
        self.gates.judge().written(id);
        // In the process that wrote it.
        let at = self.chance.usize(0..WORKERS);
        self.processes[at].wake.notify_one();
        self.settle().await;
    }

    async fn pass(&mut self, millis: u64) {
        self.shop.pass(SignedDuration::from_millis(i64::try_from(millis).expect("in range")));
        time::advance(Duration::from_millis(millis)).await;
        self.settle().await;
        self.note_step(1 + millis);
    }

    /// Somebody who waits goes on: with a word that arrives, or one that does not.
    async fn let_go_on(&mut self) {
        let one = {
            let (mut waiting, now) = (self.gates.waiting(), self.shop.now());
            let ready: Vec<_> = (0..waiting.len()).filter(|at| waiting[*at].slow_until <= now).collect();
            self.chance.choice(ready).map(|at| waiting.remove(at))
        };
        let Some(one) = one else { return };
        let drawn = self.chance.u32(0..100);
        // Whoever dies at this moment hears nothing.
        match one.place {
            Place::Loop(go) | Place::Send(go) => drop(go.send(drawn >= 3)),
            Place::Door(go) => drop(go.send(drawn >= 10)),
            Place::Server(go) => drop(go.send(match drawn {
                0..62 => Said::Taken,
                62..65 => Said::Refused,
                65..80 => Said::NotNow,
                80..90 => Said::Lost,
                _ => Said::TakenUnheard,
            })),
        }
        self.settle().await;
        self.note_step(u64::from(drawn));
    }

    /// A process dies; another one takes its place and knows nothing.
    async fn die(&mut self, at: usize) {
        let process = &self.processes[at];
        self.gates.judge().ends(process.number);
        process.task.abort();
        self.settle().await;
        self.gates.judge().died(process.number);
        self.processes[at] = self.start().await;
    }

    /// Others take the place of those who were stopped and have come to their end.
    async fn replace_ended(&mut self) {
        for at in 0..self.processes.len() {
            if self.processes[at].task.is_finished() {
                let process = &mut self.processes[at];
                let ended = (&mut process.task).await;
                if ended.is_err() || process.stop.is_some() {
                    self.gates
                        .judge()
                        .violate(format!("worker {} came to an end by itself: {ended:?}", process.number));
                }
                self.gates.judge().stopped(process.number);
                self.processes[at] = self.start().await;
            }
        }
    }

    async fn fill_up(&mut self) {
        while self.processes.len() < WORKERS {
            let process = self.start().await;
            self.processes.push(process);
        }
    }

    async fn start(&mut self) -> Process {
        self.started += 1;
        let number = self.started;
        let (gates, is_careless) = (Arc::clone(&self.gates), self.is_careless);
        let carrier = GatedCarrier { gates: Arc::clone(&gates), is_careless, worker: number };
        let (outbox, runtime) = (self.outbox.clone(), self.runtime.clone());
        let outbox = GatedOutbox { gates, outbox, runtime, worker: number, is_careless };
        let wake = Arc::new(Notify::new());
        let transport = Arc::new(Transport::carried_by(Arc::new(carrier)));
        let worker = Worker::on(Arc::new(outbox), renderer(), transport, Arc::clone(&wake));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(worker.run(async move {
            // Dropped with the scheduler: nobody was told to stop.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        // Before the next step: otherwise chance would say which of the two comes first.
        self.settle().await;
        Process { number, wake, stop: Some(stop), stopping_since: self.shop.now(), task }
    }

    /// All die but one, whom nothing troubles: then every mail arrives, and none more often than it had to.
    async fn deliver_the_rest(&mut self) {
        while let Some(process) = self.processes.pop() {
            self.gates.judge().ends(process.number);
            process.task.abort();
            self.settle().await;
            self.gates.judge().died(process.number);
        }
        self.gates.judge().calm_begins();
        let last = self.start().await;
        let mut idle = 0;
        for _ in 0..ROUNDS_MAX {
            let one = self.gates.waiting().pop().map(|one| one.place);
            idle = if one.is_none() { idle + 1 } else { 0 };
            match one {
                Some(Place::Loop(go) | Place::Send(go) | Place::Door(go)) => drop(go.send(true)),
                Some(Place::Server(go)) => drop(go.send(Said::Taken)),
                // What became of mails is noted soon; then whatever waits for another try, or for a lease to end, has its turn.
                None if idle < IDLE_MAX => self.pass(100).await,
                None if self.are_settled().await => break,
                None => {
                    self.pass(20 * 60_000).await;
                    idle = 0;
                }
            }
            self.settle().await;
        }
        last.task.abort();
        self.settle().await;
        self.gates.judge().died(last.number);
        let all = self.gates.judge().all();
        for id in all {
            let mail = self.mail(id).await;
            self.gates.judge().ended(&mail);
        }
    }

    /// Whether nothing waits to be sent.
    async fn are_settled(&self) -> bool {
        // Those first of which that was not seen; then the others, since a note that came too late counts for nothing.
        let [unsettled, all] = {
            let judge = self.gates.judge();
            [judge.unsettled(), judge.all()]
        };
        let others = all.into_iter().filter(|id| !unsettled.contains(id)).collect::<Vec<_>>();
        for id in unsettled.iter().copied().chain(others) {
            if self.mail(id).await.status == MailStatus::Pending {
                return false;
            }
        }
        true
    }

    async fn mail(&self, id: MailId) -> model::OutboxMail {
        let shop = self.shop.clone();
        self.ask(async move { shop.mail_now(id).await }).await
    }

    fn note_step(&mut self, what: u64) {
        let waiting = self.gates.waiting().len() as u64;
        self.trace = self.trace.rotate_left(7) ^ what.wrapping_mul(31).wrapping_add(waiting);
    }
}

/// What makes messages of mails, which nobody here reads.
fn renderer() -> Arc<Renderer> {
    static RENDERER: LazyLock<Arc<Renderer>> = LazyLock::new(|| {
        let identity = ShopIdentity {
            shop_name: "Corner Shop".to_owned(),
            public_url: "https://shop.example/".to_owned(),
            storefront_url: "https://shop.example/".to_owned(),
            from: parse_from("shop@example.com").expect("an address"),
            contact_email: String::new(),
        };
        Arc::new(Renderer::new(identity, None).expect("the built-in templates"))
    });
    Arc::clone(&RENDERER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Size;

    #[test]
    fn the_same_seed_takes_the_same_steps() {
        let folder = tempfile::tempdir().expect("a folder");
        let trace = |seed| {
            let (engine, size, part, folder) = (Engine::Sqlite, Size::Short, (0, 1), folder.path().to_owned());
            let mut outcome = Outcome::default();
            let trace = try_out(&Run { engine, seed, size, runs: None, part, folder }, 3_000, false, &mut outcome);
            assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
            trace
        };
        assert_eq!(trace(7), trace(7));
        assert_ne!(trace(7), trace(8));
    }
}
