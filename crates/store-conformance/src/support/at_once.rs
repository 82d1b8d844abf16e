//! Doing many things in one moment.

use std::sync::Arc;

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
    let begin = |number| {
        let (ready, work) = (ready.clone(), task(number));
        tokio::spawn(async move {
            ready.wait().await;
            work.await
        })
    };
    let running: Vec<_> = (0..count).map(begin).collect();
    let mut results = Vec::with_capacity(count);
    for task in running {
        results.push(task.await.expect("no task panics"));
    }
    results
}

/// How many succeeded.
pub fn count_ok<T, E>(results: &[Result<T, E>]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}
