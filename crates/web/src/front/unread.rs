//! Bodies of requests: how long they may take, whoever reads them, and what becomes of those that nobody wanted. A refused request must not
//! take the next one on its connection with it.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// How much of an unwanted body is read; a connection with more in it is closed. As much as the largest picture: who still sends
/// when a connection is closed gets a reset instead of the reply.
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long the rest of it is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// So many bytes more give a body another second: a large file over a slow line is not what the limit is against.
const BYTES_PER_SECOND: f64 = 64.0 * 1024.0;

/// The body of a request, for whoever answers it, and for the front afterwards.
#[derive(Clone)]
pub(super) struct SharedBody(Arc<Mutex<Timed>>);

/// A body that must arrive in time.
struct Timed {
    body: Incoming,
    limit: Duration,
    /// How much has arrived.
    bytes: u64,
    /// When it was waited for first: from then on somebody reads it.
    since: Option<Instant>,
    /// There as soon as it is waited for.
    timer: Option<Pin<Box<Sleep>>>,
    is_late: bool,
}

/// Why a body cannot be read any further.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It broke off.
    Broken(hyper::Error),
    /// It took too long.
    Late,
}

impl SharedBody {
    /// A body that may take as long as `limit`, and longer if there is much of it.
    pub(super) fn new(body: Incoming, limit: Duration) -> Self {
        let timed = Timed { body, limit, bytes: 0, since: None, timer: None, is_late: false };
        Self(Arc::new(Mutex::new(timed)))
    }

    /// Whether somebody waited for it until its time was over.
    pub(super) fn is_late(&self) -> bool {
        self.timed().is_late
    }

    /// Whether it is being read, and not at its end.
    pub(super) fn is_waited_for(&self) -> bool {
        let timed = self.timed();
        timed.since.is_some() && !timed.body.is_end_stream()
    }

    fn timed(&self) -> MutexGuard<'_, Timed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the body is at its end, after what is left of it was read, if that is little.
    pub(super) async fn is_read_out(&self) -> bool {
        let mut read = 0;
        let mut body = self.clone();
        let reading = async {
            while !body.is_end_stream() {
                match poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                    None => break,
                    Some(Err(_)) => return false,
                    Some(Ok(frame)) => read += frame.data_ref().map_or(0, Buf::remaining),
                }
                if read > BYTES_MAX {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or(false)
    }
}

impl Body for SharedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.timed().poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.timed().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.timed().body.size_hint()
    }
}

impl Timed {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.is_late {
            return Poll::Ready(Some(Err(BodyError::Late)));
        }
        if let Poll::Ready(read) = Pin::new(&mut self.body).poll_frame(context) {
            if let Some(Ok(frame)) = &read {
                self.bytes += frame.data_ref().map_or(0, |data| data.remaining() as u64);
            }
            return Poll::Ready(read.map(|read| read.map_err(BodyError::Broken)));
        }
        // What it takes to begin with the body is not the client's doing.
        let since = *self.since.get_or_insert_with(Instant::now);
        let due = since + self.limit + Duration::from_secs_f64(self.bytes as f64 / BYTES_PER_SECOND);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        if timer.as_mut().poll(context).is_pending() || faults::is_lifted("guard.overdue") {
            return Poll::Pending;
        }
        self.is_late = true;
        Poll::Ready(Some(Err(BodyError::Late)))
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => error.fmt(formatter),
            Self::Late => formatter.write_str("the body did not arrive in time"),
        }
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            Self::Late => None,
        }
    }
}
