//! What changes by itself: sales begin and end, drafts are published.

use std::{sync::Arc, time::Duration};

use commerce::{Error, catalogue::TurnProducts};
use model::Timestamp;
use store::{Engine, execute};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

/// How often it is asked whether something is due. What is bought costs what it costs at the moment however late this is; lists
/// and filters follow within this time.
const PERIOD: Duration = Duration::from_secs(1);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(10);

/// Turns what is due, for ever.
pub(super) async fn run(engine: Arc<dyn Engine>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = turn(engine.as_ref()).await {
            warn!(%error, "sales and publications that are due could not be carried out; it is tried again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn turn(engine: &dyn Engine) -> Result<(), Error> {
    // Asked outside of a transaction first: most of the time there is nothing.
    while engine.has_turns(Timestamp::now()).await?
        && execute(engine, TurnProducts { now: Timestamp::now() }).await? > 0
    {}
    Ok(())
}
