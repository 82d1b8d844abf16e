//! The program's commands, each run to its end.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use flate2::Crc;

use super::shop::{OWNER, PASSWORD};

/// The program under test: what `CARTWRIGHT_TEST_BINARY` names, or the one that was built beside this program.
#[must_use]
pub fn program() -> Command {
    command(std::env::var_os("CARTWRIGHT_TEST_BINARY").map_or_else(|| beside("cartwright"), PathBuf::from))
}

/// The same program in a build that can be made to fail: what `CARTWRIGHT_FAULTS_BINARY` names.
///
/// # Panics
/// When it was not built; the message says how it is.
#[must_use]
pub fn program_with_faults() -> Command {
    let path = std::env::var_os("CARTWRIGHT_FAULTS_BINARY").expect(
        "CARTWRIGHT_FAULTS_BINARY must name the build that can be made to fail: \
         cargo build --features cartwright/faults -p cartwright, which is then target/debug/cartwright",
    );
    command(PathBuf::from(path))
}

/// What makes passwords cheap in the build that can be made to fail, for `FAILPOINTS`; the program that is shipped does not know it.
pub const CHEAP_PASSWORDS: &str = "guard.cost=return";

/// A tool that gets only what everybody else leaves of the processors.
#[must_use]
pub fn stepping_back(tool: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(tool);
    command
}

/// A checksum of all that takes part, by which it is known again: the program under test, in both builds, and this one, which judges it.
///
/// # Errors
/// When one of them cannot be read.
pub fn checksum() -> io::Result<u32> {
    let mut checksum = Crc::new();
    let with_faults = std::env::var_os("CARTWRIGHT_FAULTS_BINARY").map(PathBuf::from);
    for path in [program().get_program().into(), std::env::current_exe()?].into_iter().chain(with_faults) {
        checksum.update(&fs::read(path)?);
    }
    Ok(checksum.sum())
}

/// A program in the folder of this one, or above it: tests are in `deps`.
fn beside(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    let folder = own.parent().expect("a folder");
    let folder = if folder.ends_with("deps") { folder.parent().expect("a folder") } else { folder };
    folder.join(name)
}

fn command(path: PathBuf) -> Command {
    let mut command = Command::new(path);
    // The settings of whoever runs the tests must not reach the program.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARTWRIGHT_")) {
        command.env_remove(name);
    }
    command
}

/// What became of a command.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

impl Ended {
    /// What it printed, if it succeeded.
    #[track_caller]
    pub fn expect_success(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// The one line that it complained with; a failure to begin with, and without a panic or a backtrace.
    #[track_caller]
    pub fn expect_complaint(&self) -> String {
        assert!(self.code.is_some_and(|code| code != 0), "it should have failed: {self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        let lines: Vec<_> = self.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        match lines.as_slice() {
            [line] => (*line).to_owned(),
            _ => panic!("a complaint should be one line: {self:?}"),
        }
    }
}

/// Runs a command to its end with this as its standard input.
pub fn run(command: &mut Command, input: &str) -> Ended {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    // It may end without reading.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// Runs one of the program's commands on the data in `data`.
pub fn run_on<A: AsRef<OsStr>>(data: &Path, arguments: &[A]) -> Ended {
    run(program().args(arguments).arg("--data").arg(data), "")
}

/// What tells the program that the database is at this URL, and not in the data folder.
#[must_use]
pub fn database_arguments(url: Option<&str>) -> Vec<&str> {
    url.into_iter().flat_map(|url| ["--database", url]).collect()
}

/// Proves that the data agree with themselves.
#[track_caller]
pub fn check(data: &Path) {
    check_in(data, None);
}

/// The same where the database is not in the folder, but at this URL.
#[track_caller]
pub fn check_in(data: &Path, database: Option<&str>) {
    let ended = run_on(data, &[&["check"], database_arguments(database).as_slice()].concat());
    assert_eq!(ended.code, Some(0), "the check found something: {ended:?}");
}

/// Makes the shop's owner.
#[track_caller]
pub fn create_owner(data: &Path) {
    create_owner_in(data, None);
}

/// The same where the database is not in the folder, but at this URL.
#[track_caller]
pub fn create_owner_in(data: &Path, database: Option<&str>) {
    create_owner_called(OWNER, data, database);
}

/// Makes another owner, who may be made less: there is no quicker way to somebody whose address is proven.
#[track_caller]
pub fn create_owner_called(email: &str, data: &Path, database: Option<&str>) {
    let mut command = program();
    command.args(database_arguments(database));
    command.args(["owner", "create", "--email", email, "--name", "Olive Owner", "--password-stdin"]);
    command.args(["--bcrypt-cost", "10", "--data"]).arg(data).env("FAILPOINTS", CHEAP_PASSWORDS);
    run(&mut command, PASSWORD).expect_success();
}
