//! Ten buyers for each piece: exactly what there is is sold, whoever cancels and ships meanwhile.

use std::{
    mem::take,
    net::SocketAddr,
    sync::{
        Barrier, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::ground::Ground;
use crate::{
    harness::{
        client::Client,
        server::{Launch, Server},
        shop::{Shop, text},
    },
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario, Size},
};

/// One order in so many is cancelled by its buyer while the staff ship it.
const DISPUTED_EVERY: u64 = 7;
/// By how much one of the two is ahead of the other, in microseconds.
const HEAD_START_US: std::ops::Range<u64> = 0..3_000;
/// So many rushes are in one shop: all its orders are read after each.
const CAMPAIGN: u64 = 10;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "last-unit",
    injects: "ten buyers for each piece, doubled and shared lines, cancel against ship; on PostgreSQL at two processes",
    holds: "B F; exactly what there is is sold",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Never,
    parts: 10,
    run: |run| rush(run, run.count(2, 100), None),
    control: Control {
        without: "the check of the stock in the schema, and that in the program; on PostgreSQL the lock of its level",
        finds: &["the stock is -"],
        on_one_engine: false,
        run: |run| {
            // Where orders are placed at once, only those that meet find what is missing.
            let is_at_once = run.engine == Engine::Postgres;
            rush(run, 1, Some(if is_at_once { "guard.lock=return" } else { "guard.stock=return" }))
        },
    },
};

/// How large a rush is.
struct Crowd {
    accounts: usize,
    attempts: u64,
    /// Of each of two variants.
    units: i64,
    connections: usize,
}

impl Crowd {
    const fn of(size: Size) -> Self {
        match size {
            Size::Short => Self { accounts: 8, attempts: 1_200, units: 60, connections: 64 },
            Size::Long => Self { accounts: 64, attempts: 10_000, units: 500, connections: 256 },
        }
    }
}

fn rush(run: &Run, seeds: u64, lifted: Option<&str>) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut chance, crowd, mut sums) = (run.chance(), Crowd::of(run.size), Sums::default());
    while outcome.runs < seeds {
        let part = CAMPAIGN.min(seeds - outcome.runs);
        campaign(run, part, lifted, &mut chance, &mut sums, &mut outcome);
        outcome.runs += part;
        tell(outcome.runs, seeds, &outcome.violations);
    }
    if lifted.is_none() && seeds > 0 && [sums.cancelled, sums.shipped, sums.refused].contains(&0) {
        let Sums { cancelled, shipped, refused, .. } = sums;
        outcome.violate(format!(
            "of the disputed orders {cancelled} were cancelled and {shipped} shipped, and {refused} were refused: this was no rush"
        ));
    }
    outcome.injected = format!(
        "{} orders, {} refused, {} units, {} connections; of disputed ones {} were cancelled and {} shipped",
        thousands(sums.sold),
        thousands(sums.refused),
        thousands(2 * crowd.units.unsigned_abs()),
        crowd.connections,
        thousands(sums.cancelled),
        thousands(sums.shipped)
    );
    outcome
}

/// What all rushes came to.
#[derive(Default)]
struct Sums {
    sold: u64,
    refused: u64,
    cancelled: u64,
    shipped: u64,
}

/// So many rushes in one shop.
fn campaign(
    run: &Run,
    rushes: u64,
    lifted: Option<&str>,
    chance: &mut fastrand::Rng,
    sums: &mut Sums,
    outcome: &mut Outcome,
) {
    let crowd = Crowd::of(run.size);
    // Both processes take each other's tokens.
    let mut ground = Ground::new(run, &["--public-url", "http://shop.test"]);
    let mut server = ground.launch.start();
    let mut shop = Shop::fill(ground.launch.address, crowd.accounts);
    if let Some(lifted) = lifted {
        server.stop();
        drop_check(&ground);
        ground.launch.set_faults(Some(lifted.to_owned()));
        server = ground.launch.start();
    }
    let other = (run.engine == Engine::Postgres).then(|| ground.launch.another(&ground.folder.path().join("other")));
    let other_server = other.as_ref().map(Launch::start);
    let doors = [ground.launch.address, other.map_or(ground.launch.address, |other| other.address)];
    for number in 0..rushes {
        if number > 0 {
            shop.renew_tokens();
        }
        let rush = Rush::new(&shop, doors, &crowd, chance.u64(..));
        rush.run(&crowd, outcome);
        rush.judge(&crowd, outcome);
        sums.sold += rush.placed.load(Ordering::Relaxed);
        sums.refused += rush.refused.load(Ordering::Relaxed);
        sums.cancelled += rush.cancelled.load(Ordering::Relaxed);
        sums.shipped += rush.shipped.load(Ordering::Relaxed);
    }
    [Some(server), other_server].into_iter().flatten().for_each(Server::stop);
    if lifted.is_none() {
        ground.check();
    }
}

