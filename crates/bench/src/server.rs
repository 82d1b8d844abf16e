//! The server under load: a child process on a free loopback port, ended with the run.

use std::{
    fs,
    io::{Error, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::http::{self, Connection};

/// How the program under load is called.
pub(crate) struct Program {
    /// The binary.
    pub(crate) binary: PathBuf,
    /// Its data folder.
    pub(crate) data: PathBuf,
    /// The URL of its database, if that is not a file in the folder.
    pub(crate) database: Option<String>,
}

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first reply.
    pub(crate) first_reply: Duration,
}

impl Program {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        // Nothing from the caller's environment may change what is measured.
        let inherited = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARTWRIGHT_"));
        inherited.for_each(|(name, _)| {
            command.env_remove(name);
        });
        command.args(arguments).arg("--data").arg(&self.data);
        command.args(self.database.iter().flat_map(|url| ["--database", url]));
        command
    }

    /// Runs a subcommand to its end, with `input` on its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let what = format!("{} {}", self.binary.display(), arguments.join(" "));
        let fail = |error: Error| format!("{what}: {error}");
        let piped =
            |command: &mut Command| command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = piped(&mut self.command(arguments)).map_err(fail)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).map_err(fail)?;
        }
        let output = child.wait_with_output().map_err(fail)?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        if output.status.success() { Ok(text) } else { Err(format!("{what}: {}\n{text}", output.status)) }
    }

    /// Starts the server and waits for its first reply.
    pub(crate) async fn serve(&self, arguments: &[&str]) -> Result<Server, String> {
        let address = test_postgres::free_address();
        let log =
            fs::OpenOptions::new().create(true).append(true).open(self.log()).map_err(|error| error.to_string())?;
        let begin = Instant::now();
        let mut command = self.command(&["serve", "--listen", &address.to_string()]);
        let child = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let child = child.map_err(|error| format!("{}: {error}", self.binary.display()))?;
        let mut server = Server { child, address, first_reply: Duration::ZERO };
        let request = http::get("/readyz");
        while begin.elapsed() < Duration::from_secs(30) {
            if let Ok(mut connection) = Connection::open(address).await
                && let Ok(reply) = connection.send(&request).await
                && reply.status == 200
            {
                server.first_reply = begin.elapsed();
                return Ok(server);
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("the server ended with {status}:\n{}", self.log_text()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err(format!("the server was not ready within 30 s:\n{}", self.log_text()))
    }

    fn log(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    /// The end of what the server logged.
    pub(crate) fn log_text(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Server {
    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory and its peak, in KiB.
    pub(crate) fn memory_kib(&self) -> Result<(u64, u64), String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).ok_or(format!("{path} has no {name}"))
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Asks it to end, as a service manager would, and waits; gives how long that took.
    pub(crate) async fn stop(mut self) -> Result<Duration, String> {
        let begin = Instant::now();
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).ok_or("the server has no process id")?;
        kill_process(pid, Signal::TERM).map_err(|error| format!("the server cannot be stopped: {error}"))?;
        while begin.elapsed() < Duration::from_secs(60) {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(begin.elapsed()),
                Ok(Some(status)) => return Err(format!("the server ended with {status}")),
                Ok(None) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(error) => return Err(error.to_string()),
            }
        }
        Err("the server did not stop within 60 s".to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; there is nobody left to tell of an error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How large a file is, in bytes.
pub(crate) fn file_size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
