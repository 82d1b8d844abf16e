//! Starting and ending a server.

use std::{
    fs,
    io::Read as _,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::execute;

/// How long a server may take to begin.
const PATIENCE: Duration = Duration::from_secs(30);
/// The system's user that a server runs as when the tests run as root, which PostgreSQL refuses.
const USER: &str = "postgres";

/// How a server is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether it syncs what it commits.
    pub is_durable: bool,
    /// More settings of `postgresql.conf`, a line each.
    pub more: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { is_durable: true, more: Vec::new() }
    }
}

/// A running server. It ends when this is dropped, and also when the test program dies: its keeper, a shell, waits for the
/// end of its standard input, which only this program holds open.
#[derive(Debug)]
pub struct Server {
    port: u16,
    keeper: Child,
    rope: Option<ChildStdin>,
    folder: TempDir,
}

impl Server {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// When PostgreSQL is not installed (with what to install), or does not start (with what it said).
    #[must_use]
    pub fn start(settings: &Settings) -> Self {
        let folder = tempfile::Builder::new().prefix("cartwright-postgres-").tempdir().expect("a folder");
        // The server's own user must get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("a folder for everybody");
        let data = folder.path().join("data");
        let mut init = as_server(&bin("initdb"));
        init.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        init.args(["--no-instructions", "--pgdata"]).arg(&data).current_dir(folder.path());
        let init = init.output().expect("initdb can be run");
        assert!(init.status.success(), "initdb: {}", String::from_utf8_lossy(&init.stderr));

        let port = free_port();
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let mut keeper = as_server(Path::new("/bin/sh"));
        keeper.args(["-c", "\"$@\" & server=$!; cat > /dev/null; kill -INT $server; wait $server", "keeper"]);
        keeper.arg(bin("postgres")).arg("-D").arg(&data).arg("-k").arg(folder.path());
        for setting in lines(settings, port) {
            keeper.arg("-c").arg(setting);
        }
        keeper.current_dir(folder.path()).stdin(Stdio::piped());
        keeper.stdout(log.try_clone().expect("a log")).stderr(log);
        let mut keeper = keeper.spawn().expect("a server can be started");
        let rope = keeper.stdin.take();
        let server = Self { port, keeper, rope, folder };
        server.wait();
        server
    }

    /// How the database `name` is reached.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Where it listens, on the loopback interface.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The process, as it noted it itself.
    ///
    /// # Panics
    /// When it runs no more.
    #[must_use]
    pub fn process(&self) -> i32 {
        let note = fs::read_to_string(self.folder.path().join("data/postmaster.pid")).expect("the server runs");
        note.lines().next().and_then(|line| line.trim().parse().ok()).expect("a process id")
    }

    fn wait(&self) {
        let until = Instant::now() + PATIENCE;
        while let Err(error) = execute(&self.url("postgres"), "SELECT 1") {
            if Instant::now() > until {
                let mut log = String::new();
                let _ =
                    fs::File::open(self.folder.path().join("log")).and_then(|mut file| file.read_to_string(&mut log));
                panic!("PostgreSQL does not start ({error}):\n{log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.rope.take());
        let _ = self.keeper.wait();
    }
}

fn lines(settings: &Settings, port: u16) -> Vec<String> {
    let mut lines: Vec<String> =
        vec![format!("port={port}"), "listen_addresses=127.0.0.1".to_owned(), "max_connections=200".to_owned()];
    if !settings.is_durable {
        lines.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
    }
    lines.extend(settings.more.iter().cloned());
    lines
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// A command that runs as the server's user.
fn as_server(program: &Path) -> Command {
    if rustix::process::geteuid().is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", USER, "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// One of the server's programs: of the newest version that Debian has put aside, or from the path.
fn bin(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(program)).filter(|path| path.exists()).max();
    let found = found.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.exists())
    });
    found.unwrap_or_else(|| {
        panic!("PostgreSQL's `{program}` is not there; `apt-get install postgresql`, or set CARTWRIGHT_TEST_POSTGRES to a URL")
    })
}