/// One rush for two variants that share their buyers.
struct Rush<'a> {
    shop: &'a Shop,
    /// Where the processes are: every other buyer is at the second.
    doors: [SocketAddr; 2],
    /// Two variants: orders may name both, in either order.
    variants: [String; 2],
    product: String,
    seed: u64,
    next: AtomicU64,
    placed: AtomicU64,
    refused: AtomicU64,
    /// How the disputes ended.
    cancelled: AtomicU64,
    shipped: AtomicU64,
    moves: Mutex<Moves>,
}

/// How many pieces of each of the two variants.
type Pieces = [i64; 2];

/// What is known of the stock: when pieces may have been taken, when it was known that they were back, and when somebody got none.
#[derive(Default)]
struct Moves {
    /// With the moment at which they were asked for.
    taken: Vec<(Instant, Pieces)>,
    /// With the moment at which the cancellation was answered.
    given_back: Vec<(Instant, Pieces)>,
    refused: Vec<Refused>,
}

/// Somebody who was told that there is not enough.
struct Refused {
    key: String,
    wanted: Pieces,
    /// When they asked, and when they were answered.
    between: [Instant; 2],
}

impl Moves {
    /// Who was refused although there was enough all the time: at least what there was at first and was back before they asked, without all
    /// that anybody who got something asked for before they were answered.
    fn wrongly_refused(mut self, units: i64) -> Vec<String> {
        let sums = |moves: &mut Vec<(Instant, Pieces)>| {
            moves.sort_by_key(|(at, _)| *at);
            let mut sum = [0; 2];
            for (_, pieces) in moves {
                for (sum, pieces) in sum.iter_mut().zip(pieces) {
                    *sum += *pieces;
                    *pieces = *sum;
                }
            }
        };
        sums(&mut self.taken);
        sums(&mut self.given_back);
        let until = |moves: &[(Instant, Pieces)], moment: Instant| {
            let count = moves.partition_point(|(at, _)| *at <= moment);
            count.checked_sub(1).map_or([0; 2], |last| moves[last].1)
        };
        let is_wrong = |refused: &&Refused| {
            let [asked, answered] = refused.between;
            let (taken, back) = (until(&self.taken, answered), until(&self.given_back, asked));
            (0..2).all(|at| units - taken[at] + back[at] >= refused.wanted[at])
        };
        let wrong = self.refused.iter().filter(is_wrong);
        wrong
            .map(|Refused { key, wanted, .. }| format!("{key} was refused {wanted:?} pieces that were there"))
            .collect()
    }
}

impl<'a> Rush<'a> {
    fn new(shop: &'a Shop, doors: [SocketAddr; 2], crowd: &Crowd, seed: u64) -> Self {
        let variant = |name: &str| json!({"option_values": [name], "price": {"amount": 1_000, "currency": "EUR"}, "stock": crowd.units});
        let body = json!({"title": format!("Rare mug {seed}"), "status": "active", "options": [{"name": "Size"}],
            "variants": [variant("small"), variant("large")]});
        let client = Client::new(shop.address);
        let product = client.post(&shop.owner, "/v1/admin/products", "", &body).expect("a reply").expect(201);
        let variants = [0, 1].map(|at| text(&product["variants"][at]["id"]));
        Self {
            shop,
            doors,
            variants,
            product: text(&product["id"]),
            seed,
            next: AtomicU64::new(0),
            placed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            shipped: AtomicU64::new(0),
            moves: Mutex::default(),
        }
    }

    fn run(&self, crowd: &Crowd, outcome: &mut Outcome) {
        let start = Barrier::new(crowd.connections);
        let found: Vec<Outcome> = thread::scope(|scope| {
            let buyers: Vec<_> = (0..crowd.connections)
                .map(|at| {
                    let start = &start;
                    scope.spawn(move || self.buy(at, crowd, start))
                })
                .collect();
            buyers.into_iter().map(|buyer| buyer.join().expect("a buyer")).collect()
        });
        found.into_iter().for_each(|part| outcome.add(part));
    }

