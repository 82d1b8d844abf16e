//! Many requests with one key at once, while the program is killed: one order, and one answer for all of them.

use std::{
    any::Any,
    collections::HashMap,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Barrier, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ureq::http::HeaderValue;

use super::ground::Ground;
use crate::{
    harness::{
        OnDrop,
        audit::Audit,
        client::{Client, Reply},
        journal::Journal,
        load::{Acknowledged, Fate, Sent},
        server::{Launch, Server},
        shop::Shop,
    },
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario, Size},
};

/// How long a request is repeated until there is an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// With fewer keys the storm may be over before anybody is killed.
const KEYS_FOR_A_KILL: u64 = 20;
/// After so many keys everybody signs in again.
const BATCH: u64 = 500;
/// Between two kills, in milliseconds, after as many answers as there are to a key: lest a slow machine get nowhere.
const KILL_AFTER_MS: std::ops::Range<u64> = 50..400;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "idempotency",
    injects: "one key many times at once, with kills; keys of others, other bodies",
    holds: "C; replays are equal; 422 for another body",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Never,
    parts: 20,
    run: |run| {
        let short = if run.engine == Engine::Sqlite { 80 } else { 40 };
        storm(run, run.count(short, 10_000), None)
    },
    control: Control {
        without: "the claim of the key",
        finds: &["made two orders"],
        on_one_engine: false,
        run: |run| storm(run, 10, Some("guard.claim=return")),
    },
};

fn storm(run: &Run, keys: u64, lifted: Option<&str>) -> Outcome {
    let at_once = if run.size == Size::Long { 100 } else { 20 };
    let mut ground = Ground::new(run, &[]);
    ground.launch.set_faults(lifted.map(str::to_owned));
    let launch = &ground.launch;
    let server = launch.start();
    let mut shop = Shop::fill(launch.address, 2);
    let journal = Journal::new(&ground.folder.path().join("journal"));
    let mut outcome = Outcome { runs: keys, ..Outcome::default() };
    let (mut chance, mut replies) = (run.chance(), Replies::default());
    let (mut server, mut kills) = (server, 0);
    for first in (0..keys).step_by(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        // Access tokens live for ten minutes.
        shop.renew_tokens();
        let answered = AtomicUsize::new(0);
        let storm = Storm {
            shop: &shop,
            journal: &journal,
            keys: first..keys.min(first + BATCH),
            at_once,
            answered,
            is_lost: AtomicBool::new(false),
        };
        server = storm.rage(launch, server, &mut chance, &mut kills, &mut replies);
        tell(storm.keys.end, keys, &outcome.violations);
    }
    shop.renew_tokens();
    judge(&shop, &journal, &replies, keys, &mut outcome);
    prove_others(&shop, &mut outcome);
    server.stop();
    ground.check();
    if kills == 0 && keys >= KEYS_FOR_A_KILL && lifted.is_none() {
        outcome.violate("nobody was killed");
    }
    outcome.injected = format!("{} requests, {kills} kills", thousands(keys * at_once as u64));
    outcome
}

/// What is asked for with one key, by whom: the place among the buyers, and what is added to the key where the order says what it was asked
/// with. Most ask for the same; one changed the body meanwhile, and one is somebody else with a key that is the same by chance.
struct Question {
    buyer: usize,
    suffix: &'static str,
}

const SAME: Question = Question { buyer: 0, suffix: "" };
const OTHER_BODY: Question = Question { buyer: 0, suffix: " with another body" };
const OTHER_ACCOUNT: Question = Question { buyer: 1, suffix: " of another account" };

/// What the requests with each key and suffix were answered with, and the longest wait.
#[derive(Default)]
struct Replies {
    of_key: HashMap<String, Told>,
    unanswered: u64,
    worst: Duration,
    /// Why somebody could not go on.
    panic: Option<Box<dyn Any + Send>>,
}

/// The first answer, how many were given, how many of them were others, and how many did not say that they were given before.
struct Told {
    status: u16,
    headers: [Option<HeaderValue>; HEADERS.len()],
    body: Vec<u8>,
    count: u64,
    others: u64,
    new: u64,
}

