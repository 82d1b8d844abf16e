//! Runs scenarios and prints a table of what came of them.
//!
//! ```text
//! cargo build --features cartwright/faults -p cartwright
//! cargo build --release -p cartwright -p cartwright-proof
//! target/release/cartwright-proof list
//! CARTWRIGHT_FAULTS_BINARY=$PWD/target/debug/cartwright target/release/cartwright-proof all
//! ```

use std::{
    fs, io, iter,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use cartwright_proof::{
    book::{Book, Terms},
    harness::{disk::SmallDisk, program},
    judge::{Row, table},
    parsers::TARGETS,
    progress,
    scenario::{Alone, Engine, Run, Scenario, Size},
    scenarios::ALL,
};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Proves what the program promises: faults, attacks and load, each with a judge that wrote down what was acknowledged.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell the scenarios.
    List,
    /// Run scenarios; fails when anything does not hold.
    Run(Which),
    /// Run scenarios with a guard taken away each; fails when that is not found out.
    Controls(Which),
    /// Run scenarios and their controls.
    All(Which),
    /// Write good inputs of what reads bytes of strangers, for `scripts/fuzz` to begin with.
    Seeds {
        /// The folder that gets a folder for each.
        folder: PathBuf,
    },
}

/// How often a control may look for what it must find: some of it is there at some moments only.
const CONTROL_ROUNDS_MAX: u32 = 3;

#[derive(Debug, Args)]
struct Which {
    /// The scenarios, by name; all of them when none is named.
    names: Vec<String>,
    /// Everything that is promised, for hours, instead of a few seconds each.
    #[arg(long)]
    long: bool,
    /// The short form of each again and again for so long, with another seed each time.
    #[arg(long, value_name = "MINUTES", conflicts_with_all = ["long", "runs"])]
    each_for: Option<f64>,
    /// What chance is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often, instead of what short or long mean.
    #[arg(long)]
    runs: Option<u64>,
    /// Cut a long run into parts, and write down in this file what came of each: the same again goes on after those that are done.
    #[arg(long, value_name = "FILE", requires = "long")]
    book: Option<PathBuf>,
    /// Begin no more after so many minutes.
    #[arg(long, value_name = "MINUTES")]
    begin_for: Option<f64>,
    /// How many run at a time of those that have not the machine to themselves.
    #[arg(long, default_value_t = 3)]
    at_once: usize,
    /// On this engine alone.
    #[arg(long)]
    engine: Option<EngineName>,
    /// Where journals and temporary data are kept: on the disk that shall be tried.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EngineName {
    Sqlite,
    Postgresql,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::List => {
            for scenario in ALL {
                let engines: Vec<_> = scenario.engines.iter().map(Engine::to_string).collect();
                println!("{:<14} {} [{}]", scenario.name, scenario.injects, engines.join(", "));
                println!("{:<14} holds: {}", "", scenario.holds);
                println!("{:<14} control: without {}", "", scenario.control.without);
            }
            ExitCode::SUCCESS
        }
        Command::Run(which) => run(&which, &[false]),
        Command::Controls(which) => run(&which, &[true]),
        Command::All(which) => run(&which, &[false, true]),
        Command::Seeds { folder } => match write_seeds(&folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: the seeds cannot be written to {}: {error}", folder.display());
                ExitCode::FAILURE
            }
        },
    }
}

fn write_seeds(folder: &Path) -> io::Result<()> {
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}

/// How long everything in its short form may take, with its controls: it is for every change.
const SHORT_MAX: Duration = Duration::from_secs(300);

