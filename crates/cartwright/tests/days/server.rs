//! `cartwright serve` as a child process.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{client::Client, program::program};

/// For how long a start is waited for. What is promised is asserted by those who promise it.
const START_MAX: Duration = Duration::from_secs(30);
/// How long a stop may take: no request in these tests takes more than a moment.
const STOP_MAX: Duration = Duration::from_secs(15);

/// How a server is started, again and again if need be.
pub(crate) struct Launch {
    /// The data folder.
    pub(crate) data: PathBuf,
    /// Where it listens. The port stays the same over restarts.
    pub(crate) address: SocketAddr,
    log: PathBuf,
    arguments: Vec<OsString>,
}

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    /// From just before it was started to its first good reply.
    pub(crate) ready_after: Duration,
}

impl Launch {
    /// A server with its data in `folder/data` and its log in `folder/log`.
    pub(crate) fn new<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Self {
        Self {
            data: folder.join("data"),
            address: free_address(),
            log: folder.join("log"),
            arguments: arguments.iter().map(|argument| argument.as_ref().to_owned()).collect(),
        }
    }

    /// The same with its log there: where the disk is not full.
    pub(crate) fn log_to(mut self, log: PathBuf) -> Self {
        self.log = log;
        self
    }

    /// Starts it, without waiting for anything.
    pub(crate) fn spawn(&self) -> Server {
        let log = File::options().create(true).append(true).open(&self.log).expect("a log");
        let child = program()
            .args([OsStr::new("serve"), OsStr::new("--data"), self.data.as_os_str()])
            .args(["--listen", &self.address.to_string(), "--bcrypt-cost", "10"])
            .args(["--mail-from", "Corner Shop <shop@example.com>"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("the program starts");
        Server { child, log: self.log.clone(), ready_after: Duration::ZERO }
    }

    /// Starts it and waits until it says that it is ready.
    #[track_caller]
    pub(crate) fn start(&self) -> Server {
        let begin = Instant::now();
        let mut server = self.spawn();
        while !Client::new(self.address).get("/readyz").is_ok_and(|reply| reply.status == 200) {
            if let Some(status) = server.child.try_wait().expect("a child of ours") {
                panic!("the server ended with {status}:\n{}", server.log());
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
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("a child of ours");
    }

    /// Asks it to end, as a service manager does (SIGTERM).
    pub(crate) fn ask_to_stop(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it is there to be stopped");
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
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
    pub(crate) fn stop(mut self) {
        self.ask_to_stop();
        let status = self.wait();
        assert!(status.success(), "the server stopped with {status}:\n{}", self.log());
        assert!(!self.log().contains("panicked"), "the server panicked:\n{}", self.log());
    }

    /// The end of what it wrote to its log.
    pub(crate) fn log(&self) -> String {
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

/// An address on which nobody listens.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address")
}
