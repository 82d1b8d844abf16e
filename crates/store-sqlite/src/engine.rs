//! The engine: its parts, opening and closing them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, SyncSender},
    },
    thread::JoinHandle,
};

use async_trait::async_trait;
use rusqlite::Connection;
use store::{Engine, Job, StoreError};
use tokio::sync::oneshot;

use crate::{
    change_counter::ChangeCounter,
    database::File,
    error::OpenError,
    open::{self, Options, Wanted},
    queue::{Callers, Message, stopped},
    readers::Readers,
    sql::Sql,
    writer::Writer,
};

/// Those who ask the writer.
pub(crate) type FileCallers = Callers<File, SyncSender<Message<File>>>;

/// A shop in one SQLite file.
pub struct SqliteEngine {
    pub(crate) path: PathBuf,
    pub(crate) readers: Arc<Readers>,
    pub(crate) changes: ChangeCounter,
    pub(crate) callers: Arc<FileCallers>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    is_down: Arc<AtomicBool>,
}

impl SqliteEngine {
    /// Opens the database at `path`: makes it if there is none, migrates it if it is older (after copying it), and
    /// starts the writer.
    ///
    /// # Errors
    /// See [`OpenError`]; each says in a line what to do.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        Self::open_as(path, options, Wanted::Shop)
    }

    /// The same, but there must be a shop in the file already, with this program's schema: for looking at it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_existing(path: &Path, options: Options) -> Result<Self, OpenError> {
        Self::open_as(path, options, Wanted::ShopAsItIs)
    }

    fn open_as(path: &Path, options: Options, wanted: Wanted) -> Result<Self, OpenError> {
        let conn = open::open_writer(path, &options, wanted)?;
        let readers = Arc::new(Readers::open(path, options.readers, options.busy_timeout)?);
        let changes = ChangeCounter::open(path)?;
        let (messages, inbox) = mpsc::sync_channel(options.queue_limit.max(1));
        let is_down = Arc::new(AtomicBool::new(false));
        let (file, down) = (path.to_owned(), Arc::clone(&is_down));
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            let group_max = options.group_max;
            let database = File::new(file, options, conn);
            Writer::new(database, inbox, group_max, down).run();
        });
        let thread = thread.map_err(|error| OpenError::Thread(error.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            readers,
            changes,
            callers: Arc::new(Callers::new(messages)),
            thread: Arc::new(Mutex::new(Some(thread))),
            is_down,
        })
    }

    /// Answers what is queued, empties the WAL, closes the writing connection and waits until that is done. Later jobs
    /// are refused; queries still work.
    ///
    /// # Errors
    /// The writer thread ended by a panic.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.callers.refuse_more();
        let (callers, thread) = (Arc::clone(&self.callers), Arc::clone(&self.thread));
        let joined = tokio::task::spawn_blocking(move || {
            let Some(thread) = thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return true };
            callers.close();
            thread.join().is_ok()
        });
        match joined.await {
            Ok(true) => Ok(()),
            _ => Err(StoreError::Internal("the writer thread did not end well".to_owned())),
        }
    }

    /// Limits how large the database may become, in pages of 4 KiB, as a full disk would; `None` takes the limit away.
    /// For trying what happens then.
    ///
    /// # Errors
    /// The writer does not answer.
    pub async fn limit_pages(&self, pages: Option<u32>) -> Result<(), StoreError> {
        let (sender, done) = oneshot::channel();
        let look = move |file: &File| {
            let Some(conn) = file.connection() else { return };
            let limit = pages.map_or(i64::from(u32::MAX) - 1, i64::from);
            let _ = sender.send(conn.lock().pragma_update_and_check(None, "max_page_count", limit, |_| Ok(())));
        };
        self.callers.inspect(Box::new(look))?;
        match done.await {
            Ok(done) => done.map_err(|error| StoreError::Internal(error.to_string())),
            Err(_) => Err(stopped()),
        }
    }

    /// Where the file itself is, whatever leads there: what belongs to it lies beside it.
    pub(crate) fn place(&self) -> PathBuf {
        fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }

    /// Whether the writer has lost its database and tries to open it again, or has ended.
    pub(crate) fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Acquire)
    }

    /// Runs a query that may take long where it holds nobody up.
    pub(crate) async fn read_slowly<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Sql<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = Arc::clone(&self.readers);
        blocking(move || readers.snapshot(query)).await
    }
}

/// Runs `work` on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::Internal(error.to_string())),
    }
}

#[async_trait]
impl Engine for SqliteEngine {
    async fn submit(&self, job: Box<dyn Job>) -> Result<Box<dyn Job>, StoreError> {
        self.callers.submit(job).await
    }
}

impl std::fmt::Debug for SqliteEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteEngine").field("path", &self.path).finish_non_exhaustive()
    }
}
