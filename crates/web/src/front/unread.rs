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

use axum::response::Response;
use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::ask_again::{Asking, Question};

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
    /// Whether its reader got nothing when it last asked for more.
    is_waited_for: bool,
    /// Who sent it is asked again when it takes its time.
    question: Question,
    /// What has come, and waits until they were asked again.
    held: Option<(Asking, Read)>,
    /// Whether they may no longer do what they ask for.
    is_refused: bool,
    /// What they are told then.
    refusal: Option<Response>,
}

/// The next part of a body, or its end.
type Read = Option<Result<Frame<Bytes>, BodyError>>;

/// Why a body cannot be read any further.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It broke off.
    Broken(hyper::Error),
    /// It took too long.
    Late,
    /// Who sends it may not any more.
    Refused,
}

impl SharedBody {
    /// A body that may take as long as `limit`, and longer if there is much of it. Meanwhile its sender is asked this.
    pub(super) fn new(body: Incoming, limit: Duration, question: Question) -> Self {
        let timed = Timed {
            body,
            limit,
            bytes: 0,
            since: None,
            timer: None,
            is_late: false,
            is_waited_for: false,
            question,
            held: None,
            is_refused: false,
            refusal: None,
        };
        Self(Arc::new(Mutex::new(timed)))
    }

    /// What is replied to whoever might send it when it began, and no longer when it came. Given once.
    pub(super) fn refusal(&self) -> Option<Response> {
        self.timed().refusal.take()
    }

    /// Whether somebody waited for it until its time was over.
    pub(super) fn is_late(&self) -> bool {
        self.timed().is_late
    }

    /// Whether somebody waits for more of it. Without a length, the end of a body is known by nothing but what its reader was given.
    pub(super) fn is_waited_for(&self) -> bool {
        self.timed().is_waited_for
    }

    fn timed(&self) -> MutexGuard<'_, Timed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the body is at its end, after what is left of it was read, if that is little.
    pub(super) async fn is_read_out(&self) -> bool {
        let mut read = 0;
        let mut body = self.clone();
        {
            // Nobody gets what is read here.
            let mut timed = self.timed();
            timed.question.forget();
            timed.is_refused = false;
        }
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
        let mut timed = self.timed();
        let read = timed.poll_frame(context);
        timed.is_waited_for = read.is_pending();
        read
    }

    fn is_end_stream(&self) -> bool {
        let timed = self.timed();
        timed.held.is_none() && timed.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.timed().body.size_hint()
    }
}

impl Timed {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Read> {
        if self.is_late {
            return Poll::Ready(Some(Err(BodyError::Late)));
        }
        if self.is_refused {
            return Poll::Ready(Some(Err(BodyError::Refused)));
        }
        if self.held.is_some() {
            return self.poll_held(context);
        }
        if let Poll::Ready(read) = Pin::new(&mut self.body).poll_frame(context) {
            if let Some(Ok(frame)) = &read {
                self.bytes += frame.data_ref().map_or(0, |data| data.remaining() as u64);
            }
            let read = read.map(|read| read.map_err(BodyError::Broken));
            let Some(asking) = self.question.if_due() else { return Poll::Ready(read) };
            self.held = Some((asking, read));
            return self.poll_held(context);
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

    /// Hands on what has come when its sender may still send it.
    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<Read> {
        let Some((asking, _)) = &mut self.held else { return Poll::Pending };
        match asking.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(answer) => {
                let read = self.held.take().and_then(|(_, read)| read);
                let Err(refusal) = answer else { return Poll::Ready(read) };
                self.is_refused = true;
                self.refusal = Some(refusal);
                Poll::Ready(Some(Err(BodyError::Refused)))
            }
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => error.fmt(formatter),
            Self::Late => formatter.write_str("the body did not arrive in time"),
            Self::Refused => formatter.write_str("who sends the body may not any more"),
        }
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            Self::Late | Self::Refused => None,
        }
    }
}
