//! What a connection is at, and since when: to close those that hold a place without using it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How often a connection is looked at. Limits are kept to within this.
pub(super) const CHECK_PERIOD: Duration = Duration::from_secs(2);

/// How long a connection may be at what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Sending the head of a request.
    pub(super) head: Duration,
    /// Idle, or not taking the reply.
    pub(super) idle: Duration,
}

const IDLE: u64 = 0;
const HEAD: u64 = 1;
const ANSWERING: u64 = 2;

/// What a connection is at. Shared by its socket, its service and its watch, all within one task.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    /// Milliseconds since `opened`, times four, plus what it is at.
    state: AtomicU64,
}

impl Activity {
    /// A connection that was opened now, and is expected to send a head at once.
    pub(super) fn new() -> Self {
        Self { opened: Instant::now(), state: AtomicU64::new(HEAD) }
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        if self.phase() == IDLE {
            self.set(HEAD);
        }
    }

    /// Bytes went out.
    pub(super) fn sent(&self) {
        if self.phase() == IDLE {
            self.set(IDLE);
        }
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

    /// Whether it has been at the same thing for too long.
    pub(super) fn is_overdue(&self, limits: Limits) -> bool {
        let state = self.state.load(Ordering::Relaxed);
        let since = Duration::from_millis(state >> 2);
        let lasted = self.opened.elapsed().saturating_sub(since);
        match state & 3 {
            IDLE => lasted > limits.idle,
            HEAD => lasted > limits.head,
            _ => false,
        }
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

    #[test]
    fn heads_are_due_sooner_than_idle_connections_and_requests_never() {
        let limits = Limits { head: Duration::ZERO, idle: Duration::from_secs(60) };
        let activity = Activity::new();
        std::thread::sleep(Duration::from_millis(3));
        assert!(activity.is_overdue(limits), "a new connection must send a head");
        activity.request_begins();
        activity.received();
        std::thread::sleep(Duration::from_millis(3));
        assert!(!activity.is_overdue(limits), "a request is being answered");
        activity.reply_begins();
        activity.sent();
        std::thread::sleep(Duration::from_millis(3));
        assert!(!activity.is_overdue(limits), "idle, but not for long");
        assert!(activity.is_overdue(Limits { idle: Duration::ZERO, ..limits }));
        activity.received();
        std::thread::sleep(Duration::from_millis(3));
        assert!(activity.is_overdue(limits), "the next head has begun");
    }
}
