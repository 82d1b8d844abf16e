//! Two hundred wrong passwords a second, from everywhere: orders hardly notice, and the owner still gets in.

use std::{
    fs,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::ground::{Ground, p99};
use crate::{
    harness::{
        client::{Client, Reply},
        shop::{OWNER, PASSWORD, Shop},
    },
    judge::thousands,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// Wrong passwords a second.
const STORM: u64 = 200;
/// So many accounts are tried: in a short run, and in a long one.
const ACCOUNTS: (u64, u64) = (1_000, 10_000);
/// How many guess at a time for each processor: more than there is room for to wait, for otherwise they wait for each other.
const ATTACKERS: usize = 64;
const BUYERS: usize = 4;
/// Whoever guesses does not wait for ever for one answer.
const ATTACKERS_WAIT: Duration = Duration::from_secs(5);
/// How long the owner may wait, and how much longer an order may take, at the 99th percentile: in seconds of a short run on a noisy
/// machine, where passwords go behind everything else, and in a long one.
const SHORT_MAX: (Duration, f64) = (Duration::from_secs(4), 10.0);
const LONG_MAX: (Duration, f64) = (Duration::from_secs(2), 2.0);
/// How much of the storm must have been sent in time.
const SENT_MIN: (f64, f64) = (0.5, 0.95);
/// The cost of passwords that shops have: cheaper ones would make a weak storm.
const COST: u32 = 12;
/// What the accounts' passwords are kept as, and what they are. It is one for all, since hashing 10,000 takes half an hour.
const OLD_HASH: &str = "$2b$12$CN5XJLD1nIMesp4Vs3bFqO3xuS.nsOKF3GBldfemJ4c.okjKGeS/W";
const OLD_PASSWORD: &str = "an old password of 2019";

pub(super) const SCENARIO: Scenario = Scenario {
    name: "login-storm",
    injects: "200 wrong passwords a second over 10,000 accounts from as many addresses",
    holds: "order p99 within 2 of quiet; the owner gets in within 2 s from where they signed in before",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Always,
    parts: 1,
    run: |run| storm(run, Duration::from_secs(run.count(6, 300)), None),
    control: Control {
        without: "a lane of their own for those who are known",
        finds: &["the owner was kept out: answered with 503"],
        on_one_engine: true,
        run: |run| storm(run, Duration::from_secs(6), Some("guard.known=return")),
    },
};

fn storm(run: &Run, time: Duration, lifted: Option<&str>) -> Outcome {
    let mut ground = Ground::new(run, &["--trusted-proxies", "127.0.0.1/32"]);
    ground.launch = ground.launch.with_bcrypt_cost(COST);
    ground.launch.set_faults(lifted.map(str::to_owned));
    let accounts = run.choose(ACCOUNTS);
    bring_over(&ground, accounts);
    let server = ground.launch.start();
    let shop = Shop::fill(ground.launch.address, BUYERS);
    let mut outcome = Outcome::default();
    let (quiet, _) = p99(&shop, BUYERS, "quiet", &mut outcome, || thread::sleep(time / 2));

    let guesses = Guesses::at(&shop, accounts);
    let ((stormy, owner), rate) = thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for attacker in 0..ATTACKERS * cores {
            let (guesses, seed) = (&guesses, run.seed ^ attacker as u64);
            scope.spawn(move || guesses.go_on(seed));
        }
        let measured = p99(&shop, BUYERS, "storm", &mut outcome, || {
            // Until it has gathered.
            thread::sleep(time / 4);
            owner_signs_in(&shop, time * 3 / 4)
        });
        (measured, guesses.end())
    });
    let (owner_max, slower_max) = run.choose((SHORT_MAX, LONG_MAX));
    match owner {
        Ok(worst) => {
            outcome.waited(worst);
            if worst > owner_max {
                outcome.violate(format!("the owner got in after {worst:?} only"));
            }
        }
        Err(why) => outcome.violate(why),
    }
    let slower = stormy / quiet.max(0.001);
    if slower > slower_max {
        outcome.violate(format!("orders took {slower:.1} times as long as on a quiet day"));
    }
    if rate < STORM as f64 * run.choose(SENT_MIN) {
        outcome.violate(format!("this was no storm: {rate:.0} guesses a second were sent"));
    }
    server.stop();
    outcome.violations.extend(guesses.wrong.into_inner().unwrap_or_else(PoisonError::into_inner));
    outcome.runs = guesses.sent.into_inner();
    let told = thousands(guesses.refused.into_inner());
    let silent = thousands(guesses.silent.into_inner());
    outcome.injected = format!(
        "{rate:.0} guesses a second, {told} told to wait, {silent} waited in vain; order p99 {slower:.1} of quiet"
    );
    outcome
}

fn somebody(number: u64) -> String {
    format!("somebody-{number}@example.com")
}

