//! Where passwords are hashed: away from everything that is in a hurry.
//!
//! One hash of cost 12 keeps a core busy for a fifth of a second. A few threads of low priority do that work,
//! so that orders get more of the core when they need it, and a bounded queue says no when more is asked than will
//! be done in time.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use thiserror::Error;
use tokio::sync::oneshot;

use crate::password_hash::{self as hash, COST_DEFAULT, COST_MAX, COST_MIN, Verified};

/// The priority of the threads. Where another program keeps a processor busy they get a tenth of it, and a password takes three seconds; with the
/// lowest of all (19) it took twenty, which nobody waits. Orders in a storm of guesses were as quick with either (scenario `login-storm`): what answers
/// them has 8, and what writes them 0.
const NICE: i32 = 10;

/// So many of those who are known go before one of the others, while both wait. Whoever has an account is known where they signed in, so
/// being known must not be enough to keep everybody else out.
const KNOWN_IN_A_ROW: u32 = 3;

/// What passwords cost where a test lifts `guard.cost`: as little as bcrypt takes. Hashing was half of all that the tests did.
const COST_OF_TESTS: u32 = 4;

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordSettings {
    /// bcrypt's cost, [`COST_MIN`] to [`COST_MAX`]; one more is twice as slow.
    pub cost: u32,
    /// How many are hashed at once.
    pub threads: usize,
    /// How many may wait.
    pub queue: usize,
}

impl Default for PasswordSettings {
    /// Cost 12, on half of the cores.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = (cores / 2).max(1);
        // About 15 seconds of work at cost 12; who is behind that would have given up before the turn comes.
        Self { cost: COST_DEFAULT, threads, queue: threads * 64 }
    }
}

/// More passwords wait than can be done in time; try again shortly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many passwords wait to be hashed")]
pub struct Overloaded;

/// Whether a thread has begun with a password: until then it waits, and nothing was found out about it.
#[derive(Clone, Debug, Default)]
pub struct Begun(Arc<AtomicBool>);

impl Begun {
    /// Whether one has.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Hashes and compares passwords. Cheap to clone; the threads end with the last clone.
#[derive(Clone, Debug)]
pub struct PasswordPool {
    handle: Arc<Handle>,
    goes_first: bool,
    begun: Begun,
}

#[derive(Debug)]
struct Handle {
    queue: Arc<Queue>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Of those whom the shop knows by more than a password.
    first: VecDeque<Job>,
    others: VecDeque<Job>,
    /// How many of the first went since one of the others did.
    in_a_row: u32,
    is_closed: bool,
}

impl Waiting {
    const fn lane(&mut self, goes_first: bool) -> &mut VecDeque<Job> {
        if goes_first { &mut self.first } else { &mut self.others }
    }

    /// The next job that somebody still waits for: those who are known go first, but not for ever.
    fn take_next(&mut self) -> Option<Job> {
        for lane in [&mut self.first, &mut self.others] {
            while lane.front().is_some_and(Job::is_abandoned) {
                lane.pop_front();
            }
        }
        let have_waited = self.in_a_row >= KNOWN_IN_A_ROW && !self.others.is_empty();
        if self.first.is_empty() || have_waited {
            self.in_a_row = 0;
            self.others.pop_front()
        } else {
            self.in_a_row = self.in_a_row.saturating_add(1);
            self.first.pop_front()
        }
    }
}

struct Job {
    begun: Begun,
    task: Task,
}

enum Task {
    Hash { password: String, reply: oneshot::Sender<Result<String, Overloaded>> },
    Verify { password: String, hash: Option<String>, reply: oneshot::Sender<Result<Verified, Overloaded>> },
}

impl PasswordPool {
    /// Starts the threads; they end with the last clone. A cost out of [`COST_MIN`] to [`COST_MAX`] becomes the nearest
    /// one in it.
    #[must_use]
    pub fn new(settings: PasswordSettings) -> Self {
        let is_cheap = faults::is_lifted("guard.cost");
        let cost = if is_cheap { COST_OF_TESTS } else { settings.cost.clamp(COST_MIN, COST_MAX) };
        Self::start(PasswordSettings { cost, ..settings })
    }

