//! A socket that notes when bytes pass, and that is closed so that the last reply arrives.

use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::activity::Activity;

/// The most that is read from a client after the last reply to it, in bytes.
const LINGER_BYTES: usize = 16 * 1024 * 1024;

/// A socket and the activity of its connection.
pub(super) struct Watched {
    stream: TcpStream,
    activity: Arc<Activity>,
    /// How many more bytes are read and thrown away before closing; `None` until the last reply is sent.
    lingering: Option<usize>,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        Self { stream, activity, lingering: None }
    }

    /// Notes what came of a write.
    fn note(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(bytes)) => self.activity.sent(*bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.activity.blocked(),
        }
    }
}

impl Drop for Watched {
    /// Of a client that left a reply lying the system would keep what was not sent, and keep offering it, long after the socket is closed.
    fn drop(&mut self) {
        if self.activity.is_cut()
            && let Err(error) = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))
        {
            tracing::debug!(%error, "SO_LINGER");
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            this.activity.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.note(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Asked for when everything has been written: a socket has nothing else to flush.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.activity.flushed();
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    /// Ends sending and, when the client is still sending a body that nobody wants, reads that to its end first: a
    /// socket closed over unread bytes is reset, and the client would see that instead of the reply.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.activity.closing();
        }
        let mut scratch = [MaybeUninit::uninit(); 4096];
        loop {
            let mut buffer = ReadBuf::uninit(&mut scratch);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                // Nothing is under way: most connections end here.
                Poll::Pending if this.lingering.is_none() => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {
                    let left = this.lingering.unwrap_or(LINGER_BYTES).saturating_sub(buffer.filled().len());
                    this.lingering = Some(left);
                    if left == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}
