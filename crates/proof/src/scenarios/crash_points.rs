//! The process ends exactly where it hurts: around the insert, the commit, the reply, the mail server's 250 and the note of it.

use std::{
    os::unix::process::ExitStatusExt as _,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::siege::{End, Siege, Tally};
use crate::{
    harness::server::Server,
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// The places, as the program names them, and at which passing it happens at most: notes of mails are few.
const POINTS: [(&str, u64); 8] = [
    ("order.insert", 60),
    ("order.inserted", 60),
    ("commit.before", 40),
    ("commit.after", 40),
    ("reply.before", 60),
    ("mail.accepted", 40),
    ("mail.note", 4),
    ("mail.noted", 4),
];
/// The ones of these that only somebody's order passes, so that it is always under way then. At the others it may be a mail's turn, also
/// before anybody orders.
const OF_ORDERS: [&str; 3] = ["order.insert", "order.inserted", "reply.before"];
const CLIENTS: usize = 16;
/// How long the point may take to be reached.
const REACHED_MAX: Duration = Duration::from_secs(20);
/// A process that ends closes its connections first, and takes a while until it is gone.
const DYING: Duration = Duration::from_millis(500);
const CAMPAIGN: u64 = 100;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "crash-points",
    injects: "the process ends around insert, commit, reply, SMTP 250 and the note of it",
    holds: "A B C D E",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Never,
    parts: 20,
    run: |run| crash(run, &POINTS, run.count(1, 1_000), ""),
    control: Control {
        without: "a note only after the 250",
        finds: &["never arrived"],
        on_one_engine: true,
        run: |run| crash(run, &[("mail.noted", 2)], 3, "guard.mail=return;"),
    },
};

/// Ends the process at each of these points so many times.
fn crash(run: &Run, points: &[(&str, u64)], times: u64, lifted: &str) -> Outcome {
    let mut chance = run.chance();
    let (mut total, mut tally) = (Outcome::default(), Tally::default());
    let crashes: Vec<(&str, u64)> = (0..times).flat_map(|_| points.iter().copied()).collect();
    for part in crashes.chunks(usize::try_from(CAMPAIGN).expect("small")) {
        let (mut siege, mut server) = Siege::begin(run, "crash-points", CLIENTS);
        for (point, passes_max) in part {
            let passes = chance.u64(1..=*passes_max);
            let mut armed = siege.arm(server, &format!("{lifted}{point}={passes}*off->return"));
            // What ended before anybody could order met nobody.
            let armed_at = Instant::now();
            let is_early = armed.has_ended();
            let met_before = siege.tally().met();
            server = siege.round(|| {
                let end = ends_by_itself(armed);
                if is_early { End { at: armed_at, ..end } } else { end }
            });
            if lifted.is_empty() && OF_ORDERS.contains(point) && siege.tally().met() == met_before {
                siege.outcome.violate(format!("{point}: nobody's order was under way"));
            }
            total.runs += 1;
        }
        let (outcome, part_tally) = siege.end(server);
        total.add(outcome);
        tally += part_tally;
        tell(total.runs, crashes.len() as u64, &total.violations);
    }
    if tally.is_idle() && lifted.is_empty() {
        total.violate(format!("too few ends met anybody's request: {tally}"));
    }
    if tally.is_nothing_cancelled() && lifted.is_empty() {
        total.violate(format!("nobody cancelled anything: {tally}"));
    }
    total.injected = format!("{} points, {} times each; {tally}", points.len(), thousands(times));
    total
}

/// Waits until the point is reached. No reply is lost before the process was last seen alive and whole; what was sent before it was seen
/// dead, and was not answered, was under way.
fn ends_by_itself(mut server: Server) -> End {
    let begin = Instant::now();
    let mut alive_at = begin;
    loop {
        let looked_at = Instant::now();
        if server.has_ended() {
            let at = Instant::now();
            // That is how the points end it (`crates/faults`); anything else is another failure.
            let ended = server.wait();
            assert_eq!(
                ended.signal(),
                Some(Signal::ABORT.as_raw()),
                "it ended by itself, with {ended}:\n{}",
                server.log()
            );
            assert!(!server.has_panicked(), "it panicked:\n{}", server.log());
            return End { at, not_before: alive_at.checked_sub(DYING).unwrap_or(begin) };
        }
        alive_at = looked_at;
        assert!(begin.elapsed() < REACHED_MAX, "the point was not reached within {REACHED_MAX:?}: {}", server.log());
        thread::sleep(Duration::from_millis(1));
    }
}
