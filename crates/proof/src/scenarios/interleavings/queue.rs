//! The commit queue of the embedded engine, as it is, with a database that fails when it likes.

use std::{
    fmt::Display,
    future::Future,
    panic::{self, PanicHookInfo},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::AtomicBool,
        mpsc::{RecvError, RecvTimeoutError, TryRecvError, TrySendError},
    },
    task::{Context, Waker},
    time::Duration,
};

use shuttle::{
    Config, FailurePersistence, Runner, future,
    rand::{Rng, thread_rng},
    scheduler::RandomScheduler,
    sync::mpsc,
    thread,
};
use store::StoreError;
use store_sqlite::{
    queue::{Callers, Database, Inbox, Message, Outbox, Request},
    writer::Writer,
};

use tokio::sync::oneshot;

use crate::judge::{quietly, words};

const CALLERS: u32 = 3;
/// Jobs of each, one after the other.
const JOBS: u32 = 2;
const GROUP_MAX: usize = 2;
/// Pieces of a task.
const PIECES_MAX: u32 = 4;

/// Tries so many schedules; what went wrong in the first bad one.
pub(super) fn try_out(seed: u64, schedules: u64, lifted: bool) -> Option<String> {
    let schedules = usize::try_from(schedules).unwrap_or(usize::MAX);
    let mut config = Config::default();
    config.failure_persistence = FailurePersistence::None;
    let runner = Runner::new(RandomScheduler::new_from_seed(seed, schedules), config);
    // The scheduler puts its own words in front of every panic from now on: only its own are of use.
    let hook: Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync> = Arc::from(panic::take_hook());
    let same = Arc::clone(&hook);
    panic::set_hook(Box::new(move |info| same(info)));
    let tried = quietly(move || runner.run(move || one_day(lifted)));
    panic::set_hook(Box::new(move |info| hook(info)));
    tried.err().map(|panic| format!("the commit queue: {}", words(panic.as_ref())))
}

/// Callers come and go, one of them hangs up, somebody closes the shop.
fn one_day(lifted: bool) {
    let (sender, receiver) = mpsc::sync_channel(thread_rng().gen_range(1..4));
    let callers = Arc::new(Callers::new(Out(sender)));
    let stored = Arc::new(Mutex::new(Vec::new()));
    let database = Ledger {
        stored: Arc::clone(&stored),
        lifted,
        is_broken_for_good: thread_rng().gen_ratio(1, 4),
        is_closed: false,
    };
    let is_down = Arc::new(AtomicBool::new(false));
    let writer = Writer::new(database, In(receiver), GROUP_MAX, is_down);
    let writer = thread::spawn(move || writer.run());
    let buyers = (0..CALLERS).map(|caller| {
        let (callers, stored) = (Arc::clone(&callers), Arc::clone(&stored));
        thread::spawn(move || ask(caller, &callers, &stored))
    });
    let buyers: Vec<_> = buyers.collect();
    let task = {
        let callers = Arc::clone(&callers);
        thread::spawn(move || {
            let (reply, done) = oneshot::channel();
            // Done, given up or never begun: whoever waits is told.
            if callers.attend(reply).is_ok() {
                let _ = future::block_on(done);
            }
        })
    };
    let closer = {
        let callers = Arc::clone(&callers);
        thread::spawn(move || callers.close())
    };
    let refused: Vec<u32> = buyers.into_iter().flat_map(|buyer| buyer.join().expect("a caller")).collect();
    task.join().expect("the one with a task");
    closer.join().expect("the one who closes");
    writer.join().expect("the writer");
    let stored = list(&stored);
    for job in refused {
        assert!(!stored.contains(&job), "{job} was refused, and is there");
    }
    for caller in 0..CALLERS {
        let own: Vec<u32> = stored.iter().copied().filter(|job| job / JOBS == caller).collect();
        assert!(
            own.is_sorted_by(|one, next| one < next),
            "jobs of one caller are there twice or turned round: {stored:?}"
        );
    }
}

