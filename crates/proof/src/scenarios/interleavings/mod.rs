//! What happens at once, in every order: a scheduler that draws lots decides who goes next, so that a bad order is found without
//! waiting for bad luck, and found again with the same seed.
//!
//! * [`queue`]: callers, the commit queue and its writer, step by step, under [shuttle].
//! * [`leases`]: several mail workers on one outbox, on the real engines, with time that passes between any two of their steps.
//!
//! [shuttle]: https://docs.rs/shuttle

mod leases;
mod queue;

use crate::{
    judge::thousands,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "interleavings",
    injects: "a scheduler that draws lots, on the commit queue and on the leases of mails",
    holds: "A D; nobody waits for ever",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Never,
    parts: 1,
    run: |run| match run.engine {
        Engine::Sqlite => interleave(run, Some(run.count(10_000, 1_000_000)), run.count(20_000, 1_000_000), false),
        Engine::Postgres => interleave(run, None, run.count(4_000, 1_000_000), false),
    },
    control: Control {
        without: "an end to what takes too long to send, every note of what was sent, and in the queue commit before answer",
        finds: &["was sent by two at once", "whom nothing troubled"],
        on_one_engine: false,
        run: |run| interleave(run, (run.engine == Engine::Sqlite).then_some(500), 20_000, true),
    },
};

/// So many orders of steps of the queue, which only the embedded engine has, and so many steps of workers.
fn interleave(run: &Run, schedules: Option<u64>, steps: u64, lifted: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut injected = format!("{} steps of workers", thousands(steps));
    if let Some(schedules) = schedules {
        let found = queue::try_out(run.seed, schedules, lifted);
        // Both guards are lifted at once: each must be missed.
        if lifted && !found.as_ref().is_some_and(|found| found.contains("was acknowledged, and is not there")) {
            return outcome;
        }
        found.into_iter().for_each(|found| outcome.violate(found));
        outcome.runs = schedules;
        injected = format!("{} schedules of the queue, {injected}", thousands(schedules));
    }
    let mut of_leases = Outcome::default();
    leases::try_out(run, steps, lifted, &mut of_leases);
    outcome.add(of_leases);
    outcome.runs += steps;
    outcome.injected = injected;
    outcome
}