fn run(which: &Which, parts: &[bool]) -> ExitCode {
    let chosen: Vec<&Scenario> = match which.names.as_slice() {
        [] => ALL.iter().collect(),
        names => {
            if let Some(unknown) = names.iter().find(|name| ALL.iter().all(|scenario| scenario.name != **name)) {
                eprintln!("error: there is no scenario {unknown}; `cartwright-proof list` tells those there are");
                return ExitCode::FAILURE;
            }
            ALL.iter().filter(|scenario| names.iter().any(|name| name == scenario.name)).collect()
        }
    };
    let open = |path: &Path| {
        let terms = Terms { seed: which.seed, runs: which.runs, program: program::checksum()? };
        Book::open(path, ALL, terms)
    };
    let book = match which.book.as_deref().map(open).transpose() {
        Ok(book) => book,
        Err(error) => {
            eprintln!("error: the book of the run cannot be used: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = fs::create_dir_all(&which.folder) {
        eprintln!("error: the folder {} cannot be made: {error}", which.folder.display());
        return ExitCode::FAILURE;
    }
    let all = parts.iter().flat_map(|is_control| chosen.iter().map(move |scenario| (*scenario, *is_control)));
    let tasks: Vec<_> =
        all.flat_map(|(scenario, is_control)| which.tasks(scenario, is_control, book.as_ref())).collect();
    let count = tasks.len();
    let begin = Instant::now();
    let mut rows = run_all(tasks, which);
    let took = begin.elapsed();
    let not_begun = count - rows.len();
    if not_begun > 0 {
        eprintln!("*** NOT BEGUN, since the time was over: {not_begun} of {count}. ***");
    }
    // With a book the same again goes on with them.
    let is_cut_short = not_begun > 0 && book.is_none();
    if let Some(book) = book {
        rows = book.summed_up_with(rows);
    }
    if rows.is_empty() && not_begun == 0 {
        eprintln!("error: none of these runs on that engine");
        return ExitCode::FAILURE;
    }
    println!("{}", table(&rows));
    println!("{} in {:.0} s", rows.len(), took.as_secs_f64());
    if !which.long && which.each_for.is_none() && which.runs.is_none() && took > SHORT_MAX {
        eprintln!("*** TOO LONG: the short form of all is to take {} s at most. ***", SHORT_MAX.as_secs());
    }
    let bad = rows.iter().filter(|row| !row.is_good()).count();
    if bad > 0 {
        eprintln!("{bad} of {} did not come out as they must (seed {})", rows.len(), which.seed);
        return ExitCode::FAILURE;
    }
    if is_cut_short { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A scenario or a control that is to be run.
struct Task<'a> {
    scenario: &'a Scenario,
    run: Run,
    is_control: bool,
    /// Where what came of it is written down.
    book: Option<&'a Book>,
    /// For how long it is run again.
    each_for: Duration,
}

impl Task<'_> {
    /// Whether nothing else may run meanwhile. A control looks for one thing only, which is plain enough beside another.
    fn is_alone(&self) -> bool {
        !self.is_control
            && match self.scenario.alone {
                Alone::Never => false,
                Alone::Long => self.run.size == Size::Long,
                Alone::Always => true,
            }
    }

    fn run(&self) -> Row {
        progress::begin(format!("{} on {}", self.scenario.name, self.run.engine));
        let mut row = Row::of(self.scenario, &self.run, self.is_control);
        let mut run = self.run.clone();
        while self.goes_on(&row) {
            run.seed += 1;
            row.add(Row::of(self.scenario, &run, self.is_control));
        }
        let findings = if !row.is_good() || self.is_control { row.findings() } else { String::new() };
        eprint!("{}\n{findings}", row.line());
        if let Some(Err(error)) = self.book.map(|book| book.note(self.run.part.0, &row)) {
            eprintln!("error: that could not be written down: {error}");
        }
        row
    }

    /// Whether it is run once more, with another seed.
    fn goes_on(&self, row: &Row) -> bool {
        if self.is_control {
            return !row.is_good() && row.rounds() < CONTROL_ROUNDS_MAX;
        }
        row.is_good() && row.took() < self.each_for
    }
}

/// Runs those first that have the machine to themselves, then the others side by side; their rows in the order of the tasks.
fn run_all(tasks: Vec<Task<'_>>, which: &Which) -> Vec<Row> {
    let begin = Instant::now();
    let begin_for = which.begin_for.map(|minutes| Duration::from_secs_f64(minutes.clamp(0.0, 1e6) * 60.0));
    let may_begin = || begin_for.is_none_or(|time| begin.elapsed() < time);
    let (alone, together): (Vec<_>, Vec<_>) = tasks.into_iter().enumerate().partition(|(_, task)| task.is_alone());
    let alone = alone.iter().take_while(|_| may_begin());
    let mut rows: Vec<(usize, Row)> = alone.map(|(place, task)| (*place, task.run())).collect();
    let next = Mutex::new(together.iter());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next().filter(|_| may_begin());
    let work = || iter::from_fn(|| take().map(|(place, task)| (*place, task.run()))).collect::<Vec<_>>();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..which.at_once.max(1)).map(|_| scope.spawn(work)).collect();
        rows.extend(workers.into_iter().flat_map(|worker| worker.join().expect("panics are violations")));
    });
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

impl Which {
    /// What is to be run of a scenario, or of its control: once for each engine.
    fn tasks<'a>(&self, scenario: &'a Scenario, is_control: bool, book: Option<&'a Book>) -> Vec<Task<'a>> {
        if scenario.name == "disk-full" && SmallDisk::is_left_out() {
            eprintln!("*** LEFT OUT: disk-full, since CARTWRIGHT_TEST_NO_MOUNT=1 is set. ***");
            return Vec::new();
        }
        let size = if self.long && !is_control { Size::Long } else { Size::Short };
        let tried = if is_control && scenario.control.on_one_engine { 1 } else { usize::MAX };
        let engines = scenario.engines.iter().take(tried).filter(|engine| self.takes(**engine));
        let runs = self.runs.filter(|_| !is_control);
        let each_for = self.each_for.filter(|_| !is_control).unwrap_or_default().clamp(0.0, 1e6);
        let each_for = Duration::from_secs_f64(each_for * 60.0);
        let book = book.filter(|_| !is_control);
        let parts = if book.is_some() { scenario.parts } else { 1 };
        let all = engines.flat_map(|engine| (0..parts).map(|part| (*engine, part)));
        let left = all.filter(|(engine, part)| book.is_none_or(|book| !book.has(scenario, *engine, *part)));
        let run = |(engine, part)| {
            let (seed, folder) = (self.seed + part, self.folder.clone());
            Run { engine, seed, size, runs, part: (part, parts), folder }
        };
        left.map(|place| Task { scenario, run: run(place), is_control, book, each_for }).collect()
    }

    fn takes(&self, engine: Engine) -> bool {
        match self.engine {
            None => true,
            Some(EngineName::Sqlite) => engine == Engine::Sqlite,
            Some(EngineName::Postgresql) => engine == Engine::Postgres,
        }
    }
}
