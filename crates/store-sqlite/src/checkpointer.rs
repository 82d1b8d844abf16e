//! The thread that copies the write-ahead log back while the writer goes on.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread::JoinHandle,
};

use crate::{
    connection,
    open::Options,
    wal::{MustStay, checkpoint},
};

/// It goes over the log again until no more pages than this are left to the writer...
const LEFT_MAX: u64 = 128;
/// ...but not more often than this, because the writer may be writing faster than that.
const PASSES_MAX: u32 = 4;

/// Its priority, on the scale from -20 (the highest) to 19.
const NICE: i32 = 8;

/// What the thread is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It waits to be told.
    Idle = 0,
    /// It copies.
    Copying = 1,
    /// It has copied nearly all of the log, or tried to.
    Copied = 2,
}

/// A handle on the thread. Dropping it waits for what the thread is at.
pub(crate) struct Checkpointer {
    state: Arc<AtomicU8>,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread; `None` if the system gives none.
    pub(crate) fn start(path: &Path, options: &Options, must_stay: MustStay) -> Option<Self> {
        let state = Arc::new(AtomicU8::new(State::Idle as u8));
        let (wake, woken) = mpsc::sync_channel(1);
        let worker = Worker { path: path.to_owned(), options: options.clone(), state: Arc::clone(&state), must_stay };
        let thread = std::thread::Builder::new().name("store-copier".to_owned()).spawn(move || worker.run(&woken));
        match thread {
            Ok(thread) => Some(Self { state, wake: Some(wake), thread: Some(thread) }),
            Err(error) => {
                tracing::warn!(%error, "no thread copies the write-ahead log back: the writer does it");
                None
            }
        }
    }

    pub(crate) fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            0 => State::Idle,
            1 => State::Copying,
            _ => State::Copied,
        }
    }

    /// Begins to copy.
    pub(crate) fn copy(&self) {
        self.state.store(State::Copying as u8, Ordering::Release);
        if self.wake.as_ref().is_none_or(|wake| wake.try_send(()).is_err()) {
            // The thread has ended: what it would have done is left to the writer.
            self.state.store(State::Copied as u8, Ordering::Release);
        }
    }

    /// The writer has done the rest.
    pub(crate) fn rest(&self) {
        self.state.store(State::Idle as u8, Ordering::Release);
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Worker {
    path: PathBuf,
    options: Options,
    state: Arc<AtomicU8>,
    must_stay: MustStay,
}

impl Worker {
    fn run(&self, woken: &Receiver<()>) {
        // The writer shall not wait for the processor because of this thread.
        if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
            tracing::debug!(%error, "the log is copied back at the usual priority");
        }
        while woken.recv().is_ok() {
            self.copy();
            self.state.store(State::Copied as u8, Ordering::Release);
        }
    }

    /// A failure loses nothing: the log has it all. The connection is a new one each time, so that none outlives a trouble with the
    /// file.
    fn copy(&self) {
        let conn = match connection::writer(&self.path, &self.options) {
            Ok(conn) => conn,
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log cannot be copied back beside the writer");
                return;
            }
        };
        for _ in 0..PASSES_MAX {
            if checkpoint(&conn, "PASSIVE", &self.must_stay).is_none() {
                return;
            }
            if checkpoint(&conn, "NOOP", &self.must_stay).is_none_or(|log| log.left() <= LEFT_MAX) {
                return;
            }
        }
    }
}
