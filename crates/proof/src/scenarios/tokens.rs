//! Access tokens that nobody issued, and refresh tokens that were used before.

use std::{path::PathBuf, thread, time::Instant};

use data_encoding::BASE64URL_NOPAD;
use identity::{AccessTokens, Keys, fresh_stamp};
use model::{AccountId, SessionId, Timestamp};
use serde_json::{Value, json};

use super::ground::Ground;
use crate::{
    harness::{
        client::Client,
        server::Launch,
        shop::{PASSWORD, Shop, text},
    },
    judge::thousands,
    scenario::{Control, Engine, Outcome, Run, Scenario},
};

/// How many at once in the race for a refresh token.
const RACERS: usize = 8;
const RACES: u64 = 10;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "tokens",
    injects: "crafted and mutated access tokens, refresh tokens replayed and raced",
    holds: "all 401; one lineage; a late replay ends the family",
    engines: &[Engine::Sqlite, Engine::Postgres],
    run: |run| attack(run, run.count(500, 10_000), false),
    control: Control {
        without: "the secrecy of the signing key",
        finds: "200 for the token",
        run: |run| attack(run, 50, true),
    },
};

/// Tries so many crafted tokens over the wire and ten times as many mutated ones. With `is_key_stolen` they are signed with the
/// shop's own key and otherwise as ours are.
fn attack(run: &Run, count: u64, is_key_stolen: bool) -> Outcome {
    let ground = Ground::new(run, &[]);
    let launch = &ground.launch;
    if is_key_stolen {
        // On a server the keys are in the database, unless they lie in a file, where a thief finds them too.
        Keys::load_or_create(&key_file(launch)).expect("keys of the shop");
    }
    let server = launch.start();
    let shop = Shop::fill(launch.address, 1);
    let mut chance = run.chance();
    let mut outcome = Outcome::default();
    let good = &shop.owner;
    let forger = Forger::watching(good, launch, is_key_stolen);
    let client = Client::new(shop.address);
    if client.get_as(good, "/v1/admin/orders").expect("a reply").status != 200 {
        outcome.violate("the good token is refused: nothing can be learned here");
    }
    let mutated = count * 10;
    for number in 0..count + mutated {
        let token = if number < count { forger.craft(&mut chance) } else { mutate(good, &mut chance) };
        let begin = Instant::now();
        let reply = client.get_as(&token, "/v1/admin/orders?limit=1");
        outcome.waited(begin.elapsed());
        match reply {
            Ok(reply) if reply.status == 401 => {}
            Ok(reply) => outcome.violate(format!("{} for the token {token}", reply.status)),
            // What cannot stand in a header is not sent.
            Err(ureq::Error::Http(_)) => {}
            Err(error) => outcome.violate(format!("no reply to the token {token}: {error}")),
        }
    }
    races(&shop, &mut outcome);
    server.stop();
    outcome.runs = count + mutated;
    outcome.injected = format!("{} crafted, {} mutated, {RACES} races", thousands(count), thousands(mutated));
    outcome
}

fn key_file(launch: &Launch) -> PathBuf {
    launch.data.join("keys.json")
}

/// Whoever makes tokens, and knows all of a good one.
struct Forger {
    header: Value,
    claims: Value,
    /// Tokens as the shop itself makes them, for the one who has its key.
    stolen: Option<(AccessTokens, AccountId, SessionId)>,
}

impl Forger {
    fn watching(good: &str, launch: &Launch, is_key_stolen: bool) -> Self {
        let part = |at: usize| -> Value {
            let part = good.split('.').nth(at).expect("three parts");
            serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url")).expect("JSON")
        };
        let (header, claims) = (part(0), part(1));
        let stolen = is_key_stolen.then(|| {
            let keys = Keys::load_or_create(&key_file(launch)).expect("the shop's keys");
            let id = |name: &str| text(&claims[name]).parse::<uuid::Uuid>().expect("an id");
            let tokens = AccessTokens::new(&keys, claims["iss"].as_str().expect("an issuer"));
            (tokens, AccountId::from(id("sub")), SessionId::from(id("sid")))
        });
        Self { header, claims, stolen }
    }