/// What an answer says besides its body, and says again.
const HEADERS: [&str; 2] = ["location", "etag"];

impl Replies {
    fn add(&mut self, key: String, reply: Option<Reply>, took: Duration) {
        self.worst = self.worst.max(took);
        let Some(reply) = reply else {
            self.unanswered += 1;
            return;
        };
        let (status, is_new) = (reply.status, !reply.is_replay());
        let headers = HEADERS.map(|name| reply.headers.get(name).cloned());
        let body = reply.body;
        let first = || Told { status, headers: headers.clone(), body: body.clone(), count: 0, others: 0, new: 0 };
        let told = self.of_key.entry(key).or_insert_with(first);
        told.count += 1;
        // A refusal may say to whom it was said.
        let is_same = told.status == status && (status != 201 || (told.body == body && told.headers == headers));
        told.others += u64::from(!is_same);
        told.new += u64::from(status == 201 && is_new);
    }
}

/// Some keys, each of them sent by everybody at once.
struct Storm<'a> {
    shop: &'a Shop,
    journal: &'a Journal,
    keys: Range<u64>,
    at_once: usize,
    /// How many are done with, answered or given up.
    answered: AtomicUsize,
    /// Whether somebody could not go on, and nobody needs to wait for an answer any more.
    is_lost: AtomicBool,
}

impl Storm<'_> {
    /// Sends all of it, and kills the server now and then; gives the one that runs in the end.
    fn rage(
        &self,
        launch: &Launch,
        mut server: Server,
        chance: &mut fastrand::Rng,
        kills: &mut u64,
        replies: &mut Replies,
    ) -> Server {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let sending = scope.spawn(|| {
                // However it ends, the killer must not wait for ever.
                let _over = OnDrop(&is_over);
                self.send_all(replies);
                if let Some(panic) = replies.panic.take() {
                    resume_unwind(panic);
                }
            });
            // Whoever cannot start a server any more leaves nobody waiting for one.
            let _lost = OnDrop(&self.is_lost);
            while !is_over.load(Ordering::Acquire) {
                let before = self.answered.load(Ordering::Acquire);
                while !is_over.load(Ordering::Acquire) && self.answered.load(Ordering::Acquire) < before + self.at_once
                {
                    thread::sleep(Duration::from_millis(1));
                }
                // Not at the moment at which everybody has an answer.
                thread::sleep(Duration::from_millis(chance.u64(KILL_AFTER_MS)));
                if !is_over.load(Ordering::Acquire) {
                    server.kill();
                    server = launch.start();
                    *kills += 1;
                }
            }
            sending.join().unwrap_or_else(|panic| resume_unwind(panic));
            server
        })
    }

    fn send_all(&self, replies: &mut Replies) {
        let replies = Mutex::new(replies);
        let together = Barrier::new(self.at_once);
        thread::scope(|scope| {
            for place in 0..self.at_once {
                let question = match place {
                    0 => &OTHER_BODY,
                    1 => &OTHER_ACCOUNT,
                    _ => &SAME,
                };
                let (replies, together) = (&replies, &together);
                scope.spawn(move || {
                    let client = Client::new(self.shop.address);
                    for number in self.keys.clone() {
                        together.wait();
                        let (key, begin) = (key(number), Instant::now());
                        // Whoever falls out would leave the others waiting for ever.
                        let asked = catch_unwind(AssertUnwindSafe(|| self.ask(&client, &key, question, number, begin)));
                        let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
                        match asked {
                            Ok(reply) => replies.add(key + question.suffix, reply, begin.elapsed()),
                            Err(panic) => {
                                self.is_lost.store(true, Ordering::Release);
                                replies.panic = Some(panic);
                            }
                        }
                        self.answered.fetch_add(1, Ordering::Release);
                    }
                });
            }
        });
    }

    /// The answer to one of them, which is written down as the question is; none when nobody would wait any longer.
    fn ask(&self, client: &Client, key: &str, question: &Question, number: u64, begin: Instant) -> Option<Reply> {
        let name = format!("{key}{}", question.suffix);
        let body = self.shop.order(&name, usize::try_from(number).unwrap_or_default());
        let mut sent = Sent::new(name, question.buyer, body);
        self.journal.note(&sent);
        while begin.elapsed() < PATIENCE && !self.is_lost.load(Ordering::Acquire) {
            match client.post(&self.shop.buyers[question.buyer], "/v1/orders", key, &sent.body) {
                Ok(reply) if reply.status != 503 => {
                    sent.fate = match reply.status {
                        201 => Fate::Acknowledged(Acknowledged::read(&reply.json())),
                        status => Fate::Refused(status),
                    };
                    self.journal.note(&sent);
                    return Some(reply);
                }
                // The program was killed, or has too much to do: the same again, as a client should.
                _ => thread::sleep(Duration::from_millis(5)),
            }
        }
        None
    }
}

