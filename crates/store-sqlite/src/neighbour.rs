//! What commands that are run beside a shop ask the process that has it open: a Unix socket beside the database, which only the shop's own
//! user may use.
//!
//! There is one question: the path of an empty file, which the shop is to make a copy of itself. The answer is a dot a second while that
//! takes, and then `done`, or `not ` and the reason.

use std::{
    ffi::OsString,
    fs,
    io::{self, Read as _, Write as _},
    net::Shutdown,
    os::unix::{
        ffi::{OsStrExt as _, OsStringExt as _},
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::UnixStream as Stream,
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use store::StoreError;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    backup::{NotFilled, beside},
    engine::FileCallers,
    live_copy::LiveCopy,
};

/// How often a shop that is at it says so.
const SIGN: Duration = Duration::from_secs(1);
/// How long a command waits for such a sign.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a shop waits for the question.
const QUESTION: Duration = Duration::from_secs(5);
/// Longer paths there are none.
const QUESTION_MAX: u64 = 16 * 1024;
/// Before a question is taken that found the queue full.
const QUEUE: Duration = Duration::from_millis(20);

/// Where the process is reached that has the database `db` open.
fn address(db: &Path) -> PathBuf {
    beside(db, "-socket")
}

/// Has the process that has the database `db` open copy it into the empty file `to`.
pub(crate) fn ask_for_copy(db: &Path, to: &Path) -> Result<(), NotFilled> {
    use io::ErrorKind::{ConnectionRefused, NotFound};
    let mut stream = match Stream::connect(address(db)) {
        // Of a shop that was killed its socket stays.
        Err(error) if matches!(error.kind(), NotFound | ConnectionRefused) => return Err(NotFilled::NobodyIsThere),
        connected => connected.map_err(|error| NotFilled::Failed(error.to_string()))?,
    };
    let answer = ask(&mut stream, to).map_err(|error| NotFilled::Failed(format!("it does not answer ({error})")))?;
    let answer = String::from_utf8_lossy(&answer);
    match answer.trim_start_matches('.') {
        "done" => Ok(()),
        "" => Err(NotFilled::Failed("it ended meanwhile".to_owned())),
        answer => Err(NotFilled::Failed(answer.strip_prefix("not ").unwrap_or(answer).to_owned())),
    }
}

fn ask(stream: &mut Stream, to: &Path) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(fs::canonicalize(to)?.as_os_str().as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Answers commands, until it is dropped. Ends at once when none can reach it.
pub(crate) async fn answer_commands(db: &Path, callers: Arc<FileCallers>) {
    let door = match Door::open(address(db)) {
        Ok(door) => door,
        Err(error) => {
            tracing::warn!(%error, "commands cannot reach the running shop: while a backup is made, its log grows");
            return;
        }
    };
    let mut answers = JoinSet::new();
    loop {
        tokio::select! {
            accepted = door.listener.accept() => match accepted {
                Ok((stream, _)) => {
                    answers.spawn(answer(stream, Arc::clone(&callers)));
                }
                Err(error) => {
                    tracing::warn!(%error, "a command cannot be answered");
                    sleep(SIGN).await;
                }
            },
            Some(_) = answers.join_next() => {}
        }
    }
}

async fn answer(mut stream: UnixStream, callers: Arc<FileCallers>) {
    let answered = async {
        let mut path = Vec::new();
        timeout(QUESTION, (&mut stream).take(QUESTION_MAX).read_to_end(&mut path)).await??;
        let copied = with_signs(&mut stream, copy(&callers, OsString::from_vec(path).into())).await?;
        let answer = copied.map_or_else(|why| format!("not {why}"), |()| "done".to_owned());
        stream.write_all(answer.as_bytes()).await
    };
    let answered: io::Result<()> = answered.await;
    if let Err(error) = answered {
        tracing::info!(%error, "a command that asked for a copy of the shop is gone");
    }
}

/// Waits for `work`; when the other side is not there any more, that is dropped.
async fn with_signs<T>(stream: &mut UnixStream, work: impl Future<Output = T>) -> io::Result<T> {
    let mut work = std::pin::pin!(work);
    let mut signs = interval(SIGN);
    signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            _ = signs.tick() => stream.write_all(b".").await?,
        }
    }
}

/// Has the writer make a copy.
pub(crate) async fn copy(callers: &FileCallers, to: PathBuf) -> Result<(), String> {
    let done = loop {
        let (copy, done) = LiveCopy::new(to.clone());
        match callers.attend(copy) {
            Ok(()) => break done,
            Err(StoreError::Busy) => sleep(QUEUE).await,
            Err(error) => return Err(error.to_string()),
        }
    };
    done.await.unwrap_or_else(|_| Err("the shop stops, or has lost its database".to_owned()))
}

/// A socket that can be reached under its name, until it is dropped.
struct Door {
    listener: UnixListener,
    path: PathBuf,
    inode: u64,
}

