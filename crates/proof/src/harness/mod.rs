//! What scenarios and the tests of bad days share: the real program as a child process that can be stopped or killed at any
//! moment, a shop in it, buyers who load it and write down what they were told, and an audit that compares the two.

pub mod audit;
pub mod client;
pub mod disk;
pub mod journal;
pub mod load;
pub mod measure;
pub mod program;
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

/// Asks again until `what` gives something.
#[track_caller]
pub fn within<T>(limit: Duration, description: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = what() {
            return found;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for {description}");
        thread::sleep(Duration::from_millis(10));
    }
}
