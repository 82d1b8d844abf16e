//! What happens by itself: sales begin and end, drafts are published, and who waited for stock is told.

use std::{sync::Arc, time::Duration};

use commerce::{Error, catalogue::TurnProducts, stock_alerts::SendStockAlerts};
use identity::fresh_stamp;
use model::Timestamp;
use store::{Engine, execute};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

/// How often it is asked whether something is due. What is bought costs what it costs at the moment however late this is; lists
/// and filters follow within this time.
const PERIOD: Duration = Duration::from_secs(1);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(10);

/// Turns what is due, for ever.
pub(super) async fn run(engine: Arc<dyn Engine>, mail_wake: Arc<Notify>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = turn(engine.as_ref()).await {
            warn!(%error, "sales and publications that are due could not be carried out; it is tried again");
            tokio::time::sleep(PAUSE).await;
        }
        match tell(engine.as_ref()).await {
            Ok(false) => {}
            Ok(true) => mail_wake.notify_one(),
            Err(error) => {
                warn!(%error, "those who wait for stock could not be told; it is tried again");
                tokio::time::sleep(PAUSE).await;
            }
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

/// Whether there was anybody to be told.
async fn tell(engine: &dyn Engine) -> Result<bool, Error> {
    let mut any = false;
    while engine.has_due_stock_alerts().await? {
        if execute(engine, SendStockAlerts { stamp: fresh_stamp() }).await? == 0 {
            break;
        }
        any = true;
    }
    Ok(any)
}
