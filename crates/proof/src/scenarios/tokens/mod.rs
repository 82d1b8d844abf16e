//! Access tokens that nobody issued, and refresh tokens that were used before.

mod forger;

use std::{thread, time::Instant};

use forger::{Forger, mutate};
use identity::Keys;
use serde_json::json;

use super::ground::Ground;
use crate::{
    harness::{
        client::Client,
        shop::{PASSWORD, Shop, text},
    },
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// After so many everybody signs in again.
const BATCH: usize = 20_000;
/// How many at once in the race for a refresh token.
const RACERS: usize = 8;
const RACES: (u64, u64) = (10, 100);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "tokens",
    injects: "crafted access tokens, also with the right signature, and mutated ones; refresh tokens replayed and raced",
    holds: "all 401; one lineage; a late replay ends the family",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Never,
    parts: 1,
    run: |run| attack(run, run.count(300, 10_000), false),
    control: Control {
        without: "the secrecy of the signing key",
        finds: &["200 for the token"],
        is_above_engines: true,
        run: |run| attack(run, 50, true),
    },
};

/// Tries so many crafted tokens over the wire and ten times as many mutated ones. With `is_key_stolen` whoever crafts them makes
/// good ones.
fn attack(run: &Run, count: u64, is_key_stolen: bool) -> Outcome {
    let ground = Ground::new(run, &[]);
    // On a server the keys are in the database, unless they lie in a file. Here they do, for the forger to sign with.
    let keys = Keys::load_or_create(&ground.launch.data.join("keys.json")).expect("keys of the shop");
    let server = ground.launch.start();
    let mut shop = Shop::fill(ground.launch.address, 1);
    let mut chance = run.chance();
    let mut outcome = Outcome::default();
    let client = Client::new(shop.address);
    let is_good = |token: &str| client.get_as(token, "/v1/admin/orders").expect("a reply").status == 200;
    let mutated = count * 10;
    let all = count + mutated;
    for first in (0..all).step_by(BATCH) {
        // An access token lives for ten minutes, and whatever is made of it after that is refused for its age.
        shop.renew_tokens();
        let good = &shop.owner;
        let forger = Forger::watching(good, &shop.buyers[0], &keys);
        if !forger.signs_like(good) {
            outcome.violate("the forger's signature is not the shop's: what stands behind it is not looked at");
        }
        for number in first..all.min(first + BATCH as u64) {
            let token = match number {
                _ if number >= count => mutate(good, &mut chance),
                _ if is_key_stolen => forger.issue(),
                _ => forger.craft(&mut chance),
            };
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
        tell(first, all, &outcome.violations);
        if !is_good(good) {
            outcome.violate("the good token is refused as well: nothing can be learned from what was made of it");
        }
    }
    let races = run.choose(RACES);
    race(&shop, races, &mut outcome);
    server.stop();
    outcome.runs = all;
    let crafted = if is_key_stolen { "signed with the stolen key" } else { "crafted, half of them signed" };
    outcome.injected = format!("{} {crafted}, {} mutated, {races} races", thousands(count), thousands(mutated));
    outcome
}

/// Several refresh with one token at once: one lineage comes of it. Whoever comes late with an old token ends the family.
fn race(shop: &Shop, races: u64, outcome: &mut Outcome) {
    let client = Client::new(shop.address);
    for number in 0..races {
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
        // Two tabs that refresh at once are both let in.
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            outcome.violate(format!("race {number}: one was answered with {}", reply.status));
        }
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
