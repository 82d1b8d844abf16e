//! Showing how far an import is.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::say::note;

/// Tells on standard error how many of something are done, as long as it lasts.
pub(in crate::commands) struct Progress {
    done: Arc<AtomicU64>,
    total: usize,
    what: &'static str,
    is_terminal: bool,
    shown: JoinHandle<()>,
}

impl Progress {
    pub(in crate::commands) fn start(total: usize, what: &'static str) -> Self {
        let done = Arc::new(AtomicU64::new(0));
        let is_terminal = io::stderr().is_terminal();
        // On a terminal one line that changes; elsewhere a line now and then.
        let period = if is_terminal { Duration::from_millis(200) } else { Duration::from_secs(2) };
        let counter = Arc::clone(&done);
        let shown = tokio::spawn(async move {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                show(counter.load(Ordering::Relaxed), total, what, is_terminal);
            }
        });
        Self { done, total, what, is_terminal, shown }
    }

    /// The counter, for an operation that counts by itself.
    pub(in crate::commands) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.done)
    }

    /// So many more are done.
    pub(in crate::commands) fn add(&self, count: usize) {
        self.done.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Shows the last state.
    pub(in crate::commands) async fn finish(self) {
        self.shown.abort();
        let _ = self.shown.await;
        show(self.done.load(Ordering::Relaxed), self.total, self.what, self.is_terminal);
        if self.is_terminal {
            note("");
        }
    }
}

fn show(done: u64, total: usize, what: &str, is_terminal: bool) {
    let mut stderr = io::stderr().lock();
    // Nobody can be told when standard error is closed.
    let _ = if is_terminal {
        write!(stderr, "\r{done} of {total} {what}")
    } else {
        writeln!(stderr, "{done} of {total} {what}")
    };
    let _ = stderr.flush();
}
