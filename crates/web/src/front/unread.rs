//! Request bodies that nobody wanted: a refused request must not take the next one on its connection with it.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// How much of an unwanted body is read; a connection with more in it is closed. As much as the largest picture: who still sends
/// when a connection is closed gets a reset instead of the reply.
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long the rest of it is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The body of a request, for whoever answers it, and for the front afterwards.
#[derive(Clone)]
pub(super) struct SharedBody(Arc<Mutex<Incoming>>);

impl SharedBody {
    pub(super) fn new(body: Incoming) -> Self {
        Self(Arc::new(Mutex::new(body)))
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
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
