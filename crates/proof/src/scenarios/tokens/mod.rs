//! Access tokens that nobody issued, and refresh tokens that were used before.

mod forger;

use std::{fs, net::SocketAddr, thread, time::Instant};

use forger::{Forger, mutate};
use identity::Keys;
use serde_json::{Value, json};

use super::{clock::Clock, ground::Ground};
use crate::{
    harness::{
        client::{Client, Reply},
        server::{Launch, Server},
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
/// What the clock shows when a token comes a second time, as libfaketime writes it: within the 20 seconds of a second tab, and after them.
const IN_TIME: &str = "+5";
const TOO_LATE: &str = "+30";

pub(super) const SCENARIO: Scenario = Scenario {
    name: "tokens",
    injects: "crafted access tokens, also with the right signature, and mutated ones; refresh tokens replayed and raced",
    holds: "all 401; one lineage, on PostgreSQL at two processes; a late replay ends the family, and its access tokens",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Never,
    parts: 1,
    run: |run| attack(run, run.count(300, 10_000), false),
    control: Control {
        without: "the secrecy of the signing key",
        finds: &["200 for the token"],
        on_one_engine: true,
        run: |run| attack(run, 50, true),
    },
};

/// Tries so many crafted tokens over the wire and ten times as many mutated ones. With `is_key_stolen` whoever crafts them makes
/// good ones.
fn attack(run: &Run, count: u64, is_key_stolen: bool) -> Outcome {
    // Both processes take each other's tokens.
    let ground = Ground::new(run, &["--public-url", "http://shop.test"]);
    // On a server the keys are in the database, unless they lie in a file. Here they do, for the forger to sign with.
    let file = ground.launch.data.join("keys.json");
    let keys = Keys::load_or_create(&file).expect("keys of the shop");
    let server = ground.launch.start();
    let other = (run.engine == Engine::Postgres).then(|| ground.launch.another(&ground.folder.path().join("other")));
    if let Some(other) = &other {
        fs::create_dir_all(&other.data).expect("a folder");
        fs::copy(&file, other.data.join("keys.json")).expect("the same keys");
    }
    let other_server = other.as_ref().map(Launch::start);
    let doors = [ground.launch.address, other.map_or(ground.launch.address, |other| other.address)];
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
    race(doors, races, &mut outcome);
    [Some(server), other_server].into_iter().flatten().for_each(Server::stop);
    prove_late(&ground, &mut outcome);
    outcome.runs = all;
    let crafted = if is_key_stolen { "signed with the stolen key" } else { "crafted, half of them signed" };
    outcome.injected = format!("{} {crafted}, {} mutated, {races} races", thousands(count), thousands(mutated));
    outcome
}

fn sign_in(client: &Client) -> Value {
    let body = json!({"email": "buyer-0@example.com", "password": PASSWORD});
    client.post("", "/v1/auth/login", "", &body).expect("a reply").expect(200)
}

/// Asks for the next refresh token, over a connection of its own.
fn refresh(door: SocketAddr, token: &str) -> Reply {
    Client::new(door).post("", "/v1/auth/refresh", "", &json!({"refresh_token": token})).expect("a reply")
}

/// How somebody with this access token is answered.
fn status_of(client: &Client, token: &str) -> u16 {
    client.get_as(token, "/v1/account").expect("a reply").status
}

/// Several refresh with one token at once, at both doors: one lineage comes of it. Whoever comes late with an old token ends the family.
fn race(doors: [SocketAddr; 2], races: u64, outcome: &mut Outcome) {
    let [client, other_client] = doors.map(Client::new);
    for number in 0..races {
        let session = sign_in(&client);
        let first = text(&session["refresh_token"]);
        let replies: Vec<_> = thread::scope(|scope| {
            let first = first.as_str();
            let racers: Vec<_> =
                (0..RACERS).map(|racer| scope.spawn(move || refresh(doors[racer % doors.len()], first))).collect();
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
        let second = refresh(doors[1], &successors[0]).expect(200);
        let (third, access) = (text(&second["refresh_token"]), text(&second["access_token"]));
        let late = refresh(doors[0], &first);
        if late.status != 401 {
            outcome.violate(format!("race {number}: a late replay was answered with {}", late.status));
        }
        if refresh(doors[1], &third).status != 401 {
            outcome.violate(format!("race {number}: after a late replay the family lives on"));
        }
        for status in [&client, &other_client].map(|client| status_of(client, &access)) {
            if status != 401 {
                outcome
                    .violate(format!("race {number}: after a late replay its access token is answered with {status}"));
            }
        }
    }
}

/// A second tab may come with the same token for a few seconds. Who comes later ends the family, though nobody has used the successor.
fn prove_late(ground: &Ground, outcome: &mut Outcome) {
    let clock = Clock(ground.folder.path().canonicalize().expect("a folder").join("clock"));
    clock.put("+0");
    let launch = ground.launch.clone().with_clock_file(&clock.0);
    let server = launch.start();
    let (client, door) = (Client::new(launch.address), launch.address);
    let session = sign_in(&client);
    let (first, access) = (text(&session["refresh_token"]), text(&session["access_token"]));
    let second = text(&refresh(door, &first).expect(200)["refresh_token"]);
    clock.put(IN_TIME);
    let again = refresh(door, &first);
    if again.status != 200 || again.json()["refresh_token"] != second {
        outcome.violate(format!("a second tab that came {IN_TIME} s later is answered with {}", again.status));
    }
    clock.put(TOO_LATE);
    let before = status_of(&client, &access);
    if before != 200 {
        outcome.violate(format!("an access token of a family that lives is answered with {before}"));
    }
    let ended = [
        ("a replay", refresh(door, &first).status),
        ("after it, the successor that nobody has used", refresh(door, &second).status),
        ("after it, an access token", status_of(&client, &access)),
    ];
    for (what, status) in ended.into_iter().filter(|(_, status)| *status != 401) {
        outcome.violate(format!("{TOO_LATE} s later: {what} is answered with {status}"));
    }
    server.stop();
}
