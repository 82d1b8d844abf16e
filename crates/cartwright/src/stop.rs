//! When to stop.

use std::time::Duration;

use tokio::{
    signal::unix::{SignalKind, signal},
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
    /// Stops on SIGTERM and SIGINT. A later second one ends the program at once.
    ///
    /// # Errors
    /// When the signals cannot be listened to.
    pub(crate) fn on_signals() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::failed(format_args!("signals cannot be listened to: {error}")))
        };
        let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            let mut next = async || {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
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

    /// Waits until the program shall stop.
    pub(crate) async fn wait(mut self) {
        // The sender lives for as long as the program does; if it were gone, stopping would be right.
        let _ = self.0.wait_for(|is_stopping| *is_stopping).await;
    }
}
