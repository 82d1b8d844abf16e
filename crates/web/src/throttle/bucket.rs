//! Buckets of attempts: a burst, refilled at a steady rate, one bucket a key, in bounded memory.
//!
//! This is the generic cell rate algorithm. It is written here because what is needed of it, giving an attempt back
//! when it turns out to be harmless, is what the usual libraries leave out: without it either successful sign-ins
//! would count as attacks, or a thousand guesses sent at once would all pass before the first has failed.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The most keys that are remembered. Past it, the least loaded half is forgotten.
const KEYS_MAX: usize = 100_000;

/// How much is allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// Attempts at once.
    pub(crate) burst: u32,
    /// After how long one more is allowed.
    pub(crate) refill: Duration,
}

/// Buckets by key.
pub(crate) struct Buckets<K> {
    allowance: Allowance,
    /// When each bucket will be full again; a bucket that is full is not kept.
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Clone + Eq + Hash> Buckets<K> {
    pub(crate) fn new(allowance: Allowance) -> Self {
        Self { allowance, full_at: Mutex::new(HashMap::new()) }
    }

    /// Takes one attempt out of the bucket of `key`.
    ///
    /// # Errors
    /// How long to wait until there is one.
    pub(crate) fn take(&self, key: &K, now: Instant) -> Result<(), Duration> {
        let Allowance { burst, refill } = self.allowance;
        let mut full_at = self.lock();
        let full_at_then = full_at.get(key).copied().filter(|at| *at > now).unwrap_or(now) + refill;
        let wait = full_at_then.duration_since(now).saturating_sub(refill * burst);
        if !wait.is_zero() {
            return Err(wait);
        }
        if full_at.len() >= KEYS_MAX && !full_at.contains_key(key) {
            make_room(&mut full_at, now);
        }
        full_at.insert(key.clone(), full_at_then);
        Ok(())
    }

    /// Puts an attempt back that was taken.
    pub(crate) fn give_back(&self, key: &K) {
        let mut full_at = self.lock();
        if let Some(at) = full_at.get_mut(key) {
            *at = at.checked_sub(self.allowance.refill).unwrap_or(*at);
        }
    }

    /// Forgets the buckets that are full again.
    pub(crate) fn sweep(&self, now: Instant) {
        let mut full_at = self.lock();
        full_at.retain(|_, at| *at > now);
        full_at.shrink_to(1024);
    }

    /// A panic while the lock was held cannot have left the map half changed.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops the full buckets and, when that is not enough, those that are soonest full.
fn make_room<K: Eq + Hash>(full_at: &mut HashMap<K, Instant>, now: Instant) {
    full_at.retain(|_, at| *at > now);
    if full_at.len() >= KEYS_MAX {
        let mut times: Vec<Instant> = full_at.values().copied().collect();
        let half = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(half);
        let median = *median;
        full_at.retain(|_, at| *at > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets() -> Buckets<u32> {
        Buckets::new(Allowance { burst: 3, refill: Duration::from_secs(10) })
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let (buckets, start) = (buckets(), Instant::now());
        assert!((0..3).all(|_| buckets.take(&1, start).is_ok()));
        assert_eq!(buckets.take(&1, start), Err(Duration::from_secs(10)));
        assert_eq!(buckets.take(&1, start + Duration::from_secs(4)), Err(Duration::from_secs(6)));
        assert!(buckets.take(&2, start).is_ok(), "another key has its own");
        assert!(buckets.take(&1, start + Duration::from_secs(10)).is_ok());
        assert!(buckets.take(&1, start + Duration::from_secs(10)).is_err());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (buckets, now) = (buckets(), Instant::now());
        for _ in 0..100 {
            assert!(buckets.take(&1, now).is_ok());
            buckets.give_back(&1);
        }
        buckets.give_back(&1);
        assert_eq!((0..10).filter(|_| buckets.take(&1, now).is_ok()).count(), 3, "a bucket is never more than full");
    }

    #[test]
    fn memory_is_bounded_and_the_loaded_are_remembered() {
        let (buckets, now) = (Buckets::new(Allowance { burst: 3, refill: Duration::from_secs(10) }), Instant::now());
        while buckets.take(&u32::MAX, now).is_ok() {}
        for key in 0..150_000 {
            assert!(buckets.take(&key, now).is_ok());
        }
        assert!(buckets.lock().len() <= KEYS_MAX);
        assert!(buckets.take(&u32::MAX, now).is_err(), "an attacker cannot be forgotten by flooding with fresh keys");
        buckets.sweep(now + Duration::from_secs(60));
        assert!(buckets.lock().is_empty());
    }
}
