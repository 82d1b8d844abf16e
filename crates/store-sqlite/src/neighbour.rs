//! What commands that are run beside a shop ask the process that has it open: a Unix socket beside the database, which only the shop's own
//! user may use.
//!
//! There is one question, `copy`, and a line as the answer: `done` and the number of a file beside the database that is a copy of it, or `not` and
//! why there is none. Before it there is a dot a second while that takes. The copy is the command's as long as it stays connected; then it is
//! removed, unless it has another name by then.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::UnixStream as Stream,
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use file_owner::folder_of;
use store::StoreError;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use uuid::Uuid;

use crate::{
    backup::{beside, create_private},
    engine::FileCallers,
    live_copy::LiveCopy,
};

/// The question.
const QUESTION: &[u8; 5] = b"copy\n";
/// The answers: the number of the copy follows the one, and why there is none the other.
const DONE: &str = "done";
const NOT: &str = "not";
/// How often a shop that is at it says so.
const SIGN: Duration = Duration::from_secs(1);
/// How long a command waits for such a sign.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a shop waits for the question.
const QUESTION_WITHIN: Duration = Duration::from_secs(5);
/// Before a copy is asked for again that found the queue full.
const QUEUE: Duration = Duration::from_millis(20);
/// How often it is looked whether the socket still has its name.
const LOOK: Duration = Duration::from_secs(10);
/// What stands behind the name of a database whose copy is made, before what nobody can guess.
const COPYING: &str = ".copying-";

/// What somebody is told whose copy will never be made.
pub(crate) const STOPPED: &str = "the shop stops, or has lost its database";

/// Where the process is reached that has the database `db` open.
fn address(db: &Path) -> PathBuf {
    beside(db, "-socket")
}

/// Whether another process has the shop in `db` open. One whose socket another one took along is not seen, for as long as it takes that to
/// notice, nor one whose socket's path would be too long.
#[must_use]
pub fn is_served(db: &Path) -> bool {
    let address = address(db);
    match Stream::connect(&address) {
        Ok(_) => true,
        // There is one, of another user's.
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied && address.exists(),
    }
}

/// A copy that a shop has made for a command, which may move it away.
pub(crate) struct Lent {
    path: PathBuf,
    /// The shop removes the file when this ends.
    _shop: BufReader<Stream>,
}

impl Lent {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Has the process that has the database `db` open make a copy; `None` when nobody has it open.
///
/// # Errors
/// Why it made none.
pub(crate) fn ask_for_copy(db: &Path) -> Result<Option<Lent>, String> {
    use io::ErrorKind::{ConnectionRefused, NotFound, TimedOut, WouldBlock};
    let stream = match Stream::connect(address(db)) {
        // Of a shop that was killed the socket stays.
        Err(error) if matches!(error.kind(), NotFound | ConnectionRefused) => return Ok(None),
        connected => connected.map_err(|error| error.to_string())?,
    };
    let mut shop = BufReader::new(stream);
    let answer = ask(&mut shop).map_err(|error| match error.kind() {
        WouldBlock | TimedOut => format!("it gave no sign for {} seconds", PATIENCE.as_secs()),
        _ => format!("it does not answer ({error})"),
    })?;
    match answer.trim_start_matches('.').trim_end().split_once(' ') {
        Some((DONE, number)) if number.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(Some(Lent { path: beside(db, &format!("{COPYING}{number}")), _shop: shop }))
        }
        Some((NOT, why)) => Err(why.to_owned()),
        _ => Err("it ended meanwhile".to_owned()),
    }
}

fn ask(shop: &mut BufReader<Stream>) -> io::Result<String> {
    let stream = shop.get_mut();
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(QUESTION)?;
    let mut answer = String::new();
    shop.read_line(&mut answer)?;
    Ok(answer)
}

/// Answers commands, until it is dropped. Ends when none can reach it.
pub(crate) async fn answer_commands(db: &Path, callers: Arc<FileCallers>) {
    remove_left_copies(db);
    let address = address(db);
    let mut answers = JoinSet::new();
    loop {
        let door = match Door::open(&address) {
            Ok(door) => door,
            Err(error) => {
                tracing::warn!(%error, "commands cannot reach the running shop: while a backup is made, its log grows");
                return;
            }
        };
        let mut looks = interval(LOOK);
        // Another process of this shop may have taken the name, and taken it along.
        while address.exists() {
            tokio::select! {
                accepted = door.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        answers.spawn(answer(stream, db.to_owned(), Arc::clone(&callers)));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a command cannot be answered");
                        sleep(SIGN).await;
                    }
                },
                Some(_) = answers.join_next() => {}
                _ = looks.tick() => {}
            }
        }
    }
}

