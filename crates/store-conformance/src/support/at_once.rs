//! Doing many things in one moment.

use std::{pin::Pin, sync::Arc};

use tokio::sync::Barrier;

/// Runs `count` tasks that all begin when the last of them is ready. Gives their results in the order of their numbers.
///
/// # Panics
/// When one of them does.
pub async fn at_once<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let ready = Arc::new(Barrier::new(count));
    // Boxed, as all that tokio needs to run a task is compiled once for each type of them.
    let begin = |number| tokio::spawn(when_ready(Arc::clone(&ready), Box::pin(task(number))));
    let running: Vec<_> = (0..count).map(begin).collect();
    let mut results = Vec::with_capacity(count);
    for task in running {
        results.push(task.await.expect("no task panics"));
    }
    results
}

async fn when_ready<T>(ready: Arc<Barrier>, work: Pin<Box<dyn Future<Output = T> + Send>>) -> T {
    ready.wait().await;
    work.await
}

/// How many succeeded.
pub fn count_ok<T, E>(results: &[Result<T, E>]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}
