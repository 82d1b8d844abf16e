//! What a scenario is, and what comes of it.

use std::{fmt, path::PathBuf, time::Duration};

/// A fault, an attack or a load with a name.
#[derive(Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is injected, in a few words.
    pub injects: &'static str,
    /// What must hold all the same: letters of the invariants in `docs/proof.md`, or words.
    pub holds: &'static str,
    /// The engines that it is for.
    pub engines: &'static [Engine],
    /// When it has the machine to itself.
    pub alone: Alone,
    /// Into how many parts a long run is cut, each with a seed of its own, and but for `soak` a shop of its own: 1 where all of it is
    /// judged together.
    pub parts: u64,
    /// Runs it.
    pub run: fn(&Run) -> Outcome,
    /// The same with a guard taken away: it must find violations, or it finds nothing at all.
    pub control: Control,
}

/// When a scenario has the machine to itself, since it judges times that others would spoil, or its parts follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alone {
    /// Never: what it judges of times leaves room for others.
    Never,
    /// In its long form: what a short one allows does leave room.
    Long,
    /// Always.
    Always,
}

/// A scenario's positive control.
#[derive(Debug)]
pub struct Control {
    /// Which guard is taken away.
    pub without: &'static str,
    /// What must then be found: sentences with these words in them, each of them. Another failure proves nothing.
    pub finds: &'static [&'static str],
    /// Whether the first of the engines is enough to see the guard missed: it is above them, or that one's own.
    pub on_one_engine: bool,
    /// Runs the scenario without it.
    pub run: fn(&Run) -> Outcome,
}

/// What the orders are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database.
    Sqlite,
    /// A PostgreSQL that is started for the scenario.
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        })
    }
}

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Seconds: with every change.
    Short,
    /// What is promised: on demand.
    Long,
}

/// One run of a scenario.
#[derive(Clone, Debug)]
pub struct Run {
    /// The engine.
    pub engine: Engine,
    /// What chance is drawn from: the same seed does the same, as far as the machine's own timing lets it.
    pub seed: u64,
    /// How much.
    pub size: Size,
    /// How often instead of what `size` says.
    pub runs: Option<u64>,
    /// Which part of it, and of how many.
    pub part: (u64, u64),
    /// Where journals are kept, and what a violation leaves behind.
    pub folder: PathBuf,
}

impl Run {
    /// How often: what was asked for, or else one of these.
    #[must_use]
    pub fn count(&self, short: u64, long: u64) -> u64 {
        let all = self.runs.unwrap_or_else(|| self.choose((short, long)));
        let (part, parts) = self.part;
        all * (part + 1) / parts - self.before(all)
    }

    /// What belongs to its size: the first for a short run, the second for a long one.
    #[must_use]
    pub fn choose<T>(&self, (short, long): (T, T)) -> T {
        match self.size {
            Size::Short => short,
            Size::Long => long,
        }
    }

    /// How many of a long run's so many belong to the parts before this one.
    #[must_use]
    pub const fn before(&self, long: u64) -> u64 {
        long * self.part.0 / self.part.1
    }

    /// Chance.
    #[must_use]
    pub fn chance(&self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed)
    }
}

/// How long anybody may wait for the answer to a request that no password makes slow (F), whatever else goes on.
pub const ANSWERED_MAX: Duration = Duration::from_secs(10);

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How often it was tried: kills, crash points, cases.
    pub runs: u64,
    /// What was injected, in numbers.
    pub injected: String,
    /// What did not hold, a sentence each.
    pub violations: Vec<String>,
    /// The longest that anybody waited.
    pub worst: Option<Duration>,
}

impl Outcome {
    /// Notes what does not hold.
    pub fn violate(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// Adds what another part of the same run found. What was injected is said by whoever knows the whole.
    pub fn add(&mut self, part: Self) {
        self.violations.extend(part.violations);
        part.worst.into_iter().for_each(|worst| self.waited(worst));
    }

    /// Notes after how long a request was answered, and that it should not have been so long.
    pub fn answered(&mut self, what: &str, after: Duration) {
        self.waited(after);
        if after > ANSWERED_MAX {
            self.violate(format!("{what} was answered after {after:?} only"));
        }
    }

    /// Notes how long somebody waited.
    pub fn waited(&mut self, time: Duration) {
        self.worst = Some(self.worst.map_or(time, |worst| worst.max(time)));
    }
}