fn key(number: u64) -> String {
    format!("storm-{number}")
}

fn judge(shop: &Shop, journal: &Journal, replies: &Replies, keys: u64, outcome: &mut Outcome) {
    outcome.waited(replies.worst);
    if replies.unanswered > 0 {
        outcome.violate(format!("{} requests were not answered within {PATIENCE:?}", replies.unanswered));
    }
    if replies.worst > PATIENCE {
        outcome.violate(format!("somebody was answered after {:?} only", replies.worst));
    }
    for (key, told) in replies.of_key.iter().filter(|(_, told)| told.others > 0) {
        let (Told { status, count, others, .. }, body) = (told, String::from_utf8_lossy(&told.body));
        outcome.violate(format!("{key}: {others} of {count} answers are not {status} {body}, or have other headers"));
    }
    for (key, told) in &replies.of_key {
        if told.new > 1 {
            outcome.violate(format!(
                "{key}: {} of {} answers do not say that they were given before",
                told.new, told.count
            ));
        }
        if told.status == 201 && told.headers.contains(&None) {
            outcome.violate(format!("{key}: an order was placed without {}", HEADERS.join(" and ")));
        }
    }
    for key in (0..keys).map(key) {
        let status = |question: &Question| {
            replies.of_key.get(&format!("{key}{}", question.suffix)).map_or(0, |told| told.status)
        };
        // Whichever body came first has the key, and the other one is refused.
        match [&SAME, &OTHER_BODY, &OTHER_ACCOUNT].map(status) {
            [201, 422, 201] | [422, 201, 201] => {}
            statuses => outcome.violate(format!(
                "{key}: it was answered with {} for one body, {} for another, {} for another account",
                statuses[0], statuses[1], statuses[2]
            )),
        }
    }
    // Panics when a key made two orders.
    let orders = Audit::of(shop);
    if orders.count() as u64 != 2 * keys {
        outcome.violate(format!("{keys} keys of two accounts made {} orders", orders.count()));
    }
    orders.compare(&journal.read());
    orders.compare_stock(shop);
}

/// Long afterwards it is the same: the key with another body is refused, and with another account it is another key.
fn prove_others(shop: &Shop, outcome: &mut Outcome) {
    let client = Client::new(shop.address);
    let key = "storm-0";
    let other = client.post(&shop.buyers[0], "/v1/orders", key, &shop.order("another body", 1)).expect("a reply");
    if other.status != 422 {
        outcome.violate(format!("a key with another body was answered with {}", other.status));
    }
    let before = Audit::of(shop).count();
    for (buyer, token) in shop.buyers.iter().enumerate() {
        let order = shop.order(&format!("later, buyer {buyer}"), 1);
        let status = client.post(token, "/v1/orders", "later", &order).expect("a reply").status;
        if status != 201 {
            outcome.violate(format!("an account's order with the key of another's was answered with {status}"));
        }
    }
    if Audit::of(shop).count() != before + shop.buyers.len() {
        outcome.violate("one key of two accounts did not make two orders");
    }
}