    fn buy(&self, at: usize, crowd: &Crowd, start: &Barrier) -> Outcome {
        let mut outcome = Outcome::default();
        let mut chance = fastrand::Rng::with_seed(self.seed ^ at as u64);
        let client = Client::new(self.doors[at % 2]);
        let token = &self.shop.buyers[at % self.shop.buyers.len()];
        start.wait();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= crowd.attempts {
                return outcome;
            }
            let begin = Instant::now();
            let key = format!("{}-{number}", self.seed);
            let order = self.order(&mut chance);
            let wanted = self.pieces(&order);
            let reply = client.post(token, "/v1/orders", &key, &order);
            outcome.answered(&key, begin.elapsed());
            match reply {
                Ok(reply) if reply.status == 201 => {
                    self.placed.fetch_add(1, Ordering::Relaxed);
                    self.moves().taken.push((begin, wanted));
                    if number.is_multiple_of(DISPUTED_EVERY) {
                        self.dispute(&client, token, &reply.json(), &mut chance, &mut outcome);
                    }
                }
                Ok(reply) if reply.status == 409 => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    self.moves().refused.push(Refused { key, wanted, between: [begin, Instant::now()] });
                }
                // Too many at once: told so, and nothing taken.
                Ok(reply) if reply.status == 503 && reply.retry_after().is_some() => {}
                Ok(reply) => outcome.violate(format!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body))),
                Err(error) => outcome.violate(format!("no reply: {error}")),
            }
        }
    }

    /// One line, two lines of one variant, or one of each in either order.
    fn order(&self, chance: &mut fastrand::Rng) -> Value {
        let [small, large] = [0, 1].map(|at| json!({"variant_id": self.variants[at], "quantity": 1}));
        let lines = match chance.u8(0..6) {
            0 => vec![small.clone(), small],
            1 => vec![large.clone(), large],
            2 => vec![small, large],
            3 => vec![large, small],
            4 => vec![small],
            _ => vec![large],
        };
        let ship_to = json!({"name": "Ann Example", "line1": "Lindenstrasse 1", "city": "Berlin",
            "postal_code": "10969", "country": "DE"});
        json!({"lines": lines, "ship_to": ship_to})
    }

    fn moves(&self) -> MutexGuard<'_, Moves> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many pieces of each variant an order is about, as it is sent or told.
    fn pieces(&self, order: &Value) -> Pieces {
        let lines = || order["lines"].as_array().into_iter().flatten();
        self.variants.each_ref().map(|variant| {
            let of_it = lines().filter(|line| line["variant_id"] == **variant);
            of_it.filter_map(|line| line["quantity"].as_i64()).sum()
        })
    }

    /// The buyer cancels while the staff confirm or, having done that, ship: one of them is first, and which is chance.
    fn dispute(&self, client: &Client, token: &str, order: &Value, chance: &mut fastrand::Rng, outcome: &mut Outcome) {
        let id = text(&order["id"]);
        let staff = Client::new(self.doors[1]);
        let transitions = format!("/v1/admin/orders/{id}/transitions");
        let move_to = |status: &str| insist(&staff, &self.shop.owner, &transitions, "", &json!({"to": status}));
        let is_confirmed = chance.bool();
        let next = if is_confirmed { "shipped" } else { "confirmed" };
        if is_confirmed && move_to("confirmed") != 200 {
            return outcome.violate(format!("the order {id} was not confirmed"));
        }
        // Not on a new connection, which takes its time.
        staff.get_as(&self.shop.owner, "/v1/shop").expect("a reply");
        let late = chance.bool();
        let head_start = Duration::from_micros(chance.u64(HEAD_START_US));
        let together = Barrier::new(2);
        let begin = |waits: bool| {
            together.wait();
            if waits {
                thread::sleep(head_start);
            }
        };
        let (cancelled, shipped) = thread::scope(|scope| {
            let ship = scope.spawn(|| {
                begin(late);
                move_to(next)
            });
            begin(!late);
            let cancelled = insist(client, token, &format!("/v1/orders/{id}/cancel"), "", &json!({}));
            if cancelled == 200 {
                self.moves().given_back.push((Instant::now(), self.pieces(order)));
            }
            (cancelled, ship.join().expect("staff"))
        });
        match (cancelled, shipped) {
            // An order that is confirmed can still be cancelled.
            (200, 200) if is_confirmed => outcome.violate(format!("the order {id} was cancelled and shipped")),
            (200, 200 | 409) => _ = self.cancelled.fetch_add(1, Ordering::Relaxed),
            (409, 200) if is_confirmed => _ = self.shipped.fetch_add(1, Ordering::Relaxed),
            other => outcome.violate(format!("the order {id} came to {other:?}")),
        }
    }

    /// B: what was sold and what is left are what there was, and nobody was refused what was there. As many wanted it, nothing is left.
    fn judge(&self, crowd: &Crowd, outcome: &mut Outcome) {
        let client = Client::new(self.shop.address);
        let moves = take(&mut *self.moves());
        let given_back: i64 = moves.given_back.iter().flat_map(|(_, pieces)| pieces).sum();
        moves.wrongly_refused(crowd.units).into_iter().for_each(|wrong| outcome.violate(wrong));
        // Whatever cancellations gave back late finds its buyer too, and nothing else: ten wanted each piece.
        let mut swept = 0;
        for (at, variant) in self.variants.iter().enumerate() {
            for number in 0.. {
                let body = json!({"lines": [{"variant_id": variant, "quantity": 1}], "ship_to": self.order(&mut fastrand::Rng::new())["ship_to"]});
                let key = format!("{}-sweep-{at}-{number}", self.seed);
                let status = insist(&client, &self.shop.buyers[0], "/v1/orders", &key, &body);
                if status != 201 || number > crowd.units {
                    break;
                }
                swept += 1;
            }
        }
        if swept > given_back {
            outcome.violate(format!(
                "{swept} pieces were left when nobody got any more, {given_back} had been given back"
            ));
        }
        let path = format!("/v1/admin/products/{}", self.product);
        let product = client.get_as(&self.shop.owner, &path).expect("a reply").expect(200);
        let mut left = 0;
        for variant in product["variants"].as_array().expect("variants") {
            let stock = variant["stock"].as_i64().expect("a number");
            if stock < 0 {
                outcome.violate(format!("the stock is {stock}"));
            }
            left += stock;
        }
        let (mut sold, mut orders) = (0, 0);
        for order in self.shop.all(&self.shop.owner, "/v1/admin/orders?") {
            let pieces = order["lines"].as_array().into_iter().flatten();
            let ours = pieces.filter(|line| self.variants.iter().any(|variant| line["variant_id"] == **variant));
            let pieces = ours.filter_map(|line| line["quantity"].as_i64()).sum::<i64>();
            orders += i64::from(pieces > 0);
            if order["status"] != "cancelled" {
                sold += pieces;
            }
        }
        let placed = self.placed.load(Ordering::Relaxed).cast_signed() + swept;
        if orders != placed {
            outcome.violate(format!("{placed} orders were acknowledged, and {orders} are there"));
        }
        let there_were = 2 * crowd.units;
        if sold != there_were || left != 0 {
            outcome.violate(format!("of {there_were} pieces {sold} were sold and {left} are left"));
        }
    }
}

