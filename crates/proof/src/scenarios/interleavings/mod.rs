//! What happens at once, in every order: a scheduler that draws lots decides who goes next, so that a bad order is found without
//! waiting for bad luck, and found again with the same seed.
//!
//! * [`queue`]: callers, the commit queue and its writer, step by step, under [shuttle].
//! * [`leases`]: several mail workers on one outbox, on the real engine, with time that passes between any two steps.
//!
//! [shuttle]: https://docs.rs/shuttle

mod leases;
mod queue;

use crate::{
    judge::thousands,
    scenario::{Control, Engine, Outcome, Run, Scenario},
};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "interleavings",
    injects: "a scheduler that draws lots, on the commit queue and on the leases of mails",
    holds: "A C D; nobody waits for ever",
    engines: &[Engine::Sqlite],
    run: |run| interleave(run, (run.count(10_000, 1_000_000), run.count(20_000, 1_000_000)), false),
    control: Control {
        without: "commit before answer, and without giving back what was leased too long ago",
        finds: "was sent by two at once",
        run: |run| interleave(run, (500, 4_000), true),
    },
};

fn interleave(run: &Run, (schedules, steps): (u64, u64), lifted: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let found = queue::try_out(run.seed, schedules, lifted);
    // Both guards are lifted at once: each must be missed.
    if lifted && found.is_none() {
        return outcome;
    }
    found.into_iter().for_each(|found| outcome.violate(found));
    let mut of_leases = Outcome::default();
    leases::try_out(run, steps, lifted, &mut of_leases);
    outcome.add(of_leases);
    outcome.runs = schedules + steps;
    outcome.injected =
        format!("{} schedules of the queue, {} steps of workers", thousands(schedules), thousands(steps));
    outcome
}
