//! The database server dies, freezes, or throws everybody out; the shop goes on with the one that takes its place, and loses nothing
//! that it acknowledged.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use test_postgres::{Server, Settings, execute};

use super::ground::{Ground, check_indexes};
use crate::{
    harness::{
        OnDrop,
        audit::Audit,
        client::Client,
        journal::Journal,
        load::{Fate, Load, Sent, Word, cancel, is_nothing_cancelled, order},
        program::{check_in, create_owner_in},
        server::Launch,
        shop::Shop,
    },
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

const THREADS: usize = 8;
/// From the promotion of the standby to the first order after it: beside others, and alone.
const RESUMED_MAX: (Duration, Duration) = (Duration::from_secs(6), Duration::from_secs(5));
/// How long anybody may wait for an answer, good or bad.
const ANSWER_MAX: Duration = Duration::from_secs(9);

/// After how much load the primary ends, and how long after that the standby is promoted, in milliseconds.
const END_AFTER_MS: Range<u64> = 300..1_500;
const PROMOTED_AFTER_MS: Range<u64> = 500..2_000;

/// What ends the primary.
#[derive(Clone, Copy, Debug)]
enum End {
    Killed,
    StoppedAtOnce,
    Frozen,
}

pub(super) const SCENARIO: Scenario = Scenario {
    name: "database",
    injects: "the primary killed, stopped at once, frozen; a standby promoted; backends terminated",
    holds: "A B C E; writes within 5 s of the promotion",
    engines: &[Engine::Postgres],
    alone: Alone::Long,
    parts: 50,
    run: |run| {
        let (mut outcome, mut chance) = (Outcome::default(), run.chance());
        const ENDS: [End; 3] = [End::Killed, End::Frozen, End::StoppedAtOnce];
        let first = usize::try_from(run.seed % 3).unwrap_or_default();
        let rounds = usize::try_from(run.count(1, 500)).unwrap_or(usize::MAX);
        let mut asked = Vec::new();
        for end in ENDS.iter().cycle().skip(first).take(rounds) {
            asked.push(fail_over(run, *end, true, &mut chance, &mut outcome));
            tell(outcome.runs, rounds as u64, &outcome.violations);
        }
        asked.push(throw_out(run, Duration::from_secs(run.choose((3, 60))), &mut outcome));
        let placed: u64 = asked.iter().map(|asked| asked.placed).sum();
        let cancellations: u64 = asked.iter().map(|asked| asked.cancellations).sum();
        if is_nothing_cancelled(placed, cancellations) {
            outcome.violate(format!("nobody asked to cancel any of {placed} orders"));
        }
        outcome.injected += &format!(", {cancellations} cancellations");
        outcome
    },
    control: Control {
        without: "a standby that has what is acknowledged",
        finds: &["is not what is there"],
        on_one_engine: false,
        run: |run| {
            let mut outcome = Outcome::default();
            fail_over(run, End::Killed, false, &mut run.chance(), &mut outcome);
            outcome
        },
    },
};

/// What buyers asked for.
struct Asked {
    /// Orders that they were told are placed.
    placed: u64,
    /// The ones of these that they asked to cancel, whatever they were told then.
    cancellations: u64,
}

impl Asked {
    fn of(sent: &[Sent]) -> Self {
        let placed = sent.iter().filter(|sent| matches!(sent.fate, Fate::Acknowledged(_))).count() as u64;
        Self { placed, cancellations: sent.iter().filter(|sent| sent.cancel.is_some()).count() as u64 }
    }
}

/// Load, an end of the primary, a promotion, and the question what became of every order. Gives what was asked for.
fn fail_over(run: &Run, end: End, is_synchronous: bool, chance: &mut fastrand::Rng, outcome: &mut Outcome) -> Asked {
    let resumed_max = run.choose(RESUMED_MAX);
    let [end_after, promoted_after] =
        [END_AFTER_MS, PROMOTED_AFTER_MS].map(|range| Duration::from_millis(chance.u64(range)));
    let settings = Settings::default();
    let mut primary = Server::start(&settings);
    execute(&primary.url("postgres"), "CREATE DATABASE shop").expect("a database");
    let standby = primary.start_standby(&settings);
    if !is_synchronous {
        for sql in ["ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()"] {
            execute(&primary.url("postgres"), sql).expect("a setting");
        }
    }
    let url = format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/shop", primary.port(), standby.port());
    let folder = tempfile::tempdir_in(&run.folder).expect("a folder");
    let mails = folder.path().join("mails");
    let arguments = ["--signup", "immediate", "--database", &url, "--mail-dir", mails.to_str().expect("UTF-8")];
    let launch = Launch::new(folder.path(), &arguments);
    create_owner_in(&launch.data, Some(&url));
    let server = launch.start();
    let shop = Shop::fill(launch.address, 4);
    let written = Journal::new(&folder.path().join("journal"));
    let load = Load::new(&shop, "order").undeterred().noted_in(&written).cancelling_some(chance.u64(..));
    let (sent, (ended_at, promoted_at)) = load.during(THREADS, || {
        thread::sleep(end_after);
        if !is_synchronous {
            // It hears nothing any more, and nobody waits for it.
            for sql in ["ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()"] {
                execute(&standby.url("postgres"), sql).expect("a setting");
            }
            thread::sleep(Duration::from_millis(700));
        }
        let ended_at = Instant::now();
        match end {
            End::Killed => primary.kill(),
            End::StoppedAtOnce => primary.stop_immediately(),
            End::Frozen => primary.freeze(),
        }
        thread::sleep(promoted_after);
        standby.promote();
        let promoted_at = Instant::now();
        thread::sleep(resumed_max + Duration::from_secs(1));
        (ended_at, promoted_at)
    });

    let is_placed = |sent: &&Sent| matches!(sent.fate, Fate::Acknowledged(_));
    assert!(sent.iter().any(|sent| is_placed(&sent) && sent.at < ended_at), "there was load before");
    let resumed = sent.iter().filter(is_placed).map(|sent| sent.at + sent.took).filter(|at| *at > promoted_at).min();
    match resumed.map(|at| at - promoted_at) {
        None => outcome.violate(format!("{end:?}: no order after the promotion:\n{}", server.log())),
        Some(resumed) if resumed > resumed_max => {
            outcome.violate(format!("{end:?}: orders were placed again {resumed:?} after the promotion only"));
        }
        Some(_) => {}
    }
    assert!(sent.iter().any(|sent| !is_placed(&sent)), "nobody noticed anything");
    let worst = sent.iter().flat_map(Sent::waits).max().unwrap_or_default();
    outcome.waited(worst);
    if worst > ANSWER_MAX {
        outcome.violate(format!("{end:?}: somebody waited {worst:?} for an answer"));
    }
    let asked = Asked::of(&sent);
    settle(&shop, sent, &written, outcome);
    compare(&shop, &written);
    server.stop();
    let left = format!("postgres://postgres@127.0.0.1:{}/shop", standby.port());
    check_in(&launch.data, Some(&left));
    check_indexes(&left);
    outcome.runs += 1;
    outcome.injected = format!("{} ends of the primary", outcome.runs);
    asked
}

/// What was refused may have been stored, when it broke off at the commit: repeated with its key, it is what it was. What was not
/// cancelled is cancelled at last.
fn settle(shop: &Shop, sent: Vec<Sent>, written: &Journal, outcome: &mut Outcome) {
    let client = Client::new(shop.address);
    for sent in sent {
        match &sent.fate {
            Fate::Acknowledged(_) => match sent.cancel.as_ref().map(|cancel| cancel.word.clone()) {
                None | Some(Word::Cancelled) => {}
                Some(Word::Refused(503)) => written.note(&cancel(&client, shop, sent)),
                Some(other) => outcome.violate(format!("the cancellation of {} came to {other:?}", sent.key)),
            },
            Fate::Refused(503) => written.note(&order(&client, shop, sent.key, sent.buyer, sent.body)),
            other => outcome.violate(format!("{} was answered with {other:?}", sent.key)),
        }
    }
}

fn compare(shop: &Shop, written: &Journal) {
    let (audit, journal) = (Audit::of(shop), written.read());
    assert_eq!(audit.compare(&journal), Vec::<String>::new());
    assert_eq!(audit.count(), journal.len());
    let unsettled =
        journal.iter().find(|sent| sent.cancel.as_ref().is_some_and(|cancel| cancel.word != Word::Cancelled));
    assert!(unsettled.is_none(), "it was asked for until it was answered: {unsettled:?}");
    audit.compare_stock(shop);
}

/// Connections are ended at random, while orders and reads go on. Gives what was asked for.
fn throw_out(run: &Run, time: Duration, outcome: &mut Outcome) -> Asked {
    let ground = Ground::new(run, &[]);
    let database = ground.database.as_ref().expect("a PostgreSQL");
    let server = ground.launch.start();
    let shop = Shop::fill(ground.launch.address, 4);
    let is_over = AtomicBool::new(false);
    let written = Journal::new(&ground.folder.path().join("journal"));
    let load = Load::new(&shop, "order").undeterred().noted_in(&written).cancelling_some(run.seed);
    let (sent, ended) = load.during(THREADS, || {
        thread::scope(|scope| {
            let reading = scope.spawn(|| read(&shop, &is_over));
            let over = OnDrop(&is_over);
            let until = Instant::now() + time;
            let mut ended = 0;
            while Instant::now() < until {
                ended += database.execute(
                    "SELECT FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                     AND application_name = 'cartwright' ORDER BY random() LIMIT 2) AS backends WHERE pg_terminate_backend(pid)",
                );
                thread::sleep(Duration::from_millis(20));
            }
            drop(over);
            reading.join().expect("reads are answered with 200 or 503");
            ended
        })
    });
    let asked = Asked::of(&sent);
    assert!(ended > 10 && asked.placed > 25, "{ended} connections ended, {} orders", asked.placed);
    for sent in &sent {
        sent.waits().for_each(|wait| outcome.answered(&sent.key, wait));
    }
    settle(&shop, sent, &written, outcome);
    compare(&shop, &written);
    server.stop();
    ground.check();
    outcome.injected += &format!(", {ended} connections ended");
    asked
}

/// Reads until it is over: what is there, or that it cannot be read now and when to come back.
fn read(shop: &Shop, is_over: &AtomicBool) {
    let client = Client::new(shop.address);
    while !is_over.load(Ordering::Acquire) {
        for (token, path) in [("", "/v1/products"), (shop.owner.as_str(), "/v1/admin/orders?limit=2")] {
            let reply = client.get_as(token, path).expect("a reply");
            assert!(reply.status == 200 || (reply.status == 503 && reply.retry_after().is_some()), "{reply:?}");
        }
    }
}