/// What comes of a request in the end: a shop that is busy may say so (F), and is asked again. What may have been done is not
/// done again without an idempotency key.
fn insist(client: &Client, token: &str, path: &str, key: &str, body: &Value) -> u16 {
    const BUSY_MAX: u32 = 20;
    let mut status = 503;
    for _ in 0..BUSY_MAX {
        let reply = client.post(token, path, key, body).expect("a reply");
        status = reply.status;
        if status != 503 || (key.is_empty() && reply.json()["code"] == "outcome_unknown") {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    status
}

/// Takes the check of the stock out of the schema.
fn drop_check(ground: &Ground) {
    match &ground.database {
        Some(database) => {
            database.execute("ALTER TABLE stock_levels DROP CONSTRAINT stock_levels_stock_check");
        }
        None => {
            let mut files =
                std::fs::read_dir(&ground.launch.data).expect("the data").flatten().map(|entry| entry.path());
            let path = files.find(|path| path.extension().is_some_and(|end| end == "db")).expect("a database");
            let conn = rusqlite::Connection::open(path).expect("a database");
            let sql = "PRAGMA writable_schema = ON; \
                UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (stock >= 0)', '') WHERE name = 'stock_levels'; \
                PRAGMA writable_schema = RESET;";
            conn.execute_batch(sql).expect("a schema without the check");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_what_was_there_is_found() {
        let begin = Instant::now();
        let at = |second: u64| begin + Duration::from_secs(second);
        let wrong = |between: [u64; 2], wanted: Pieces| {
            // Of two pieces each one is bought at 1, both small ones by 5, and one of those is back at 7.
            let moves = Moves {
                taken: vec![(at(5), [1, 0]), (at(1), [1, 1])],
                given_back: vec![(at(7), [1, 0])],
                refused: vec![Refused { key: String::new(), wanted, between: between.map(at) }],
            };
            moves.wrongly_refused(2).len()
        };
        assert_eq!(wrong([2, 4], [1, 0]), 1, "one small one was left");
        assert_eq!(wrong([2, 4], [2, 0]), 0, "and not two");
        assert_eq!(wrong([2, 6], [1, 0]), 0, "it may have been gone by then");
        assert_eq!(wrong([2, 6], [0, 1]), 1);
        assert_eq!(wrong([6, 8], [1, 0]), 0, "it may have come back only when they were answered");
        assert_eq!(wrong([8, 9], [1, 1]), 1);
    }
}
