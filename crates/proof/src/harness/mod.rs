//! What scenarios and the tests of bad days share: the real program as a child process that can be stopped or killed at any
//! moment, a shop in it, buyers who load it and write down what they were told, and an audit that compares the two.

pub mod audit;
pub mod client;
pub mod disk;
pub mod journal;
pub mod load;
pub mod measure;
pub mod program;
pub mod rows;
pub mod server;
pub mod shop;
pub mod smtp;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Sets a flag when it goes, also by a panic: however somebody ends, others must not go on for ever.
pub struct OnDrop<'a>(pub &'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Asks again until `what` gives something, which must not be later than that.
#[track_caller]
pub fn within<T>(limit: Duration, description: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        let found = what();
        assert!(start.elapsed() <= limit, "waited {limit:?} in vain for {description}");
        if let Some(found) = found {
            return found;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_time_is_given() {
        let mut asked = 0;
        let found = within(Duration::from_secs(60), "the third time", || {
            asked += 1;
            (asked == 3).then_some(asked)
        });
        assert_eq!(found, 3);
    }

    #[test]
    #[should_panic(expected = "in vain for somebody who hangs")]
    fn what_comes_too_late_did_not_come() {
        within(Duration::from_millis(5), "somebody who hangs", || {
            thread::sleep(Duration::from_millis(20));
            Some(())
        });
    }
}
