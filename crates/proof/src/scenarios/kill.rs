//! `kill -9` under load, again and again: nothing that was acknowledged is lost, nothing is done twice, and the next start is
//! quick.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::siege::{End, Siege, Tally};
use crate::{
    harness::server::Server,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

const CLIENTS: usize = 64;
/// From the start of the process to the first good reply.
const READY_MAX: Duration = Duration::from_secs(1);
/// How often one shop is killed before everything is compared, and a new one takes its place: what is lost stays lost.
const CAMPAIGN: u64 = 100;
/// How often it is killed without its guard, at most: it is compared each time, and the first loss is the end.
const CONTROL_KILLS: u64 = 20;
/// How long after the load began the server is killed, in milliseconds.
const KILL_AFTER_MS: std::ops::Range<u64> = 1..500;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "kill",
    injects: "kill -9 at a random moment, with 64 clients who ask again until they are answered",
    holds: "A B C D E; ready in under 1 s",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Always,
    parts: 50,
    run: |run| {
        let short = if run.engine == Engine::Sqlite { 8 } else { 5 };
        kill(run, run.count(short, 10_000), None)
    },
    control: Control {
        without: "commit before reply",
        finds: &["is not what is there"],
        is_above_engines: false,
        run: |run| kill(run, CONTROL_KILLS, Some("guard.commit=return")),
    },
};

fn kill(run: &Run, kills: u64, faults: Option<&str>) -> Outcome {
    let mut chance = run.chance();
    let (mut total, mut tally) = (Outcome::default(), Tally::default());
    let mut done = 0;
    while done < kills {
        let part = CAMPAIGN.min(kills - done);
        let (siege, mut server) = Siege::begin(run, "kill", CLIENTS);
        let mut siege = siege.ready_within(READY_MAX);
        for _ in 0..part {
            let delay = Duration::from_millis(chance.u64(KILL_AFTER_MS));
            if let Some(faults) = faults {
                server = siege.arm(server, faults);
            }
            server = siege.round(|| kill_after(server, delay));
            if faults.is_some() {
                siege.audit();
            }
        }
        let (outcome, part_tally) = siege.end(server);
        total.add(outcome);
        tally += part_tally;
        done += part;
        total.runs = done;
        tell(done, kills, &total.violations);
    }
    if tally.is_idle() && faults.is_none() {
        total.violate(format!("too few kills met anybody's request: {tally}"));
    }
    if tally.is_nothing_cancelled() && faults.is_none() {
        total.violate(format!("nobody cancelled anything: {tally}"));
    }
    total.injected = tally.to_string();
    total
}

fn kill_after(server: Server, delay: Duration) -> End {
    thread::sleep(delay);
    let at = Instant::now();
    server.kill();
    End { at, not_before: at }
}
