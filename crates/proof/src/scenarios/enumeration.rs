//! Nobody learns from an answer, or from how long it takes, whether an address has an account.

use std::{
    cmp::Ordering,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::ground::Ground;
use crate::{
    harness::{client::Client, server::Server, shop::PASSWORD},
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// How far the area under the curve may be from a half: what nobody can tell apart has a half.
const AUC_MAX: f64 = 0.02;
/// So many pairs are promised. With fewer, chance alone is further away than that: then so many standard deviations are allowed.
const PAIRS: u64 = 2_000;
const DEVIATIONS: f64 = 4.0;
/// What passwords cost in a long run: the least that a shop may set, so that what does not depend on it is seen best. In a short one they
/// cost as good as nothing, for the same reason: so few pairs show a tenth of a millisecond then. In the control they cost what is to be seen.
const COST: u32 = 10;
/// How often each account is asked for at login in a short run: fewer times than wrong passwords are allowed.
const SHORT_LOGINS: u64 = 4;
/// The same of codes.
const SHORT_CODES: u64 = 2;
/// Of 2,000 pairs the area has a standard deviation of 0.009: chance alone passes the limit once in thirty-five times. Who learns nothing
/// by asking is nearer to a half the more is asked, and who learns something is not. So where the limit is passed, so many batches are asked
/// in all, and the whole is judged: of 8,000 pairs the limit is four deviations away.
const BATCHES: u64 = 4;
/// Headers that are different with every reply.
const OF_THEIR_OWN: [&str; 2] = ["date", "x-request-id"];
/// What whoever asks chooses when signing up.
const CHOSEN: &str = "what a stranger chose 8";
/// So many wrong passwords are tried for one account from one address: more than are allowed at once.
const WRONG: usize = 16;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "enumeration",
    injects: "addresses with and without an account, asked for by turns at login, sign-up, its code, and reset",
    holds: "the same status, headers and body, as many wrong passwords until 429; timing AUC 0.48 to 0.52",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Long,
    parts: 1,
    run: |run| compare(run, run.count(20, PAIRS), &QUESTIONS, None),
    control: Control {
        without: "comparing with something where there is no account",
        finds: &["can be told apart"],
        on_one_engine: true,
        run: |run| compare(run, 10, &[LOGIN], Some("guard.dummy=return")),
    },
};

/// What is asked for.
#[derive(Clone, Copy)]
struct Question {
    path: &'static str,
    /// The body with an address.
    body: fn(&str) -> Value,
    /// What everybody is answered with.
    status: u16,
    /// Whose addresses those are that are known.
    of: Known,
    /// How often one address is asked for in a short run: once where a mail comes of it, for who has been written to is not written to again
    /// so soon, and then there is nothing to be seen.
    times: u64,
    /// Whether whoever asks signs up with the address first.
    signs_up: bool,
}

/// Somebody who signed up, and showed that the address is theirs, or has not yet.
#[derive(Clone, Copy, Debug)]
enum Known {
    Customer,
    Unverified,
}

const SIGN_UP: Question = Question {
    path: "/v1/auth/signup",
    body: |email| sign_up(email, CHOSEN),
    status: 202,
    of: Known::Customer,
    times: 1,
    signs_up: false,
};

const LOGIN: Question = Question {
    path: "/v1/auth/login",
    body: |email| json!({"email": email, "password": "not the right one 7"}),
    status: 401,
    of: Known::Customer,
    times: SHORT_LOGINS,
    signs_up: false,
};

const QUESTIONS: [Question; 5] = [
    LOGIN,
    SIGN_UP,
    Question { of: Known::Unverified, ..SIGN_UP },
    Question {
        path: "/v1/auth/verify-email",
        body: |email| json!({"email": email, "password": CHOSEN, "code": "000000"}),
        status: 401,
        of: Known::Customer,
        times: SHORT_CODES,
        signs_up: true,
    },
    Question {
        path: "/v1/auth/password/forgot",
        body: |email| json!({"email": email}),
        status: 202,
        of: Known::Customer,
        times: 1,
        signs_up: false,
    },
];

fn sign_up(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password, "name": "Ann"})
}

