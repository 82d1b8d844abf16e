//! The program as a child process.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use proof::harness::program::CHEAP_PASSWORDS;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use test_postgres::{Database, free_address};

/// The domain of all addresses in these tests; no log may name it.
pub(crate) const PRIVATE_DOMAIN: &str = "shoppers.example";
/// How long a start may take. Two cores are shared with other tests here; the promise is checked by the benchmark.
const START_MAX: Duration = Duration::from_secs(20);
/// How long a graceful stop may take when no request is in flight.
const STOP_MAX: Duration = Duration::from_secs(5);

/// The program under test.
pub(crate) fn program() -> Command {
    let path = std::env::var_os("CARTWRIGHT_TEST_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_cartwright").into());
    let mut command = Command::new(path);
    // The settings of whoever runs the tests must not reach the program.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARTWRIGHT_")) {
        command.env_remove(name);
    }
    command
}

/// A running server with its own data. Dropping it stops it, and fails the test when it does not stop well.
pub(crate) struct Server {
    child: Option<Child>,
    address: SocketAddr,
    folder: TempDir,
    /// Where its database is, if not in its folder.
    database: Option<Database>,
}

/// Whether this is the suite's run on PostgreSQL.
const ON_POSTGRES: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"api_on_postgres");

impl Server {
    /// Starts a server with an empty shop that has the owner `owner_email`.
    pub(crate) fn start(owner_email: &str, owner_password: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = ON_POSTGRES.then(Database::fresh);
        let url = database.as_ref().map(Database::url);
        let more: Vec<_> = url.iter().flat_map(|url| ["--database", url]).chain(more.iter().copied()).collect();
        create_owner(&folder.path().join("data"), url.as_deref(), owner_email, owner_password);
        // Between choosing a port and listening on it somebody else may take it.
        for _ in 0..5 {
            let address = free_address();
            let mut child = spawn(folder.path(), address, &more);
            if wait_until_ready(&mut child, address) {
                return Self { child: Some(child), address, folder, database };
            }
        }
        panic!("the server does not start:\n{}", read_log(folder.path()));
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its data is.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where its mails go.
    pub(crate) fn mails(&self) -> PathBuf {
        self.folder.path().join("mails")
    }

    /// The options that name its data, for other commands.
    pub(crate) fn place(&self) -> Vec<String> {
        let data = self.data().display().to_string();
        let mut place = vec!["--data".to_owned(), data];
        place.extend(self.database.iter().flat_map(|database| ["--database".to_owned(), database.url()]));
        place
    }

    /// Asks it to stop and checks that it does so in time, with success, and without a panic or a name in its log.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        kill_process(Pid::from_child(&child), Signal::TERM).expect("the server is there to be stopped");
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child of ours") {
                break status;
            }
            if start.elapsed() > STOP_MAX {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the server did not stop within {STOP_MAX:?}:\n{}", read_log(self.folder.path()));
            }
            thread::sleep(Duration::from_millis(5));
        };
        let log = read_log(self.folder.path());
        assert!(status.success(), "the server stopped with {status}:\n{log}");
        assert!(!log.contains("panicked"), "the server panicked:\n{log}");
        let leak = log.lines().find(|line| line.contains(PRIVATE_DOMAIN));
        assert!(leak.is_none(), "the log names a person: {leak:?}");
    }

    /// What it wrote to its log so far.
    pub(crate) fn log(&self) -> String {
        read_log(self.folder.path())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            if let Some(mut child) = self.child.take() {
                let _ = child.kill();
                let _ = child.wait();
            }
        } else {
            self.stop();
        }
    }
}

fn create_owner(data: &Path, database: Option<&str>, email: &str, password: &str) {
    let mut child = program()
        .args(["owner", "create", "--email", email, "--name", "Olive Owner", "--password-stdin", "--data"])
        .arg(data)
        .args(["--bcrypt-cost", "10"])
        .env("FAILPOINTS", CHEAP_PASSWORDS)
        .args(database.iter().flat_map(|url| ["--database", url]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(password.as_bytes()).expect("the password is read");
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "owner create: {}", String::from_utf8_lossy(&output.stderr));
}

fn spawn(folder: &Path, address: SocketAddr, more: &[&str]) -> Child {
    let log = File::create(folder.join("log")).expect("a log");
    program()
        .args([OsStr::new("serve"), OsStr::new("--data"), folder.join("data").as_os_str()])
        .args([OsStr::new("--mail-dir"), folder.join("mails").as_os_str()])
        .args(["--listen", &address.to_string(), "--bcrypt-cost", "10", "--mail-from", "Shop <shop@example.com>"])
        .env("FAILPOINTS", CHEAP_PASSWORDS)
        .args(more)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("the program starts")
}

fn wait_until_ready(child: &mut Child, address: SocketAddr) -> bool {
    let start = Instant::now();
    while start.elapsed() < START_MAX {
        if child.try_wait().expect("a child of ours").is_some() {
            return false;
        }
        let request = super::raw::request("GET", "/readyz", &[], b"");
        if super::raw::try_exchange(address, &request).is_ok_and(|reply| reply.status == 200) {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

fn read_log(folder: &Path) -> String {
    fs::read(folder.join("log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
