//! Running a scenario so that whatever goes wrong in it is a violation, and printing the table.

use std::{
    any::Any,
    cell::Cell,
    fmt::Write as _,
    panic::{self, AssertUnwindSafe},
    sync::Once,
    thread,
    time::{Duration, Instant},
};

use crate::scenario::{Engine, Outcome, Run, Scenario};

/// How many violations are printed in full.
const SHOWN_MAX: usize = 5;

/// A line of the table.
#[derive(Debug)]
pub struct Row {
    name: &'static str,
    engine: Engine,
    /// The guard that was lifted: then violations are what is asked for.
    without: Option<&'static str>,
    /// What must be found then.
    finds: &'static [&'static str],
    outcome: Outcome,
    took: Duration,
    /// How many runs of the scenario it sums up.
    rounds: u32,
}

impl Row {
    /// What came of a run before this one.
    #[must_use]
    pub fn noted(scenario: &Scenario, engine: Engine, outcome: Outcome, took: Duration) -> Self {
        let finds = scenario.control.finds;
        Self { name: scenario.name, engine, without: None, finds, outcome, took, rounds: 1 }
    }

    /// The name of its scenario.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// On which engine.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// What came of it.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Whether both are of one scenario on one engine, or both of its control there.
    #[must_use]
    pub fn is_of_the_same(&self, other: &Self) -> bool {
        (self.name, self.engine, self.without) == (other.name, other.engine, other.without)
    }

    /// How long it took.
    #[must_use]
    pub const fn took(&self) -> Duration {
        self.took
    }

    /// How many runs of the scenario it sums up.
    #[must_use]
    pub const fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Adds what came of another run of the same.
    pub fn add(&mut self, other: Self) {
        self.outcome.runs += other.outcome.runs;
        self.outcome.injected.clone_from(&other.outcome.injected);
        self.outcome.add(other.outcome);
        self.took += other.took;
        self.rounds += other.rounds;
    }

    /// Runs the scenario, or its control. A panic in it is a violation.
    #[must_use]
    pub fn of(scenario: &Scenario, run: &Run, is_control: bool) -> Self {
        let begin = Instant::now();
        let work = if is_control { scenario.control.run } else { scenario.run };
        let outcome = quietly(|| work(run))
            .unwrap_or_else(|panic| Outcome { violations: vec![words(panic.as_ref())], ..Outcome::default() });
        let without = is_control.then_some(scenario.control.without);
        let finds = scenario.control.finds;
        Self { name: scenario.name, engine: run.engine, without, finds, outcome, took: begin.elapsed(), rounds: 1 }
    }

    /// Whether it is as it must be: nothing found, or all that must be found where a guard was lifted.
    #[must_use]
    pub fn is_good(&self) -> bool {
        match self.without {
            // What never ran proves nothing.
            None => self.outcome.violations.is_empty() && self.outcome.runs > 0,
            Some(_) => self.is_found(),
        }
    }

    /// Whether what a control must find is among what was found.
    fn is_found(&self) -> bool {
        let is_said = |words: &&str| self.outcome.violations.iter().any(|violation| violation.contains(*words));
        !self.finds.is_empty() && self.finds.iter().all(is_said)
    }

    /// The first of what was found.
    #[must_use]
    pub fn findings(&self) -> String {
        let mut text = String::new();
        for violation in self.outcome.violations.iter().take(SHOWN_MAX) {
            let _ = writeln!(text, "  {violation}");
        }
        if self.outcome.violations.len() > SHOWN_MAX {
            let _ = writeln!(text, "  and {} more", self.outcome.violations.len() - SHOWN_MAX);
        }
        text
    }

    /// A line for those who wait.
    #[must_use]
    pub fn line(&self) -> String {
        self.columns().join(" | ")
    }

    /// Its columns.
    fn columns(&self) -> [String; 7] {
        let name = match self.without {
            None => self.name.to_owned(),
            Some(without) => format!("{} without {without}", self.name),
        };
        let violations = self.outcome.violations.len();
        let found = match (self.without, violations) {
            (None, count) => count.to_string(),
            (Some(_), count) if self.is_found() => format!("{count}, as it must"),
            (Some(_), count) => format!("{count}, and not what it must"),
        };
        [
            name,
            self.engine.to_string(),
            thousands(self.outcome.runs),
            match self.rounds {
                1 => self.outcome.injected.clone(),
                rounds => format!("{rounds} rounds, the last: {}", self.outcome.injected),
            },
            found,
            self.outcome.worst.map_or_else(|| "-".to_owned(), duration),
            duration(self.took),
        ]
    }
}

