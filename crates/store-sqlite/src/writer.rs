//! The writer: one thread, one database, one group after the other.

use std::{
    collections::VecDeque,
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
    database: D,
    desk: Desk<I>,
    /// Set while the database cannot be opened, and after the end.
    is_down: Arc<AtomicBool>,
}

/// Where the writer is told what to do.
#[derive(Debug)]
struct Desk<I> {
    messages: I,
    /// How many jobs share a transaction at most.
    group_max: usize,
}

/// What came of waiting for a message.
enum Turn<D: Database> {
    /// Somebody asked for something.
    Worked,
    /// Nobody did.
    Idle,
    /// The database cannot go on being used; what the writer was told afterwards.
    Broke(Option<Message<D>>),
    /// The writer was told to end, or nobody is left who could ask for anything.
    End,
}

impl<D: Database, I: Inbox<Message<D>>> Writer<D, I> {
    /// Writes to `database`, which is open, what `messages` say, at most `group_max` jobs in a transaction; `is_down` is set while the
    /// database cannot be opened, and after the end.
    pub const fn new(database: D, messages: I, group_max: usize, is_down: Arc<AtomicBool>) -> Self {
        Self { database, desk: Desk { messages, group_max }, is_down }
    }

    /// Works until it is told to close, or nobody is left who could ask for anything.
    pub fn run(mut self) {
        let mut tasks = VecDeque::new();
        let mut has_rested = true;
        loop {
            let turn = match tasks.pop_front() {
                Some(task) => self.attend(task, &mut tasks),
                None => {
                    let patience = (!has_rested).then_some(IDLE_AFTER);
                    self.desk.turn(&mut self.database, patience, &mut tasks)
                }
            };
            match turn {
                Turn::Worked => has_rested = false,
                Turn::Idle => {
                    self.database.rest();
                    has_rested = true;
                }
                Turn::Broke(then) => {
                    if !self.reopen(matches!(then, Some(Message::Close)))
                        || matches!(heed(then, &mut self.database, &mut tasks), Turn::End)
                    {
                        break;
                    }
                    has_rested = false;
                }
                Turn::End => break,
            }
        }
        self.finish();
    }

    /// Does a task, and what else comes meanwhile; further tasks wait.
    fn attend(&mut self, task: D::Task, waiting: &mut VecDeque<D::Task>) -> Turn<D> {
        let mut last = Turn::Worked;
        self.database.attend(task, &mut |database, time| {
            last = self.desk.turn(database, Some(time), waiting);
            matches!(last, Turn::Worked | Turn::Idle)
        });
        match last {
            // There was nothing else to do.
            Turn::Idle => Turn::Worked,
            last => last,
        }
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
            match self.desk.messages.recv_timeout(left) {
                Ok(Message::Run(request)) => {
                    request.fail(StoreError::Unavailable("it cannot be opened at the moment".to_owned()));
                }
                Ok(Message::Inspect(_) | Message::Attend(_)) => {}
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => return true,
            }
        }
    }

    /// Refuses what came too late, and leaves a database without a WAL.
    fn finish(mut self) {
        self.is_down.store(true, Ordering::Release);
        while let Ok(message) = self.desk.messages.try_recv() {
            if let Message::Run(request) = message {
                request.fail(stopped());
            }
        }
        self.database.close();
    }
}

impl<I> Desk<I> {
    /// Waits for a message, for so long at most, and does what it says. Tasks are put aside.
    fn turn<D: Database>(&self, database: &mut D, patience: Option<Duration>, tasks: &mut VecDeque<D::Task>) -> Turn<D>
    where
        I: Inbox<Message<D>>,
    {
        let message = match patience {
            Some(patience) => self.messages.recv_timeout(patience),
            None => self.messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let then = match message {
            Ok(Message::Run(first)) => {
                let (requests, then) = self.gather(first);
                if !requests.is_empty() && !database.run(requests) {
                    return Turn::Broke(then);
                }
                database.tidy();
                then
            }
            Ok(other) => Some(other),
            Err(RecvTimeoutError::Timeout) => return Turn::Idle,
            Err(RecvTimeoutError::Disconnected) => return Turn::End,
        };
        heed(then, database, tasks)
    }

    /// Takes what is queued, without waiting for more. Gives the message that ended the gathering, which is no job.
    fn gather<D: Database>(&self, first: Request<D::Job>) -> (Vec<Request<D::Job>>, Option<Message<D>>)
    where
        I: Inbox<Message<D>>,
    {
        let mut requests = Vec::with_capacity(16);
        let mut next = Ok(Message::Run(first));
        loop {
            match next {
                // Nobody waits for the result: the work would be for nothing.
                Ok(Message::Run(request)) if request.reply.is_closed() => {}
                Ok(Message::Run(request)) => requests.push(request),
                Ok(other) => return (requests, Some(other)),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
            if requests.len() >= self.group_max {
                break;
            }
            next = self.messages.try_recv();
        }
        (requests, None)
    }
}

/// Does what the writer is told that is no job.
fn heed<D: Database>(message: Option<Message<D>>, database: &mut D, tasks: &mut VecDeque<D::Task>) -> Turn<D> {
    match message {
        Some(Message::Close) => return Turn::End,
        Some(Message::Inspect(look)) => look(database),
        Some(Message::Attend(task)) => tasks.push_back(task),
        Some(Message::Run(_)) | None => {}
    }
    Turn::Worked
}
