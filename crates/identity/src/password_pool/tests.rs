use std::{fs, time::Duration};

use super::*;

/// One slow thread and room for two.
fn narrow() -> PasswordPool {
    PasswordPool::start(PasswordSettings { cost: 10, threads: 1, queue: 2 })
}

fn cheap(threads: usize) -> PasswordPool {
    PasswordPool::start(PasswordSettings { cost: 4, threads, queue: 1000 })
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
    let storm: Vec<_> = (0..20)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.hash("correct horse".to_owned()).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for request in storm {
        outcomes.push(request.await.expect("no panic"));
    }
    let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    assert!((17..=18).contains(&refused), "one runs, two wait: {refused} refused");
    assert!(pool.hash("correct horse".to_owned()).await.is_ok());
}

#[tokio::test]
async fn abandoned_requests_make_room() {
    let pool = narrow();
    let busy = tokio::spawn({
        let pool = pool.clone();
        async move { pool.hash("correct horse".to_owned()).await }
    });
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
    let queue = Queue::default();
    let mut waiting = Vec::new();
    let mut job = |password: &str| {
        let (reply, wait) = oneshot::channel();
        waiting.push(wait);
        Job::Hash { password: password.to_owned(), reply }
    };
    queue.lock().lane(false).extend([job("a"), job("b")]);
    queue.lock().lane(true).push_back(job("known"));
    let order: Vec<_> = (0..3)
        .map(|_| match queue.next() {
            Some(Job::Hash { password, .. }) => password,
            _ => panic!("there is one to do"),
        })
        .collect();
    assert_eq!(order, ["known", "a", "b"]);
}

#[tokio::test]
async fn a_crowd_of_strangers_keeps_nobody_out_who_is_known() {
    let pool = narrow();
    let crowd: Vec<_> = (0..20)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.hash("a guess".to_owned()).await })
        })
        .collect();
    while pool.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(pool.for_known(true).hash("correct horse".to_owned()).await.is_ok(), "there is room for who is known");
    let mut refused = 0;
    for one in crowd {
        refused += usize::from(one.await.expect("no panic").is_err());
    }
    assert!(refused > 0, "the crowd was larger than its room");
}

#[test]
fn abandoned_requests_are_not_computed() {
    let queue = Queue::default();
    let (reply, _waiting) = oneshot::channel();
    let abandoned = || Job::Hash { password: "abandoned".to_owned(), reply: oneshot::channel().0 };
    let wanted = Job::Hash { password: "wanted".to_owned(), reply };
    queue.lock().others.extend([abandoned(), abandoned(), wanted, abandoned()]);
    let Some(Job::Hash { password, .. }) = queue.next() else { panic!("there is one to do") };
    assert_eq!(password, "wanted");
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
    let (reply, hashed) = oneshot::channel();
    pool.enqueue(Job::Hash { password: "a".to_owned(), reply: oneshot::channel().0 }).expect("room");
    pool.handle.queue.lock().others.push_back(Job::Hash { password: "b".to_owned(), reply });
    drop(pool);
    let _ = hashed.await; // Either computed or refused, but never left hanging.
}
