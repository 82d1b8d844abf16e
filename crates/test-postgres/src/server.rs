//! Starting and ending a server.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{execute, free_address};

/// How long a server may take to begin.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to recover.
const RECOVERED_MAX: Duration = Duration::from_secs(20);
/// The system's user that a server runs as when the tests run as root, which PostgreSQL refuses.
const USER: &str = "postgres";
/// What a keeper does: its first argument is the folder, the others start the server. Who is frozen does not hear that it must end.
const KEEP: &str = r#"folder=$1; shift; "$@" & server=$!; cat > /dev/null; kill -INT $server
kill -CONT $(cat /proc/$server/task/$server/children) $server; wait $server; cd /; rm -rf "$folder""#;
/// A file system in memory that Linux has, and how much of it must be free for a server to be put there.
const MEMORY: &str = "/dev/shm";
const MEMORY_MIN: u64 = 2 << 30;

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

/// A running server. It ends and its folder goes when this is dropped, and also when the test program dies: its keeper, a
/// shell, waits for the end of its standard input, which only this program holds open.
#[derive(Debug)]
pub struct Server {
    port: u16,
    keeper: Child,
    rope: Option<ChildStdin>,
    folder: TempDir,
    frozen: Vec<i32>,
}

impl Server {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// When PostgreSQL is not installed (with what to install), or does not start (with what it said).
    #[must_use]
    pub fn start(settings: &Settings) -> Self {
        Self::with_data(settings, |data| {
            let mut init = as_server(&bin("initdb"));
            init.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
            // A page that is not as it was written is an error, whoever reads it.
            init.args(["--data-checksums", "--no-instructions", "--pgdata"]).arg(data);
            init
        })
    }