/// Has the shop bring over so many customers of an old one, and one of them sign in: they are there, and have a password.
fn bring_over(ground: &Ground, accounts: u64) {
    let folder = ground.folder.path().join("old-shop");
    let user = |number| {
        let id = json!({"$oid": format!("{number:024x}")});
        json!({"_id": id, "email": somebody(number), "name": "Ann Example", "password": OLD_HASH}).to_string()
    };
    let users: Vec<_> = (0..accounts).map(user).collect();
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("users.json"), users.join("\n")).expect("a file");
    ground.command(&["import", "mongodump", &folder.to_string_lossy()]);
    let server = ground.launch.start();
    let body = json!({"email": somebody(accounts - 1), "password": OLD_PASSWORD});
    Client::new(ground.launch.address).post("", "/v1/auth/login", "", &body).expect("a reply").expect(200);
    server.stop();
}

/// What those who guess share.
struct Guesses<'a> {
    shop: &'a Shop,
    accounts: u64,
    begin: Instant,
    is_over: AtomicBool,
    /// The next one's number, which says when it is due.
    next: AtomicU64,
    sent: AtomicU64,
    /// Those that were told to come later.
    refused: AtomicU64,
    /// Those that waited for an answer until they had enough.
    silent: AtomicU64,
    /// What else came of some.
    wrong: Mutex<Vec<String>>,
}

impl<'a> Guesses<'a> {
    fn at(shop: &'a Shop, accounts: u64) -> Self {
        let (is_over, next, sent, refused, silent, wrong) = Default::default();
        Self { shop, accounts, begin: Instant::now(), is_over, next, sent, refused, silent, wrong }
    }

    fn wrong(&self, what: String) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Enough. How many were sent in a second.
    fn end(&self) -> f64 {
        self.is_over.store(true, Ordering::Release);
        self.sent.load(Ordering::Acquire) as f64 / self.begin.elapsed().as_secs_f64()
    }

    /// One of those who guess, each time from another address. Whoever is free takes the next guess, so that those who wait for an
    /// answer do not make it a weaker storm.
    fn go_on(&self, seed: u64) {
        let mut chance = fastrand::Rng::with_seed(seed);
        let client = Client::with_patience(self.shop.address, ATTACKERS_WAIT);
        loop {
            let due = Duration::from_millis(1_000 * self.next.fetch_add(1, Ordering::AcqRel) / STORM);
            thread::sleep(due.saturating_sub(self.begin.elapsed()));
            if self.is_over.load(Ordering::Acquire) {
                return;
            }
            self.sent.fetch_add(1, Ordering::AcqRel);
            self.guess(&client, &mut chance);
        }
    }

    fn guess(&self, client: &Client, chance: &mut fastrand::Rng) {
        // Most have never been here, some buy right now, and one is the owner.
        let email = match chance.u64(0..1_000) {
            0 => OWNER.to_owned(),
            number @ 1..50 => format!("buyer-{}@example.com", number % BUYERS as u64),
            _ => somebody(chance.u64(0..self.accounts)),
        };
        let from = format!("10.{}.{}.{}", chance.u8(..), chance.u8(..), chance.u8(1..255));
        let body = json!({"email": email, "password": "guess number seven"}).to_string();
        let headers = [("content-type", "application/json"), ("x-forwarded-for", from.as_str())];
        match client.call("POST", "/v1/auth/login", &headers, body.as_bytes()) {
            Ok(Reply { status: 401, .. }) => {}
            Ok(Reply { status: 429 | 503, .. }) => drop(self.refused.fetch_add(1, Ordering::Relaxed)),
            Ok(reply) => self.wrong(format!("a guess was answered with {}", reply.status)),
            Err(ureq::Error::Timeout(_)) => drop(self.silent.fetch_add(1, Ordering::Relaxed)),
            Err(error) => self.wrong(format!("a guess got no reply: {error}")),
        }
    }
}

/// The owner signs in again and again, from where they did before; the longest that took.
fn owner_signs_in(shop: &Shop, time: Duration) -> Result<Duration, String> {
    let client = Client::new(shop.address);
    let body = json!({"email": OWNER, "password": PASSWORD});
    let (begin, mut worst) = (Instant::now(), Duration::ZERO);
    while begin.elapsed() < time {
        let asked = Instant::now();
        match client.post("", "/v1/auth/login", "", &body) {
            Ok(reply) if reply.status == 200 => {}
            // Whoever is kept out is told to come later, or waits in vain. Anything else is another failure.
            Ok(reply) if matches!(reply.status, 429 | 503) => {
                return Err(format!("the owner was kept out: answered with {}", reply.status));
            }
            Ok(reply) => return Err(format!("the owner was answered with {}", reply.status)),
            Err(ureq::Error::Timeout(_)) => {
                return Err(format!("the owner was kept out: no answer for {:?}", asked.elapsed()));
            }
            Err(error) => return Err(format!("the owner got no reply: {error}")),
        }
        worst = worst.max(asked.elapsed());
        thread::sleep(Duration::from_millis(300));
    }
    Ok(worst)
}
