//! Runs scenarios and prints a table of what came of them.
//!
//! ```text
//! cargo build --profile tested -p cartwright --features faults
//! cp target/tested/cartwright target/tested/cartwright-with-faults
//! cargo build --profile tested -p cartwright -p cartwright-proof
//! target/tested/cartwright-proof list
//! target/tested/cartwright-proof run --short
//! ```

use std::{path::PathBuf, process::ExitCode};

use cartwright_proof::{
    harness::disk::SmallDisk,
    judge::{Row, table},
    scenario::{Engine, Run, Scenario, Size},
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
}

#[derive(Debug, Args)]
struct Which {
    /// The scenarios, by name; all of them when none is named.
    names: Vec<String>,
    /// Everything that is promised, for hours, instead of a few seconds each.
    #[arg(long)]
    long: bool,
    /// What chance is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often, instead of what short or long mean.
    #[arg(long)]
    runs: Option<u64>,
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
    }
}

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
    let size = if which.long { Size::Long } else { Size::Short };
    let mut rows = Vec::new();
    for scenario in chosen {
        if scenario.name == "disk-full" && SmallDisk::is_left_out() {
            eprintln!("*** LEFT OUT: disk-full, since CARTWRIGHT_TEST_NO_MOUNT=1 is set. ***");
            continue;
        }
        for engine in scenario.engines.iter().filter(|engine| which.takes(**engine)) {
            for is_control in parts {
                let run = Run {
                    engine: *engine,
                    seed: which.seed,
                    size: if *is_control { Size::Short } else { size },
                    runs: which.runs.filter(|_| !is_control),
                    folder: which.folder.clone(),
                };
                let row = Row::of(scenario, &run, *is_control);
                eprintln!("{}", row.line());
                if !row.is_good() || *is_control {
                    eprint!("{}", row.findings());
                }
                rows.push(row);
            }
        }
    }
    println!("{}", table(&rows));
    let bad = rows.iter().filter(|row| !row.is_good()).count();
    if bad > 0 {
        eprintln!("{bad} of {} did not come out as they must (seed {})", rows.len(), which.seed);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

impl Which {
    fn takes(&self, engine: Engine) -> bool {
        match self.engine {
            None => true,
            Some(EngineName::Sqlite) => engine == Engine::Sqlite,
            Some(EngineName::Postgresql) => engine == Engine::Postgres,
        }
    }
}
