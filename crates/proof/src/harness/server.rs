//! `cartwright serve` as a child process.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use test_postgres::free_address;

use super::{
    client::Client,
    program::{CHEAP_PASSWORDS, program, program_with_faults},
};

/// For how long a start is waited for. What is promised is asserted by those who promise it.
const START_MAX: Duration = Duration::from_secs(30);
/// How long a stop may take: no request in these tests takes more than a moment.
const STOP_MAX: Duration = Duration::from_secs(15);

/// How a server is started, again and again if need be.
#[derive(Clone)]
pub struct Launch {
    /// The data folder.
    pub data: PathBuf,
    /// Where it listens. The port stays the same over restarts.
    pub address: SocketAddr,
    log: PathBuf,
    arguments: Vec<OsString>,
    /// What fails where, in the build that can be made to fail (`FAILPOINTS`).
    faults: Option<String>,
    /// As cheap as can be, unless a scenario is about what passwords cost.
    bcrypt_cost: Option<u32>,
    environment: Vec<(String, String)>,
    /// A program that starts it and looks on, with its arguments.
    tracer: Vec<OsString>,
}

/// A running server. Dropping it kills it.
pub struct Server {
    child: Child,
    log: PathBuf,
    /// Where its own part of the log begins.
    log_begins: u64,
    /// From just before it was started to its first good reply.
    pub ready_after: Duration,
}

impl Launch {
    /// A server with its data in `folder/data` and its log in `folder/log`.
    pub fn new<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Self {
        Self {
            data: folder.join("data"),
            address: free_address(),
            log: folder.join("log"),
            arguments: arguments.iter().map(|argument| argument.as_ref().to_owned()).collect(),
            faults: None,
            bcrypt_cost: None,
            environment: Vec::new(),
            tracer: Vec::new(),
        }
    }

    /// Another process of the same shop, with a folder of its own.
    ///
    /// # Panics
    /// When the folder cannot be made.
    #[must_use]
    pub fn another(&self, folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder");
        Self { data: folder.join("data"), address: free_address(), log: folder.join("log"), ..self.clone() }
    }

    /// The same with passwords that cost this much.
    #[must_use]
    pub fn with_bcrypt_cost(mut self, cost: u32) -> Self {
        self.bcrypt_cost = Some(cost);
        self
    }

    /// The same program in the build that can be made to fail, with this in `FAILPOINTS`.
    #[must_use]
    pub fn with_faults(mut self, faults: impl Into<String>) -> Self {
        self.set_faults(Some(faults.into()));
        self
    }

    /// What fails where from the next start on; `None` for the program under test with all its guards but the cost of passwords.
    pub fn set_faults(&mut self, faults: Option<String>) {
        self.faults = faults;
    }

    /// Who starts it from the next start on, a program and its arguments, which must leave it a child of ours; `None` for ourselves.
    pub fn set_tracer(&mut self, tracer: Option<&[&str]>) {
        self.tracer = tracer.unwrap_or_default().iter().map(OsString::from).collect();
    }

    /// What the clock shows from the next start on: so much later, as libfaketime writes it; `None` for the real time.
    ///
    /// # Panics
    /// When libfaketime is not installed.
    pub fn set_clock(&mut self, offset: Option<&str>) {
        self.environment.retain(|(name, _)| name != "LD_PRELOAD" && name != "FAKETIME");
        if let Some(offset) = offset {
            self.environment.push(("LD_PRELOAD".to_owned(), libfaketime()));
            self.environment.push(("FAKETIME".to_owned(), offset.to_owned()));
        }
    }

