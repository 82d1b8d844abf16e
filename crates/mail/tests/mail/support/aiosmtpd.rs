//! A real SMTP server that is not ours, as a child process.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

pub(crate) struct Aiosmtpd {
    pub(crate) port: u64,
    lines: Lines<BufReader<ChildStdout>>,
    // Ends when it is dropped: its standard input closes, and it is killed besides.
    _child: Child,
}

impl Aiosmtpd {
    /// Starts it with these options; see the script.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/support/aiosmtpd_server.py");
        let python = std::env::var_os("CARTWRIGHT_TEST_PYTHON").unwrap_or_else(|| "python3".into());
        let mut child = Command::new(&python)
            .arg(script)
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be run ({error}); install python3", python.display()));
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut server = Self { port: 0, lines, _child: child };
        server.port = server.next().await["port"].as_u64().expect("the server says its port");
        server
    }

    /// The next mail that it takes.
    pub(crate) async fn next(&mut self) -> Value {
        let line = timeout(Duration::from_secs(20), self.lines.next_line()).await.expect("a line within 20 s");
        let line = line.expect("readable").expect(
            "aiosmtpd runs: is it installed? (python3 -m pip install aiosmtpd, or CARTWRIGHT_TEST_PYTHON names \
             another interpreter)",
        );
        serde_json::from_str(&line).expect("JSON")
    }
}
