//! When to stop.

use std::{fs, time::Duration};

use rustix::process::Signal;
use tokio::{
    signal::unix::{self, SignalKind, signal},
    sync::watch,
    time::sleep,
};

use crate::failure::Failure;

/// A signal this soon after the first is the same wish told twice: some supervisors signal the process and then its
/// group.
const SAME_WISH: Duration = Duration::from_secs(1);

/// Tells everybody who waits for it that the program shall stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Stops on SIGTERM, SIGINT and SIGHUP, the last one unless whoever started the program had it ignored (`nohup`). A later second one
    /// ends the program at once.
    ///
    /// # Errors
    /// When the signals cannot be listened to.
    pub(crate) fn on_signals() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::failed(format_args!("signals cannot be listened to: {error}")))
        };
        let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
        let mut hang_up = if is_ignored(SignalKind::hangup()) { None } else { Some(listen(SignalKind::hangup())?) };
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            let mut next = async || {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    () = received(&mut hang_up) => {}
                }
            };
            next().await;
            tracing::info!("stopping; requests in flight are answered first");
            let _ = sender.send(true);
            tokio::select! {
                () = sleep(SAME_WISH) => {}
                () = async { loop { next().await } } => {}
            }
            next().await;
            tracing::warn!("stopped at once");
            std::process::exit(1);
        });
        Ok(Self(receiver))
    }

    /// Whether the program shall stop.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the program shall stop.
    pub(crate) async fn wait(mut self) {
        // The sender lives for as long as the program does; if it were gone, stopping would be right.
        let _ = self.0.wait_for(|is_stopping| *is_stopping).await;
    }
}

/// Makes nothing of signals that would end the program with whatever it is at, and are no wish to stop: those that other programs know as
/// a word to open their logs anew, and that a file has reached the limit of its size. The write fails then, and is told.
///
/// # Errors
/// When the signals cannot be listened to.
pub(crate) fn pass_over() -> Result<(), Failure> {
    // Whoever listens once changes what the signal does for as long as the program lives.
    let too_large = SignalKind::from_raw(Signal::XFSZ.as_raw());
    for kind in [SignalKind::user_defined1(), SignalKind::user_defined2(), too_large] {
        drop(signal(kind).map_err(|error| Failure::failed(format_args!("signals cannot be listened to: {error}")))?);
    }
    Ok(())
}

async fn received(signal: &mut Option<unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether the signal was ignored when the program began. Linux tells; elsewhere it counts as not.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let bit = u32::try_from(kind.as_raw_value() - 1).ok().and_then(|bit| 1_u64.checked_shl(bit)).unwrap_or(0);
    mask & bit != 0
}