async fn answer(mut stream: UnixStream, db: PathBuf, callers: Arc<FileCallers>) {
    let answered = async {
        let mut question = [0; QUESTION.len()];
        let asked = timeout(QUESTION_WITHIN, stream.read(&mut question[..1])).await??;
        if asked == 0 {
            // Somebody only wanted to know whether there is a shop.
            return Ok(());
        }
        timeout(QUESTION_WITHIN, stream.read_exact(&mut question[1..])).await??;
        if question != *QUESTION {
            return stream.write_all(b"not understood\n").await;
        }
        let copied = with_signs(&mut stream, copy(&db, &callers)).await?;
        let (answer, copy) = match copied {
            Ok(copy) => (format!("{DONE} {}\n", copy.number), Some(copy)),
            Err(why) => (format!("{NOT} {}\n", why.replace('\n', " ")), None),
        };
        stream.write_all(answer.as_bytes()).await?;
        if copy.is_some() {
            // As long as the command is there, the copy is.
            let _ = stream.read(&mut [0]).await;
        }
        Ok(())
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

/// Has the writer of the database `db` make a copy beside it.
///
/// # Errors
/// Why there is none.
pub(crate) async fn copy(db: &Path, callers: &FileCallers) -> Result<Copy, String> {
    let copy = Copy::new(db).map_err(|error| error.to_string())?;
    let done = loop {
        let (live_copy, done) = LiveCopy::new(copy.path.clone());
        match callers.attend(live_copy) {
            Ok(()) => break done,
            Err(StoreError::Busy) => sleep(QUEUE).await,
            Err(error) => return Err(error.to_string()),
        }
    };
    done.await.unwrap_or_else(|_| Err(STOPPED.to_owned()))?;
    Ok(copy)
}

/// A file beside the database for a copy, which is removed when this is dropped, unless it has another name by then.
pub(crate) struct Copy {
    path: PathBuf,
    /// What its name ends with.
    number: String,
    /// Locked, so that another process does not take it for one that was left.
    file: File,
}

impl Copy {
    fn new(db: &Path) -> io::Result<Self> {
        let number = Uuid::now_v7().simple().to_string();
        let path = beside(db, &format!("{COPYING}{number}"));
        let copy = Self { file: create_private(&path)?, path, number };
        copy.file.try_lock()?;
        Ok(copy)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // And what a command had SQLite make beside it that was killed.
        for part in ["", "-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(beside(&self.path, part));
        }
    }
}

/// Removes the copies that processes left which were killed.
fn remove_left_copies(db: &Path) {
    let Some(name) = db.file_name() else { return };
    let beginning = beside(Path::new(name), COPYING).into_os_string();
    for entry in fs::read_dir(folder_of(db)).into_iter().flatten().filter_map(Result::ok) {
        let is_copy = entry.file_name().as_bytes().starts_with(beginning.as_bytes());
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_copy && is_file && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            tracing::info!(file = %entry.path().display(), "a copy that was not finished is removed");
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A socket that can be reached under its name, until it is dropped.
struct Door {
    listener: UnixListener,
    path: PathBuf,
    inode: u64,
}

impl Door {
    fn open(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            // Its owner was killed, or is about to end: whoever came last is asked.
            Ok(left) if left.file_type().is_socket() => fs::remove_file(path)?,
            Ok(_) => return Err(io::Error::other(format!("{} is something else", path.display()))),
            Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        let inode = fs::symlink_metadata(path)?.ino();
        Ok(Self { listener, path: path.to_owned(), inode })
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
    use std::{io::Read as _, os::unix::net::UnixListener as Listener, thread, time::Instant};

    use rusqlite::Connection;
    use store::Maintenance as _;
    use tokio::task::{JoinHandle, spawn_blocking};

    use super::*;
    use crate::{Maker, Options, SqliteEngine, backup};

    /// What is done beside the database, and said.
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

        fn socket(&self) -> PathBuf {
            address(&self.path("shop.db"))
        }

        /// Somebody who answers the next command in this way.
        fn impostor(&self, answer: Answer) -> thread::JoinHandle<()> {
            let listener = Listener::bind(self.socket()).expect("a socket");
            let db = self.path("shop.db");
            thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("a command");
                stream.read_exact(&mut [0; QUESTION.len()]).expect("its question");
                let answer = answer(&db);
                stream.write_all(answer.as_bytes()).expect("told");
            })
        }

        async fn back_up(&self, to: PathBuf) -> Result<Maker, String> {
            let from = self.path("shop.db");
            let made = spawn_blocking(move || backup(&from, &to)).await.expect("no panic");
            made.map_err(|error| error.to_string())
        }

        async fn ask(&self) -> Result<Option<Lent>, String> {
            let db = self.path("shop.db");
            spawn_blocking(move || ask_for_copy(&db)).await.expect("no panic")
        }

        /// A folder on another disk, where the system has one.
        fn another_disk(&self) -> Option<tempfile::TempDir> {
            let folder = tempfile::tempdir_in("/dev/shm").ok()?;
            let device = |path: &Path| fs::metadata(path).expect("a folder").dev();
            (device(folder.path()) != device(self.folder.path())).then_some(folder)
        }

        /// How many files beside the database begin like a copy of it that is being made, or end like one.
        fn unfinished(&self) -> usize {
            let names =
                fs::read_dir(self.folder.path()).expect("a folder").map(|entry| entry.expect("one").file_name());
            let is_unfinished = |name: &str| name.contains(COPYING) || name.ends_with(".unfinished");
            names.filter(|name| is_unfinished(&name.to_string_lossy())).count()
        }
    }

    fn assert_shop(path: &Path) {
        let copy = Connection::open(path).expect("opens");
        let tables: i64 = copy.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).expect("a count");
        assert!(tables > 10, "{} has {tables} tables", path.display());
        assert_eq!(fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    /// Begins to answer, and waits until commands get through.
    async fn begin(ground: &Arc<Ground>) -> JoinHandle<()> {
        let answering = {
            let ground = Arc::clone(ground);
            tokio::spawn(async move { ground.engine.answer_commands().await })
        };
        for _ in 0..1_000 {
            if fs::metadata(ground.socket()).is_ok_and(|file| file.permissions().mode() & 0o777 == 0o600) {
                return answering;
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("there is no socket that only its owner may use");
    }

    #[test]
    fn nobody_is_found_where_nobody_can_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let too_long = folder.path().join("a".repeat(120)).join("shop.db");
        assert!(!is_served(&too_long) && !is_served(&folder.path().join("shop.db")));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_process_that_has_the_shop_open_makes_the_copy() {
        let ground = Arc::new(Ground::new());
        // What one left that was killed.
        drop(Listener::bind(ground.socket()).expect("a socket"));
        fs::write(ground.path("shop.db.copying-11"), "half").expect("written");
        let fifo = ground.path("shop.db.copying-22");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).expect("a pipe");
        assert!(matches!(ground.ask().await, Ok(None)), "nobody is there");

        let answering = begin(&ground).await;
        let lent = ground.ask().await.expect("an answer").expect("a copy");
        assert_shop(lent.path());
        fs::remove_file(fifo).expect("what is no copy stays");
        assert_eq!(ground.unfinished(), 1, "and none that was left");
        drop(lent);
        let until = Instant::now() + Duration::from_secs(10);
        while ground.unfinished() > 0 {
            assert!(Instant::now() < until, "a copy that nobody took stays");
            sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(ground.back_up(ground.path("a backup")).await, Ok(Maker::Shop));
        assert_shop(&ground.path("a backup"));
        if let Some(elsewhere) = ground.another_disk() {
            assert_eq!(ground.back_up(elsewhere.path().join("a backup")).await, Ok(Maker::Shop));
            assert_shop(&elsewhere.path().join("a backup"));
        }
        let (one, other) = tokio::join!(ground.back_up(ground.path("one")), ground.back_up(ground.path("other")));
        assert_eq!((one, other), (Ok(Maker::Shop), Ok(Maker::Shop)));
        // Of two to one name one is kept.
        let (one, other) = tokio::join!(ground.back_up(ground.path("same")), ground.back_up(ground.path("same")));
        assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
        assert_shop(&ground.path("same"));

        ground.engine.close().await.expect("closed");
        let closed = ground.ask().await.err();
        assert!(closed.as_ref().is_some_and(|why| why.contains("stop")), "{closed:?}");
        assert_eq!(ground.back_up(ground.path("another")).await, Ok(Maker::Reader));
        assert_shop(&ground.path("another"));
        answering.abort();
        let _ = answering.await;
        assert!(!ground.socket().exists(), "it takes its socket along");
        assert_eq!(ground.unfinished(), 0);
    }

    #[tokio::test]
    async fn when_it_does_not_the_command_makes_it() {
        let ground = Ground::new();
        let answers: [(&str, Answer); 8] = [
            ("refused", |_| "..not today\n"),
            ("ended", |_| "..."),
            ("ended in the middle of its answer", |_| ".done"),
            ("without room", |_| "not enough room\n"),
            ("gone meanwhile", |_| ".done 14\n"),
            ("empty", |db| {
                fs::write(beside(db, ".copying-12"), "").expect("written");
                ".done 12\n"
            }),
            ("not a database", |db| {
                fs::write(beside(db, ".copying-13"), "no database at all ".repeat(1_000)).expect("written");
                ".done 13\n"
            }),
            ("a link", |db| {
                // To a shop that nobody has open.
                let other = db.with_file_name("refused");
                std::os::unix::fs::symlink(other, beside(db, ".copying-15")).expect("a link");
                "done 15\n"
            }),
        ];
        for (name, answer) in answers {
            let impostor = ground.impostor(answer);
            assert_eq!(ground.back_up(ground.path(name)).await, Ok(Maker::Reader), "{name}");
            assert_shop(&ground.path(name));
            impostor.join().expect("it was asked");
            fs::remove_file(ground.socket()).expect("removed");
        }
        assert!(ground.path("shop.db").exists());
    }

    #[tokio::test]
    async fn what_is_checked_beside_a_shop_is_the_copy_that_it_makes() {
        let ground = Ground::new();
        assert_eq!(ground.engine.check().await.expect("checked"), [], "nobody else is there");
        let impostor = ground.impostor(|db| {
            let copy = beside(db, ".copying-16");
            backup::copy_database(db, &copy).expect("copied");
            let damage =
                "CREATE TABLE t (x CHECK (x > 0)); PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (-1)";
            Connection::open(&copy).and_then(|copy| copy.execute_batch(damage)).expect("damaged");
            ".done 16\n"
        });
        let found = ground.engine.check().await.expect("checked");
        impostor.join().expect("it was asked");
        assert!(found.iter().any(|finding| finding.check == "integrity"), "{found:?}");
        // Whoever is there and makes none, or one that is gone, is no reason not to look.
        let answers: [Answer; 2] = [|_| "not today\n", |_| "done 17\n"];
        for answer in answers {
            fs::remove_file(ground.socket()).expect("removed");
            let impostor = ground.impostor(answer);
            assert_eq!(ground.engine.check().await.expect("checked"), []);
            impostor.join().expect("it was asked");
        }
    }

    #[tokio::test]
    async fn what_others_have_put_there_stays() {
        let ground = Ground::new();
        fs::write(ground.path("precious"), "precious").expect("written");
        for name in ["a backup", "a backup.unfinished"] {
            std::os::unix::fs::symlink(ground.path("precious"), ground.path(name)).expect("a link");
        }
        let error = ground.back_up(ground.path("a backup")).await.expect_err("there is something");
        assert!(error.contains("exists already"), "{error}");
        fs::remove_file(ground.path("a backup")).expect("removed");
        assert_eq!(ground.back_up(ground.path("a backup")).await, Ok(Maker::Reader));
        assert_shop(&ground.path("a backup"));
        assert!(fs::symlink_metadata(ground.path("a backup")).expect("there").is_file());
        assert_eq!(fs::read(ground.path("precious")).expect("there"), b"precious");
        let error = ground.back_up(ground.path("no/such/folder")).await.expect_err("no folder");
        assert!(error.contains("No such file"), "{error}");
    }
}