fn compare(run: &Run, pairs: u64, questions: &[Question], lifted: Option<&str>) -> Outcome {
    let mut ground = Ground::signing_up(run, "verify", &["--trusted-proxies", "127.0.0.1/32"]);
    let is_cheap = lifted.is_none() && run.choose((true, false));
    if !is_cheap {
        ground.launch = ground.launch.with_bcrypt_cost(COST);
    }
    ground.launch.set_faults(lifted.map(str::to_owned));
    let client = Client::new(ground.launch.address);
    let mut chance = run.chance();
    let mut outcome = Outcome::default();
    let mut accounts = Accounts { ground: &ground, server: Some(ground.launch.start()), made: [0, 0] };
    for of in [Known::Unverified, Known::Customer] {
        accounts.make(of, pairs, &client, &mut chance);
    }
    let times_of = |question: &Question| run.choose((question.times, 1));
    let all: u64 = questions.iter().map(|question| pairs * times_of(question)).sum();
    let mut told = Vec::new();
    for (number, question) in questions.iter().copied().enumerate() {
        let times = times_of(&question);
        let learned = Learned::of(pairs * times, |asked, learned| {
            let (pair, is_first) = (asked / times, asked.is_multiple_of(times));
            if pair.is_multiple_of(pairs) {
                accounts.make(question.of, pair + pairs, &client, &mut chance);
            }
            let known = question.of.address(pair);
            let unknown = format!("nobody-{number}-{pair}@example.com");
            for email in [&known, &unknown].into_iter().filter(|_| question.signs_up && is_first) {
                ask(&client, SIGN_UP.path, &(SIGN_UP.body)(email), &mut chance);
            }
            learned.ask_pair(&client, question, [&unknown, &known], &mut chance);
        });
        let (path, area, count) = (question.path, learned.area(), learned.pairs());
        if !matches!(learned.answers.as_slice(), [answer] if answer.status == question.status) {
            outcome.violate(format!("{path} has {} answers: {}", learned.answers.len(), learned.shown()));
        }
        if learned.tells_apart() {
            let after = format!("AUC {area:.3} of {} pairs", thousands(count));
            outcome.violate(format!("{path}: known and unknown addresses can be told apart by time, {after}"));
        }
        let more = if count > pairs { format!(" of {} pairs", thousands(count)) } else { String::new() };
        told.push(format!("{area:.3}{more}"));
        outcome.runs += count;
        tell(outcome.runs, all, &outcome.violations);
        outcome.waited(learned.worst);
    }
    if lifted.is_none() && pairs > 0 {
        prove_limits(&client, &mut outcome);
    }
    accounts.stop();
    outcome.injected = format!("{} accounts; AUC {}", thousands(pairs), told.join(", "));
    outcome
}

/// Tries wrong passwords for three, each from one address, until nobody listens any more: for somebody who signed in from there before, for
/// somebody who has an account, and for nobody.
fn prove_limits(client: &Client, outcome: &mut Outcome) {
    let (customer, home) = (Known::Customer.address(0), "203.0.113.1");
    let signed_in = ask_from(client, LOGIN.path, &json!({"email": customer, "password": PASSWORD}), home);
    if signed_in.status != 200 {
        outcome.violate(format!("a customer cannot sign in: {}", signed_in.status));
    }
    let emails = [customer, Known::Unverified.address(0), "nobody-at-all@example.com".to_owned()];
    let told = emails.each_ref().map(|email| {
        let from = if *email == emails[0] { home } else { "203.0.113.2" };
        (0..WRONG).map(|_| ask_from(client, LOGIN.path, &(LOGIN.body)(email), from).status).collect::<Vec<_>>()
    });
    if !told[0].contains(&401) || !told[0].contains(&429) {
        outcome.violate(format!("{WRONG} wrong passwords are answered with {:?}: that proves nothing", told[0]));
    }
    for (email, told) in emails.iter().zip(&told).filter(|(_, one)| **one != told[0]) {
        outcome.violate(format!("wrong passwords of {email} are answered with {told:?}, and not as a customer's"));
    }
}

/// The accounts that are asked for.
struct Accounts<'a> {
    ground: &'a Ground,
    server: Option<Server>,
    /// How many there are of each kind.
    made: [u64; 2],
}

impl Accounts<'_> {
    /// Has there be so many of a kind.
    fn make(&mut self, of: Known, count: u64, client: &Client, chance: &mut fastrand::Rng) {
        let made = self.made[of as usize];
        if made >= count {
            return;
        }
        for number in made..count {
            ask(client, SIGN_UP.path, &sign_up(&of.address(number), PASSWORD), chance);
        }
        self.made[of as usize] = count;
        if matches!(of, Known::Customer) {
            self.stop();
            verify_customers(self.ground, count);
            self.server = Some(self.ground.launch.start());
            // Who has an account has sessions, whose addresses are looked at when somebody comes.
            for number in made..count {
                let right = json!({"email": of.address(number), "password": PASSWORD});
                let signed_in = ask(client, LOGIN.path, &right, chance);
                assert_eq!(signed_in.status, 200, "a customer signs in");
            }
        }
    }

    fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }
}

/// What somebody is told.
#[derive(PartialEq, Eq)]
struct Answer {
    status: u16,
    /// A line each, but for those of [`OF_THEIR_OWN`].
    headers: Vec<String>,
    body: Vec<u8>,
}

/// What somebody learns who asks one question again and again.
#[derive(Default)]
struct Learned {
    /// How long the answers took, in seconds.
    of_known: Vec<f64>,
    of_unknown: Vec<f64>,
    /// The different ones.
    answers: Vec<Answer>,
    worst: Duration,
}

