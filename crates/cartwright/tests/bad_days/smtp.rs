//! Mail servers: one that never says a word, and a real one that is not ours.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use mailparse::MailHeaderMap;
use serde_json::Value;

/// Takes connections, and never greets.
pub(crate) struct Stalling {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<usize>>,
}

impl Stalling {
    /// Listens at `address`.
    pub(crate) fn start(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("the port is free");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut held = Vec::new();
            while !told.load(Ordering::Acquire) {
                held.extend(listener.accept());
                thread::sleep(Duration::from_millis(5));
            }
            held.len()
        });
        Self { is_over, thread: Some(thread) }
    }

    /// Hangs up on everybody and goes away. Gives how many called.
    pub(crate) fn end(mut self) -> usize {
        self.is_over.store(true, Ordering::Release);
        self.thread.take().map_or(0, |thread| thread.join().expect("it cannot fail"))
    }
}

impl Drop for Stalling {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}

/// aiosmtpd.
pub(crate) struct Aiosmtpd {
    child: Child,
    // It ends when this closes.
    _stdin: Option<ChildStdin>,
    taken: Arc<Mutex<Vec<String>>>,
}

/// A mail that it took.
pub(crate) struct Mail {
    /// Its Message-ID.
    pub(crate) id: String,
    /// Its subject.
    pub(crate) subject: String,
}

impl Aiosmtpd {
    /// Starts it at `address`.
    pub(crate) fn start(address: SocketAddr) -> Self {
        let python = std::env::var_os("CARTWRIGHT_TEST_PYTHON").unwrap_or_else(|| "python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_days/smtp_server.py");
        let mut child = Command::new(&python)
            .arg(script)
            .arg(address.port().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be run ({error}); install python3", python.display()));
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let greeting = lines.next().transpose().expect("readable").unwrap_or_default();
        assert_eq!(
            greeting,
            "\"ready\"",
            "the mail server does not start: is aiosmtpd installed for {0}? ({0} -m pip install aiosmtpd; \
             CARTWRIGHT_TEST_PYTHON names another interpreter)",
            python.display()
        );
        let taken = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&taken);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mail: Value = serde_json::from_str(&line).expect("JSON");
                let mail = mail.as_str().expect("a mail").to_owned();
                list.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
            }
        });
        let stdin = child.stdin.take();
        Self { child, _stdin: stdin, taken }
    }

    /// What it took so far.
    pub(crate) fn taken(&self) -> Vec<Mail> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |mail: &String| {
            let mail = mailparse::parse_mail(mail.as_bytes()).expect("a mail");
            let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_else(|| panic!("no {name}"));
            Mail { id: header("Message-ID"), subject: header("Subject") }
        };
        taken.iter().map(read).collect()
    }
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
