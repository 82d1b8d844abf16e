//! Two hundred wrong passwords a second, from everywhere: orders hardly notice, and the owner still gets in.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::ground::{Ground, p99};
use crate::{
    harness::{
        client::Client,
        shop::{OWNER, PASSWORD, Shop},
    },
    judge::thousands,
    scenario::{Control, Engine, Outcome, Run, Scenario, Size},
};

/// Wrong passwords a second.
const STORM: u64 = 200;
/// So many accounts are tried.
const ACCOUNTS: u64 = 10_000;
const ATTACKERS: u64 = 128;
const BUYERS: usize = 4;
/// Whoever guesses does not wait for ever for one answer.
const ATTACKERS_WAIT: Duration = Duration::from_secs(5);
/// How long the owner may wait.
const OWNER_MAX: Duration = Duration::from_secs(2);
/// How much longer an order may take, at the 99th percentile: in seconds of a short run on a noisy machine, and in a long one.
const SLOWER_MAX: (f64, f64) = (6.0, 2.0);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "login-storm",
    injects: "200 wrong passwords a second over 10,000 accounts from as many addresses",
    holds: "order p99 within 2 of quiet; the owner gets in within 2 s",
    engines: &[Engine::Sqlite],
    run: |run| storm(run, Duration::from_secs(run.count(6, 300)), None),
    control: Control {
        without: "a lane of their own for those who are known",
        finds: "the owner",
        run: |run| storm(run, Duration::from_secs(6), Some("guard.known=return")),
    },
};

fn storm(run: &Run, time: Duration, lifted: Option<&str>) -> Outcome {
    let mut ground = Ground::new(run, &["--trusted-proxies", "127.0.0.1/32"]);
    // The cost that shops have: cheaper passwords would make a weak storm.
    ground.launch = ground.launch.with_bcrypt_cost(12);
    ground.launch.set_faults(lifted.map(str::to_owned));
    let launch = &ground.launch;
    let server = launch.start();
    let shop = Shop::fill(launch.address, BUYERS);
    let mut outcome = Outcome::default();
    let (quiet, _) = p99(&shop, BUYERS, "quiet", &mut outcome, || thread::sleep(time / 2));

    let (is_over, tried, refused) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let (stormy, owner) = thread::scope(|scope| {
        for attacker in 0..ATTACKERS {
            let (shop, is_over, tried, refused) = (&shop, &is_over, &tried, &refused);
            let seed = run.seed ^ attacker;
            scope.spawn(move || attack(shop, seed, is_over, tried, refused));
        }
        let measured = p99(&shop, BUYERS, "storm", &mut outcome, || {
            // Until it has gathered.
            thread::sleep(time / 4);
            owner_signs_in(&shop, time * 3 / 4)
        });
        is_over.store(true, Ordering::Release);
        measured
    });
    match owner {
        Ok(worst) => {
            outcome.waited(worst);
            if worst > OWNER_MAX {
                outcome.violate(format!("the owner waited {worst:?}"));
            }
        }
        Err(why) => outcome.violate(why),
    }
    let slower = stormy / quiet.max(0.001);
    let limit = if run.size == Size::Short { SLOWER_MAX.0 } else { SLOWER_MAX.1 };
    if slower > limit {
        outcome.violate(format!("orders took {slower:.1} times as long as on a quiet day"));
    }
    server.stop();
    outcome.runs = tried.load(Ordering::Relaxed);
    let refused = refused.load(Ordering::Relaxed);
    outcome.injected = format!("{} told to wait; order p99 {slower:.1} of quiet", thousands(refused));
    outcome
}

/// One of those who guess, each time from another address.
fn attack(shop: &Shop, seed: u64, is_over: &AtomicBool, tried: &AtomicU64, refused: &AtomicU64) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let client = Client::with_patience(shop.address, ATTACKERS_WAIT);
    let pause = Duration::from_millis(1_000 * ATTACKERS / STORM);
    while !is_over.load(Ordering::Acquire) {
        let begin = Instant::now();
        // Some of them exist: the buyers and the owner.
        let email = match chance.u64(0..ACCOUNTS) {
            0..10 => OWNER.to_owned(),
            number @ 10..500 => format!("buyer-{}@example.com", number % BUYERS as u64),
            number => format!("somebody-{number}@example.com"),
        };
        let from = format!("10.{}.{}.{}", chance.u8(..), chance.u8(..), chance.u8(1..255));
        let body = json!({"email": email, "password": "guess number seven"}).to_string();
        let headers = [("content-type", "application/json"), ("x-forwarded-for", from.as_str())];
        let Ok(reply) = client.call("POST", "/v1/auth/login", &headers, body.as_bytes()) else { continue };
        assert!(matches!(reply.status, 401 | 429 | 503), "a guess was answered with {}", reply.status);
        tried.fetch_add(1, Ordering::Relaxed);
        refused.fetch_add(u64::from(reply.status != 401), Ordering::Relaxed);
        thread::sleep(pause.saturating_sub(begin.elapsed()));
    }
}

/// The owner signs in again and again, from where they did before; the longest that took.
fn owner_signs_in(shop: &Shop, time: Duration) -> Result<Duration, String> {
    let client = Client::new(shop.address);
    let body = json!({"email": OWNER, "password": PASSWORD});
    let (begin, mut worst) = (Instant::now(), Duration::ZERO);
    while begin.elapsed() < time {
        let asked = Instant::now();
        let reply =
            client.post("", "/v1/auth/login", "", &body).map_err(|error| format!("the owner got no reply: {error}"))?;
        if reply.status != 200 {
            return Err(format!("the owner was answered with {}", reply.status));
        }
        worst = worst.max(asked.elapsed());
        thread::sleep(Duration::from_millis(300));
    }
    Ok(worst)
}
