//! Nobody learns from an answer, or from how long it takes, whether an address has an account.

use std::{cmp::Ordering, time::Instant};

use serde_json::{Value, json};

use super::ground::Ground;
use crate::{
    harness::client::Client,
    judge::thousands,
    scenario::{Control, Engine, Outcome, Run, Scenario},
};

/// How far the area under the curve may be from a half: what nobody can tell apart has a half.
const AUC_MAX: f64 = 0.02;
/// With few pairs chance alone is further away than that: so many standard deviations are allowed.
const DEVIATIONS: f64 = 3.5;
/// At most so many accounts are made; then each is asked for several times.
const ACCOUNTS_MAX: u64 = 400;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "enumeration",
    injects: "addresses with and without an account, asked for by turns at login, sign-up and reset",
    holds: "the same status and body; timing AUC 0.48 to 0.52",
    engines: &[Engine::Sqlite],
    run: |run| compare(run, run.count(20, 2_000), None),
    control: Control {
        without: "comparing with something where there is no account",
        finds: "can be told apart",
        run: |run| compare(run, 10, Some("guard.dummy=return")),
    },
};

/// What is asked for, and the body with an address.
type Question = (&'static str, fn(&str) -> Value);

const QUESTIONS: [Question; 3] = [
    ("/v1/auth/login", |email| json!({"email": email, "password": "not the right one 7"})),
    ("/v1/auth/signup", |email| json!({"email": email, "password": "seven lamps over a grey harbour", "name": "Ann"})),
    ("/v1/auth/password/forgot", |email| json!({"email": email})),
];

fn compare(run: &Run, pairs: u64, lifted: Option<&str>) -> Outcome {
    let mut ground = Ground::signing_up(run, "verify", &["--trusted-proxies", "127.0.0.1/32"]);
    ground.launch.set_faults(lifted.map(str::to_owned));
    let server = ground.launch.start();
    let client = Client::new(ground.launch.address);
    let mut chance = run.chance();
    let mut outcome = Outcome { runs: pairs * 3, ..Outcome::default() };
    let accounts = pairs.min(ACCOUNTS_MAX);
    for number in 0..accounts {
        ask(&client, QUESTIONS[1].0, &QUESTIONS[1].1(&known(number)), &mut chance);
    }
    let mut told = Vec::new();
    for (path, body) in QUESTIONS {
        let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
        let mut answers: Vec<(u16, Vec<u8>)> = Vec::new();
        for pair in 0..pairs {
            let (is_known_first, number) = (chance.bool(), pair % accounts);
            for turn in [is_known_first, !is_known_first] {
                let unknown = format!("nobody-{pair}-{}@example.com", path.len());
                let email = if turn { known(number) } else { unknown };
                let begin = Instant::now();
                let answer = ask(&client, path, &body(&email), &mut chance);
                let took = begin.elapsed().as_secs_f64();
                if turn {
                    of_known.push(took)
                } else {
                    of_unknown.push(took)
                }
                outcome.waited(begin.elapsed());
                if !answers.contains(&answer) {
                    answers.push(answer);
                }
            }
        }
        if answers.len() != 1 {
            let shown: Vec<_> =
                answers.iter().map(|(status, body)| format!("{status} {}", String::from_utf8_lossy(body))).collect();
            outcome.violate(format!("{path} has {} answers: {}", answers.len(), shown.join(" / ")));
        }
        let area = auc(&of_known, &of_unknown);
        // The standard deviation of the area when both are alike (Mann and Whitney 1947).
        let count = pairs as f64;
        let deviation = ((2.0 * count + 1.0) / (12.0 * count * count)).sqrt();
        if (area - 0.5).abs() > AUC_MAX.max(DEVIATIONS * deviation) {
            outcome.violate(format!("{path}: known and unknown addresses can be told apart by time, AUC {area:.3}"));
        }
        told.push(format!("{area:.2}"));
    }
    server.stop();
    outcome.injected = format!("{} pairs each; AUC {}", thousands(pairs), told.join(", "));
    outcome
}

fn known(number: u64) -> String {
    format!("known-{number}@example.com")
}

/// Asks from an address of its own, lest the limits of one address get in the way.
fn ask(client: &Client, path: &str, body: &Value, chance: &mut fastrand::Rng) -> (u16, Vec<u8>) {
    let from = format!("10.{}.{}.{}", chance.u8(..), chance.u8(..), chance.u8(1..255));
    let headers = [("content-type", "application/json"), ("x-forwarded-for", from.as_str())];
    let reply = client.call("POST", path, &headers, body.to_string().as_bytes()).expect("a reply");
    (reply.status, reply.body)
}

/// How often one of the first is larger than one of the second: the area under the receiver's curve.
fn auc(first: &[f64], second: &[f64]) -> f64 {
    let mut larger = 0.0;
    for one in first {
        for other in second {
            larger += match one.partial_cmp(other) {
                Some(Ordering::Greater) => 1.0,
                Some(Ordering::Less) => 0.0,
                _ => 0.5,
            };
        }
    }
    larger / (first.len() * second.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_a_half_for_alike_and_one_for_apart() {
        assert!((auc(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]) - 0.5).abs() < 1e-9);
        assert!((auc(&[4.0, 5.0], &[1.0, 2.0]) - 1.0).abs() < 1e-9);
    }
}
