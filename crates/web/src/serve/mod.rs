//! The server: accepting connections, limiting them, and stopping without losing a request.

mod activity;
mod watched;

use std::{convert::Infallible, future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time,
};

use self::{activity::Activity, watched::Watched};
use crate::{App, Settings, front::Front};

/// The most memory one connection may fill with a head that is not complete, or with what is waiting to be sent.
const BUFFER_BYTES: usize = 64 * 1024;
/// How much of a reply the system keeps for a client that has not taken it, about: it would keep megabytes, for each of those who take
/// nothing, and only tell of progress by the megabyte. Enough for 2 MB a second over a line with a round trip of 100 ms.
const SEND_BUFFER_BYTES: usize = 256 * 1024;
/// With so much of it not sent yet, the system takes no more. It tells of progress when it would take more, so this is how exactly it is known what a
/// slow client takes: without it a client must take a third of the buffer to be seen taking anything.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NOT_SENT_BYTES: u32 = 16 * 1024;
/// How often metrics are folded and throttles swept.
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);
/// How long to wait when connections cannot be accepted (no file descriptors left): long enough not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` on `listener` until `shutdown` is ready; then says so on `/readyz` and goes on for as long as the settings
/// want, accepts nothing more, and lets requests in flight finish, as long as the settings allow.
///
/// # Errors
/// When some requests were cut off because they took longer than that.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    // Each connection has it from here.
    if let Err(error) = SockRef::from(&listener).set_send_buffer_size(SEND_BUFFER_BYTES) {
        tracing::debug!(%error, "SO_SNDBUF");
    }
    #[cfg(any(target_os = "android", target_os = "linux"))]
    if let Err(error) = SockRef::from(&listener).set_tcp_notsent_lowat(NOT_SENT_BYTES) {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT");
    }
    let upkeep = tokio::spawn(upkeep(app.clone()));
    let server = Server::new(app.clone());
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            (stream, peer, permit) = server.accept(&listener) => server.spawn(stream, peer, permit),
        }
    }
    app.stop();
    // Proxies ask now and then whether to send requests here; until they have heard that they should not, all are answered.
    let mut noticed = pin!(time::sleep(app.settings().limits.stop_delay));
    loop {
        tokio::select! {
            biased;
            () = &mut noticed => break,
            (stream, peer, permit) = server.accept(&listener) => server.spawn(stream, peer, permit),
        }
    }
    drop(listener);
    let finished = time::timeout(app.settings().limits.stop_timeout, server.finish()).await;
    upkeep.abort();
    finished.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "requests that took too long were cut off"))
}

async fn upkeep(app: App) {
    let mut ticks = time::interval(UPKEEP_PERIOD);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        app.upkeep();
    }
}

struct Server {
    app: App,
    front: Arc<Front>,
    permits: Arc<Semaphore>,
    /// Tells connections to close when they are idle; each holds a receiver, so it also tells when all are gone.
    closing: watch::Sender<()>,
}

impl Server {
    fn new(app: App) -> Self {
        let permits = Arc::new(Semaphore::new(app.settings().limits.connections));
        Self { front: Front::new(app.clone()), app, permits, closing: watch::Sender::new(()) }
    }

    /// The next connection. While there are as many as there may be, new ones wait in the kernel's queue.
    async fn accept(&self, listener: &TcpListener) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
        // The semaphore is never closed, so there always is a permit in the end.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, permit),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "connections cannot be accepted");
                    time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn spawn(&self, stream: TcpStream, peer: SocketAddr, permit: Option<OwnedSemaphorePermit>) {
        let connection = connection(stream, peer, Arc::clone(&self.front), self.closing.subscribe(), self.app.clone());
        tokio::spawn(async move {
            connection.await;
            drop(permit);
        });
    }

    /// Lets all connections finish what they are at.
    async fn finish(self) {
        // Nobody listening is fine: then there are no connections.
        let _ = self.closing.send(());
        self.closing.closed().await;
    }
}

/// Serves one connection to its end.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    front: Arc<Front>,
    mut closing: watch::Receiver<()>,
    app: App,
) {
    // Replies go out in one write each; waiting for more to send (Nagle) would only add latency.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    app.metrics().connection_opened();
    let activity = Arc::new(Activity::new());
    let service = service_fn(|request: Request<Incoming>| {
        let (front, activity) = (Arc::clone(&front), Arc::clone(&activity));
        async move {
            activity.request_begins();
            let response = front.answer(request, peer.ip()).await;
            activity.reply_begins();
            Ok::<_, Infallible>(response)
        }
    });
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
    let mut connection = pin!(builder().serve_connection(io, service));
    let mut is_closing = false;
    let limits = limits(app.settings());
    loop {
        // To the moment when its time is over, should that be near.
        let left = activity.time_left(limits).unwrap_or(activity::CHECK_PERIOD);
        let until_looked_at = left.clamp(activity::CHECK_PERIOD_MIN, activity::CHECK_PERIOD);
        tokio::select! {
            biased;
            result = &mut connection => {
                if let Err(error) = result {
                    tracing::debug!(%error, "a connection broke off");
                }
                break;
            }
            // The sender lives as long as the server: an error here means the same as a message.
            _ = closing.changed(), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            () = time::sleep(until_looked_at) => {
                if activity.is_overdue(limits) && !faults::is_lifted("guard.overdue") {
                    activity.cut();
                    break;
                }
            }
        }
    }
    app.metrics().connection_closed();
}

fn limits(settings: &Settings) -> activity::Limits {
    let limits = &settings.limits;
    activity::Limits { head: limits.head_timeout, idle: limits.idle_timeout, send: limits.send_timeout }
}

fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    // The limits of time are kept by `Activity`, which knows an idle connection from a slow head and needs no timer a
    // request. The default of 100 headers stays: they are parsed on the stack.
    builder.header_read_timeout(None).max_buf_size(BUFFER_BYTES).half_close(false);
    builder
}

/// Whether accepting failed for one connection alone, which its client has given up.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