impl Door {
    fn open(path: PathBuf) -> io::Result<Self> {
        match fs::symlink_metadata(&path) {
            // Its owner was killed, or is about to end: whoever came last is asked.
            Ok(left) if left.file_type().is_socket() => fs::remove_file(&path)?,
            Ok(_) => return Err(io::Error::other(format!("{} is something else", path.display()))),
            Err(_) => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let inode = fs::symlink_metadata(&path)?.ino();
        Ok(Self { listener, path, inode })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Not that of a process that took its place.
        if fs::symlink_metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixListener as Listener, thread};

    use rusqlite::Connection;
    use store::Maintenance as _;

    use super::*;
    use crate::{Options, SqliteEngine, backup};

    /// What is done with the file, and said.
    type Answer = fn(&Path) -> &'static str;

    struct Ground {
        folder: tempfile::TempDir,
        engine: SqliteEngine,
    }

    impl Ground {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let engine = SqliteEngine::open(&folder.path().join("shop.db"), Options::default()).expect("opens");
            Self { folder, engine }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        /// Somebody who answers the next command in this way.
        fn impostor(&self, answer: impl FnOnce(&Path) -> &'static str + Send + 'static) -> thread::JoinHandle<()> {
            let listener = Listener::bind(address(&self.path("shop.db"))).expect("a socket");
            thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("a command");
                let mut path = Vec::new();
                stream.read_to_end(&mut path).expect("its question");
                let answer = answer(Path::new(&OsString::from_vec(path)));
                stream.write_all(answer.as_bytes()).expect("told");
            })
        }

        async fn back_up(&self, name: &str) -> Result<(), String> {
            let (from, to) = (self.path("shop.db"), self.path(name));
            let made = tokio::task::spawn_blocking(move || backup(&from, &to)).await.expect("no panic");
            made.map_err(|error| error.to_string())
        }

        /// Whether the copy is a shop, and nothing else lies there.
        fn assert_copied(&self, name: &str) {
            let copy = Connection::open(self.path(name)).expect("opens");
            let tables: i64 =
                copy.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).expect("a count");
            assert!(tables > 10, "{name} has {tables} tables");
            assert!(!self.path(&format!("{name}.unfinished")).exists());
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_process_that_has_the_shop_open_makes_the_copy() {
        let ground = Arc::new(Ground::new());
        let socket = address(&ground.path("shop.db"));
        // What one left that was killed.
        drop(Listener::bind(&socket).expect("a socket"));
        fs::write(ground.path("copy"), "").expect("a file");
        let ask = |ground: &Arc<Ground>| {
            let ground = Arc::clone(ground);
            tokio::task::spawn_blocking(move || ask_for_copy(&ground.path("shop.db"), &ground.path("copy")))
        };
        let nobody = ask(&ground).await.expect("no panic");
        assert!(matches!(nobody, Err(NotFilled::NobodyIsThere)), "{nobody:?}");

        let answering = {
            let ground = Arc::clone(&ground);
            tokio::spawn(async move { ground.engine.answer_commands().await })
        };
        while !fs::metadata(&socket).is_ok_and(|file| file.permissions().mode() & 0o777 == 0o600) {
            sleep(Duration::from_millis(5)).await;
        }
        ask(&ground).await.expect("no panic").expect("a copy");
        ground.assert_copied("copy");
        let again = ask(&ground).await.expect("no panic");
        assert!(matches!(&again, Err(NotFilled::Failed(why)) if why.contains("something in the file")), "{again:?}");
        ground.back_up("a backup").await.expect("a copy");
        ground.assert_copied("a backup");

        ground.engine.close().await.expect("closed");
        let closed = ask(&ground).await.expect("no panic");
        assert!(matches!(&closed, Err(NotFilled::Failed(why)) if why.contains("stop")), "{closed:?}");
        ground.back_up("another").await.expect("the database is there");
        ground.assert_copied("another");
        answering.abort();
        let _ = answering.await;
        assert!(!socket.exists(), "it takes its socket along");
    }

    #[tokio::test]
    async fn when_it_does_not_the_command_makes_it() {
        let ground = Ground::new();
        let socket = address(&ground.path("shop.db"));
        let answers: [(&str, Answer); 3] = [
            ("refused", |_| "..not today"),
            ("ended", |_| "..."),
            ("ended in the middle", |file| {
                fs::write(file, "half a copy").expect("written");
                "."
            }),
        ];
        for (name, answer) in answers {
            let impostor = ground.impostor(answer);
            ground.back_up(name).await.expect("a copy");
            ground.assert_copied(name);
            impostor.join().expect("it was asked");
            fs::remove_file(&socket).expect("removed");
        }
        let impostor = ground.impostor(|file| {
            fs::write(file, "no database at all ".repeat(1_000)).expect("written");
            "done"
        });
        let error = ground.back_up("not a copy").await.expect_err("it is checked");
        assert!(error.contains("not a database"), "{error}");
        impostor.join().expect("it was asked");
        assert!(!ground.path("not a copy").exists() && !ground.path("not a copy.unfinished").exists());
    }
}