    fn start(settings: PasswordSettings) -> Self {
        let PasswordSettings { cost, threads, queue: capacity } = settings;
        let queue = Arc::new(Queue::default());
        for number in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            let started = thread::Builder::new().name(format!("password-{number}")).spawn(move || work(&queue, cost));
            started.expect("a thread can be started when the program starts");
        }
        Self {
            handle: Arc::new(Handle { queue, capacity: capacity.max(1) }),
            goes_first: false,
            begun: Begun::default(),
        }
    }

    /// The same pool for somebody whom the shop knows by more than a password: a session, or an address that the account was
    /// used from before. Their passwords go before the others, three before one, and the room for those that wait is their own, so that
    /// whoever tries a thousand passwords keeps nobody out.
    #[must_use]
    pub fn for_known(&self, is_known: bool) -> Self {
        let goes_first = is_known && !faults::is_lifted("guard.known");
        Self { goes_first, ..self.clone() }
    }

    /// The same pool, which sets `begun` as soon as a thread begins with a password that is handed in here.
    #[must_use]
    pub fn telling(&self, begun: Begun) -> Self {
        Self { begun, ..self.clone() }
    }

    /// The hash to keep of `password`.
    ///
    /// # Errors
    /// When too many wait already.
    pub async fn hash(&self, password: String) -> Result<String, Overloaded> {
        let (reply, hashed) = oneshot::channel();
        self.enqueue(Task::Hash { password, reply })?;
        hashed.await.map_err(|_| Overloaded)?
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash (no such account, or none with a
    /// password) it does not match, and takes as long.
    ///
    /// # Errors
    /// When too many wait already.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<Verified, Overloaded> {
        let (reply, verified) = oneshot::channel();
        self.enqueue(Task::Verify { password, hash, reply })?;
        verified.await.map_err(|_| Overloaded)?
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let waiting = self.handle.queue.lock();
        waiting.first.len() + waiting.others.len()
    }

    fn enqueue(&self, task: Task) -> Result<(), Overloaded> {
        let mut waiting = self.handle.queue.lock();
        let lane = waiting.lane(self.goes_first);
        if lane.len() >= self.handle.capacity {
            lane.retain(|job| !job.is_abandoned());
        }
        if lane.len() >= self.handle.capacity {
            return Err(Overloaded);
        }
        lane.push_back(Job { begun: self.begun.clone(), task });
        self.handle.queue.wake.notify_one();
        Ok(())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock();
        waiting.is_closed = true;
        waiting.first.clear();
        waiting.others.clear();
        self.queue.wake.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing is half done under this lock, so a panic elsewhere leaves the queue sound.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job that somebody still waits for; `None` when the pool is gone.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if waiting.is_closed {
                return None;
            }
            match waiting.take_next() {
                Some(job) => return Some(job),
                None => waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Job {
    fn is_abandoned(&self) -> bool {
        match &self.task {
            Task::Hash { reply, .. } => reply.is_closed(),
            Task::Verify { reply, .. } => reply.is_closed(),
        }
    }

    fn run(self, cost: u32) {
        self.begun.set();
        // Whoever asked may have gone meanwhile; then nobody needs the answer.
        match self.task {
            Task::Hash { password, reply } => {
                let hashed = hash::hash(&password, cost).map_err(|error| {
                    tracing::error!(%error, "a password could not be hashed");
                    Overloaded
                });
                let _ = reply.send(hashed);
            }
            Task::Verify { password, hash, reply } => {
                let _ = reply.send(Ok(hash::verify(&password, hash.as_deref(), cost)));
            }
        }
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.task {
            Task::Hash { .. } => "Hash(..)",
            Task::Verify { .. } => "Verify(..)",
        })
    }
}

fn work(queue: &Queue, cost: u32) {
    // On Linux a priority belongs to a thread, whatever POSIX says, and the thread's id names it.
    let own = Some(rustix::thread::gettid());
    // A program that was started with less may not have more.
    let nice = rustix::process::getpriority_process(own).map_or(NICE, |given| given.max(NICE));
    if let Err(error) = rustix::process::setpriority_process(own, nice) {
        tracing::warn!(%error, "passwords are hashed at the usual priority");
    }
    while let Some(job) = queue.next() {
        job.run(cost);
    }
}

#[cfg(test)]
mod tests;
