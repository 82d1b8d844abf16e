//! What a connection is at, and since when: to close those that hold a place without using it.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How often a connection is looked at, at least: what it is at changes, and nobody sets a timer for each change.
pub(super) const CHECK_PERIOD: Duration = Duration::from_secs(2);
/// How often at most.
pub(super) const CHECK_PERIOD_MIN: Duration = Duration::from_millis(5);

/// What a client must take of a reply in the time there is, in bytes: slower than any line that is still used.
const TAKEN_MIN: u64 = 4096;

/// How long a connection may be at what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Sending the head of a request.
    pub(super) head: Duration,
    /// Idle.
    pub(super) idle: Duration,
    /// Taking less than [`TAKEN_MIN`] of a reply that waits to be sent.
    pub(super) send: Duration,
}

const IDLE: u64 = 0;
const HEAD: u64 = 1;
const ANSWERING: u64 = 2;
const SENDING: u64 = 3;

/// What a connection is at. Shared by its socket, its service and its watch, all within one task.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    /// Milliseconds since `opened`, times four, plus what it is at.
    state: AtomicU64,
    /// What was taken since then of a reply that the client does not take as quickly as it is made, in bytes.
    taken: AtomicU64,
    /// Its time was over.
    is_cut: AtomicBool,
}

impl Activity {
    /// A connection that was opened now, and is expected to send a head at once.
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            state: AtomicU64::new(HEAD),
            taken: AtomicU64::new(0),
            is_cut: AtomicBool::new(false),
        }
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        if self.phase() == IDLE {
            self.set(HEAD);
        }
    }

    /// So many bytes went out.
    pub(super) fn sent(&self, bytes: usize) {
        match self.phase() {
            IDLE => self.set(IDLE),
            SENDING => {
                let taken = self.taken.load(Ordering::Relaxed).saturating_add(bytes as u64);
                self.taken.store(taken, Ordering::Relaxed);
                if taken >= TAKEN_MIN {
                    self.wait_for_taking();
                }
            }
            _ => {}
        }
    }

    /// Nothing more can be sent until the client takes some of it.
    pub(super) fn blocked(&self) {
        if matches!(self.phase(), IDLE | HEAD) {
            self.wait_for_taking();
        }
    }

    /// All that there was to be sent is on its way.
    pub(super) fn flushed(&self) {
        if self.phase() == SENDING {
            self.set(IDLE);
        }
    }

    fn wait_for_taking(&self) {
        self.taken.store(0, Ordering::Relaxed);
        self.set(SENDING);
    }

    /// The head of a request is complete. From here on the request has limits of its own.
    pub(super) fn request_begins(&self) {
        self.set(ANSWERING);
    }

    /// The reply is ready to be sent; from here on the client must take it or ask for more.
    pub(super) fn reply_begins(&self) {
        self.set(IDLE);
    }

    /// The last reply is sent; what the client still sends must end as soon as a head must.
    pub(super) fn closing(&self) {
        self.set(HEAD);
    }

    /// It is cut: what was not taken of replies is thrown away with it.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }

    /// Whether it was cut.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    /// Whether it has been at the same thing for too long.
    pub(super) fn is_overdue(&self, limits: Limits) -> bool {
        self.time_left(limits).is_some_and(|left| left.is_zero())
    }

    /// How much longer it may be at what it is at; `None` while a request is being answered, which has limits of its own.
    pub(super) fn time_left(&self, limits: Limits) -> Option<Duration> {
        let state = self.state.load(Ordering::Relaxed);
        let limit = match state & 3 {
            IDLE => limits.idle,
            HEAD => limits.head,
            SENDING => limits.send,
            _ => return None,
        };
        let since = Duration::from_millis(state >> 2);
        let lasted = self.opened.elapsed().saturating_sub(since);
        Some(limit.saturating_sub(lasted))
    }

    fn phase(&self) -> u64 {
        self.state.load(Ordering::Relaxed) & 3
    }

    fn set(&self, phase: u64) {
        let millis = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(0);
        self.state.store(millis << 2 | phase, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: Limits =
        Limits { head: Duration::from_secs(60), idle: Duration::from_secs(60), send: Duration::from_secs(60) };

    #[test]
    fn heads_are_due_sooner_than_idle_connections_and_requests_never() {
        let limits = Limits { head: Duration::ZERO, ..PATIENT };
        let activity = Activity::new();
        std::thread::sleep(Duration::from_millis(3));
        assert!(activity.is_overdue(limits), "a new connection must send a head");
        activity.request_begins();
        activity.received();
        std::thread::sleep(Duration::from_millis(3));
        assert!(!activity.is_overdue(limits), "a request is being answered");
        activity.reply_begins();
        activity.sent(1);
        std::thread::sleep(Duration::from_millis(3));
        assert!(!activity.is_overdue(limits), "idle, but not for long");
        assert!(activity.is_overdue(Limits { idle: Duration::ZERO, ..limits }));
        activity.received();
        std::thread::sleep(Duration::from_millis(3));
        assert!(activity.is_overdue(limits), "the next head has begun");
    }

    #[test]
    fn whoever_takes_a_reply_may_take_long_and_whoever_leaves_it_lying_may_not() {
        let limits = Limits { send: Duration::from_millis(20), ..PATIENT };
        let pause = || std::thread::sleep(Duration::from_millis(15));
        let activity = Activity::new();
        activity.request_begins();
        activity.reply_begins();
        for _ in 0..4 {
            activity.blocked();
            pause();
            activity.sent(5_000);
            assert!(!activity.is_overdue(limits), "it goes on");
        }
        activity.flushed();
        pause();
        pause();
        assert!(!activity.is_overdue(limits), "all of it is taken");
        activity.blocked();
        for _ in 0..4 {
            pause();
            activity.received();
            activity.sent(5);
            activity.blocked();
        }
        assert!(activity.is_overdue(limits), "a few bytes now and then are nothing, nor is what it sends meanwhile");
    }
}