    /// The same with a clock that shows what this file says, at any moment. Time that passes by itself passes as ever: a clock
    /// that is put does not make timers go off.
    ///
    /// # Panics
    /// When libfaketime is not installed.
    #[must_use]
    pub fn with_clock_file(self, file: &Path) -> Self {
        self.with_variable("LD_PRELOAD", libfaketime())
            .with_variable("FAKETIME_TIMESTAMP_FILE", file.to_string_lossy())
            .with_variable("FAKETIME_NO_CACHE", "1")
            // Its name in older and newer versions.
            .with_variable("DONT_FAKE_MONOTONIC", "1")
            .with_variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    /// The same with a variable in its environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// The same with its log there: where the disk is not full.
    pub fn log_to(mut self, log: PathBuf) -> Self {
        self.log = log;
        self
    }

    /// Starts it, without waiting for anything.
    pub fn spawn(&self) -> Server {
        let log_begins = fs::metadata(&self.log).map_or(0, |file| file.len());
        let log = File::options().create(true).append(true).open(&self.log).expect("a log");
        let mut command = if self.faults.is_some() { program_with_faults() } else { program() };
        let cheap = self.bcrypt_cost.is_none().then_some(CHEAP_PASSWORDS);
        let faults: Vec<&str> = self.faults.as_deref().into_iter().chain(cheap).collect();
        if !faults.is_empty() {
            command.env("FAILPOINTS", faults.join(";"));
        }
        if let [tracer, arguments @ ..] = self.tracer.as_slice() {
            command = traced(tracer, arguments, &command);
        }
        let child = command
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .args([OsStr::new("serve"), OsStr::new("--data"), self.data.as_os_str()])
            .args(["--listen", &self.address.to_string(), "--bcrypt-cost", &self.bcrypt_cost.unwrap_or(10).to_string()])
            .args(["--mail-from", "Corner Shop <shop@example.com>"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("the program starts");
        Server { child, log: self.log.clone(), log_begins, ready_after: Duration::ZERO }
    }

    /// Starts it and waits until it says that it is ready.
    ///
    /// # Panics
    /// When it ends instead, or takes far too long.
    #[track_caller]
    pub fn start(&self) -> Server {
        let mut server = self.start_or_end();
        if let Some(status) = server.child.try_wait().expect("a child of ours") {
            panic!("the server ended with {status}:\n{}", server.log());
        }
        server
    }

    /// Starts it and waits until it says that it is ready, or has ended.
    ///
    /// # Panics
    /// When neither comes in a long time.
    #[track_caller]
    pub fn start_or_end(&self) -> Server {
        let begin = Instant::now();
        let mut server = self.spawn();
        while !Client::new(self.address).get("/readyz").is_ok_and(|reply| reply.status == 200) {
            if server.has_ended() {
                break;
            }
            assert!(begin.elapsed() < START_MAX, "not ready within {START_MAX:?}:\n{}", server.log());
            thread::sleep(Duration::from_millis(1));
        }
        server.ready_after = begin.elapsed();
        server
    }
}

impl Server {
    /// Kills it where it stands (SIGKILL).
    ///
    /// # Panics
    /// When it had panicked before.
    #[track_caller]
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("a child of ours");
        assert!(!self.has_panicked(), "the server panicked:\n{}", self.log());
    }

    /// Whether anything in it panicked since it was started.
    #[must_use]
    pub fn has_panicked(&self) -> bool {
        self.has_said("panicked")
    }

    /// Whether it wrote that to its log since it was started.
    #[must_use]
    pub fn has_said(&self, what: &str) -> bool {
        let mut text = Vec::new();
        let read = File::open(&self.log).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.log_begins))?;
            file.read_to_end(&mut text)
        });
        read.is_ok() && String::from_utf8_lossy(&text).contains(what)
    }

    /// Asks it to end, as a service manager does (SIGTERM).
    pub fn ask_to_stop(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it is there to be stopped");
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    ///
    /// # Panics
    /// When the system does not tell.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_some()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(begin.elapsed() < STOP_MAX, "it did not end within {STOP_MAX:?}:\n{}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Stops it as it should be stopped.
    #[track_caller]
    pub fn stop(mut self) {
        self.ask_to_stop();
        let status = self.wait();
        assert!(status.success(), "the server stopped with {status}:\n{}", self.log());
        assert!(!self.has_panicked(), "the server panicked:\n{}", self.log());
    }

    /// The end of what it wrote to its log.
    pub fn log(&self) -> String {
        let text = fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let skipped = text.lines().count().saturating_sub(200);
        text.lines().skip(skipped).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; there is nobody left to tell of an error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same command, started by this tracer.
fn traced(tracer: &OsStr, arguments: &[OsString], command: &Command) -> Command {
    let mut traced = Command::new(tracer);
    traced.args(arguments).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced
}

/// Where libfaketime is.
fn libfaketime() -> String {
    const PLACES: [&str; 3] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];
    let found = PLACES.iter().map(|folder| format!("{folder}/faketime/libfaketimeMT.so.1"));
    let found = found.into_iter().find(|path| Path::new(path).exists());
    found.expect("libfaketime is missing: install Debian's package libfaketime")
}