    /// Starts a standby that follows this server, and from now on lets this one acknowledge nothing before the standby has it
    /// on its disk.
    ///
    /// # Panics
    /// When that does not work.
    #[must_use]
    pub fn start_standby(&self, settings: &Settings) -> Self {
        let standby = Self::with_data(settings, |data| {
            let mut copy = as_server(&bin("pg_basebackup"));
            copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--pgdata"]).arg(data);
            copy.args(["--dbname", &format!("{}?application_name=standby", self.url("postgres"))]);
            copy
        });
        let run = |sql: &str| execute(&self.url("postgres"), sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        run("ALTER SYSTEM SET synchronous_standby_names = '*'");
        run("SELECT pg_reload_conf()");
        let until = Instant::now() + PATIENCE;
        while execute(&self.url("postgres"), "SELECT 1 / count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
            .is_err()
        {
            assert!(Instant::now() < until, "the standby does not follow:\n{}", standby.log());
            thread::sleep(Duration::from_millis(20));
        }
        standby
    }

    /// Makes a standby the primary, and waits until it is.
    ///
    /// # Panics
    /// When it does not become one.
    pub fn promote(&self) {
        let promoted = execute(&self.url("postgres"), "SELECT pg_promote()");
        promoted.unwrap_or_else(|error| panic!("the standby is not promoted: {error}\n{}", self.log()));
    }

    fn with_data(settings: &Settings, make: impl FnOnce(&Path) -> Command) -> Self {
        let place = if settings.is_durable { std::env::temp_dir() } else { place_in_memory() };
        let folder = tempfile::Builder::new().prefix("cartwright-postgres-").tempdir_in(place).expect("a folder");
        // The server's own user must get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("a folder for everybody");
        let data = folder.path().join("data");
        let mut make = make(&data);
        let made = make.current_dir(folder.path()).output().expect("PostgreSQL's programs can be run");
        assert!(made.status.success(), "{make:?}: {}", String::from_utf8_lossy(&made.stderr));

        let port = free_address().port();
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let mut postgres = as_server(&bin("postgres"));
        postgres.arg("-D").arg(&data).arg("-k").arg(folder.path());
        for setting in lines(settings, port) {
            postgres.arg("-c").arg(setting);
        }
        let mut keeper = Command::new("/bin/sh");
        keeper.args(["-c", KEEP, "keeper"]).arg(folder.path()).arg(postgres.get_program()).args(postgres.get_args());
        keeper.envs(postgres.get_envs().filter_map(|(name, value)| Some((name, value?))));
        keeper.current_dir(folder.path()).stdin(Stdio::piped());
        // Who interrupts the tests at a terminal interrupts their group: the keeper has to clean up after them.
        keeper.process_group(0);
        keeper.stdout(log.try_clone().expect("a log")).stderr(log);
        let mut keeper = keeper.spawn().expect("a server can be started");
        let rope = keeper.stdin.take();
        let server = Self { port, keeper, rope, folder, frozen: Vec::new() };
        server.wait();
        server
    }

    /// Kills it where it stands (SIGKILL).
    ///
    /// # Panics
    /// When it runs no more.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Stops it at once, without a word to anybody (`immediate`).
    ///
    /// # Panics
    /// When it runs no more.
    pub fn stop_immediately(&self) {
        self.signal(Signal::QUIT);
    }

    /// Kills one of its processes (SIGKILL), a connection to this database: the server ends all others, recovers, and goes on without being
    /// started anew. Comes back when it answers again.
    ///
    /// # Panics
    /// When it does not recover.
    pub fn crash(&self, database: &str) {
        let url = self.url(database);
        // Whose parent is killed is the process behind this connection.
        execute(&url, "COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'").expect_err("it cannot answer any more");
        let began = Instant::now();
        while execute(&url, "SELECT 1").is_err() {
            assert!(began.elapsed() < RECOVERED_MAX, "the server does not recover");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Freezes it with all its processes (SIGSTOP): connections stay open, and nobody answers. It stays so until it is dropped.
    ///
    /// # Panics
    /// When it runs no more.
    pub fn freeze(&mut self) {
        let postmaster = self.process();
        self.frozen = children(postmaster);
        self.frozen.insert(0, postmaster);
        for process in &self.frozen {
            signal(*process, Signal::STOP);
        }
    }

    fn signal(&self, what: Signal) {
        signal(self.process(), what);
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
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

    /// The folder of its files, which its user can write to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
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
            assert!(Instant::now() < until, "PostgreSQL does not start ({error}):\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for process in &self.frozen {
            signal(*process, Signal::CONT);
        }
        drop(self.rope.take());
        let _ = self.keeper.wait();
    }
}

/// Sends a signal to a process of a server of ours. One that has ended needs none.
fn signal(process: i32, what: Signal) {
    if let Some(pid) = Pid::from_raw(process) {
        let _ = kill_process(pid, what);
    }
}

/// The processes that `parent` started.
fn children(parent: i32) -> Vec<i32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|process| process.parse().ok()).collect()
}

fn lines(settings: &Settings, port: u16) -> Vec<String> {
    // What it shares between its processes is in its folder too, and goes with that when it is killed.
    let always = ["listen_addresses=127.0.0.1", "max_connections=200", "dynamic_shared_memory_type=mmap"];
    let forgetful = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=128MB"];
    let forgetful = forgetful.iter().filter(|_| !settings.is_durable);
    let mut lines = vec![format!("port={port}")];
    lines.extend(always.iter().chain(forgetful).map(|line| (*line).to_owned()));
    lines.extend(settings.more.iter().cloned());
    lines
}

/// Where a server is that forgets what power loss would take: in memory if there is room, since the thousands of files of
/// its databases take a disk several times as long.
fn place_in_memory() -> PathBuf {
    let is_roomy =
        rustix::fs::statvfs(MEMORY).is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) >= MEMORY_MIN);
    if is_roomy { PathBuf::from(MEMORY) } else { std::env::temp_dir() }
}

/// A command that runs as the server's user, who must not be root.
#[must_use]
pub fn as_server(program: &Path) -> Command {
    if rustix::process::geteuid().is_root() {
        // Not `runuser`, which stays in between: whoever ends the command would end that alone.
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(program).env("HOME", "/");
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