/// The table in Markdown.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    const HEADS: [&str; 7] = ["scenario", "engine", "runs", "injected", "violations", "worst wait", "took"];
    let lines: Vec<[String; 7]> = rows.iter().map(Row::columns).collect();
    let mut widths = HEADS.map(str::len);
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let mut write = |cells: &[String; 7]| {
        for (cell, width) in cells.iter().zip(widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
    };
    write(&HEADS.map(str::to_owned));
    write(&widths.map(|width| "-".repeat(width)));
    lines.iter().for_each(write);
    text
}

/// A time as people write it.
fn duration(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        seconds if seconds < 120.0 => format!("{seconds:.1} s"),
        seconds => format!("{:.0} min", seconds / 60.0),
    }
}

/// A number with its thousands apart.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; a panic in it, on this thread, is given back and not printed.
///
/// # Errors
/// What the panic was made of.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                before(info);
            }
        }));
    });
    let before = IS_QUIET.replace(true);
    let ended = panic::catch_unwind(AssertUnwindSafe(work));
    IS_QUIET.set(before);
    ended
}

/// What a panic said.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{ANSWERED_MAX, Alone, Control, Size};

    fn scenario(run: fn(&Run) -> Outcome, control: fn(&Run) -> Outcome) -> Scenario {
        let control = Control { without: "its guard", finds: &["broke"], on_one_engine: false, run: control };
        Scenario {
            name: "tried",
            injects: "",
            holds: "",
            engines: &[Engine::Sqlite],
            alone: Alone::Never,
            parts: 1,
            run,
            control,
        }
    }

    fn run() -> Run {
        Run { engine: Engine::Sqlite, seed: 1, size: Size::Short, runs: None, part: (0, 1), folder: ".".into() }
    }

    fn idle(_: &Run) -> Outcome {
        Outcome::default()
    }

    fn good(_: &Run) -> Outcome {
        Outcome { runs: 12_345, ..Outcome::default() }
    }

    fn bad(_: &Run) -> Outcome {
        panic!("it broke")
    }

    fn bad_otherwise(_: &Run) -> Outcome {
        panic!("no server could be started")
    }

    #[test]
    fn a_panic_is_a_violation_and_a_control_must_have_one() {
        let found = Row::of(&scenario(bad, good), &run(), false);
        assert!(!found.is_good());
        assert_eq!(found.findings(), "  it broke\n");
        assert!(Row::of(&scenario(good, bad), &run(), false).is_good());
        assert!(!Row::of(&scenario(idle, bad), &run(), false).is_good(), "it did nothing");
        assert!(Row::of(&scenario(good, bad), &run(), true).is_good());
        assert!(!Row::of(&scenario(good, good), &run(), true).is_good(), "a control that finds nothing proves nothing");
        assert!(!Row::of(&scenario(good, bad_otherwise), &run(), true).is_good(), "nor does one that fails otherwise");
    }

    #[test]
    fn the_table_is_markdown_and_its_columns_are_even() {
        let text = table(&[Row::of(&scenario(good, bad), &run(), false), Row::of(&scenario(good, bad), &run(), true)]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()), "{text}");
        assert!(lines[2].contains("| 12,345 "), "{text}");
        assert!(lines[3].contains("tried without its guard") && lines[3].contains("1, as it must"), "{text}");
    }

    #[test]
    fn a_scenario_and_its_control_are_two() {
        let tried = scenario(good, bad);
        let [plain, again, control] = [false, false, true].map(|is_control| Row::of(&tried, &run(), is_control));
        assert!(plain.is_of_the_same(&again) && !plain.is_of_the_same(&control));
    }

    #[test]
    fn an_answer_that_comes_late_is_a_violation() {
        let mut outcome = Outcome::default();
        outcome.answered("a quick one", ANSWERED_MAX);
        assert!(outcome.violations.is_empty(), "{outcome:?}");
        let late = ANSWERED_MAX + Duration::from_millis(1);
        outcome.answered("a slow one", late);
        assert_eq!((outcome.violations.len(), outcome.worst), (1, Some(late)));
    }

    #[test]
    fn rounds_are_summed_up() {
        let tried = scenario(good, bad);
        let mut row = Row::of(&tried, &run(), false);
        row.add(Row::of(&tried, &run(), false));
        assert!(row.line().contains("24,690 | 2 rounds"), "{}", row.line());
        row.add(Row::of(&scenario(bad, bad), &run(), false));
        assert!(!row.is_good(), "a violation of one round is one of all");
    }
}
