//! System calls that fail once, in the running program: strace has the Nth `fdatasync` or `pwrite64` of a thread say that the disk
//! does not work. What was acknowledged is there after a `kill -9`, reading goes on meanwhile, and so does selling afterwards.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use super::ground::Ground;
use crate::{
    harness::{
        audit::Audit,
        client::Client,
        journal::Journal,
        load::{Fate, Load, Sent, order},
        shop::Shop,
        within,
    },
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario, Size},
};

const CLIENTS: usize = 8;
/// How long they order at least, and at most until the call has failed.
const LOAD: Duration = Duration::from_millis(400);
const LOAD_MAX: (Duration, Duration) = (Duration::from_secs(6), Duration::from_secs(30));
/// How long they go on when it has failed.
const AFTER_FAILURE: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(1));
/// How late it fails at most, by what strace counts: the calls of one thread.
const NTH_MAX: u64 = 500;
/// How long an order may take to be placed after all that.
const RESUME_MAX: Duration = Duration::from_secs(5);
/// What fails, and with what. A disk is out of order, or it is full.
const FAILURES: [(&str, &str); 3] = [("fdatasync", "EIO"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC")];

pub(super) const SCENARIO: Scenario = Scenario {
    name: "failing-calls",
    injects: "one fdatasync or pwrite64 fails, the Nth, by strace",
    holds: "A B C E; reads go on; orders within 5 s",
    engines: &[Engine::Sqlite],
    alone: Alone::Never,
    parts: 20,
    run: |run| fail_each(run, run.count(2, 500), None),
    control: Control {
        without: "looking at what a commit says",
        finds: &["is not what is there"],
        on_one_engine: false,
        run: |run| fail_each(run, 4, Some("guard.commit-error=return")),
    },
};

/// Each failure so often. The first ones at moments that come soon under load; when there is time, at each from the first to the
/// last.
fn fail_each(run: &Run, times: u64, lifted: Option<&str>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut chance = run.chance();
    let mut injected = [0; FAILURES.len()];
    for round in 0..times {
        for (injected, (call, error)) in injected.iter_mut().zip(FAILURES) {
            let nth = match run.size {
                Size::Short => chance.u64(1..if call == "fdatasync" { 20 } else { 200 }),
                Size::Long => (run.before(NTH_MAX) + round) % NTH_MAX + 1,
            };
            let failed = fail_once(run, &format!("{call}:error={error}:when={nth}"), lifted, &mut outcome);
            if failed == 0 && run.size == Size::Long {
                outcome.violate(format!("the {nth}th {call} of no thread ever failed with {error}"));
            }
            *injected += failed;
            outcome.runs += 1;
            tell(outcome.runs, times * FAILURES.len() as u64, &outcome.violations);
        }
    }
    for ((call, error), injected) in FAILURES.iter().zip(injected) {
        if injected == 0 {
            outcome.violate(format!("no {call} ever failed with {error}: nothing was proved"));
        }
    }
    outcome.injected = format!("{} failed calls", injected.iter().sum::<usize>());
    outcome
}

/// One shop, one start with this failure ahead, and a kill. Gives how many calls were made to fail.
fn fail_once(run: &Run, failure: &str, lifted: Option<&str>, outcome: &mut Outcome) -> usize {
    let mut ground = Ground::new(run, &[]);
    let server = ground.launch.start();
    let shop = Shop::fill(ground.launch.address, 4);
    server.stop();

    let trace = ground.folder.path().join("trace");
    ground.launch.set_faults(lifted.map(str::to_owned));
    ground.launch.set_tracer(Some(&[
        "strace",
        "--daemonize",
        "--follow-forks",
        "--seccomp-bpf",
        "--output",
        trace.to_str().expect("UTF-8"),
        "--trace",
        failure.split(':').next().unwrap_or_default(),
        "--inject",
        failure,
    ]));
    let mut server = ground.launch.start_or_end();
    let written = Journal::new(&ground.folder.path().join("journal"));
    if server.has_ended() {
        // It may fail at the start: then its last word is why, and it does not stay half alive.
        let (status, log) = (server.wait(), server.log());
        let says_why = log.lines().last().is_some_and(|last| last.starts_with("cartwright: "));
        if status.success() || !says_why || server.has_panicked() {
            outcome.violate(format!("{failure}: it ended at its start with\n{log}"));
        }
    } else {
        let load = Load::new(&shop, "order").undeterred().noted_in(&written);
        order_until_failed(run, &load, failure, || injected(&trace) > 0, outcome);
        resume(&shop, failure, outcome, &written);
    }
    server.kill();
    let mut journal = written.read();
    take_in(&mut journal, failure, outcome);
    ground.launch.set_tracer(None);
    ground.launch.set_faults(None);
    ground.check();

    let server = ground.launch.start();
    // Also that nothing is there which was refused, before it is sent again.
    Audit::of(&shop).compare(&journal);
    ask_again(&shop, &mut journal, failure, outcome);
    let orders = Audit::of(&shop);
    orders.compare(&journal);
    orders.compare_stock(&shop);
    server.stop();
    ground.check();
    injected(&trace)
}

/// How many calls strace has made fail.
fn injected(trace: &Path) -> usize {
    fs::read_to_string(trace).expect("what strace saw").matches("(INJECTED)").count()
}

/// Orders until the call has failed and a while longer, and somebody who reads meanwhile.
fn order_until_failed(run: &Run, load: &Load, failure: &str, has_failed: impl Fn() -> bool, outcome: &mut Outcome) {
    let (load_max, after_failure) = (run.choose(LOAD_MAX), run.choose(AFTER_FAILURE));
    let (sent, ()) = load.during(CLIENTS, || {
        let client = Client::new(load.shop().address);
        let (begin, mut failed_at) = (Instant::now(), None);
        let goes_on = |failed_at: Option<Instant>| match failed_at {
            None => begin.elapsed() < load_max,
            Some(failed_at) => failed_at.elapsed() < after_failure || begin.elapsed() < LOAD,
        };
        while goes_on(failed_at) {
            failed_at = failed_at.or_else(|| has_failed().then(Instant::now));
            for path in ["/v1/products", "/v1/products?limit=3"] {
                let status = client.get(path).map(|reply| reply.status);
                if !matches!(status, Ok(200)) {
                    outcome.violate(format!("{failure}: {path} came to {status:?}"));
                }
            }
        }
    });
    sent.iter().for_each(|sent| outcome.answered(&format!("{failure}: {}", sent.key), sent.took));
}

/// What the buyers were told.
fn take_in(journal: &mut [Sent], failure: &str, outcome: &mut Outcome) {
    for sent in journal {
        match sent.fate {
            Fate::Acknowledged(_) | Fate::Refused(507) => {}
            // Whether it is stored is not known, as the reply says.
            Fate::Refused(503) => sent.fate = Fate::Unknown("503".to_owned()),
            _ => outcome.violate(format!("{failure}: {} came to {:?}", sent.key, sent.fate)),
        }
    }
}

/// Somebody orders again until it is placed.
fn resume(shop: &Shop, failure: &str, outcome: &mut Outcome, written: &Journal) {
    let client = Client::new(shop.address);
    let begin = Instant::now();
    written.note(&Sent::new("afterwards".to_owned(), 0, shop.order("afterwards", 0)));
    within(RESUME_MAX, failure, || {
        let sent = order(&client, shop, "afterwards".to_owned(), 0, shop.order("afterwards", 0));
        written.note(&sent);
        outcome.answered(&format!("{failure}: {}", sent.key), sent.took);
        matches!(sent.fate, Fate::Acknowledged(_)).then_some(())
    });
    outcome.waited(begin.elapsed());
}

/// Whatever was not acknowledged is sent again with its key, and is placed then.
fn ask_again(shop: &Shop, journal: &mut [Sent], failure: &str, outcome: &mut Outcome) {
    let client = Client::new(shop.address);
    for sent in journal.iter_mut().filter(|sent| !matches!(sent.fate, Fate::Acknowledged(_))) {
        *sent = order(&client, shop, sent.key.clone(), sent.buyer, sent.body.clone());
        outcome.answered(&format!("{failure}: {}", sent.key), sent.took);
        if !matches!(sent.fate, Fate::Acknowledged(_)) {
            outcome.violate(format!("{failure}: {} was not placed at last: {:?}", sent.key, sent.fate));
        }
    }
}
