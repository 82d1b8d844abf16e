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
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
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

use crate::{
    backup::{beside, create_private},
    engine::FileCallers,
    error::room,
    live_copy::LiveCopy,
};

/// The question.
const QUESTION: &[u8; 5] = b"copy\n";
/// The answers: the number of the copy follows the one, and why there is none the other.
const DONE: &str = "done";
const NOT: &str = "not";
const NO_ROOM: &str = "full";
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
/// What stands behind the name of a database whose copy is made, before a number.
const COPYING: &str = ".copying-";
/// What must be left for orders beside a copy, in bytes: as much as the log may become.
const LEFT_MIN_BYTES: u64 = 64 * 1024 * 1024;

/// What somebody is told whose copy will never be made.
pub(crate) const STOPPED: &str = "the shop stops, or has lost its database";

/// Why a shop did not copy itself.
#[derive(Debug)]
pub(crate) enum NotCopied {
    /// Nobody has it open.
    NobodyIsThere,
    /// There is no room for a copy beside the database.
    NoRoom,
    /// It could not.
    Failed(String),
}

/// Where the process is reached that has the database `db` open.
fn address(db: &Path) -> PathBuf {
    beside(db, "-socket")
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

/// Has the process that has the database `db` open make a copy.
pub(crate) fn ask_for_copy(db: &Path) -> Result<Lent, NotCopied> {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
    let stream = match Stream::connect(address(db)) {
        // Of a shop that was killed the socket stays. And none can have an address that is too long.
        Err(error) if matches!(error.kind(), NotFound | ConnectionRefused | InvalidInput) => {
            return Err(NotCopied::NobodyIsThere);
        }
        connected => connected.map_err(|error| NotCopied::Failed(error.to_string()))?,
    };
    let mut shop = BufReader::new(stream);
    let answer = ask(&mut shop).map_err(|error| NotCopied::Failed(format!("it does not answer ({error})")))?;
    match answer.trim_start_matches('.').trim_end().split_once(' ') {
        Some((DONE, number)) => Ok(Lent { path: beside(db, &format!("{COPYING}{number}")), _shop: shop }),
        Some((NOT, NO_ROOM)) => Err(NotCopied::NoRoom),
        Some((NOT, why)) => Err(NotCopied::Failed(why.to_owned())),
        _ => Err(NotCopied::Failed("it ended meanwhile".to_owned())),
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
        timeout(QUESTION_WITHIN, stream.read_exact(&mut question)).await??;
        if question != *QUESTION {
            return stream.write_all(b"not understood\n").await;
        }
        let copied = with_signs(&mut stream, copy(&db, &callers)).await?;
        let (answer, copy) = match copied {
            Ok(copy) => (format!("{DONE} {}\n", copy.number), Some(copy)),
            Err(NotCopied::NoRoom) => (format!("{NOT} {NO_ROOM}\n"), None),
            Err(NotCopied::Failed(why)) => (format!("{NOT} {}\n", why.replace('\n', " ")), None),
            Err(NotCopied::NobodyIsThere) => (format!("{NOT} {STOPPED}\n"), None),
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
pub(crate) async fn copy(db: &Path, callers: &FileCallers) -> Result<Copy, NotCopied> {
    let failed = |error: io::Error| NotCopied::Failed(error.to_string());
    let size = fs::metadata(db).map_err(failed)?.len();
    if room(db).is_some_and(|room| room < size.saturating_add(LEFT_MIN_BYTES)) {
        return Err(NotCopied::NoRoom);
    }
    let copy = Copy::new(db).map_err(failed)?;
    let done = loop {
        let (live_copy, done) = LiveCopy::new(copy.path.clone());
        match callers.attend(live_copy) {
            Ok(()) => break done,
            Err(StoreError::Busy) => sleep(QUEUE).await,
            Err(error) => return Err(NotCopied::Failed(error.to_string())),
        }
    };
    done.await.unwrap_or_else(|_| Err(NotCopied::Failed(STOPPED.to_owned())))?;
    Ok(copy)
}

/// A file beside the database for a copy, which is removed when this is dropped, unless it has another name by then.
pub(crate) struct Copy {
    path: PathBuf,
    /// What its name ends with.
    number: String,
    /// Locked, so that another process does not take it for one that was left.
    _file: File,
}

impl Copy {
    fn new(db: &Path) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = beside(db, &format!("{COPYING}{number}"));
        let file = create_private(&path)?;
        file.try_lock()?;
        Ok(Self { path, number, _file: file })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes the copies that processes left which were killed.
fn remove_left_copies(db: &Path) {
    let Some(name) = db.file_name() else { return };
    let beginning = beside(Path::new(name), COPYING).into_os_string();
    for entry in fs::read_dir(folder_of(db)).into_iter().flatten().filter_map(Result::ok) {
        let is_copy = entry.file_name().as_bytes().starts_with(beginning.as_bytes());
        if is_copy && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
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
    use crate::{Options, SqliteEngine, backup};

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

        async fn back_up(&self, to: PathBuf) -> Result<(), String> {
            let from = self.path("shop.db");
            let made = spawn_blocking(move || backup(&from, &to)).await.expect("no panic");
            made.map_err(|error| error.to_string())
        }

        async fn ask(&self) -> Result<Lent, NotCopied> {
            let db = self.path("shop.db");
            spawn_blocking(move || ask_for_copy(&db)).await.expect("no panic")
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

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_process_that_has_the_shop_open_makes_the_copy() {
        let ground = Arc::new(Ground::new());
        // What one left that was killed.
        drop(Listener::bind(ground.socket()).expect("a socket"));
        fs::write(ground.path("shop.db.copying-1-1"), "half").expect("written");
        assert!(matches!(ground.ask().await, Err(NotCopied::NobodyIsThere)));

        let answering = begin(&ground).await;
        let lent = ground.ask().await.expect("a copy");
        assert_shop(lent.path());
        assert_eq!(ground.unfinished(), 1, "and none that was left");
        drop(lent);
        let until = Instant::now() + Duration::from_secs(10);
        while ground.unfinished() > 0 {
            assert!(Instant::now() < until, "a copy that nobody took stays");
            sleep(Duration::from_millis(5)).await;
        }
        ground.back_up(ground.path("a backup")).await.expect("a copy");
        assert_shop(&ground.path("a backup"));
        if let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") {
            ground.back_up(elsewhere.path().join("a backup")).await.expect("a copy on another disk");
            assert_shop(&elsewhere.path().join("a backup"));
        }
        let (one, other) = tokio::join!(ground.back_up(ground.path("one")), ground.back_up(ground.path("other")));
        assert_eq!((one, other), (Ok(()), Ok(())));

        ground.engine.close().await.expect("closed");
        let closed = ground.ask().await.err();
        assert!(matches!(&closed, Some(NotCopied::Failed(why)) if why.contains("stop")), "{closed:?}");
        ground.back_up(ground.path("another")).await.expect("the database is there");
        assert_shop(&ground.path("another"));
        answering.abort();
        let _ = answering.await;
        assert!(!ground.socket().exists(), "it takes its socket along");
        assert_eq!(ground.unfinished(), 0);
    }

    #[tokio::test]
    async fn when_it_does_not_the_command_makes_it() {
        let ground = Ground::new();
        let answers: [(&str, Answer); 4] = [
            ("refused", |_| "..not today\n"),
            ("ended", |_| "..."),
            ("ended in the middle of its answer", |_| ".done"),
            ("no room, and another disk", |_| "not full\n"),
        ];
        let elsewhere = tempfile::tempdir_in("/dev/shm").expect("another disk");
        for (name, answer) in answers {
            let impostor = ground.impostor(answer);
            let to = elsewhere.path().join(name);
            ground.back_up(to.clone()).await.expect("a copy");
            assert_shop(&to);
            impostor.join().expect("it was asked");
            fs::remove_file(ground.socket()).expect("removed");
        }
        let answers: [(&str, Answer); 4] = [
            ("no room", |_| "not full\n"),
            ("is empty", |db| {
                fs::write(beside(db, ".copying-1-2"), "").expect("written");
                ".done 1-2\n"
            }),
            ("not a database", |db| {
                fs::write(beside(db, ".copying-1-3"), "no database at all ".repeat(1_000)).expect("written");
                ".done 1-3\n"
            }),
            ("No such file", |_| ".done 1-4\n"),
        ];
        for (why, answer) in answers {
            let impostor = ground.impostor(answer);
            let error = ground.back_up(ground.path("not a copy")).await.expect_err(why);
            assert!(error.contains(why), "{error}");
            impostor.join().expect("it was asked");
            fs::remove_file(ground.socket()).expect("removed");
            assert!(!ground.path("not a copy").exists());
        }
    }

    #[tokio::test]
    async fn two_do_not_write_one_file() {
        let ground = Ground::new();
        let unfinished = ground.path("a backup.unfinished");
        let file = File::create(&unfinished).expect("a file");
        file.try_lock().expect("locked");
        let error = ground.back_up(ground.path("a backup")).await.expect_err("another one is at it");
        assert!(error.contains("another copy"), "{error}");
        assert!(unfinished.exists());
        // What one left that was cut off.
        drop(file);
        fs::write(&unfinished, "half a copy").expect("written");
        ground.back_up(ground.path("a backup")).await.expect("a copy");
        assert_shop(&ground.path("a backup"));
        assert_eq!(ground.unfinished(), 0);
    }
}
