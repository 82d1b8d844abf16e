//! Running the program in a folder of its own.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "seven lamps over a grey harbour";

/// A folder to run the program in.
pub(crate) struct Place(TempDir);

/// What a command gave.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("inside")).expect("made");
        fs::write(&path, text).expect("written");
        path
    }

    /// The program, run here, with nothing of the caller's settings. Its data folder is `cartwright-data`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let path =
            std::env::var_os("CARTWRIGHT_TEST_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_cartwright").into());
        let mut command = Command::new(path);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARTWRIGHT_")) {
            command.env_remove(name);
        }
        command.current_dir(self.0.path()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What it gives when it has ended. It is killed when it goes on for a minute: it may serve where it should refuse.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        let child = self.command(arguments).spawn().expect("the program starts");
        let pid = Pid::from_child(&child);
        let (ended, end) = mpsc::channel::<()>();
        let watch = thread::spawn(move || {
            if end.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        let done = child.wait_with_output().expect("the program ends").into();
        drop(ended);
        watch.join().expect("nothing to fail");
        done
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Done {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("piped");
        // It may have refused its arguments already, and not read this.
        let _ = stdin.write_all(input);
        drop(stdin);
        child.wait_with_output().expect("the program ends").into()
    }

    pub(crate) fn create_owner(&self, email: &str) {
        let arguments =
            ["owner", "create", "--email", email, "--name", "Olive", "--password-stdin", "--bcrypt-cost", "10"];
        self.run_with_input(&arguments, PASSWORD.as_bytes()).expect(0);
    }

    /// Starts a server on a free port; `arguments` begin with the command.
    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        self.start_with(arguments, &[])
    }

    /// The same, with these environment variables.
    pub(crate) fn start_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Server {
        Server::start(self.serving(arguments, environment), true)
    }

    /// The same, and whoever reads its log goes away as soon as it is open.
    pub(crate) fn start_unheard(&self, arguments: &[&str]) -> Server {
        Server::start(self.serving(arguments, &[]), false)
    }

    fn serving(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied());
        command.args(["--bcrypt-cost", "10", "--log-format", "json"]);
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Done {
    /// It must have ended with this code, and without a panic.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert!(self.code == Some(code) && !self.stderr.contains("panicked"), "not {code}: {self:#?}");
        self
    }

    /// It must have failed with this code, and one line that has all of this in it.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, words: &[&str]) -> Self {
        let done = self.expect(code);
        let line = done.stderr.lines().last().unwrap_or_default();
        let missing: Vec<_> = words.iter().filter(|word| !done.stderr.contains(**word)).collect();
        assert!(missing.is_empty() && !line.is_empty(), "without {missing:?}: {done:#?}");
        done
    }
}

/// A running server. Dropping it kills it; [`Server::stop`] asks it.
pub(crate) struct Server {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    log: Arc<Mutex<Vec<String>>>,
    reading: Option<thread::JoinHandle<()>>,
    pub(crate) address: SocketAddr,
}

impl Server {
    fn start(mut command: Command, is_heard: bool) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let stdout = child.stdout.take().map(BufReader::new);
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut lines = Vec::new();
        let address = loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).expect("UTF-8") > 0, "the server ended: {lines:#?}");
            let entry: Value = serde_json::from_str(&line).unwrap_or_default();
            lines.push(line);
            if entry["message"] == "the shop is open" {
                break entry["address"].as_str().expect("an address").parse().expect("an address");
            }
        };
        // Read on, so that the server never waits for a full pipe.
        let log = Arc::new(Mutex::new(lines));
        let heard = Arc::clone(&log);
        let reading = thread::spawn(move || {
            let rest = stderr.lines().map_while(Result::ok);
            for line in rest.take(if is_heard { usize::MAX } else { 0 }) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self { child, stdout, log, reading: Some(reading), address }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it writes to standard output up to the first line with a link.
    pub(crate) fn line(&mut self) -> String {
        let stdout = self.stdout.as_mut().expect("piped");
        let mut text = String::new();
        while !text.contains("http") && stdout.read_line(&mut text).expect("UTF-8") > 0 {}
        text
    }

    /// Whether its log has a line with these words so far.
    pub(crate) fn has_said(&self, words: &str) -> bool {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|line| line.contains(words))
    }

    /// The JSON at this path.
    pub(crate) fn get(&self, path: &str) -> Value {
        let text = ureq::get(self.url(path)).call().expect("an answer").body_mut().read_to_string().expect("text");
        serde_json::from_str(&text).expect("JSON")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the server is there");
    }

    /// Stops it; gives what it wrote to standard output and its log.
    pub(crate) fn stop(self) -> (String, Vec<String>) {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits until it has stopped by itself, in order.
    pub(crate) fn wait(mut self) -> (String, Vec<String>) {
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                break status;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "the server does not stop");
            thread::sleep(Duration::from_millis(5));
        };
        let mut stdout = String::new();
        self.stdout.take().expect("piped").read_to_string(&mut stdout).expect("UTF-8");
        self.reading.take().expect("once").join().expect("no panic");
        let log = std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner));
        assert!(status.success(), "{status}: {log:#?}");
        (stdout, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
