//! Loads a running `cartwright` and prints what it bears, beside the limit of the database engine alone.
//!
//! ```text
//! cargo build --release -p cartwright
//! cargo run --release -p cartwright-bench
//! ```
//!
//! Server, load and engine share the machine and its disk. All traffic is on loopback, the server is a child that ends
//! with the run, and the data live in a temporary folder. Figures that miss their target are said to; the run fails
//! (exit 1) only when something is wrong: an error reply, an acknowledged order that is not stored, a broken database.

mod catalogue;
mod database;
mod http;
mod load;
mod machine;
mod postgres;
mod raw;
mod report;
mod requests;
mod run;
mod server;
mod shop;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

/// Measures what a `cartwright` binary bears.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// The program to load.
    #[arg(long, default_value = "target/release/cartwright")]
    binary: PathBuf,
    /// Where the temporary data folder is made: on the disk that shall be measured.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// How long each load is measured, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Connections that place orders or read.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Products in the shop.
    #[arg(long, default_value_t = 1_000)]
    products: u32,
    /// Orders that are there before the load begins; with --postgres.
    #[arg(long, default_value_t = 0, requires = "postgres")]
    orders: u32,
    /// Signed-in customers.
    #[arg(long, default_value_t = 64)]
    customers: u32,
    /// Orders a second while the login storm is measured against quiet.
    #[arg(long, default_value_t = 1_000)]
    steady_orders: u32,
    /// Measure on PostgreSQL instead: on a server that is started for it, beside `pgbench` writing the same rows.
    #[arg(long)]
    postgres: bool,
    /// Measure a large catalogue instead: its import, searches with facets, lists. With so many products, 100,000 when nothing is
    /// said.
    #[arg(long, value_name = "PRODUCTS", num_args = 0..=1, default_missing_value = "100000", conflicts_with = "postgres")]
    catalogue: Option<u32>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Only prove that nothing breaks: a few seconds, few products, no targets.
    #[arg(long)]
    smoke: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = tokio::select! {
        outcome = run(&arguments) => outcome,
        () = told_to_end() => Err("interrupted".to_owned()),
    };
    match outcome {
        Ok(report) if arguments.smoke => println!("{}", report.notes()),
        Ok(report) if arguments.json => println!("{:#}", report.to_json()),
        Ok(report) => println!("{}", report.to_markdown()),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn run(arguments: &Arguments) -> Result<report::Report, String> {
    match (arguments.catalogue, arguments.postgres) {
        (Some(_), _) => catalogue::run(arguments).await,
        (None, true) => postgres::run(arguments).await,
        (None, false) => run::run(arguments).await,
    }
}

/// Waits for Ctrl-C or a polite kill, so that the server is not left behind.
async fn told_to_end() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
