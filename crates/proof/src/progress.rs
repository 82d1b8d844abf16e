//! How far a long run is: a line on standard error now and then, with what was found so far. A run that is stopped has told that much.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use crate::judge::thousands;

/// Between two lines.
const EVERY: Duration = Duration::from_secs(60);

thread_local! {
    /// What runs on this thread, and when it last told something.
    static TOLD: RefCell<Option<(String, Instant)>> = const { RefCell::new(None) };
}

/// From now on this thread tells of what is called so.
pub fn begin(name: String) {
    TOLD.set(Some((name, Instant::now())));
}

/// Tells that so many of so many are done, if nothing was told for a while and the thread has a name to tell it by.
pub(crate) fn tell(done: u64, of: u64, violations: &[String]) {
    TOLD.with_borrow_mut(|told| {
        let Some((name, last)) = told.as_mut().filter(|(_, last)| last.elapsed() >= EVERY) else { return };
        *last = Instant::now();
        let found = match violations {
            [] => "nothing found".to_owned(),
            [.., last] => format!("{} violations, of which the last: {last}", violations.len()),
        };
        eprintln!("{name}: {} of {}, {found}", thousands(done), thousands(of));
    });
}