    /// A token that nobody issued.
    fn craft(&self, chance: &mut fastrand::Rng) -> String {
        if let Some((tokens, account, session)) = &self.stolen {
            return tokens.issue(*account, *session, Timestamp::now(), fresh_stamp().ids().draw());
        }
        let (mut header, mut claims) = (self.header.clone(), self.claims.clone());
        for _ in 0..chance.u8(1..4) {
            let (target, names): (&mut Value, &[&str]) = if chance.bool() {
                (&mut header, &["alg", "typ", "kid", "crit", "jwk", "jku", "x5u", "cty", "zip", "b64"])
            } else {
                (&mut claims, &["iss", "aud", "sub", "sid", "jti", "typ", "iat", "nbf", "exp", "role", "admin"])
            };
            let name = names[chance.usize(0..names.len())];
            match odd_value(chance) {
                Some(value) => target[name] = value,
                None => drop(target.as_object_mut().and_then(|fields| fields.remove(name))),
            }
        }
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signature = match chance.u8(0..5) {
            0 => String::new(),
            1 => BASE64URL_NOPAD.encode(&[0; 32]),
            2 => "e30".to_owned(),
            _ => BASE64URL_NOPAD.encode(&(0..32).map(|_| chance.u8(..)).collect::<Vec<_>>()),
        };
        let body = format!("{}.{}", part(&header), part(&claims));
        match chance.u8(0..8) {
            0 => body,
            1 => format!("{body}.{signature}.{signature}"),
            2 => format!("{body}.{signature}="),
            _ => format!("{body}.{signature}"),
        }
    }
}

/// A value where another belongs; `None` for its lack.
fn odd_value(chance: &mut fastrand::Rng) -> Option<Value> {
    const TEXTS: [&str; 16] = [
        "",
        "none",
        "None",
        "nOnE",
        "HS256",
        "HS512",
        "RS256",
        "ES256",
        "EdDSA",
        "JWT",
        "at+jwt",
        "at+JWT",
        "../../dev/null",
        "' OR 1=1 --",
        "\u{0}",
        "access",
    ];
    Some(match chance.u8(0..10) {
        0 => return None,
        1 => Value::Null,
        2 => json!(true),
        3 => json!(chance.i64(..)),
        4 => json!(i64::MAX),
        5 => json!([]),
        6 => json!({"alg": "none"}),
        7 => json!(1e300),
        _ => json!(TEXTS[chance.usize(0..TEXTS.len())]),
    })
}

/// A good token with a few characters changed, added or taken, so that it is another.
fn mutate(good: &str, chance: &mut fastrand::Rng) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/";
    loop {
        let mut bytes = good.as_bytes().to_vec();
        for _ in 0..chance.u8(1..4) {
            if bytes.is_empty() {
                break;
            }
            let at = chance.usize(0..bytes.len());
            let letter = ALPHABET[chance.usize(0..ALPHABET.len())];
            match chance.u8(0..6) {
                0 => bytes.insert(at, letter),
                1 => drop(bytes.remove(at)),
                2 => {
                    let other = chance.usize(0..bytes.len());
                    bytes.swap(at, other);
                }
                3 => bytes.truncate(at.max(1)),
                _ => bytes[at] = letter,
            }
        }
        let token = String::from_utf8(bytes).expect("ASCII");
        if token != good && !token.trim().is_empty() {
            return token;
        }
    }
}

/// Several refresh with one token at once: one lineage comes of it. Whoever comes late with an old token ends the family.
fn races(shop: &Shop, outcome: &mut Outcome) {
    let client = Client::new(shop.address);
    for number in 0..RACES {
        let body = json!({"email": "buyer-0@example.com", "password": PASSWORD});
        let session = client.post("", "/v1/auth/login", "", &body).expect("a reply").expect(200);
        let first = text(&session["refresh_token"]);
        let refresh = |token: &str| {
            let client = Client::new(shop.address);
            client.post("", "/v1/auth/refresh", "", &json!({"refresh_token": token})).expect("a reply")
        };
        let replies: Vec<_> = thread::scope(|scope| {
            let racers: Vec<_> = (0..RACERS).map(|_| scope.spawn(|| refresh(&first))).collect();
            racers.into_iter().map(|racer| racer.join().expect("a racer")).collect()
        });
        let mut successors: Vec<_> = replies
            .iter()
            .filter(|reply| reply.status == 200)
            .map(|reply| text(&reply.json()["refresh_token"]))
            .collect();
        if successors.is_empty() {
            outcome.violate(format!("race {number}: nobody was let in"));
            continue;
        }
        successors.sort_unstable();
        successors.dedup();
        if successors.len() > 1 {
            outcome.violate(format!("race {number}: one token had {} successors", successors.len()));
        }
        // The successor is used, twice over: from then on the first one is a thief's.
        let second = refresh(&successors[0]);
        let third = text(&second.expect(200)["refresh_token"]);
        let late = refresh(&first);
        if late.status != 401 {
            outcome.violate(format!("race {number}: a late replay was answered with {}", late.status));
        }
        if refresh(&third).status != 401 {
            outcome.violate(format!("race {number}: after a late replay the family lives on"));
        }
    }
}
