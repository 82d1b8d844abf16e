//! For how long a shop has really run, told by clocks of which each may be wrong.
//!
//! What is kept for some days must not go because a clock was ahead for a minute. So time is counted by what no clock changes, the time
//! that processes have run for; and beside it is noted what their clocks said meanwhile.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// For how long what nobody needs any more is kept all the same: replies, so that a repeated request gets the first one's; ended sessions,
/// so that the reuse of their tokens is recognised; what changed in the catalogue, so that every index has read it.
pub const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The same in seconds.
const KEPT_SECS: u64 = KEPT.as_secs().unsigned_abs();
/// For how many seconds one mark stands.
const MARK_SECS: u64 = 6 * 3_600;

/// The time that a shop has run for, and what clocks said meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningTime {
    /// How many seconds were counted.
    counted_secs: u64,
    /// Those that reach back to [`KEPT`] ago, oldest first.
    marks: Vec<Mark>,
}

/// A part of the time that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// After how many seconds it began.
    since_secs: u64,
    /// The earliest time that a clock said in it.
    earliest: Timestamp,
}

impl RunningTime {
    /// How much was counted, in whole seconds.
    #[must_use]
    pub const fn counted(&self) -> Duration {
        Duration::from_secs(self.counted_secs)
    }

    /// Counts `passed` more, after which a clock says `now`.
    pub fn pass(&mut self, passed: Duration, now: Timestamp) {
        self.counted_secs = self.counted_secs.saturating_add(passed.as_secs());
        match self.marks.last_mut() {
            Some(mark) if self.counted_secs.saturating_sub(mark.since_secs) < MARK_SECS => {
                mark.earliest = mark.earliest.min(now);
            }
            _ => self.marks.push(Mark { since_secs: self.counted_secs, earliest: now }),
        }
        let newest_old = self.marks.iter().rposition(|mark| is_old(mark, self.counted_secs));
        self.marks.drain(..newest_old.unwrap_or(0));
    }

    /// The time before which everything was written at least [`KEPT`] ago, both by a clock that says `now` and by the time that was
    /// counted; `None` when less than that was counted.
    ///
    /// Whatever is younger was written after the first mark began, by a clock that said no less than one of the marks does. So a clock
    /// that is ahead, for however long, makes nothing older than it is, and what a clock wrote that was behind is kept as long.
    #[must_use]
    pub fn kept_from(&self, now: Timestamp) -> Option<Timestamp> {
        self.marks.first().filter(|mark| is_old(mark, self.counted_secs))?;
        let earliest = self.marks.iter().map(|mark| mark.earliest).min()?;
        Some(earliest.min(now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN)))
    }
}

/// Whether a mark began at least [`KEPT`] ago.
fn is_old(mark: &Mark, counted_secs: u64) -> bool {
    counted_secs.saturating_sub(mark.since_secs) >= KEPT_SECS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    /// By a clock that is right.
    fn at(hours: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + HOUR * u32::try_from(hours).expect("not for ever")
    }

    fn run(time: &mut RunningTime, hours: std::ops::Range<u64>) {
        hours.for_each(|hour| time.pass(HOUR, at(hour)));
    }

    #[test]
    fn nothing_is_old_before_so_much_was_counted() {
        let mut time = RunningTime::default();
        time.pass(Duration::ZERO, at(0));
        run(&mut time, 1..7 * 24);
        assert_eq!(time.kept_from(at(7 * 24 - 1)), None);
        run(&mut time, 7 * 24..7 * 24 + 1);
        assert_eq!(time.kept_from(at(7 * 24)), Some(at(0)));
        // Later it is some hours more than that, and no more marks than there have to be.
        run(&mut time, 7 * 24 + 1..1_000);
        let kept_from = time.kept_from(at(999)).expect("long enough");
        assert!(kept_from <= at(999 - 7 * 24) && kept_from >= at(999 - 7 * 24 - 6), "{kept_from}");
        assert!(time.marks.len() <= 7 * 4 + 2, "{}", time.marks.len());
    }

    /// For a minute or for days: what it makes old was old before.
    #[test]
    fn a_clock_that_is_ahead_makes_nothing_older() {
        let mut time = RunningTime::default();
        run(&mut time, 0..1_000);
        let ahead = |hour| at(hour + 30 * 24);
        for hour in 1_000..1_000 + 6 * 24 {
            time.pass(HOUR, ahead(hour));
            let kept_from = time.kept_from(ahead(hour)).expect("long enough");
            assert!(kept_from <= at(hour - 7 * 24), "after {} hours: {kept_from}", hour - 1_000);
        }
        // And when it is right again, that is over at once.
        run(&mut time, 1_000 + 6 * 24..1_000 + 6 * 24 + 1);
        assert!(time.kept_from(at(1_000 + 6 * 24)) >= Some(at(1_000 - 24 - 6)));
    }

    #[test]
    fn what_a_clock_wrote_that_was_behind_is_kept_as_long() {
        let mut time = RunningTime::default();
        run(&mut time, 1_000..2_000);
        time.pass(Duration::ZERO, at(3));
        run(&mut time, 2_000..2_000 + 7 * 24 - 1);
        assert!(time.kept_from(at(2_000 + 7 * 24)) <= Some(at(3)));
        run(&mut time, 2_000 + 7 * 24..2_000 + 7 * 24 + 14);
        assert!(time.kept_from(at(2_000 + 7 * 24 + 14)) >= Some(at(2_000 - 6)));
    }

    /// The time that it stood still counts for nothing, but holds nothing up for ever either.
    #[test]
    fn a_shop_that_stood_still_goes_on_where_it_was() {
        let mut time = RunningTime::default();
        run(&mut time, 0..1_000);
        // A month later.
        run(&mut time, 1_720..1_720 + 24);
        assert!(time.kept_from(at(1_743)).is_some_and(|from| from >= at(1_000 - 6 * 24 - 6) && from < at(1_720)));
        run(&mut time, 1_744..1_720 + 8 * 24);
        assert!(time.kept_from(at(1_720 + 8 * 24)) >= Some(at(1_720)));
    }

    proptest! {
        /// Whatever the clock does between two looks, nothing is removed that was written less than seven days ago.
        #[test]
        fn nothing_young_is_removed(looks in prop::collection::vec((0_u64..200, -400_i64..400), 1..120)) {
            let mut time = RunningTime::default();
            let mut written = Vec::new();
            let mut passed = Duration::ZERO;
            for (hours, wrong_by) in looks {
                let passes = HOUR * u32::try_from(hours).expect("a few");
                passed += passes;
                let now = at(0) + SignedDuration::from_hours(10_000 + wrong_by) + passed;
                time.pass(passes, now);
                if let Some(kept_from) = time.kept_from(now) {
                    for (at, since) in &written {
                        prop_assert!(*at >= kept_from || passed - *since >= HOUR * 7 * 24);
                    }
                }
                written.push((now, passed));
            }
        }
    }
}
