//! Many requests with one key at once, while the program is killed: one order, and one answer for all of them.

use std::{
    collections::HashMap,
    sync::{
        Barrier, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::ground::Ground;
use crate::{
    harness::{audit::Audit, client::Client, shop::Shop},
    judge::thousands,
    scenario::{Control, Engine, Outcome, Run, Scenario, Size},
};
use serde_json::json;

/// How long a request is repeated until there is an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two kills, in milliseconds.
const KILL_AFTER_MS: std::ops::Range<u64> = 50..400;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "idempotency",
    injects: "one key many times at once, with kills; keys of others, other bodies",
    holds: "C; replays are equal; 422 for another body",
    engines: &[Engine::Sqlite, Engine::Postgres],
    run: |run| storm(run, run.count(150, 10_000), None),
    control: Control {
        without: "the claim of the key",
        finds: "made two orders",
        run: |run| storm(run, 10, Some("guard.claim=return")),
    },
};

fn storm(run: &Run, keys: u64, lifted: Option<&str>) -> Outcome {
    let at_once = if run.size == Size::Long { 100 } else { 20 };
    let mut ground = Ground::new(run, &[]);
    ground.launch.set_faults(lifted.map(str::to_owned));
    let launch = &ground.launch;
    let server = launch.start();
    let shop = Shop::fill(launch.address, 2);
    let mut outcome = Outcome { runs: keys, ..Outcome::default() };
    let mut chance = run.chance();
    let is_over = AtomicBool::new(false);
    let (replies, (server, kills)) = thread::scope(|scope| {
        let storm = scope.spawn(|| {
            // However it ends, the killer must not wait for ever.
            let _over = OnDrop(&is_over);
            send_all(&shop, keys, at_once)
        });
        let (mut server, mut kills) = (server, 0_u64);
        while !is_over.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(chance.u64(KILL_AFTER_MS)));
            if !is_over.load(Ordering::Acquire) {
                server.kill();
                server = launch.start();
                kills += 1;
            }
        }
        (storm.join().expect("the storm"), (server, kills))
    });
    judge(&shop, &replies, &mut outcome);
    prove_others(&shop, &mut outcome);
    server.stop();
    ground.check();
    outcome.injected = format!("{} requests, {kills} kills", thousands(keys * at_once as u64));
    outcome
}

struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The status and body that each request with a key was answered with, and the longest wait.
#[derive(Default)]
struct Replies {
    of_key: HashMap<String, Vec<(u16, Vec<u8>)>>,
    unanswered: u64,
    worst: Duration,
}

fn send_all(shop: &Shop, keys: u64, at_once: usize) -> Replies {
    let replies = Mutex::new(Replies::default());
    let together = Barrier::new(at_once);
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                let client = Client::new(shop.address);
                for number in 0..keys {
                    let key = format!("storm-{number}");
                    let body = shop.order(&key, usize::try_from(number).unwrap_or_default());
                    together.wait();
                    let begin = Instant::now();
                    let reply = loop {
                        match client.post(&shop.buyers[0], "/v1/orders", &key, &body) {
                            Ok(reply) if reply.status != 503 => break Some(reply),
                            _ if begin.elapsed() > PATIENCE => break None,
                            // The program was killed, or has too much to do: the same again, as a client should.
                            _ => thread::sleep(Duration::from_millis(5)),
                        }
                    };
                    let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
                    replies.worst = replies.worst.max(begin.elapsed());
                    match reply {
                        Some(reply) => replies.of_key.entry(key).or_default().push((reply.status, reply.body)),
                        None => replies.unanswered += 1,
                    }
                }
            });
        }
    });
    replies.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn judge(shop: &Shop, replies: &Replies, outcome: &mut Outcome) {
    outcome.waited(replies.worst);
    if replies.unanswered > 0 {
        outcome.violate(format!("{} requests were not answered within {PATIENCE:?}", replies.unanswered));
    }
    for (key, replies) in &replies.of_key {
        let (status, body) = &replies[0];
        if *status != 201 || replies.iter().any(|other| other != &replies[0]) {
            let others = replies.iter().filter(|other| *other != &replies[0]).count();
            let body = String::from_utf8_lossy(body);
            outcome.violate(format!("{key}: {others} of {} answers are not {status} {body}", replies.len()));
        }
    }
    // Panics when a key made two orders.
    let orders = Audit::of(shop);
    if orders.count() != replies.of_key.len() {
        outcome.violate(format!("{} keys made {} orders", replies.of_key.len(), orders.count()));
    }
    orders.compare_stock(shop);
}

/// The same key with another body is refused; with another account it is another key.
fn prove_others(shop: &Shop, outcome: &mut Outcome) {
    let client = Client::new(shop.address);
    let key = "storm-0";
    let other = client.post(&shop.buyers[0], "/v1/orders", key, &shop.order("another body", 1)).expect("a reply");
    if other.status != 422 {
        outcome.violate(format!("a key with another body was answered with {}", other.status));
    }
    let before = Audit::of(shop).count();
    let stranger = client.post(&shop.buyers[1], "/v1/orders", key, &shop.order("another account", 1)).expect("a reply");
    if stranger.status != 201 || Audit::of(shop).count() != before + 1 {
        outcome.violate(format!("another account's order with the same key was answered with {}", stranger.status));
    }
    let broken = client.post(&shop.buyers[0], "/v1/orders", key, &json!({"lines": []})).expect("a reply");
    if broken.status != 422 {
        outcome.violate(format!("a key with a body that is none was answered with {}", broken.status));
    }
}