impl Learned {
    /// Asks for so many pairs by their numbers; and for all batches where those of the first can be told apart, if there are enough of
    /// them for the plain limit. Whoever stopped as soon as it looks well would let half of the bad ones pass.
    fn of(pairs: u64, mut ask_pair: impl FnMut(u64, &mut Self)) -> Self {
        let mut learned = Self::default();
        let batches = if pairs < PAIRS { 1 } else { BATCHES };
        for batch in 0..batches {
            (batch * pairs..(batch + 1) * pairs).for_each(|pair| ask_pair(pair, &mut learned));
            if batch == 0 && !learned.tells_apart() {
                break;
            }
        }
        learned
    }

    /// Asks for somebody new and for one of the accounts, in either order.
    fn ask_pair(&mut self, client: &Client, question: Question, emails: [&str; 2], chance: &mut fastrand::Rng) {
        let is_known_first = chance.bool();
        for is_known in [is_known_first, !is_known_first] {
            let body = (question.body)(emails[usize::from(is_known)]);
            let begin = Instant::now();
            let answer = ask(client, question.path, &body, chance);
            let took = begin.elapsed();
            let times = if is_known { &mut self.of_known } else { &mut self.of_unknown };
            times.push(took.as_secs_f64());
            self.worst = self.worst.max(took);
            if !self.answers.contains(&answer) {
                self.answers.push(answer);
            }
        }
    }

    fn pairs(&self) -> u64 {
        self.of_known.len() as u64
    }

    fn area(&self) -> f64 {
        auc(&self.of_known, &self.of_unknown)
    }

    /// Whether the times differ by more than chance has them differ.
    fn tells_apart(&self) -> bool {
        (self.area() - 0.5).abs() > limit(self.pairs())
    }

    fn shown(&self) -> String {
        let shown = |Answer { status, headers, body }: &Answer| {
            format!("{status} {} {}", headers.join(", "), String::from_utf8_lossy(body))
        };
        self.answers.iter().map(shown).collect::<Vec<_>>().join(" / ")
    }
}

/// How far from a half the area of so many pairs may be.
fn limit(pairs: u64) -> f64 {
    if pairs >= PAIRS {
        return AUC_MAX;
    }
    // The standard deviation of the area when both are alike (Mann and Whitney 1947).
    let count = pairs as f64;
    let deviation = ((2.0 * count + 1.0) / (12.0 * count * count)).sqrt();
    AUC_MAX.max(DEVIATIONS * deviation)
}

impl Known {
    fn address(self, number: u64) -> String {
        format!("{self:?}-{number}@example.com").to_lowercase()
    }
}

/// Has the customers have shown that their addresses are theirs: thousands of mails need not be read for that.
fn verify_customers(ground: &Ground, accounts: u64) {
    let sql = "UPDATE accounts SET email_verified_at = created_at WHERE email LIKE 'customer-%' RETURNING id";
    let mut verified = 0;
    ground.each_row(sql, |_| verified += 1);
    assert_eq!(verified, accounts, "everybody is verified");
}

/// Asks from an address of its own, lest the limits of one address get in the way.
fn ask(client: &Client, path: &str, body: &Value, chance: &mut fastrand::Rng) -> Answer {
    ask_from(client, path, body, &format!("10.{}.{}.{}", chance.u8(..), chance.u8(..), chance.u8(1..255)))
}

fn ask_from(client: &Client, path: &str, body: &Value, from: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("x-forwarded-for", from)];
    let reply = client.call("POST", path, &headers, body.to_string().as_bytes()).expect("a reply");
    let headers = reply.headers.iter().filter(|(name, _)| !OF_THEIR_OWN.contains(&name.as_str()));
    let shown = headers.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    Answer { status: reply.status, headers: shown.collect(), body: reply.body }
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
    /// What is learned when the first batch has an area of 0.53 by chance, and each after it one of so much.
    fn learned(pairs: u64, later: f64) -> Learned {
        Learned::of(pairs, |pair, learned| {
            let area = if pair < pairs { 0.53 } else { later };
            // Of so many pairs the known one takes longer.
            let longer = (pair * 37 % 100) as f64 / 100.0 < area;
            learned.of_known.push(if longer { 3.0 } else { 1.0 });
            learned.of_unknown.push(2.0);
        })
    }

    #[test]
    fn what_chance_did_is_gone_after_more_and_what_is_there_stays() {
        let alike = learned(PAIRS, 0.5);
        let all = BATCHES * PAIRS;
        assert!(alike.pairs() == all && !alike.tells_apart(), "AUC {} of {}", alike.area(), alike.pairs());
        let apart = learned(PAIRS, 0.53);
        assert!(apart.pairs() == all && apart.tells_apart(), "AUC {}", apart.area());
        let few = learned(20, 0.5);
        assert!(few.pairs() == 20 && !few.tells_apart(), "few are asked once, and allowed to chance");
        assert!(limit(20) > 0.3 && (limit(PAIRS) - 0.02).abs() < 1e-9 && (limit(4 * PAIRS) - 0.02).abs() < 1e-9);
    }
}
