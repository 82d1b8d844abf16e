//! Lines of those who want the same at one moment: few at a time, a few more wait, and the others come later.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many of one line at a time.
const AT_ONCE: usize = 2;
/// So many more may wait: a page with many forms, or a program that does several things at once.
const WAITING_MAX: usize = 16;

/// Lines by key. One that nobody stands in is not kept.
pub(super) struct Turns<K: Clone + Eq + Hash> {
    lines: Mutex<HashMap<K, Line>>,
    at_once: usize,
    waiting_max: usize,
}

struct Line {
    turns: Arc<Semaphore>,
    /// Those who wait, and those whose turn it is.
    there: usize,
}

/// Somebody's turn: the next one's begins when it is dropped.
pub(super) struct Turn<K: Clone + Eq + Hash> {
    // In this order: the line is left after the turn ended.
    _permit: OwnedSemaphorePermit,
    _place: Place<K>,
}

/// Somebody who stands in a line.
struct Place<K: Clone + Eq + Hash> {
    all: Arc<Turns<K>>,
    key: K,
}

impl<K: Clone + Eq + Hash> Default for Turns<K> {
    fn default() -> Self {
        Self { lines: Mutex::default(), at_once: AT_ONCE, waiting_max: WAITING_MAX }
    }
}

impl<K: Clone + Eq + Hash> Turns<K> {
    /// One of each line at a time, and nobody waits: whoever comes meanwhile comes later.
    pub(super) fn without_waiting() -> Self {
        Self { lines: Mutex::default(), at_once: 1, waiting_max: 0 }
    }

    /// Waits for a turn in the line of `key`; `None` at once when too many wait already.
    pub(super) async fn take(self: &Arc<Self>, key: K) -> Option<Turn<K>> {
        let (place, turns) = self.join(key)?;
        let permit = turns.acquire_owned().await.ok()?;
        Some(Turn { _permit: permit, _place: place })
    }

    fn join(self: &Arc<Self>, key: K) -> Option<(Place<K>, Arc<Semaphore>)> {
        let mut lines = self.lock();
        let line = lines.entry(key.clone()).or_insert_with(|| Line::new(self.at_once));
        if line.there >= self.at_once + self.waiting_max {
            return None;
        }
        line.there += 1;
        let turns = Arc::clone(&line.turns);
        Some((Place { all: Arc::clone(self), key }, turns))
    }

    /// A panic while the lock was held cannot have left the map half changed.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn new(at_once: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once)), there: 0 }
    }
}

impl<K: Clone + Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut lines = self.all.lock();
        if let Some(line) = lines.get_mut(&self.key) {
            line.there = line.there.saturating_sub(1);
            if line.there == 0 {
                lines.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn few_at_a_time_a_few_wait_and_the_others_come_later() {
        let turns = Arc::new(Turns::<u8>::default());
        let begin = |key| {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { turns.take(key).await.is_some() })
        };
        let first = [turns.take(1).await.expect("a turn"), turns.take(1).await.expect("a turn")];
        let mut waiting: Vec<_> = (0..WAITING_MAX).map(|_| begin(1)).collect();
        while turns.lock()[&1].there < AT_ONCE + WAITING_MAX {
            tokio::task::yield_now().await;
        }
        assert!(turns.take(1).await.is_none(), "the line is full");
        assert!(turns.take(2).await.is_some(), "another line is another's");
        // Whoever goes makes room, whether their turn had come or not.
        waiting.pop().expect("one waits").abort();
        drop(first);
        for one in waiting {
            let came = tokio::time::timeout(Duration::from_secs(60), one).await.expect("in time");
            assert!(came.expect("no panic"));
        }
        while !turns.lock().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}
