//! What is done from time to time while the shop is open.

use std::{sync::Arc, time::Duration};

use commerce::upkeep::Sweep;
use model::Timestamp;
use store::{Engine, execute};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::warn;

/// Not while the shop is opening.
const FIRST: Duration = Duration::from_secs(60);
/// Then once an hour; what is swept is days old.
const PERIOD: Duration = Duration::from_secs(60 * 60);

/// Removes what nobody needs any more, for ever.
pub(super) async fn run(engine: Arc<dyn Engine>) {
    let mut ticks = interval_at(Instant::now() + FIRST, PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = execute(engine.as_ref(), Sweep { now: Timestamp::now() }).await {
            warn!(%error, "old sessions and idempotency keys could not be removed; it is tried again in an hour");
        }
    }
}
