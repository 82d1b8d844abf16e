//! What the command line asks.

use std::{
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    process::{Output, Stdio},
};

use async_trait::async_trait;
use store::{Finding, Maintenance, StoreError};
use tokio::process::Command;

use crate::{
    engine::PostgresEngine,
    error::OpenError,
    migrate,
    server::{self, Options},
};

#[async_trait]
impl Maintenance for PostgresEngine {
    async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        self.findings().await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        dump(&self.options, to).await.map_err(|error| StoreError::Internal(error.to_string()))
    }

    /// There are none: what commands ask, they ask the server.
    async fn answer_commands(&self) {}

    async fn close(&self) -> Result<(), StoreError> {
        Self::close(self);
        Ok(())
    }
}

/// Copies the shop in the database, which may be in use, and of an earlier or later version, as it is into the new file `to`.
///
/// # Errors
/// Nothing is left at `to`.
pub async fn backup(options: &Options, to: &Path) -> Result<(), OpenError> {
    let client = server::connect(&server::pool(options)?, options).await?;
    if migrate::version(&client).await?.is_none() {
        return Err(OpenError::Empty(options.server()));
    }
    drop(client);
    dump(options, to).await
}

/// How much is told of what another program said.
const LINES_MAX: usize = 3;

/// What is dumped empty: its rows are numbered by transactions of this server, and mean nothing on another one.
const WITHOUT_ROWS: &str = "--exclude-table-data=catalogue_feed";

/// By PostgreSQL's own `pg_dump`, in its custom format, which `pg_restore` reads.
async fn dump(options: &Options, to: &Path) -> Result<(), OpenError> {
    let failed = |reason: String| OpenError::Copy { path: to.display().to_string(), reason };
    // Made here, so that nobody else can read it, and a file that is there is refused.
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let file = made.map_err(|error| failed(error.to_string()))?;
    let dumped = async {
        let dump =
            run(tool(options, "pg_dump").args(["--format=custom", WITHOUT_ROWS]).stdout(Stdio::from(file))).await?;
        told(&dump)?;
        let list = run(Command::new("pg_restore").arg("--list").arg(to).stdout(Stdio::piped())).await?;
        told(&list)?;
        let list = String::from_utf8_lossy(&list.stdout);
        if list.contains("TABLE DATA") && list.contains("orders") {
            Ok(())
        } else {
            Err("the copy is not whole".to_owned())
        }
    };
    let done: Result<(), String> = dumped.await;
    if done.is_err() {
        // What was written is worth nothing.
        let _ = std::fs::remove_file(to);
    }
    done.map_err(failed)
}

/// One of PostgreSQL's own programs, for this database. The password goes by the environment, where no list of processes
/// shows it.
fn tool(options: &Options, program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, value) in options.environment() {
        command.env(name, value);
    }
    command.arg("--no-password").stdin(Stdio::null());
    command
}

async fn run(command: &mut Command) -> Result<Output, String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let child = command.stderr(Stdio::piped()).kill_on_drop(true).spawn();
    let child =
        child.map_err(|error| format!("{program} cannot be run ({error}); install PostgreSQL's client programs"))?;
    child.wait_with_output().await.map_err(|error| format!("{program}: {error}"))
}

fn told(output: &Output) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    // The first line may say what, and the next ones why: that the server is newer than the program, for example.
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES_MAX).collect();
    Err(if lines.is_empty() { "it failed without a word".to_owned() } else { lines.join("; ") })
}
