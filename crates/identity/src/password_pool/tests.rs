use std::{fs, time::Duration};

use tokio::task::JoinHandle;

use super::*;

/// One slow thread and room for two.
fn narrow() -> PasswordPool {
    PasswordPool::start(PasswordSettings { cost: 10, threads: 1, queue: 2 })
}

fn cheap(threads: usize) -> PasswordPool {
    PasswordPool::start(PasswordSettings { cost: 4, threads, queue: 1000 })
}

/// Somebody asks for the hash of a password.
fn ask(pool: &PasswordPool, password: &str) -> JoinHandle<Result<String, Overloaded>> {
    let (pool, password) = (pool.clone(), password.to_owned());
    tokio::spawn(async move { pool.hash(password).await })
}

/// How many of them are refused.
async fn refused(crowd: Vec<JoinHandle<Result<String, Overloaded>>>) -> usize {
    let mut refused = 0;
    for request in crowd {
        refused += usize::from(request.await.expect("no panic").is_err());
    }
    refused
}

type Wait = oneshot::Receiver<Result<String, Overloaded>>;

/// A job, and what whoever asked for it waits for.
fn waited_for(password: &str) -> (Job, Wait) {
    let (reply, wait) = oneshot::channel();
    (Job { begun: Begun::default(), task: Task::Hash { password: password.to_owned(), reply } }, wait)
}

/// A queue of the others and of those who are known, and what they wait for.
fn queue_of(others: &[&str], known: &[&str]) -> (Queue, Vec<Wait>) {
    let (queue, mut waiting) = (Queue::default(), Vec::new());
    for (goes_first, passwords) in [(false, others), (true, known)] {
        for password in passwords {
            let (job, wait) = waited_for(password);
            queue.lock().lane(goes_first).push_back(job);
            waiting.push(wait);
        }
    }
    (queue, waiting)
}

/// The password of the next job.
fn next(queue: &Queue) -> String {
    match queue.next().map(|job| job.task) {
        Some(Task::Hash { password, .. }) => password,
        _ => panic!("there is one to do"),
    }
}

#[tokio::test]
async fn hashes_are_verified() {
    let pool = cheap(2);
    let hash = pool.hash("correct horse".to_owned()).await.expect("hashed");
    let right = pool.verify("correct horse".to_owned(), Some(hash.clone())).await.expect("compared");
    assert_eq!(right, Verified { matches: true, needs_rehash: false });
    let wrong = pool.verify("wrong".to_owned(), Some(hash)).await.expect("compared");
    assert!(!wrong.matches);
    assert!(!pool.verify("correct horse".to_owned(), None).await.expect("compared").matches);
}

#[tokio::test]
async fn only_sensible_costs_are_used() {
    let pool = PasswordPool::new(PasswordSettings { cost: 4, ..PasswordSettings::default() });
    let hash = pool.hash("correct horse".to_owned()).await.expect("hashed");
    assert!(hash.starts_with("$cw1$2b$10$"), "{hash}");
}

#[tokio::test]
async fn a_full_queue_says_no_at_once_and_recovers() {
    let pool = narrow();
    let refused = refused((0..20).map(|_| ask(&pool, "correct horse")).collect()).await;
    assert!((17..=18).contains(&refused), "one runs, two wait: {refused} refused");
    assert!(pool.hash("correct horse".to_owned()).await.is_ok());
}

#[tokio::test]
async fn abandoned_requests_make_room() {
    let pool = narrow();
    let busy = ask(&pool, "correct horse");
    while pool.waiting() == 0 && !busy.is_finished() {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        // Polled once, so that it is in the queue, and then dropped.
        let request = pool.hash("correct horse".to_owned());
        assert!(tokio::time::timeout(Duration::ZERO, request).await.is_err(), "each finds room");
    }
    let last = pool.hash("correct horse".to_owned());
    assert!(tokio::time::timeout(Duration::from_secs(120), last).await.expect("at last").is_ok());
    assert!(busy.await.expect("no panic").is_ok());
}

#[test]
fn those_who_are_known_go_first_and_have_room_of_their_own() {
    let (queue, _waiting) = queue_of(&["a", "b"], &["known"]);
    assert_eq!([(); 3].map(|()| next(&queue)), ["known", "a", "b"]);
}

#[test]
fn however_many_are_known_the_others_get_their_turn() {
    let (queue, _waiting) = queue_of(&["a", "b"], &["known"; 8]);
    let order = [(); 10].map(|()| next(&queue));
    let turns: Vec<_> = (0..10).filter(|turn| order[*turn] != "known").collect();
    assert_eq!(turns, [3, 7], "{order:?}");
}

#[tokio::test]
async fn it_is_known_whether_a_password_was_begun_with() {
    let (queue, begun) = (Queue::default(), Begun::default());
    let (job, wait) = waited_for("correct horse");
    queue.lock().others.push_back(Job { begun: begun.clone(), ..job });
    assert!(!begun.is_set(), "it waits");
    queue.next().expect("one waits").run(4);
    assert!(begun.is_set() && wait.await.is_ok());

    let begun = Begun::default();
    let pool = cheap(1).for_known(true).telling(begun.clone());
    assert!(pool.hash("correct horse".to_owned()).await.is_ok() && begun.is_set());
}

#[tokio::test]
async fn a_crowd_of_strangers_keeps_nobody_out_who_is_known() {
    let pool = narrow();
    let crowd: Vec<_> = (0..20).map(|_| ask(&pool, "a guess")).collect();
    while pool.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(pool.for_known(true).hash("correct horse".to_owned()).await.is_ok(), "there is room for who is known");
    assert!(refused(crowd).await > 0, "the crowd was larger than its room");
}

#[test]
fn abandoned_requests_are_not_computed() {
    let queue = Queue::default();
    let abandoned = || waited_for("abandoned").0;
    let (wanted, _waiting) = waited_for("wanted");
    queue.lock().others.extend([abandoned(), abandoned(), wanted, abandoned()]);
    assert_eq!(next(&queue), "wanted");
}

#[tokio::test]
async fn the_threads_have_a_low_priority_and_end_with_the_pool() {
    let pool = cheap(3);
    pool.hash("correct horse".to_owned()).await.expect("hashed");
    let own = || {
        let tasks = fs::read_dir("/proc/self/task").expect("a list of threads");
        tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok())
            .filter(|stat| stat.contains("(password-2)"))
            // proc(5): the 19th field is the nice value; the 2nd, the name, may hold spaces and ends with `)`.
            .filter_map(|stat| stat.rsplit_once(')')?.1.split_whitespace().nth(16)?.parse::<i32>().ok())
            .collect::<Vec<_>>()
    };
    // Or less, if that is how the tests were started.
    let is_low = || matches!(own().as_slice(), [nice] if *nice >= 10);
    for _ in 0..3000 {
        if is_low() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(is_low(), "{:?}", own());
    drop(pool);
    for _ in 0..3000 {
        if own().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the threads go on");
}

#[tokio::test]
async fn whoever_waits_when_the_pool_ends_is_told() {
    let pool = narrow();
    let (job, hashed) = waited_for("b");
    pool.enqueue(Task::Hash { password: "a".to_owned(), reply: oneshot::channel().0 }).expect("room");
    pool.handle.queue.lock().others.push_back(job);
    drop(pool);
    let _ = hashed.await; // Either computed or refused, but never left hanging.
}
