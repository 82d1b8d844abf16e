//! The writer: one thread, one connection, one group after the other.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant},
};

use rusqlite::Connection;
use store::StoreError;

use crate::{
    connection,
    error::{Reach, is_disk_full},
    group,
    member::Request,
    open::Options,
    wal::Wal,
};

/// After this long without work, the WAL is copied back and memory given back.
const IDLE_AFTER: Duration = Duration::from_secs(1);
/// Between two tries to open the database again after an I/O error.
const REOPEN_MIN: Duration = Duration::from_millis(50);
const REOPEN_MAX: Duration = Duration::from_secs(2);

/// What the writer is asked.
pub(crate) enum Message {
    /// To run a job.
    Run(Request),
    /// To do something with its connection between two groups.
    Inspect(Box<dyn FnOnce(&Connection) + Send>),
    /// To answer what came before this, and end.
    Close,
}

/// The thread's state.
pub(crate) struct Writer {
    pub(crate) path: PathBuf,
    pub(crate) options: Options,
    pub(crate) messages: Receiver<Message>,
    /// Set while the database cannot be opened.
    pub(crate) is_down: Arc<AtomicBool>,
}

impl Writer {
    /// Works until it is told to close, or nobody is left who could ask for anything.
    pub(crate) fn run(self, conn: Connection) {
        let mut conn = Some(conn);
        let mut wal = Wal::new(&self.path, &self.options);
        let mut has_rested = true;
        loop {
            let message = if has_rested {
                self.messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.messages.recv_timeout(IDLE_AFTER)
            };
            match (message, &mut conn) {
                (Ok(Message::Run(first)), Some(open)) => {
                    has_rested = false;
                    let (reach, then) = self.group(open, first);
                    if reach == Reach::Connection {
                        conn = self.reopen(conn.take());
                    } else {
                        wal.keep_bounded(open);
                    }
                    match (then, &mut conn) {
                        (Some(Message::Close), _) | (_, None) => break,
                        (Some(Message::Inspect(look)), Some(open)) => look(open),
                        _ => {}
                    }
                }
                (Ok(Message::Inspect(look)), Some(open)) => look(open),
                (Err(RecvTimeoutError::Timeout), Some(open)) => {
                    wal.empty(open);
                    has_rested = true;
                }
                _ => break,
            }
        }
        self.finish(conn, wal);
    }

    /// Takes what is queued, without waiting for more, and runs it. Gives the message that ended the gathering.
    fn group(&self, conn: &mut Connection, first: Request) -> (Reach, Option<Message>) {
        let mut requests = Vec::with_capacity(16);
        let mut then = None;
        let mut next = Ok(Message::Run(first));
        loop {
            match next {
                // Nobody waits for the result: the work would be for nothing.
                Ok(Message::Run(request)) if request.reply.is_closed() => {}
                Ok(Message::Run(request)) => requests.push(request),
                Ok(other) => {
                    then = Some(other);
                    break;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
            if requests.len() >= self.options.group_max {
                break;
            }
            next = self.messages.try_recv();
        }
        if requests.is_empty() {
            return (Reach::Statement, then);
        }
        let reach = group::run(conn, requests, || is_disk_full(&self.path));
        (reach, then)
    }

    /// Opens the database again, however long it takes; whoever asks meanwhile is told. `None` when it is told to close.
    fn reopen(&self, broken: Option<Connection>) -> Option<Connection> {
        tracing::error!("the database connection is given up after an I/O error and opened again");
        // A failed sync must not be repeated: the system may have dropped what it could not write.
        drop(broken);
        self.is_down.store(true, Ordering::Release);
        let mut pause = REOPEN_MIN;
        loop {
            match connection::writer(&self.path, &self.options) {
                Ok(conn) => {
                    self.is_down.store(false, Ordering::Release);
                    tracing::info!("the database is open again");
                    return Some(conn);
                }
                Err(error) => tracing::error!(%error, "the database cannot be opened"),
            }
            if !self.refuse_for(pause) {
                return None;
            }
            pause = (pause * 2).min(REOPEN_MAX);
        }
    }

    /// Refuses what comes within `pause`; whether to go on afterwards.
    fn refuse_for(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok(Message::Run(request)) => {
                    request.fail(StoreError::Unavailable("it cannot be opened at the moment".to_owned()));
                }
                Ok(Message::Inspect(_)) => {}
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => return true,
            }
        }
    }

    /// Refuses what came too late, and leaves a database without a WAL.
    fn finish(&self, conn: Option<Connection>, mut wal: Wal) {
        self.is_down.store(true, Ordering::Release);
        while let Ok(message) = self.messages.try_recv() {
            if let Message::Run(request) = message {
                request.fail(StoreError::Unavailable("the shop is stopping".to_owned()));
            }
        }
        wal.stop_helper();
        let Some(conn) = conn else { return };
        wal.empty(&conn);
        if let Err((_, error)) = conn.close() {
            tracing::error!(%error, "the database could not be closed");
        }
    }
}
