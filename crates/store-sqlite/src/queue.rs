//! The commit queue: callers who wait, and what the writer is told by them.
//!
//! Nothing here, nor in [`crate::writer`], knows SQLite. What is done with a group is a [`Database`]'s business, and messages go through
//! an [`Outbox`] and an [`Inbox`]: the bounded channel of the standard library in the program, and in its proof one whose
//! interleavings are tried out.

use std::{
    fmt::Display,
    marker::PhantomData,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvError, RecvTimeoutError, SyncSender, TryRecvError, TrySendError},
    },
    time::Duration,
};

use store::StoreError;
use tokio::sync::oneshot;

/// What a writer writes to.
pub trait Database {
    /// What it is asked to do.
    type Job: Send;
    /// What takes so long that it is done a piece at a time, between groups. Whoever waits for it is told when it is dropped.
    type Task: Send;

    /// Does all of it in one transaction, and answers each when that is durable. Tells whether the database can go on being used.
    fn run(&mut self, group: Vec<Request<Self::Job>>) -> bool;

    /// Gives up what it has open and opens it anew.
    ///
    /// # Errors
    /// It cannot be opened now.
    fn reopen(&mut self) -> Result<(), impl Display>;

    /// Does what is due between two groups.
    fn tidy(&mut self);

    /// Does a task. After each piece `others` has the writer go on for so long; when it gives `false`, the rest is not to be done.
    fn attend(&mut self, task: Self::Task, others: &mut dyn FnMut(&mut Self, Duration) -> bool);

    /// Does what there is time for when nobody asks for anything.
    fn rest(&mut self);

    /// Closes it, if it is open.
    fn close(&mut self);
}

/// A job and who waits for it.
#[derive(Debug)]
pub struct Request<J> {
    /// The job.
    pub job: J,
    /// Where it goes when it is done.
    pub reply: oneshot::Sender<Result<J, StoreError>>,
}

impl<J> Request<J> {
    /// Answers with an error. That nobody waits any more is no failure.
    pub fn fail(self, error: StoreError) {
        let _ = self.reply.send(Err(error));
    }

    /// Gives the job back.
    pub fn succeed(self) {
        let _ = self.reply.send(Ok(self.job));
    }
}

/// A look at the database between two groups.
pub type Look<D> = Box<dyn FnOnce(&D) + Send>;

/// What the writer is asked.
pub enum Message<D: Database> {
    /// To run a job.
    Run(Request<D::Job>),
    /// To do something between two groups.
    Inspect(Look<D>),
    /// To do something that takes long beside the groups.
    Attend(D::Task),
    /// To answer what came before this, and end.
    Close,
}

/// The callers' end of a bounded channel.
pub trait Outbox<M> {
    /// Sends without waiting.
    ///
    /// # Errors
    /// There is no room, or nobody who listens.
    fn try_send(&self, message: M) -> Result<(), TrySendError<M>>;

    /// Sends when there is room. Nothing happens when nobody listens any more.
    fn send(&self, message: M);
}

/// The writer's end of it.
pub trait Inbox<M> {
    /// The next message, whenever it comes.
    ///
    /// # Errors
    /// There will be none.
    fn recv(&self) -> Result<M, RecvError>;

    /// The next message, if it comes within this time.
    ///
    /// # Errors
    /// It does not, or there will be none.
    fn recv_timeout(&self, timeout: Duration) -> Result<M, RecvTimeoutError>;

    /// The next message, if it is there.
    ///
    /// # Errors
    /// It is not, or there will be none.
    fn try_recv(&self) -> Result<M, TryRecvError>;
}

impl<M> Outbox<M> for SyncSender<M> {
    fn try_send(&self, message: M) -> Result<(), TrySendError<M>> {
        Self::try_send(self, message)
    }

    fn send(&self, message: M) {
        let _ = Self::send(self, message);
    }
}

impl<M> Inbox<M> for Receiver<M> {
    fn recv(&self) -> Result<M, RecvError> {
        Self::recv(self)
    }

    fn recv_timeout(&self, timeout: Duration) -> Result<M, RecvTimeoutError> {
        Self::recv_timeout(self, timeout)
    }

    fn try_recv(&self) -> Result<M, TryRecvError> {
        Self::try_recv(self)
    }
}

/// What callers share.
pub struct Callers<D, O> {
    messages: O,
    is_closing: AtomicBool,
    database: PhantomData<fn(D)>,
}

impl<D: Database, O: Outbox<Message<D>>> Callers<D, O> {
    /// Callers who send their messages there.
    pub fn new(messages: O) -> Self {
        Self { messages, is_closing: AtomicBool::new(false), database: PhantomData }
    }

    /// Has a job done; gives it back when what it wrote is durable.
    ///
    /// # Errors
    /// The job's own, [`StoreError::Busy`] when the queue is full, [`StoreError::Unavailable`] when the writer stops.
    pub async fn submit(&self, job: D::Job) -> Result<D::Job, StoreError> {
        let (reply, done) = oneshot::channel();
        self.send(Message::Run(Request { job, reply }))?;
        match done.await {
            Ok(reply) => reply,
            Err(_) => Err(stopped()),
        }
    }

    /// Has somebody look at the database between two groups.
    ///
    /// # Errors
    /// As [`Callers::submit`]. When the writer stops before it looked, `look` is dropped.
    pub fn inspect(&self, look: Look<D>) -> Result<(), StoreError> {
        self.send(Message::Inspect(look))
    }

    /// Has a task done, some time. When the writer stops before, it is dropped.
    ///
    /// # Errors
    /// As [`Callers::submit`].
    pub fn attend(&self, task: D::Task) -> Result<(), StoreError> {
        self.send(Message::Attend(task))
    }

    /// Refuses jobs from now on.
    pub fn refuse_more(&self) {
        self.is_closing.store(true, Ordering::Release);
    }

    /// Tells the writer to end after what it was told before. Waits while the queue is full.
    pub fn close(&self) {
        self.refuse_more();
        self.messages.send(Message::Close);
    }

    fn send(&self, message: Message<D>) -> Result<(), StoreError> {
        if self.is_closing.load(Ordering::Acquire) {
            return Err(stopped());
        }
        self.messages.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => stopped(),
        })
    }
}

/// What everybody is told who comes too late.
pub(crate) fn stopped() -> StoreError {
    StoreError::Unavailable("the shop is stopping".to_owned())
}