/// One caller's jobs; gives those that were refused for certain.
fn ask(caller: u32, callers: &Callers<Ledger, Out<Message<Ledger>>>, stored: &Mutex<Vec<u32>>) -> Vec<u32> {
    let mut refused = Vec::new();
    for job in caller * JOBS..(caller + 1) * JOBS {
        let asked = callers.submit(job);
        if thread_rng().gen_ratio(1, 6) {
            // Hangs up after asking: it may be done or not.
            let _ = pin!(asked).poll(&mut Context::from_waker(Waker::noop()));
            continue;
        }
        match future::block_on(asked) {
            Ok(done) => {
                assert_eq!(done, job, "the answer was for another one");
                assert!(list(stored).contains(&job), "{job} was acknowledged, and is not there");
            }
            Err(StoreError::Unknown(_)) => {}
            Err(_) => refused.push(job),
        }
    }
    refused
}

fn list(stored: &Mutex<Vec<u32>>) -> Vec<u32> {
    stored.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A database that remembers numbers.
struct Ledger {
    stored: Arc<Mutex<Vec<u32>>>,
    /// Answers before it commits.
    lifted: bool,
    /// Once it breaks, it never opens again.
    is_broken_for_good: bool,
    is_closed: bool,
}

impl Ledger {
    fn store(&self, group: &[Request<u32>]) {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.extend(group.iter().map(|request| request.job));
    }
}

impl Database for Ledger {
    type Job = u32;
    type Task = oneshot::Sender<()>;

    fn run(&mut self, group: Vec<Request<u32>>) -> bool {
        assert!((1..=GROUP_MAX).contains(&group.len()), "a group of {}", group.len());
        assert!(!self.is_closed, "work after the end");
        if self.lifted {
            let jobs: Vec<u32> = group.iter().map(|request| request.job).collect();
            group.into_iter().for_each(Request::succeed);
            thread::yield_now();
            self.stored.lock().unwrap_or_else(PoisonError::into_inner).extend(jobs);
            return true;
        }
        thread::yield_now();
        match thread_rng().gen_range(0..6) {
            // The disk failed before the commit.
            0 => {
                group.into_iter().for_each(|request| request.fail(StoreError::Unavailable("broken".to_owned())));
                false
            }
            // It failed in the middle of it.
            1 => {
                self.store(&group);
                group.into_iter().for_each(|request| request.fail(StoreError::Unknown("broken".to_owned())));
                false
            }
            _ => {
                self.store(&group);
                group.into_iter().for_each(Request::succeed);
                true
            }
        }
    }

    fn reopen(&mut self) -> Result<(), impl Display> {
        if self.is_broken_for_good || thread_rng().gen_ratio(1, 2) { Err("it does not open") } else { Ok(()) }
    }

    fn attend(&mut self, task: Self::Task, others: &mut dyn FnMut(&mut Self, Duration) -> bool) {
        for _ in 0..thread_rng().gen_range(0..PIECES_MAX) {
            if !others(self, Duration::from_millis(1)) {
                return;
            }
        }
        let _ = task.send(());
    }

    fn tidy(&mut self) {
        thread::yield_now();
    }

    fn rest(&mut self) {
        thread::yield_now();
    }

    fn close(&mut self) {
        assert!(!self.is_closed, "closed twice");
        self.is_closed = true;
    }
}

struct Out<M>(mpsc::SyncSender<M>);

impl<M> Outbox<M> for Out<M> {
    fn try_send(&self, message: M) -> Result<(), TrySendError<M>> {
        self.0.try_send(message)
    }

    fn send(&self, message: M) {
        let _ = self.0.send(message);
    }
}

struct In<M>(mpsc::Receiver<M>);

impl<M> Inbox<M> for In<M> {
    fn recv(&self) -> Result<M, RecvError> {
        self.0.recv()
    }

    /// The scheduler knows no time: whether it is up is drawn.
    fn recv_timeout(&self, _: Duration) -> Result<M, RecvTimeoutError> {
        match self.0.try_recv() {
            Ok(message) => Ok(message),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) if thread_rng().gen_ratio(1, 2) => Err(RecvTimeoutError::Timeout),
            Err(TryRecvError::Empty) => self.0.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn try_recv(&self) -> Result<M, TryRecvError> {
        self.0.try_recv()
    }
}
