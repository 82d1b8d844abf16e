//! Keeps going what runs beside the requests. A task that ends by a bug would be missed by nobody: mails would wait, sales would not begin.
//! So it is told of, counted, and begun again.

use std::{any::Any, pin::pin, time::Duration};

use tokio::{
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep},
};
use tracing::error;

use crate::stop::Stop;

/// The pause before a task is begun again. It doubles each time, up to the longest, until the task has run for longer than that.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Begins tasks, and keeps them going until the program stops.
pub(super) struct Keeper {
    app: web::App,
    stop: Stop,
}

impl Keeper {
    pub(super) const fn new(app: web::App, stop: Stop) -> Self {
        Self { app, stop }
    }

    /// Begins a task; again when it ends by a bug, and not when it ends by itself. Aborting the handle ends it.
    pub(super) fn begin<F>(&self, name: &'static str, task: impl FnMut() -> F + Send + 'static) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (app, stop) = (self.app.clone(), self.stop.clone());
        tokio::spawn(keep_going(name, PAUSE, task, move || app.count_panic(), stop.wait()))
    }
}

async fn keep_going<F>(
    name: &'static str,
    first_pause: Duration,
    mut task: impl FnMut() -> F,
    mut count: impl FnMut(),
    stop: impl Future<Output = ()>,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut stop = pin!(stop);
    let mut pause = first_pause;
    loop {
        let begun = Instant::now();
        // In a set: that ends it when this is dropped.
        let mut running = JoinSet::new();
        running.spawn(task());
        let bug = match running.join_next().await {
            Some(Err(ended)) if ended.is_panic() => ended.into_panic(),
            _ => return,
        };
        count();
        if begun.elapsed() > PAUSE_MAX {
            pause = first_pause;
        }
        error!(task = name, bug = said(&*bug), pause_s = pause.as_secs(), "a task ended by a bug; it begins again");
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            () = &mut stop => return,
        }
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("nothing")
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
    };

    use tokio::sync::oneshot::{self, error::TryRecvError};

    use super::*;

    const MOMENT: Duration = Duration::from_millis(5);

    /// A task that panics the first `bugs` times, and then ends by itself. Gives how often it began, and how many bugs were counted.
    async fn kept_going(bugs: u32, stop: impl Future<Output = ()>) -> (u32, u32) {
        let (begun, mut counted) = (Arc::new(AtomicU32::new(0)), 0);
        let begins = Arc::clone(&begun);
        let task = move || {
            let begins = Arc::clone(&begins);
            async move { assert!(begins.fetch_add(1, Ordering::Relaxed) >= bugs, "a bug") }
        };
        keep_going("trial", MOMENT, task, || counted += 1, stop).await;
        (begun.load(Ordering::Relaxed), counted)
    }

    #[tokio::test]
    async fn a_task_that_panics_begins_again_until_it_ends_by_itself() {
        let begin = Instant::now();
        assert_eq!(kept_going(2, pending()).await, (3, 2));
        assert!(begin.elapsed() >= MOMENT * 3, "the second pause is longer");
        assert_eq!(kept_going(0, pending()).await, (1, 0));
    }

    #[tokio::test]
    async fn nothing_begins_again_when_the_program_stops() {
        assert_eq!(kept_going(u32::MAX, ready(())).await.1, 1);
    }

    #[tokio::test]
    async fn whoever_ends_the_keeper_ends_the_task() {
        let (alive, mut ended) = oneshot::channel::<()>();
        let mut alive = Some(alive);
        let task = move || {
            let alive = alive.take();
            async move {
                let _alive = alive;
                pending().await
            }
        };
        let keeper = tokio::spawn(keep_going("trial", MOMENT, task, || {}, pending()));
        tokio::task::yield_now().await;
        assert_eq!(ended.try_recv(), Err(TryRecvError::Empty));
        keeper.abort();
        assert!(ended.await.is_err(), "what it held is let go");
    }

    #[test]
    fn what_a_panic_says_is_found_out() {
        assert_eq!(said(&"a word"), "a word");
        assert_eq!(said(&String::from("a sentence")), "a sentence");
        assert_eq!(said(&7), "nothing");
    }
}
