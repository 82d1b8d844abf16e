//! Bytes that nobody meant, for everything that reads what strangers wrote.

use std::time::{Duration, Instant};

use crate::{
    judge::{quietly, thousands},
    parsers::{TARGETS, mutate},
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// How long one input may keep a parser.
const SLOW: Duration = Duration::from_secs(2);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "parsers",
    injects: "mutated bodies, queries, headers, CSV, NDJSON, BSON, pictures, tokens, cursors",
    holds: "F: no panic, no input takes long",
    engines: &[Engine::Sqlite],
    alone: Alone::Never,
    parts: 10,
    run: |run| feed(run, run.count(1_500, 10_000_000), None),
    control: Control {
        without: "care (a parser that panics at a quote in its first hundred bytes)",
        finds: &["panicked at"],
        on_one_engine: false,
        run: |run| feed(run, 300, Some(careless)),
    },
};

/// A parser with a mistake that only some inputs find.
fn careless(bytes: &[u8]) {
    let quotes = bytes.iter().take(100).filter(|byte| **byte == b'"').count();
    assert!(quotes < 3 || !quotes.is_multiple_of(2), "a quote where none was expected");
}

fn feed(run: &Run, inputs: u64, more: Option<fn(&[u8])>) -> Outcome {
    let mut chance = run.chance();
    let mut outcome = Outcome::default();
    for target in TARGETS {
        let seeds = (target.seeds)();
        for number in 0..inputs {
            let seed = usize::try_from(number).ok().and_then(|number| seeds.get(number));
            let input = seed.cloned().unwrap_or_else(|| mutate(&seeds, &mut chance));
            let begin = Instant::now();
            let read = || {
                (target.read)(&input);
                more.into_iter().for_each(|more| more(&input));
            };
            let ended = quietly(read);
            let took = begin.elapsed();
            outcome.waited(took);
            if ended.is_err() || took > SLOW {
                let what = if ended.is_err() { "panicked at" } else { "took long for" };
                let path = run.folder.join(format!("{}-{number}.input", target.name));
                // What the control finds nobody needs.
                if more.is_none() {
                    drop(std::fs::write(&path, &input));
                }
                outcome.violate(format!("{} {what} what is now in {}", target.name, path.display()));
            }
            outcome.runs += 1;
            tell(outcome.runs, TARGETS.len() as u64 * inputs, &outcome.violations);
        }
    }
    outcome.injected = format!("{} parsers, {} inputs each", TARGETS.len(), thousands(inputs));
    outcome
}
