//! The clock by which mails wait, which may be put back meanwhile.

use model::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// By how much the clock may be put back without a word: that is how clocks are kept right.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

/// What the clock showed at the last look, and whether it was put back since by more than that: then mails wait for a time that is far
/// away.
pub(super) struct Clock {
    showed: Timestamp,
    looked_at: Instant,
    is_put_back: bool,
}

impl Clock {
    /// One that shows this now.
    pub(super) fn new(shows: Timestamp) -> Self {
        Self { showed: shows, looked_at: Instant::now(), is_put_back: false }
    }

    /// It shows this now.
    pub(super) fn look(&mut self, shows: Timestamp) {
        self.note(shows, Instant::now());
    }

    /// Whether it was put back.
    pub(super) const fn is_put_back(&self) -> bool {
        self.is_put_back
    }

    /// No mail waits any more for what it showed before.
    pub(super) const fn forgive(&mut self) {
        self.is_put_back = false;
    }

    fn note(&mut self, shows: Timestamp, now: Instant) {
        let passed = SignedDuration::try_from(now.duration_since(self.looked_at)).unwrap_or(SignedDuration::ZERO);
        self.is_put_back |= shows.duration_since(self.showed) < passed - TOLERANCE;
        (self.showed, self.looked_at) = (shows, now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_a_clock_that_goes_back_by_more_than_a_moment_is_put_back() {
        let begin = Clock::new(Timestamp::now());
        let put_back = |shows_after: i64, secs: u64| {
            let mut clock = Clock { ..begin };
            let shows = begin.showed + SignedDuration::from_secs(shows_after);
            clock.note(shows, begin.looked_at + Duration::from_secs(secs));
            clock.is_put_back()
        };
        assert!(!put_back(1, 1) && !put_back(3_600, 1) && !put_back(-1, 1) && put_back(-3_600, 1));
        // Put back by an hour, an hour and more ago.
        assert!(put_back(100, 3_700));
        let mut clock = Clock { is_put_back: true, ..begin };
        clock.forgive();
        assert!(!clock.is_put_back());
    }
}
