//! The writer: one thread, one database, one group after the other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant},
};

use store::StoreError;

use crate::queue::{Database, Inbox, Message, Request, stopped};

/// After this long without work, the WAL is copied back and memory given back.
const IDLE_AFTER: Duration = Duration::from_secs(1);
/// Between two tries to open the database again after an I/O error.
const REOPEN_MIN: Duration = Duration::from_millis(50);
const REOPEN_MAX: Duration = Duration::from_secs(2);

/// The thread's state.
#[derive(Debug)]
pub struct Writer<D, I> {
    /// What it writes to, open.
    pub database: D,
    /// Where it is told what to do.
    pub messages: I,
    /// How many jobs share a transaction at most.
    pub group_max: usize,
    /// Set while the database cannot be opened, and after the end.
    pub is_down: Arc<AtomicBool>,
}

impl<D: Database, I: Inbox<Message<D>>> Writer<D, I> {
    /// Works until it is told to close, or nobody is left who could ask for anything.
    pub fn run(mut self) {
        let mut has_rested = true;
        loop {
            let message = if has_rested {
                self.messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.messages.recv_timeout(IDLE_AFTER)
            };
            match message {
                Ok(Message::Run(first)) => {
                    has_rested = false;
                    let (is_usable, then) = self.group(first);
                    let is_last = matches!(then, Some(Message::Close));
                    if is_usable {
                        self.database.tidy();
                    } else if !self.reopen(is_last) {
                        break;
                    }
                    if is_last {
                        break;
                    }
                    if let Some(Message::Inspect(look)) = then {
                        look(&self.database);
                    }
                }
                Ok(Message::Inspect(look)) => look(&self.database),
                Err(RecvTimeoutError::Timeout) => {
                    self.database.rest();
                    has_rested = true;
                }
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.finish();
    }

    /// Takes what is queued, without waiting for more, and runs it. Gives whether the database can go on being used, and the message
    /// that ended the gathering.
    fn group(&mut self, first: Request<D::Job>) -> (bool, Option<Message<D>>) {
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
            if requests.len() >= self.group_max {
                break;
            }
            next = self.messages.try_recv();
        }
        if requests.is_empty() {
            return (true, then);
        }
        (self.database.run(requests), then)
    }

    /// Opens the database again, however long it takes; whoever asks meanwhile is told. Whether it is open: once the writer was told
    /// to close (`is_last` when that was before), it does not wait for a disk that may never come back.
    fn reopen(&mut self, is_last: bool) -> bool {
        tracing::error!("the database connection is given up after an I/O error and opened again");
        self.is_down.store(true, Ordering::Release);
        let mut pause = REOPEN_MIN;
        loop {
            match self.database.reopen() {
                Ok(()) => {
                    self.is_down.store(false, Ordering::Release);
                    tracing::info!("the database is open again");
                    return true;
                }
                Err(error) => tracing::error!(%error, "the database cannot be opened"),
            }
            if is_last || !self.refuse_for(pause) {
                return false;
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
    fn finish(mut self) {
        self.is_down.store(true, Ordering::Release);
        while let Ok(message) = self.messages.try_recv() {
            if let Message::Run(request) = message {
                request.fail(stopped());
            }
        }
        self.database.close();
    }
}
