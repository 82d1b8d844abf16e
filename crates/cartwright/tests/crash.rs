//! `kill -9` under load, again and again: nothing that was acknowledged is lost, nothing is done twice, and the next
//! start is quick.

#[expect(dead_code, reason = "the tests of bad days share it, and each uses a part")]
mod days;
#[path = "crash/mails.rs"]
mod mails;

use std::{
    thread,
    time::{Duration, Instant},
};

use days::{
    audit::Audit,
    client::Client,
    load::{Fate, Load, Sent, order},
    program::{check_in, create_owner_in},
    server::{Launch, Server},
    shop::Shop,
};

/// How often the server is killed.
const ROUNDS: u32 = 200;
/// How often on PostgreSQL, where a kill takes a process and leaves the database.
const ROUNDS_ON_POSTGRES: u32 = 40;
/// After how many rounds everything is compared.
const AUDIT_EVERY: u32 = 20;
const THREADS: usize = 12;
const BUYERS: usize = 4;
/// From the start of the process to the first good reply.
const READY_MAX: Duration = Duration::from_secs(1);
/// How long after the load began the server is killed, in milliseconds.
const KILL_AFTER_MS: std::ops::Range<u64> = 5..300;

/// The story so far.
struct Siege {
    launch: Launch,
    /// The URL of the database, if it is not in the data folder.
    database: Option<String>,
    shop: Shop,
    journal: Vec<Sent>,
    ready: Vec<Duration>,
    /// Orders whose reply was lost, and of these the ones that had been placed all the same.
    lost_replies: usize,
    placed_unheard: usize,
}

#[test]
fn killed_two_hundred_times_it_loses_nothing_and_does_nothing_twice() {
    kill_again_and_again(ROUNDS, None);
}

#[test]
fn killed_beside_a_server_of_postgresql_it_loses_nothing_and_does_nothing_twice() {
    kill_again_and_again(ROUNDS_ON_POSTGRES, Some(&test_postgres::Database::fresh().url()));
}

fn kill_again_and_again(rounds: u32, database: Option<&str>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mails = folder.path().join("mails");
    let mut arguments = vec!["--signup", "immediate", "--mail-dir", mails.to_str().expect("UTF-8")];
    arguments.extend(database.iter().flat_map(|url| ["--database", url]));
    let launch = Launch::new(folder.path(), &arguments);
    create_owner_in(&launch.data, database);
    let mut server = launch.start();
    let shop = Shop::fill(launch.address, BUYERS);
    let database = database.map(str::to_owned);
    let mut siege =
        Siege { launch, database, shop, journal: vec![], ready: vec![], lost_replies: 0, placed_unheard: 0 };
    for round in 1..=rounds {
        server = siege.round(round, server);
    }
    siege.audit();
    let orders = Audit::of(&siege.shop);
    let leased = mails::prove_none_lost(&siege.shop, &mails, &orders);
    server.stop();
    check_in(&siege.launch.data, siege.database.as_deref());

    let worst = siege.ready.iter().max().copied().unwrap_or_default();
    let median = median(&mut siege.ready);
    println!(
        "{rounds} kills, {} orders; {} replies were lost, of whose orders {} had been placed; ready again after {median:?} \
         (median) and {worst:?} (worst); {leased} mails were on their way at a kill",
        orders.count(),
        siege.lost_replies,
        siege.placed_unheard,
    );
    assert!(orders.count() > rounds as usize, "there was hardly any load: {} orders", orders.count());
    assert!(siege.lost_replies > 0, "no kill ever met a request");
}

impl Siege {
    /// Load, a kill in the middle of it, a start, and the question what became of what was not answered.
    fn round(&mut self, round: u32, server: Server) -> Server {
        let load = Load::new(&self.shop, &format!("round-{round}"));
        let (sent, killed_at) = load.during(THREADS, || {
            thread::sleep(Duration::from_millis(random(KILL_AFTER_MS)));
            let killed_at = Instant::now();
            server.kill();
            killed_at
        });
        for sent in &sent {
            match &sent.fate {
                Fate::Acknowledged(_) => {}
                Fate::Refused(status) => panic!("{} was refused with {status}", sent.key),
                Fate::Unknown(error) => {
                    assert!(sent.at + sent.took >= killed_at, "{} broke off before the kill: {error}", sent.key);
                }
            }
        }
        if round.is_multiple_of(AUDIT_EVERY) {
            // As the kill left it, before a server has had the chance to mend anything.
            check_in(&self.launch.data, self.database.as_deref());
        }
        let server = self.launch.start();
        assert!(server.ready_after < READY_MAX, "round {round}: ready after {:?} only", server.ready_after);
        self.ready.push(server.ready_after);
        self.ask_again(sent);
        if round.is_multiple_of(AUDIT_EVERY) {
            self.shop.renew_tokens();
            self.audit();
        }
        server
    }

    /// Repeats what was not answered, with the same keys, and some of what was. The order of the repetition must be the
    /// one that was acknowledged, if it was.
    fn ask_again(&mut self, sent: Vec<Sent>) {
        let client = Client::new(self.launch.address);
        let again = |sent: &Sent| {
            let again = order(&client, &self.shop, sent.key.clone(), sent.buyer, sent.body.clone());
            assert!(
                matches!(again.fate, Fate::Acknowledged(_)),
                "{} was not placed at last: {:?}",
                sent.key,
                again.fate
            );
            again
        };
        let mut answered = sent.iter().filter(|sent| matches!(sent.fate, Fate::Acknowledged(_)));
        let first_and_last = answered.next().into_iter().chain(answered.next_back());
        for sent in first_and_last {
            assert_eq!(again(sent).fate, sent.fate, "{} was answered in another way when repeated", sent.key);
        }
        for mut sent in sent {
            if matches!(sent.fate, Fate::Unknown(_)) {
                self.lost_replies += 1;
                let before = self.newest_number(&client);
                sent.fate = again(&sent).fate;
                self.placed_unheard += usize::from(self.newest_number(&client) == before);
            }
            self.journal.push(sent);
        }
    }

    /// The number of the newest order: it stays the same when an order had been placed before it was asked for again.
    fn newest_number(&self, client: &Client) -> serde_json::Value {
        let page = client.get_as(&self.shop.owner, "/v1/admin/orders?limit=1").expect("a reply").expect(200);
        page["items"][0]["number"].clone()
    }

    fn audit(&self) {
        let orders = Audit::of(&self.shop);
        assert_eq!(orders.compare(&self.journal), Vec::<String>::new(), "everything was asked until it was answered");
        assert_eq!(orders.count(), self.journal.len());
        orders.compare_stock(&self.shop);
    }
}

fn random(range: std::ops::Range<u64>) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    range.start + u64::from_le_bytes(bytes) % (range.end - range.start)
}

fn median(durations: &mut [Duration]) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}
